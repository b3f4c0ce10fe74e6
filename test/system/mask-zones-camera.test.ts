/**
 * Whole cameras whose private zones are in doubt: what is recorded shows nothing that may have to be hidden, the health says so,
 * and it ends when somebody chooses.
 */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeUnits } from '../../board/linux/h264-decoder.js';
import type { Point } from '../../pipelines/messages.js';
import { StoreCheck } from '../../runtime/mask-log/store-check.js';
import { readTables } from '../../runtime/mask-log/tables.js';
import {
  type CameraRun,
  clipConfig,
  clipSize,
  decode,
  newDirectory,
  openStore,
  recordedUnits,
  runCamera,
  until,
} from '../camera-run.js';
import { CODEC_MARGIN_PIXELS, countLeaks, privatePixels } from '../private-pixels.js';

const always = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER / 1000 };
const square = (x: number): Point[] => [
  [x, 0.3],
  [x + 0.15, 0.3],
  [x + 0.15, 0.7],
  [x, 0.7],
];
const zone = (name: string, x: number): { name: string; points: Point[] } => ({ name, points: square(x) });
const [first, second, third] = [zone('First', 0.1), zone('Second', 0.4), zone('Third', 0.7)];
const config = (...zones: (typeof first)[]): ReturnType<typeof clipConfig> =>
  clipConfig({ zones: [], mask: { zones } });

function leaks(picture: Buffer, { points }: { points: Point[] }): number {
  return countLeaks(picture, clipSize, privatePixels([points], clipSize, CODEC_MARGIN_PIXELS));
}

/** Runs until a few frames are recorded under the newest table; says which version that was. */
async function record(run: CameraRun): Promise<number> {
  const { framesRecorded } = run.camera.recorder;
  await until('frames recorded', () => run.camera.recorder.framesRecorded > framesRecorded + 8);
  const { version } = run.camera.mask.inForce;
  await run.stop();
  return version;
}

async function picturesOf(directory: string, version: number): Promise<Buffer[]> {
  const all = await recordedUnits(directory);
  const pictures = decode(Buffer.concat(all.map(({ data }) => data)), clipSize);
  return pictures.filter((_, i) => all[i].mask.version === version);
}

const codes = (run: CameraRun): string[] =>
  run.camera
    .health()
    .notices.map(({ code }) => code)
    .filter((code) => code.startsWith('zones-'));

test('an edit, a configuration that changed since, and a file that is lost', async () => {
  const directory = newDirectory();
  let run = await runCamera(config(first), directory);
  try {
    const wanted = { version: 1, remove: ['First'], add: [second], view: null, noneBecause: null };
    assert.ok('zones' in (await run.camera.mask.change(wanted, 'odile')));
    const drawn = await record(run);
    const edited = await picturesOf(directory, drawn);
    assert.ok(edited.length > 0);
    for (const picture of edited) assert.equal(leaks(picture, second), 0);
    assert.ok(leaks(edited[edited.length - 1], first) > 0, 'negative control: what was removed is seen');

    run = await runCamera(config(third), directory);
    assert.deepEqual(codes(run), ['zones-both']);
    const both = await picturesOf(directory, await record(run));
    assert.ok(both.length > 0);
    for (const picture of both) assert.equal(leaks(picture, second) + leaks(picture, third), 0);

    const source = await openStore(directory);
    const tables = await readTables(join(directory, 'mask'));
    const { findings } = await new StoreCheck({ source, tables, decode: decodeUnits }).run(always);
    assert.deepEqual([findings.all, tables.size], [[], 3], 'the log knows every table, and finds each kept');

    const kept = join(directory, 'mask');
    for (const name of readdirSync(kept)) rmSync(join(kept, name));
    writeFileSync(join(kept, 'zones.json'), '{"format":1');
    run = await runCamera(config(third), directory);
    assert.deepEqual(codes(run), ['zones-unknown']);
    const { version } = run.camera.mask.inForce;
    await until('frames recorded', () => run.camera.recorder.framesRecorded > 8);
    assert.ok('zones' in (await run.camera.mask.useConfigured(version, 'odile')));
    assert.deepEqual(codes(run), []);
    const chosen = await record(run);
    assert.equal(chosen, version + 1);
    const units = await recordedUnits(directory);
    const pictures = decode(Buffer.concat(units.map(({ data }) => data)), clipSize);
    const last = pictures.slice(-5);
    for (const picture of last) assert.equal(leaks(picture, third), 0);
    assert.ok(leaks(pictures[pictures.length - 1], second) > 0);
    // Versions begin anew where nothing is known of those before: the last run is told apart by its times.
    const began = units.findLastIndex(({ mask }, i) => mask.version < (units[i - 1]?.mask.version ?? 0));
    const hidden = pictures.slice(began).filter((_, i) => units[began + i].mask.version === version);
    assert.ok(hidden.length > 0);
    const whole = zone('Whole', 0);
    whole.points = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ];
    for (const picture of hidden) assert.equal(leaks(picture, whole), 0);
  } finally {
    await run.clear();
  }
});
