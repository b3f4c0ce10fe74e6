/**
 * `npm run fault -- pipeline`: the pipeline process is killed, stopped and starved while a whole camera runs.
 * For each fault: does recording resume, within what time, is a clear frame ever on the card, are the alerts and
 * the store intact. The same function serves test/fault/pipeline.test.ts, which asserts no time.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Row } from '../../runtime/health/report.js';
import { atMost, row } from '../../runtime/health/report.js';
import {
  type CameraRun,
  clipConfig,
  clipSize,
  decode,
  newDirectory,
  openStore,
  privateZones,
  recordedUnits,
  runCamera,
  until,
} from '../camera-run.js';
import { CODEC_MARGIN_PIXELS, countLeaks, privatePixels } from '../private-pixels.js';
import { StarvingSensor } from './starving-sensor.js';

const RESUME_GOAL_MS = 2000;

/** What a fault did to the camera. */
export interface FaultOutcome {
  fault: string;
  /** from the fault to the capture of the first frame recorded after it */
  resumedAfterMs: number;
  restarts: number;
  leaks: number;
  framesDecoded: number;
  framesRecorded: number;
  damages: number;
  alertsKept: boolean;
}

interface Fault {
  name: string;
  strike(run: CameraRun): void;
  /** after the process was replaced */
  mend(): void;
}

/** Kills or stops the process of a camera on the sample clip. */
export async function breakProcess(signal: NodeJS.Signals): Promise<FaultOutcome> {
  const strike = (run: CameraRun): void => void process.kill(run.camera.supervisor.pid ?? 0, signal);
  return examine({ name: signal, strike, mend: () => undefined }, await runCamera(clipConfig()));
}

/** Starves a camera whose sensor is a pipe: no picture, no end. */
export async function starve(): Promise<FaultOutcome> {
  const directory = newDirectory();
  const file = join(directory, 'sensor');
  execFileSync('mkfifo', [file]);
  const sensor = new StarvingSensor(file, { ...clipSize, framesPerSecond: 10 });
  sensor.start();
  try {
    const run = await runCamera(clipConfig({ sensor: { kind: 'pipe', file } }), directory);
    return await examine(
      { name: 'source silent', strike: () => sensor.starve(), mend: () => sensor.feed() },
      run,
    );
  } finally {
    await sensor.stop();
  }
}

async function examine(fault: Fault, run: CameraRun): Promise<FaultOutcome> {
  const { camera } = run;
  try {
    await until('frames before the fault', () => camera.recorder.framesRecorded >= 20);
    const alertsBefore = camera.alerts.since(0).map(({ alert }) => alert.id);
    const atMs = Date.now();
    fault.strike(run);
    await until('a replacement', () => camera.supervisor.totals.restarts > 0);
    fault.mend();
    const recordedBefore = camera.recorder.framesRecorded;
    await until('frames after the fault', () => camera.recorder.framesRecorded >= recordedBefore + 20);
    const alertsAfter = new Set(camera.alerts.since(0).map(({ alert }) => alert.id));
    await run.stop();
    const units = await recordedUnits(run.directory);
    const pictures = decode(Buffer.concat(units.map((unit) => unit.data)), clipSize);
    const pixels = privatePixels(
      privateZones.map((zone) => zone.points),
      clipSize,
      CODEC_MARGIN_PIXELS,
    );
    const check = await (await openStore(run.directory)).check();
    return {
      fault: fault.name,
      resumedAfterMs:
        firstAfterGap(
          units.map((unit) => unit.wallMs),
          atMs,
        ) - atMs,
      restarts: camera.supervisor.totals.restarts,
      leaks: pictures.reduce((sum, picture) => sum + countLeaks(picture, clipSize, pixels), 0),
      framesDecoded: pictures.length,
      framesRecorded: camera.recorder.framesRecorded,
      damages: check.damages.length,
      alertsKept: alertsBefore.every((id) => alertsAfter.has(id)),
    };
  } finally {
    await run.clear();
  }
}

/** The first frame after the longest gap that begins at the fault or later. */
function firstAfterGap(times: number[], atMs: number): number {
  let found = { gap: 0, at: Number.POSITIVE_INFINITY };
  for (let i = 1; i < times.length; i++) {
    const gap = times[i] - times[i - 1];
    if (times[i] > atMs && gap > found.gap) found = { gap, at: times[i] };
  }
  return found.at;
}

/** Every fault; rows of the report and whether a promise was broken. */
export async function faultPipeline(
  say: (line: string) => void,
): Promise<{ rows: Row[]; violations: string[] }> {
  const rows: Row[] = [];
  const violations: string[] = [];
  const faults: [string, () => Promise<FaultOutcome>][] = [
    ['SIGKILL', () => breakProcess('SIGKILL')],
    ['SIGSTOP', () => breakProcess('SIGSTOP')],
    ['source silent', starve],
  ];
  for (const [name, run] of faults) {
    say(name);
    const found = await run();
    rows.push(
      atMost(`${name}: recording resumed after`, found.resumedAfterMs, 'ms', RESUME_GOAL_MS),
      row(`${name}: private pixels`, found.leaks, 'pixels'),
      row(`${name}: frames searched`, found.framesDecoded, 'frames'),
    );
    violations.push(...violationsOf(found));
  }
  return { rows, violations };
}

/** What a fault may never do. */
export function violationsOf(found: FaultOutcome): string[] {
  const broken: string[] = [];
  if (found.leaks > 0) broken.push(`${found.fault}: ${found.leaks} private pixels are on the card`);
  if (found.damages > 0) broken.push(`${found.fault}: the store has ${found.damages} damages`);
  if (!found.alertsKept) broken.push(`${found.fault}: an alert is gone`);
  if (found.framesDecoded !== found.framesRecorded) {
    broken.push(
      `${found.fault}: ${found.framesRecorded} frames recorded, ${found.framesDecoded} can be seen`,
    );
  }
  return broken;
}
