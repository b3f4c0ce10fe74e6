/**
 * The order of set-up: looks at every step, and when one has work left takes the lock and does it. Fed by
 * main.mjs with the command line; each step is `{title, done(), make(say)}`. It keeps no record of its own
 * that could disagree with what is really there.
 */
import { buildStep } from './build.mjs';
import { debianStep } from './debian.mjs';
import { detectorStep } from './detector.mjs';
import { gstreamerStep } from './gstreamer.mjs';
import { withLock } from './lock.mjs';
import { addonStep, modulesStep } from './modules.mjs';
import { sampleStep } from './sample.mjs';
import { Progress, SetupError, say, setupFailed } from './terminal.mjs';

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {() => Promise<boolean>} done whether its work is done already; must be quick and change nothing
 * @property {(progress: Progress) => Promise<string>} make does the work; returns what came out, in words
 */

const purposes = /** @type {const} */ (['start', 'test', 'bench']);

const usage = `Usage: node setup/main.mjs --for start|test|bench

Installs what the camera needs on a Debian machine, builds it, and fetches the detector and the sample clip.
  --for start   what \`npm start\` needs
  --for test    the same, and what the tests need (Chromium, ffmpeg, openssl)
  --for bench   the same as start, and what is compared against (ffmpeg, motion)
  --help        this text
The cache is VIGIE_CACHE, or vigie in the user's cache directory.
`;

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit code
 */
export async function setUp(args) {
  if (args.includes('--help')) {
    process.stdout.write(usage);
    return 0;
  }
  const purpose = purposes.find((name) => name === args[1]);
  if (args.length !== 2 || args[0] !== '--for' || purpose === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  return await finish(stepsFor(purpose));
}

/** @param {'start' | 'test' | 'bench'} purpose @returns {Step[]} */
function stepsFor(purpose) {
  return [debianStep(purpose), modulesStep, addonStep, buildStep, detectorStep, sampleStep, gstreamerStep];
}

/** @param {Step[]} steps */
async function finish(steps) {
  const started = Date.now();
  try {
    if (await allDone(steps)) {
      say(`Set-up: everything is there (${((Date.now() - started) / 1000).toFixed(1)} s)`);
      return 0;
    }
    await withLock(() => makeAll(steps));
    return 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    if (error.tail !== undefined) process.stderr.write(`${error.tail}\n`);
    process.stderr.write(`Set-up stopped: ${error.message}\n`);
    return setupFailed;
  }
}

/** @param {Step[]} steps */
async function allDone(steps) {
  const done = await Promise.all(steps.map((step) => step.done()));
  return done.every(Boolean);
}

/** @param {Step[]} steps */
async function makeAll(steps) {
  for (const [index, step] of steps.entries()) {
    if (await step.done()) continue;
    const progress = new Progress(`[${index + 1}/${steps.length}] ${step.title}`);
    try {
      progress.end(await step.make(progress));
    } catch (error) {
      progress.abandon();
      throw error;
    }
  }
  say('Set-up: everything is there');
}
