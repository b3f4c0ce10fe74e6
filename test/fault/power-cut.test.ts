import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { seeded } from '../random.js';
import { cutPower, whyNot } from './power-cut.js';
import { CutHistory, type Entry, pointsByKind } from './power-cut-history.js';

const sector = (of: number, count = 1): Buffer => Buffer.alloc(512 * count, of);

const entries: Entry[] = [
  { kind: 'step', work: 'record' },
  { kind: 'write', at: 0, data: sector(1, 2) },
  { kind: 'flush' },
  { kind: 'told', line: 'stored 1' },
  { kind: 'step', work: 'seal' },
  { kind: 'write', at: 512, data: sector(2, 2) },
];

function imagesOf(at: number, liar = false): Set<string> {
  const random = seeded(1);
  const images = Array.from({ length: 300 }, () => {
    const { image } = new CutHistory(sector(0, 3), entries, { random, liar }).cut(at);
    return [0, 512, 1024].map((from) => image[from]).join('');
  });
  return new Set(images);
}

test('a cut leaves what was flushed, and any sectors of the rest', () => {
  assert.deepEqual([...imagesOf(2)].sort(), ['000', '010', '100', '110']);
  assert.deepEqual([...imagesOf(3)], ['110']);
  assert.deepEqual([...imagesOf(6)].sort(), ['110', '112', '120', '122']);
  assert.ok(imagesOf(6, true).has('000'), 'a card that only pretends to flush may lose everything');
});

test('a cut knows what was told before it, and what the store was at', () => {
  const cutter = new CutHistory(sector(0, 3), entries, { random: seeded(1), liar: false });
  const { told, work, unflushed } = cutter.cut(3);
  assert.deepEqual({ told, work, unflushed }, { told: [], work: 'record', unflushed: 0 });
  const later = cutter.cut(6);
  assert.deepEqual([later.told, later.work, later.unflushed], [['stored 1'], 'seal', 1]);
  assert.deepEqual(pointsByKind(entries), [[0], [1, 3, 4], [2], [5], [6]]);
});

/** Skips, and says why, where no card can be mounted. */
async function mountable(t: TestContext): Promise<boolean> {
  const reason = await whyNot();
  if (reason !== null) t.skip(reason);
  return reason === null;
}

test('the power of a card with a file system is cut: nothing acknowledged is lost, nothing destroyed is back', async (t) => {
  if (!(await mountable(t))) return;
  const found = await cutPower({ cuts: 100, seed: 1 });
  assert.deepEqual(found.violations, []);
  assert.equal(found.cuts, 100);
  assert.deepEqual(Object.keys(found.during).sort(), ['destroy', 'record', 'seal', 'start', 'wrap']);
  assert.ok(found.withUnflushed > 20);
  assert.ok(found.acknowledged > 50);
  assert.ok(found.destroyed > 20);
});

test('negative control: a store that does not sync is caught', async (t) => {
  if (!(await mountable(t))) return;
  const { violations } = await cutPower({ cuts: 40, seed: 1, control: 'all' });
  assert.match(violations.join('\n'), /was acknowledged and is not there/);
});

test('negative control: a store that does not sync its keys is caught', async (t) => {
  if (!(await mountable(t))) return;
  const { violations } = await cutPower({ cuts: 100, seed: 1, control: 'keys' });
  assert.match(violations.join('\n'), /came back|was acknowledged and is not there|key-slot/);
});

test('negative control: a card that only pretends to flush is caught', async (t) => {
  if (!(await mountable(t))) return;
  const { violations } = await cutPower({ cuts: 100, seed: 1, control: 'card' });
  assert.notDeepEqual(violations, []);
});
