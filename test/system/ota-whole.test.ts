/**
 * This repository as versions of a whole camera: installed as an integrator does it, updated while it records, and back by
 * itself from a version that crashes; without detection, to be quick. `npm run fault -- ota` also does it with versions that hang and that record nothing.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { updateWholeCamera } from '../fault/ota-whole.js';
import { type Ordered, restartIn, rowsOf, type WholeFound, wrongIn } from '../fault/ota-whole-found.js';

const skip = existsSync('.git') ? false : 'needs a git clone: a version is of a commit';

test('a camera that records takes 1.1.0 as a difference, and leaves a version that crashes', {
  skip,
}, async (t) => {
  const say = (line: string): void => t.diagnostic(line);
  const options = { defects: ['crashes' as const], trialSeconds: 120, withoutDetection: true };
  const { restart, violations } = await updateWholeCamera(say, options);
  assert.deepEqual(violations, []);
  assert.ok(restart);
});

const order: Ordered = {
  ...{ version: '1.1.0', defect: null, runs: '1.1.0', fromMs: 10_000, toMs: 40_000 },
  ...{ active: '1.1.0', trial: false, code: 0, out: '', outcome: 'confirmed', delta: true, waitedFor: [] },
};
const silent: Ordered = {
  ...order,
  ...{ version: '1.2.0', defect: 'records nothing', fromMs: 50_000, toMs: 90_000, code: 11 },
  ...{ outcome: 'returned', delta: false, waitedFor: ['storage'] },
};
const good: WholeFound = {
  orders: [order, silent],
  heard: [
    { what: 'starts', version: '1.0.0', atMs: 1000 },
    { what: 'ended', version: '1.0.0', atMs: 20_500 },
    { what: 'starts', version: '1.1.0', atMs: 21_000 },
    { what: 'ended', version: '1.1.0', atMs: 60_000 },
  ],
  gaps: [
    { fromMs: 20_000, seconds: 3 },
    { fromMs: 60_000, seconds: 12 },
  ],
  told: ['installed 1.1.0', 'confirmed 1.1.0', 'installed 1.2.0', 'returned 1.1.0'],
};

test('the seconds without recording are those of the restart, in parts', () => {
  assert.deepEqual(wrongIn(good), []);
  assert.deepEqual(restartIn(good), { seconds: 3, stopSeconds: 0.5, choiceSeconds: 0.5, startSeconds: 2 });
  const [whole] = rowsOf(good);
  assert.deepEqual([whole?.value, whole?.goal, whole?.met], [3, 5, true]);
  const [slow] = rowsOf({ ...good, gaps: [{ fromMs: 20_000, seconds: 6 }] });
  assert.equal(slow?.met, false);
});

const broken: [name: string, found: WholeFound, what: RegExp][] = [
  [
    'a version that is well is left',
    { ...good, orders: [{ ...order, outcome: 'returned' }, silent] },
    /1\.1\.0: returned/,
  ],
  ['it comes whole', { ...good, orders: [{ ...order, delta: false }, silent] }, /not as a difference/],
  ['a bad version stays', { ...good, orders: [order, { ...silent, active: '1.2.0' }] }, /1\.2\.0 is kept/],
  ['it stays on trial', { ...good, orders: [order, { ...silent, trial: true }] }, /on trial/],
  [
    'what records nothing is confirmed',
    { ...good, told: [...good.told, 'confirmed 1.2.0'] },
    /it was confirmed/,
  ],
  [
    'nobody hears what it waits for',
    { ...good, orders: [order, { ...silent, waitedFor: [] }] },
    /waits for the storage/,
  ],
  ['the return is not told', { ...good, told: good.told.slice(0, 3) }, /tells 0 returns of 1/],
  ['a camera that never restarted', { ...good, gaps: [] }, /never restarted/],
];
for (const [name, found, what] of broken)
  test(`negative control: ${name}`, () => assert.match(wrongIn(found).join('\n'), what));
