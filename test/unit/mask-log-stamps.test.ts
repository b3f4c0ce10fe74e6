/** ML1: what a stamp says is what was recorded; bytes that are no stamp are none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hiddenBecause, type MaskStamp } from '../../pipelines/frame.js';
import { MaskIntervals } from '../../runtime/mask-log/intervals.js';
import { readStamp, sameStamp, stampBytes, writeStamp } from '../../runtime/record/stamp.js';
import { bench, fakeGop, openReader, startMs } from './store-fake.js';

const digest = 'ab'.repeat(32);
/** numbers that a 32-bit float holds exactly */
const view = { panDeg: -12.5, tiltDeg: 3.25, hfovDeg: 58.5, marginPixels: 7.75 };
const stamps: MaskStamp[] = [
  { version: 0, digest: '', state: 'full' },
  { version: 3, digest, state: 'zones' },
  { version: 3, digest, state: 'both', view },
  { version: 3, digest, state: 'both', next: { version: 4, digest: 'cd'.repeat(12) }, view },
  { version: 3, digest, state: 'both', next: { version: 4, digest: 'ce'.repeat(12) }, view },
  { version: 3, digest, state: 'both', next: { version: 5, digest: 'ce'.repeat(12) } },
  { version: 3, digest, state: 'zones', people: 'covered' },
  { version: 3, digest, state: 'zones', people: 'area' },
  ...hiddenBecause.map((why): MaskStamp => ({ version: 3, digest, state: 'full', why, view })),
];

function written(stamp: MaskStamp): Buffer {
  const bytes = Buffer.alloc(stampBytes + 8);
  writeStamp(bytes, 8, stamp);
  return bytes;
}

test('every stamp comes back as it was', () => {
  for (const stamp of stamps) assert.deepEqual(readStamp(written(stamp), 8), stamp);
});

test('stamps differ by every field, the view included', () => {
  for (const [i, a] of stamps.entries()) {
    for (const [j, b] of stamps.entries()) assert.equal(sameStamp(a, { ...b }), i === j);
  }
  const moved = { version: 3, digest, state: 'both', view: { ...view, panDeg: -12 } } as const;
  assert.equal(sameStamp({ version: 3, digest, state: 'both', view }, moved), false);
});

test('a state, a reason or a flag that does not exist, and a view that is no number, are no stamp', () => {
  const whole = written({ version: 3, digest, state: 'full', why: 'late', view });
  for (const [at, value] of [
    [4, 3],
    [5, hiddenBecause.length + 1],
    [6, 3],
    [7, 3],
  ] as const) {
    const bytes = Buffer.from(whole);
    bytes.writeUInt8(value, 8 + at);
    assert.equal(readStamp(bytes, 8), null, `byte ${at}`);
  }
  const bytes = Buffer.from(whole);
  bytes.writeFloatLE(Number.NaN, 8 + 44);
  assert.equal(readStamp(bytes, 8), null);
});

test('a stamp of before people and the table to come were told still reads', () => {
  const bytes = written({ version: 3, digest, state: 'both', view });
  assert.deepEqual([...bytes.subarray(8 + 56, 8 + 72), bytes[8 + 7]], Array(17).fill(0));
  assert.deepEqual(readStamp(bytes, 8), { version: 3, digest, state: 'both', view });
});

test('a store gives back the stamp of each picture, however often it changes within a GOP', async (t) => {
  const { directory, start } = await bench(t);
  const store = await start();
  const gop = fakeGop(0);
  const units = gop.units.map((unit, i) => ({ ...unit, mask: stamps[i % stamps.length] ?? unit.mask }));
  await store.append({ ...gop, units });
  const read = [];
  const reader = await openReader(directory);
  for await (const { units: found } of reader.range(0, startMs * 2))
    read.push(...found.map(({ mask }) => mask));
  assert.deepEqual(
    read,
    units.map(({ mask }) => mask),
  );
});

test('intervals: another one when people are covered otherwise, or another table is to come', () => {
  const intervals = new MaskIntervals();
  const zones: MaskStamp = { version: 1, digest, state: 'zones' };
  const next = { version: 2, digest: 'cd'.repeat(12) };
  const masks: MaskStamp[] = [
    { ...zones, people: 'area' },
    { ...zones, people: 'covered' },
    { ...zones, people: 'covered' },
    { ...zones, people: 'covered', state: 'both', next },
    zones,
  ];
  intervals.add(masks.map((mask, i) => ({ wallMs: i * 40, mask })));
  assert.deepEqual(
    intervals.all.map(({ pictures, people, next: to }) => [pictures, people, to]),
    [
      [1, 'area', null],
      [2, 'covered', null],
      [1, 'covered', next],
      [1, null, null],
    ],
  );
});

test('intervals: one for each stretch of the same mask, wherever the camera looked, cut at gaps', () => {
  const intervals = new MaskIntervals();
  const zones = (panDeg: number): MaskStamp => ({
    version: 1,
    digest,
    state: 'zones',
    view: { ...view, panDeg },
  });
  const late: MaskStamp = { version: 1, digest, state: 'full', why: 'late' };
  const homing: MaskStamp = { ...late, why: 'homing' };
  const masks = [zones(5), zones(-7), zones(2), late, late, homing, zones(1)];
  intervals.add(masks.map((mask, i) => ({ wallMs: i * 40, mask })));
  intervals.add([{ wallMs: 10_000, mask: zones(1) }]);
  const { all } = intervals;
  assert.deepEqual(
    all.map(({ fromMs, toMs, pictures, state, why }) => [fromMs, toMs, pictures, state, why]),
    [
      [0, 80, 3, 'zones', null],
      [120, 160, 2, 'full', 'late'],
      [200, 200, 1, 'full', 'homing'],
      [240, 240, 1, 'zones', null],
      [10_000, 10_000, 1, 'zones', null],
    ],
  );
  assert.deepEqual(all[0]?.view?.panDeg, { from: -7, to: 5 });
  assert.equal(all[1]?.view, null);
});
