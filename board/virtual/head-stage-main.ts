/**
 * Entry of the process that plays a head and the sensor on it: simulated head behind a pseudo terminal, panorama into a named
 * pipe. Started by head-stage.ts, which passes the options and ends it by closing its standard input; so it ends with whoever
 * started it. Nothing of the product runs in it.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, lstatSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from '../linux/clock.js';
import { SimulatedHead, virtualHeadOptions } from './head.js';
import { HeadPty } from './head-pty.js';
import type { HeadStageOptions } from './head-stage.js';
import { PanoramaSensor } from './panorama-sensor.js';

const options = JSON.parse(process.argv[2] ?? '') as HeadStageOptions;
const { protocol, device, pipe, delayMs, framesPerSecond, lens, seed, width, height } = options;

const head = new SimulatedHead({ clock: systemClock }, virtualHeadOptions(protocol, seed));
const pty = new HeadPty({ clock: systemClock, head }, { path: device });
const sensor = new PanoramaSensor(
  { clock: systemClock, views: head },
  { file: pipe, framesPerSecond, lens, delayMs, width, height },
);

/** Whether somebody reads the pipe: a camera that runs. */
function isRead(): boolean {
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

/** A pipe that is left from a run that was killed goes; anything else stays, and is an error of mkfifo. */
function makePipe(): void {
  mkdirSync(dirname(pipe), { recursive: true, mode: 0o700 });
  if (lstatSync(pipe, { throwIfNoEntry: false })?.isFIFO() && isRead()) throw new Error(`${pipe} is in use`);
  if (lstatSync(pipe, { throwIfNoEntry: false })?.isFIFO()) rmSync(pipe);
  execFileSync('mkfifo', ['-m', '600', pipe], { stdio: ['ignore', 'ignore', 'inherit'] });
}

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await sensor.stop();
  await pty.unplug();
  head.disconnect();
  rmSync(pipe, { force: true });
  rmSync(device, { force: true });
  process.exit(0);
}

process.on('SIGTERM', () => void end());
process.stdin.on('end', () => void end()).on('error', () => void end());
process.stdin.resume();
makePipe();
mkdirSync(dirname(device), { recursive: true, mode: 0o700 });
await pty.plug();
sensor.start();
process.stdout.write('ready\n');
