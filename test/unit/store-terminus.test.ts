import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Unit } from '../../pipelines/messages.js';
import { Recorder } from '../../runtime/record/recorder.js';
import type { Store } from '../../runtime/record/store.js';
import { TerminusWindows } from '../../runtime/record/terminus.js';
import { type Bench, bench, fakeGop, fakeUnit, faulty, plain, readAll } from './store-fake.js';

const numbers = (gops: { record: number }[]): number[] => gops.map(({ record }) => record);
const from = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);
/** monotonic clock of fakeUnit number `seq` */
const monoOf = (seq: number): number => fakeUnit(seq).monoUs;

/** A recorder over a real store; an alert keeps 2 s before it and 3 s after. */
function recorderOn(
  b: Bench,
  store: Store,
): { recorder: Recorder; feed(from: number, to: number): Promise<void> } {
  const recorder = new Recorder(
    { store, clock: b.clock, log: b.log },
    {
      picture: { width: 64, height: 48 },
      clockTrusted: () => true,
      terminus: { beforeMs: 2000, afterMs: 3000 },
    },
  );
  recorder.open();
  const feed = async (first: number, to: number): Promise<void> => {
    for (let seq = first; seq < to; seq++) {
      recorder.onUnit(fakeUnit(seq));
      if (seq % 25 === 0) await recorder.flushed();
    }
  };
  return { recorder, feed };
}

/** Record number and class of everything on the card, copies included. */
function onCard(store: Store): string[] {
  return store.segments().flatMap(({ sequence, perClass }) => {
    const { communal, terminus } = perClass;
    return [`${sequence}: ${communal.records} communal, ${terminus.records} terminus`];
  });
}

test('a copy: each GOP is shown once, and outlives its original', async (t) => {
  const b = await bench(t, 6);
  let store = await b.start();
  for (let n = 0; n < 8; n++) await store.append(fakeGop(n));
  assert.equal(await store.keep(2), 9);
  assert.equal(await store.keep(3), 10);
  assert.equal(await store.keep(99), null);
  await store.append(fakeGop(8));
  assert.deepEqual(numbers(await readAll(store)), [...from(1, 8), 11]);
  assert.equal(store.stats().gops, 9, 'a copy is no further GOP');
  for (let round = 0; round < 2; round++) {
    assert.equal(
      store.list().coverage.reduce((sum, { gops }) => sum + gops, 0),
      round === 0 ? 9 : 6,
    );
    if (round === 0) assert.equal(await store.destroy(1, 'communal'), true);
  }
  const read = await readAll(store);
  assert.deepEqual(numbers(read), [2, 3, 6, 7, 8, 11], 'in the place of the original');
  assert.deepEqual(
    read.slice(0, 2).map(plain),
    [1, 2].map((n) => plain(fakeGop(n, { class: 'terminus' }))),
  );
  await store.stop();
  store = await b.start();
  assert.deepEqual(numbers(await readAll(store)), [2, 3, 6, 7, 8, 11]);
  assert.equal(await store.keep(2), null, 'what is destroyed is not kept again');
  const holding = store.segments().find(({ perClass }) => perClass.terminus.records > 0);
  assert.ok(holding);
  assert.equal(await store.destroy(holding.sequence, 'terminus'), true);
  assert.deepEqual(numbers(await readAll(store)), [6, 7, 8, 11]);
  await store.stop();
  assert.deepEqual((await b.check()).damages, []);
});

test('a range that only the copy can answer finds it', async (t) => {
  const b = await bench(t, 6);
  const store = await b.start();
  for (let n = 0; n < 5; n++) await store.append(fakeGop(n));
  await store.keep(2);
  for (let n = 5; n < 12; n++) await store.append(fakeGop(n));
  await store.destroy(1, 'communal');
  const found: number[] = [];
  const units = fakeGop(1).units;
  const [firstMs, lastMs] = [units[0]?.wallMs ?? 0, units.at(-1)?.wallMs ?? 0];
  for await (const gop of store.range(firstMs, lastMs)) found.push(gop.record);
  assert.deepEqual(found, [2]);
});

test('an alert keeps what is before it as copies and what comes after as terminus', async (t) => {
  const b = await bench(t, 8);
  const store = await b.start();
  const { recorder, feed } = recorderOn(b, store);
  await feed(0, 130);
  recorder.alert(monoOf(120));
  await feed(130, 300);
  await recorder.stop();
  const read = await readAll(store);
  assert.equal(read.length, 12, 'each GOP once');
  // Pictures 70 to 195 are kept: GOPs 3 to 5 (of 1 to 12) as copies, 6 to 8 as they came.
  const records = store.segments().map(({ sequence }) => sequence);
  for (const sequence of records) await store.destroy(sequence, 'communal');
  const kept = await readAll(store);
  assert.deepEqual(
    kept.map(({ units }) => units[0]?.seq),
    [50, 75, 100, 125, 150, 175],
  );
  assert.ok(kept.every((gop) => gop.class === 'terminus'));
});

test('two alerts close together copy nothing twice', async (t) => {
  const b = await bench(t, 8);
  const store = await b.start();
  const { recorder, feed } = recorderOn(b, store);
  await feed(0, 110);
  recorder.alert(monoOf(100));
  await feed(110, 130);
  recorder.alert(monoOf(101));
  recorder.alert(monoOf(125));
  await feed(130, 250);
  await recorder.stop();
  const total = onCard(store).join('; ');
  const terminus = store.segments().reduce((sum, { perClass }) => sum + perClass.terminus.records, 0);
  const all = store.segments().reduce((sum, { perClass }) => sum + perClass.communal.records, 0) + terminus;
  assert.equal(all - 10, 2, `10 GOPs and two copies, not: ${total}`);
});

test('a GOP in pieces is kept whole', () => {
  const windows = new TerminusWindows({ beforeUs: 2_000_000, afterUs: 3_000_000 });
  const piece = (record: number, of: number, firstUs: number): number[] =>
    windows.stored({ record, of, firstUs, lastUs: firstUs + 900_000, class: 'communal' });
  for (const [record, of] of [
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 2],
  ] as const)
    assert.deepEqual(piece(record, of, record * 1_000_000), []);
  assert.deepEqual(
    windows.alert(5_500_000),
    [2, 3, 4],
    'record 2 is older than the window, and of the same GOP',
  );
  assert.deepEqual(windows.alert(5_500_000), []);
  assert.deepEqual(piece(5, 3, 5_000_000), [5], 'it was being written as communal when the alert came');
  assert.equal(windows.covers(8_400_000, 9_000_000), true);
  assert.equal(windows.covers(8_600_000, 9_000_000), false);
});

test('an alert while GOPs wait for the card: they are kept under terminus without a copy', async (t) => {
  const b = await bench(t, 8);
  const store = await b.start();
  const { recorder } = recorderOn(b, store);
  for (let seq = 0; seq < 101; seq++) recorder.onUnit(fakeUnit(seq));
  recorder.alert(monoOf(100));
  await recorder.stop();
  const sums = store.segments().map(({ perClass }) => [perClass.communal.records, perClass.terminus.records]);
  assert.deepEqual(sums, [[2, 3]]);
});

test('copies wait while the card fails, and are made when it accepts again', async (t) => {
  const b = await bench(t, 8);
  let broken = false;
  const store = await b.start(faulty(({ what }) => broken && what !== 'read'));
  const { recorder, feed } = recorderOn(b, store);
  await feed(0, 76);
  broken = true;
  recorder.alert(monoOf(75));
  await recorder.flushed();
  assert.match(b.log.lines.join(), /not yet kept for the alert/);
  broken = false;
  b.clock.advance(6000);
  await feed(76, 130);
  await recorder.stop();
  for (const { sequence } of store.segments()) await store.destroy(sequence, 'communal');
  assert.deepEqual(
    (await readAll(store)).map(({ units }) => units[0]?.seq),
    [25, 50, 75, 100, 125],
  );
});

test('an alert while nothing is recorded keeps nothing and breaks nothing', async (t) => {
  const b = await bench(t, 8);
  const store = await b.start();
  const { recorder } = recorderOn(b, store);
  recorder.shut('not authorised');
  recorder.alert(monoOf(5));
  recorder.onUnit(fakeUnit(25) satisfies Unit);
  await recorder.stop();
  assert.deepEqual(await readAll(store), []);
});
