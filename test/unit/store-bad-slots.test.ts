/** Slots that are bad for good keep no store failed, and cost nothing but themselves (docs/store.md, P2.4 and P8.4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errnoOf } from '../../runtime/record/card-refusal.js';
import { acceptingSequence, type Failed } from '../../runtime/record/slot-probe.js';
import type { Store } from '../../runtime/record/store.js';
import { type Bench, bench, type Fault, fakeGop, faulty, plain, readAll } from './store-fake.js';

const segments = 8;
const slotsOf = (store: Store): number => (store.segments().at(-1)?.sequence ?? 0) % segments;
const live = (store: Store): string[] =>
  [...store.liveKeys()].map(({ segmentSequence, class: of }) => `${segmentSequence} ${of}`);

/** A ring that has turned, on a card that refuses all writes while `card.out`, and always what `card.bad` says. */
async function turned(b: Bench): Promise<{ store: Store; card: { out: boolean; bad: Fault }; next: number }> {
  const card = { out: false, bad: (() => false) as Fault };
  const store = await b.start(faulty((call) => (card.out && call.what !== 'read') || card.bad(call)));
  for (let n = 0; n < 60; n++) await store.append(fakeGop(n));
  return { store, card, next: (slotsOf(store) + 1) % segments };
}

/** Attempts until a GOP is taken, 5 s apart; null when it never is. */
async function attempts(b: Bench, store: Store, n: number, most = 40): Promise<number | null> {
  for (let tried = 1; tried <= most; tried++) {
    b.clock.advance(5000);
    const taken = await store.append(fakeGop(n)).then(
      () => true,
      () => false,
    );
    if (taken) return tried;
  }
  return null;
}

for (const count of [1, 2, 5]) {
  for (const what of ['write', 'read and write'] as const) {
    test(`a spell of failures, and ${count} slot(s) of ${segments} bad for good, ${what}`, async (t) => {
      const b = await bench(t, segments);
      const { store, card, next } = await turned(b);
      const bad = Array.from({ length: count }, (_, i) => (next + i) % segments);
      const kept = (await readAll(store)).map(({ record }) => record);
      card.out = true;
      assert.equal(await attempts(b, store, 60, 7), null);
      const before = live(store);
      card.bad = (call) => bad.includes(call.slot) && (call.what !== 'read' || what !== 'write');
      card.out = false;
      const tried = await attempts(b, store, 60);
      if (what !== 'write' && count > 3) {
        assert.equal(tried, null, 'that many that can be read no more are a card that fails');
        return;
      }
      assert.ok(tried !== null && tried <= segments, `${tried} attempts`);
      assert.equal(
        slotsOf(store),
        (next + count) % segments,
        'the first that takes a write, and none further on',
      );
      const lost = before.filter((key) => !live(store).includes(key));
      assert.ok(lost.length <= 2, `no key goes but those of the slot that is written: ${lost}`);
      const gops = await readAll(store);
      assert.deepEqual(plain(gops.at(-1) ?? fakeGop(0)), plain(fakeGop(60)));
      if (what === 'write') assert.ok(gops.length > kept.length - 8, 'what lies in bad slots is still read');
      card.bad = () => false;
      for (let n = 61; n < 120; n++) await store.append(fakeGop(n));
      await store.stop();
      const after = await b.start();
      assert.deepEqual(
        (await readAll(after)).map(plain),
        (await readAll(after)).map(({ record }) => plain(fakeGop(record - 1))),
      );
      assert.deepEqual(
        (await b.check()).damages,
        [],
        'passed-over slots are overwritten when their turn comes again',
      );
    });
  }
}

test('all slots bad: nothing is destroyed, and the oldest is overwritten first once the card is well again', async (t) => {
  const b = await bench(t, segments);
  const { store, card, next } = await turned(b);
  card.out = true;
  await assert.rejects(store.append(fakeGop(60)));
  const [keys, records] = [live(store), (await readAll(store)).length];
  for (let tries = 1; tries < 4 * segments; tries++) {
    assert.equal(await attempts(b, store, 60, 1), null);
    assert.deepEqual(live(store), keys);
  }
  assert.equal((await readAll(store)).length, records);
  card.out = false;
  assert.equal(await attempts(b, store, 60), 1);
  assert.equal(slotsOf(store), next, 'whichever slot was asked last');
  assert.equal(store.segmentsAbandoned <= 3, true);
});

test('a slot that takes the zeros and refuses its records is passed over too', async (t) => {
  const b = await bench(t, segments);
  const { store, card, next } = await turned(b);
  card.out = true;
  assert.equal(await attempts(b, store, 60, 3), null);
  const before = live(store);
  card.bad = ({ what, slot, position }) => what === 'write' && slot === next && position >= 4096;
  card.out = false;
  assert.ok(((await attempts(b, store, 60)) ?? 99) <= 4);
  assert.equal(slotsOf(store), (next + 1) % segments);
  const lost = before.filter((key) => !live(store).includes(key));
  assert.ok(lost.length <= 4, 'two segments, each with two keys');
});

test('a card that refuses all records and nothing else costs three segments, and no more', async (t) => {
  const b = await bench(t, segments);
  const { store, card } = await turned(b);
  const before = live(store);
  card.bad = ({ what, position }) => what === 'write' && position >= 4096;
  assert.equal(await attempts(b, store, 60), null);
  const lost = new Set(before.filter((key) => !live(store).includes(key)).map((key) => key.split(' ')[0]));
  assert.equal(lost.size, 3);
});

test('a card that is gone, read-only or full is asked once an attempt', async (t) => {
  const b = await bench(t, segments);
  await turned(b);
  for (const [code, most] of [
    ['EROFS', 1],
    ['ENODEV', 1],
    ['ENOSPC', 1],
    ['EIO', 2],
  ] as const) {
    const failed = standing(1);
    for (let n = 0; n < 5; n++) {
      let asked = 0;
      const refuse = (): Promise<never> => {
        asked += 1;
        return Promise.reject(Object.assign(new Error(code), { code }));
      };
      const ring = `${b.directory}/ring`;
      await assert.rejects(acceptingSequence(failed, ring, refuse), (error) => errnoOf(error) === code);
      assert.equal(asked, n === 0 ? 1 : most);
    }
  }
});

/** A store that failed with so many slots in view from its next one on. */
function standing(startOver: number, view = segments): Failed {
  const free = (from: number): number[] => Array.from({ length: view }, (_, n) => from + n);
  return {
    spell: { refused: 0, spent: [] },
    maker: { startOver, spent: [], slots: segments, free },
    writer: { accepted: true },
  };
}

test('negative control: a store that asks only the slot that comes next never gets past a bad one', async (t) => {
  const b = await bench(t, segments);
  const { store } = await turned(b);
  const from = (store.segments().at(-1)?.sequence ?? 0) + 1;
  const open = faulty(({ what, slot }) => what === 'write' && slot === from % segments);
  const outcome = async (failed: Failed): Promise<number | null> => {
    for (let n = 0; n < 20; n++) {
      const found = await acceptingSequence(failed, `${b.directory}/ring`, open).catch(() => null);
      if (found !== null) return found;
    }
    return null;
  };
  assert.equal(await outcome(standing(from)), from + 1);
  assert.equal(await outcome(standing(from, 1)), null);
});
