import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VigieError } from '../../errors.js';
import { bench, fakeGop, faulty, plain, readAll } from './store-fake.js';

const numbers = (gops: { record: number }[]): number[] => gops.map(({ record }) => record);

for (const what of ['write', 'datasync'] as const) {
  test(`one failing ${what}: the segment is given up, the GOP is stored in the next`, async (t) => {
    const b = await bench(t, 4);
    let failing = 0;
    const store = await b.start(faulty((call) => call.what === what && failing-- > 0));
    await store.append(fakeGop(0));
    await store.append(fakeGop(1));
    failing = 1;
    await store.append(fakeGop(2));
    await store.append(fakeGop(3));
    assert.equal(store.stats().state, 'recording');
    assert.equal(store.stats().gopsLost, 0);
    assert.equal(store.segmentsAbandoned, 1);
    assert.deepEqual(numbers(await readAll(store)), [1, 2, 3, 4]);
    await store.stop();
    const again = await b.start();
    const read = await readAll(again);
    assert.deepEqual(numbers(read), [1, 2, 3, 4], 'once each, though one of them may be on the card twice');
    assert.deepEqual(
      read.map(plain),
      [0, 1, 2, 3].map((n) => plain(fakeGop(n))),
    );
    const kinds = (await b.check()).damages.map(({ kind }) => kind);
    assert.deepEqual(kinds, what === 'write' ? ['segment-end'] : []);
  });
}

test('a card that refuses everything: failed, said once, tried again, and the ring is not spent', async (t) => {
  const b = await bench(t, 8);
  let broken = false;
  const store = await b.start(faulty(({ what }) => broken && what !== 'read'));
  for (let n = 0; n < 60; n++) await store.append(fakeGop(n));
  const before = numbers(await readAll(store));
  broken = true;
  for (let n = 60; n < 160; n++) {
    await assert.rejects(store.append(fakeGop(n)), (error: VigieError) => error.kind === 'store');
    b.clock.advance(1000);
  }
  assert.equal(store.stats().state, 'failed');
  assert.ok(store.failure);
  assert.deepEqual(numbers(await readAll(store)), before, 'what was stored is still there');
  assert.equal(b.log.lines.filter((line) => line.startsWith('error')).length, 1);
  broken = false;
  b.clock.advance(5000);
  await store.append(fakeGop(160), 100);
  assert.equal(store.stats().gopsLost, 100);
  assert.equal(store.stats().state, 'recording');
  assert.equal(store.failure, null);
  const read = await readAll(store);
  const rows = store.list().segments.length;
  assert.equal(rows, 8);
  assert.ok(read.length > before.length - 20, 'at most a few segments were given up');
  assert.equal(read.at(-1)?.record, 161);
  await store.stop();
  const again = await b.start();
  assert.deepEqual(numbers(await readAll(again)), numbers(read));
  const { damages } = await b.check();
  const hole = damages.find(({ kind }) => kind === 'missing-records');
  assert.equal(hole?.records, 100);
});

test('in the failed state the card is left alone between two attempts', async (t) => {
  const b = await bench(t, 4);
  let calls = 0;
  let broken = false;
  const store = await b.start(
    faulty(({ what }) => {
      calls += what === 'write' ? 1 : 0;
      return broken && what === 'write';
    }),
  );
  await store.append(fakeGop(0));
  broken = true;
  await assert.rejects(store.append(fakeGop(1)));
  const before = calls;
  for (let n = 2; n < 10; n++) await assert.rejects(store.append(fakeGop(n)));
  assert.equal(calls, before);
  b.clock.advance(5000);
  await assert.rejects(store.append(fakeGop(10)));
  assert.equal(calls, before + 1);
});

test('a card on which only records fail keeps what it held', async (t) => {
  const b = await bench(t, 8);
  let broken = false;
  const store = await b.start(faulty((call) => broken && call.what === 'write' && call.position > 0));
  for (let n = 0; n < 60; n++) await store.append(fakeGop(n));
  const before = (await readAll(store)).length;
  broken = true;
  for (let n = 60; n < 200; n++) {
    await assert.rejects(store.append(fakeGop(n)));
    b.clock.advance(5000);
  }
  assert.ok((await readAll(store)).length >= before - 3 * 6, 'three segments were begun in vain, no more');
});

test('a segment that cannot be read costs itself only', async (t) => {
  const b = await bench(t, 4);
  let store = await b.start();
  for (let n = 0; n < 15; n++) await store.append(fakeGop(n));
  const victim = store.list().segments[1];
  assert.ok(victim);
  await store.stop();
  store = await b.start(faulty(({ what, slot }) => what === 'read' && slot === victim.slot));
  assert.equal((await readAll(store)).length, 15 - victim.records);
  assert.match(b.log.lines.join('\n'), /cannot|EIO/i);
});
