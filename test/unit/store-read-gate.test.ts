import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadGate } from '../../runtime/record/read-gate.js';
import { type OpenSegment, openSegment } from '../../runtime/record/segment-file.js';
import { bench, fakeGop } from './store-fake.js';

/** A card on which reads of records never come back, and what waits there. */
function stuckReads(): { open: OpenSegment; stuck: (() => void)[]; release: () => void } {
  const stuck: (() => void)[] = [];
  let hold = true;
  const open: OpenSegment = async (path, how) => {
    const file = await openSegment(path, how);
    const read: typeof file.read = async (into, position) => {
      if (hold && into.length > 1000) await new Promise<void>((resolve) => void stuck.push(resolve));
      return file.read(into, position);
    };
    return { ...file, read };
  };
  const release = (): void => {
    hold = false;
    for (const one of stuck.splice(0)) one();
  };
  return { open, stuck, release };
}

test('eight players on a card that does not answer: two reads wait there, and recording goes on', async (t) => {
  const b = await bench(t, 4);
  const card = stuckReads();
  const store = await b.start(card.open);
  for (let n = 0; n < 4; n++) await store.append(fakeGop(n));
  const playing = Array.from({ length: 8 }, async () => {
    let gops = 0;
    for await (const gop of store.range(0, Number.MAX_SAFE_INTEGER / 1000))
      gops += gop.units.length > 0 ? 1 : 0;
    return gops;
  });
  // Longer than any reader needs to come to its first record: appends turn the loop.
  for (let n = 4; n < 8; n++) await store.append(fakeGop(n));
  assert.equal(card.stuck.length, 2);
  card.release();
  for (const gops of await Promise.all(playing)) assert.ok(gops >= 4);
  assert.equal(store.stats().gopsLost, 0);
});

test('negative control: a gate that lets everybody through is noticed', async () => {
  for (const [most, expected] of [
    [2, 2],
    [8, 8],
  ] as const) {
    const gate = new ReadGate(most);
    let inside = 0;
    const leave: (() => void)[] = [];
    const through = Array.from({ length: 8 }, () =>
      gate.through(async () => {
        inside += 1;
        await new Promise<void>((resolve) => void leave.push(resolve));
      }),
    );
    await new Promise(setImmediate);
    assert.equal(inside, expected);
    while (inside < 8 || leave.length > 0) {
      leave.shift()?.();
      await new Promise(setImmediate);
    }
    await Promise.all(through);
  }
});

test('a read that fails makes room for the next', async () => {
  const gate = new ReadGate(1);
  await assert.rejects(gate.through(() => Promise.reject(new Error('EIO'))));
  assert.equal(await gate.through(async () => 7), 7);
});
