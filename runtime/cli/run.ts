/**
 * `vigie run` and `vigie demo`: one camera from start to a clean stop. Standard output is for the person who
 * started it; the log goes to standard error.
 */
import { LinuxCard } from '../../board/linux/card.js';
import { systemClock } from '../../board/linux/clock.js';
import type { Log } from '../../board/ports.js';
import type { Right } from '../access/rights.js';
import { loadConfig } from '../config/load.js';
import { openStateDirectory } from '../config/paths.js';
import type { Config } from '../config/schema.js';
import { lineLog } from '../health/log.js';
import { table, writeReport } from '../health/report.js';
import { Camera } from '../main.js';
import type { OnProgress } from '../record/create.js';
import type { Beginning } from './beginning.js';
import { runReport } from './report.js';
import type { RunOptions } from './run-flags.js';
import { say, type Words } from './words.js';

/** Runs a camera until it is told to stop. Rejects with a VigieError when it cannot start. */
export async function runCamera(options: RunOptions, pipeline: Beginning): Promise<void> {
  const config = withOptions(loadConfig(options.configFile), options);
  const around = options.around?.(config);
  const stopAsked = signalled();
  await around?.start();
  try {
    await run(config, options, { ...pipeline, stopAsked });
  } finally {
    await around?.stop();
  }
}

async function run(
  config: Config,
  options: RunOptions,
  { early, gstRegistry, stopAsked }: Beginning & { stopAsked: Promise<void> },
): Promise<void> {
  const errors: string[] = [];
  const log = keepingErrors(lineLog(systemClock), errors);
  const stateDirectory = openStateDirectory(options.stateDirectory);
  const camera = await Camera.make(
    { clock: systemClock, log, card: new LinuxCard() },
    { config, stateDirectory, gstRegistry, early },
  );
  const words = say(config.camera.language);
  const startedUs = systemClock.monoUs();
  const started = camera.start(makingStore(words));
  const first = await Promise.race([started, stopAsked.then(() => null)]);
  if (first) {
    const ptz: Right[] = camera.head ? ['ptz'] : [];
    process.stdout.write(
      words.running(
        options.printLink ? camera.oneTimeLink(['live', 'alerts', 'health', 'mask', ...ptz]) : first.url,
      ),
    );
    for (const notice of camera.health().notices) process.stdout.write(words.notice(notice));
    const { ending } = camera.updating;
    const code = await Promise.race([stopAsked, camera.ended, ending, after(options.forSeconds)]);
    // What the launcher is asked for, once the camera has ended as at any stop.
    if (typeof code === 'number') process.exitCode = code;
  } else started.catch(() => undefined);
  const seconds = (systemClock.monoUs() - startedUs) / 1e6;
  await camera.stop();
  const report = runReport(camera, seconds, errors);
  if (options.reportFile) await writeReport(options.reportFile, report);
  process.stdout.write(`${table(report)}\n`);
}

/** On a terminal the line counts up in place; in a log it is said once. */
function makingStore(words: Words): OnProgress {
  return ({ segments, of }) => {
    if (process.stdout.isTTY) process.stdout.write(`\r${words.makingStore(segments / of)}`);
    else if (segments === of) process.stdout.write(words.makingStore(1));
  };
}

function withOptions(config: Config, { port, language }: RunOptions): Config {
  return {
    ...config,
    camera: { ...config.camera, language: language ?? config.camera.language },
    control: { ...config.control, port: port ?? config.control.port },
  };
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

function after(seconds: number | null): Promise<void> {
  if (seconds === null) return new Promise(() => undefined);
  return new Promise((resolve) => systemClock.after(seconds * 1000, resolve));
}

function keepingErrors(log: Log, errors: string[]): Log {
  return {
    info: log.info,
    warn: log.warn,
    error(message) {
      errors.push(message);
      log.error(message);
    },
  };
}
