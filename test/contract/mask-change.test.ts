/**
 * The private zones change while a real pipeline process runs (docs/mask.md, M5). Everything that comes out is decoded: until a table
 * is open nothing shows that the old or the new one hides, and afterwards nothing that the new one hides.
 */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { systemClock } from '../../board/linux/clock.js';
import type { MaskStamp } from '../../pipelines/frame.js';
import type { FromPipeline, MaskTable, Picture, Point, Unit } from '../../pipelines/messages.js';
import { PipelineProcess } from '../../runtime/health/pipeline-process.js';
import { Supervisor } from '../../runtime/health/supervisor.js';
import { decode, until } from '../camera-run.js';
import { CODEC_MARGIN_PIXELS, countLeaks, privatePixels } from '../private-pixels.js';
import { testLog } from './control-camera.js';
import { smallPipeline, smallSize } from './small-pipeline.js';

const square = (x: number): Point[] => [
  [x, 0.2],
  [x + 0.3, 0.2],
  [x + 0.3, 0.7],
  [x, 0.7],
];
const [left, right] = [square(0.1), square(0.6)];
const pixels = new Map(
  [left, right].map((zone) => [zone, privatePixels([zone], smallSize, CODEC_MARGIN_PIXELS)]),
);
/** Odd versions hide the left, even ones the right. */
const zoneOf = (version: number): Point[] => (version % 2 === 1 ? left : right);
const tableOf = (version: number): MaskTable => ({
  version,
  zones: [{ name: 'zone', points: zoneOf(version) }],
});
/** What a picture with this stamp must hide. A table that another followed before it was open is not in force: of 2, 3, 4 both is 2 and 4. */
function due({ version, state, next }: MaskStamp): Point[][] {
  if (state === 'zones') return [zoneOf(version)];
  if (state !== 'both') return [left, right];
  assert.ok(next && next.version > version);
  return [zoneOf(version), zoneOf(next.version)];
}

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function leaks(picture: Buffer, zones: readonly Point[][]): number {
  return zones.reduce((sum, zone) => sum + countLeaks(picture, smallSize, pixels.get(zone) as Int32Array), 0);
}

function decoded(units: readonly Unit[]): Buffer[] {
  const pictures = decode(Buffer.concat(units.map(({ data }) => data)), smallSize);
  assert.equal(pictures.length, units.length);
  return pictures;
}

test('from the loading of a table to its opening both hide, however long that takes', async () => {
  const units: Unit[] = [];
  const pictures: Picture[] = [];
  let hold = false;
  let ready: { version: number; digest: string } | null = null;
  const open = ({ version, digest }: { version: number; digest: string }): void =>
    process.send({ t: 'mask-open', version, digest });
  const hear = (message: FromPipeline): void => {
    if (message.t === 'unit') units.push(message);
    if (message.t === 'picture') pictures.push(message);
    if (message.t !== 'mask-ready') return;
    if (hold) ready = message;
    else open(message);
  };
  const process = new PipelineProcess(
    { message: hear, violation: (why) => assert.fail(why), exit: () => undefined },
    null,
  );
  stops.push(() => process.kill());
  const count = (state: string, version: number): number =>
    units.filter(({ mask }) => mask.state === state && mask.version === version).length;
  process.send({ t: 'start', options: smallPipeline() });
  process.send({ t: 'mask-table', table: tableOf(1) });
  await until('frames under the first table', () => count('zones', 1) > 5);
  hold = true;
  process.send({ t: 'mask-table', table: tableOf(2) });
  await until('frames under both', () => count('both', 1) > 8);
  for (let id = 1; id <= 3; id++) process.send({ t: 'picture', id, seq: null });
  await until('pictures under both', () => pictures.length === 3);
  assert.ok(ready);
  open(ready);
  await until('frames under the second table', () => count('zones', 2) > 8);
  const shown = decoded(units);
  for (const [i, { mask }] of units.entries()) assert.equal(leaks(shown[i], due(mask)), 0, `frame ${i}`);
  for (const { jpeg, mask } of pictures) {
    assert.equal(mask.state, 'both');
    assert.equal(leaks(decode(jpeg, smallSize, 'full')[0], [left, right]), 0);
  }
  const states = units.map(({ mask }) => `${mask.state} ${mask.version}`);
  const order = states.filter((state, i) => state !== states[i - 1]);
  assert.deepEqual(order.slice(-3), ['zones 1', 'both 1', 'zones 2']);
  const after = units.findIndex(({ mask }) => mask.version === 2);
  assert.ok(
    leaks(shown[after + 4], [left]) > 0,
    'negative control: what is not hidden any more is seen, and found',
  );
});

test('changes through the supervisor, quick and slow, leave no frame that shows what it must not', async () => {
  const units: Unit[] = [];
  const told: number[] = [];
  const nothing = (): void => undefined;
  const lines: string[] = [];
  const supervisor = new Supervisor(
    {
      clock: systemClock,
      log: testLog(lines),
      events: {
        unit: (unit) => void units.push(unit),
        tracks: nothing,
        interrupted: nothing,
        ended: nothing,
        mask: ({ version }) => void told.push(version),
      },
    },
    {
      pipeline: smallPipeline(),
      heartbeatTimeoutMs: 2000,
      silentSourceMs: 3000,
      startTimeoutMs: 15_000,
      memoryCeilingBytes: 2 ** 31,
      gstRegistry: null,
    },
  );
  stops.push(() => supervisor.stop());
  await supervisor.start(tableOf(1));
  const newest = (version: number): boolean => {
    const stamp = units.at(-1)?.mask;
    return stamp?.version === version && stamp.state === 'zones';
  };
  await until('frames under the first table', () => newest(1));
  for (let version = 2; version <= 13; version++) {
    supervisor.setMask(tableOf(version));
    // Every third change comes before the one before it is open.
    if (version % 3 !== 0) await until(`frames under table ${version}`, () => newest(version));
  }
  const { mask, jpeg } = await supervisor.picture(null);
  assert.equal(leaks(decode(jpeg, smallSize, 'full')[0], due(mask)), 0);
  await until('a few more', () => units.filter((unit) => unit.mask.version === 13).length > 5);
  assert.equal(supervisor.totals.restarts, 0);
  assert.deepEqual(
    told,
    Array.from({ length: 13 }, (_, i) => i + 1),
  );
  const shown = decoded(units);
  let wrong = 0;
  for (const [i, unit] of units.entries()) {
    assert.equal(leaks(shown[i], due(unit.mask)), 0, `frame ${i}, ${unit.mask.state} ${unit.mask.version}`);
    if (unit.mask.state === 'zones') wrong += leaks(shown[i], [zoneOf(unit.mask.version + 1)]) > 0 ? 1 : 0;
  }
  assert.ok(wrong > 5, 'negative control: by the other table, the same frames leak');
  const versions = units.map((unit) => unit.mask.version);
  assert.deepEqual(
    versions,
    [...versions].sort((a, b) => a - b),
  );
});
