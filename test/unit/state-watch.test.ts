/**
 * What holds the keys and the register is watched as the card is, in its own words, within five seconds; where it is the
 * card's own file system nothing is told twice; and a failing key slot is not held against the card.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { CardHealthPort, CardReading } from '../../board/ports.js';
import { ManualClock } from '../../board/virtual/clock.js';
import type { VigieError } from '../../errors.js';
import { CardWatch } from '../../runtime/health/card-watch.js';
import { KeyFaults } from '../../runtime/health/key-faults.js';
import { cardError, type OpenSegment } from '../../runtime/record/segment-file.js';
import { FakeStore, watched } from './card-fake.js';
import { MemoryLog, startMs } from './store-fake.js';

const well: CardReading = {
  place: 'writable',
  space: { freeBytes: 1e9, totalBytes: 2e9 },
  deviceBytesWritten: null,
  fileSystemBytesWritten: null,
  fileSystemErrors: null,
  wear: null,
  name: null,
  device: '179:1',
};
const idle = { now: () => ({ busyShare: 0, slowestMs: 0 }) };

/** A watch over a state directory that says what `reading` says. */
async function stateWatch(
  t: TestContext,
  options: { subject?: 'card' | 'state'; mayTell?: () => boolean } = { subject: 'state' },
) {
  const machine: { reading: CardReading; hangs: boolean } = { reading: well, hangs: false };
  const card: CardHealthPort = {
    read: () => (machine.hangs ? new Promise(() => {}) : Promise.resolve(machine.reading)),
  };
  const clock = new ManualClock(startMs);
  const store = new FakeStore();
  const watch = new CardWatch({ clock, log: new MemoryLog(), card, store, pace: idle }, options);
  watch.start(new AbortController().signal);
  t.after(() => watch.stop());
  await watch.looked();
  return {
    machine,
    store,
    codes: () => watch.notices().map(({ code }) => code),
    async pass(seconds: number): Promise<void> {
      for (let n = 0; n < seconds; n++) {
        clock.advance(1000);
        if (!machine.hangs) await watch.looked();
      }
    },
  };
}

const illnesses: [string, Partial<CardReading>][] = [
  ['state-gone', { place: 'gone', space: null, device: null }],
  ['state-read-only', { place: 'read-only' }],
  ['state-no-room', { space: { freeBytes: 2 ** 22, totalBytes: 2 ** 26 } }],
  ['state-file-system', { fileSystemErrors: 2 }],
  ['state-worn', { wear: { lifeTime: 11, preEndOfLife: 1 } }],
  ['state-wearing', { wear: { lifeTime: 10, preEndOfLife: 1 } }],
];
for (const [code, said] of illnesses) {
  test(`${code} within five seconds, and no longer once it is well`, async (t) => {
    const w = await stateWatch(t);
    await w.pass(5);
    assert.deepEqual(w.codes(), []);
    w.machine.reading = { ...well, ...said };
    await w.pass(5);
    assert.deepEqual(w.codes(), [code]);
    w.machine.reading = well;
    await w.pass(5);
    assert.deepEqual(w.codes(), []);
  });
}

for (const [errno, code] of [
  ['EIO', 'state-failed'],
  ['ENOSPC', 'state-full'],
  ['EROFS', 'state-read-only'],
  ['ENOENT', 'state-other'],
] as const) {
  test(`writes of keys or register that end with ${errno}: ${code}`, async (t) => {
    const w = await stateWatch(t);
    w.store.fails(errno);
    await w.pass(5);
    assert.deepEqual(w.codes(), [code]);
    w.store.fails(null);
    await w.pass(5);
    assert.deepEqual(w.codes(), []);
  });
}

test('a machine that does not answer for it is silence', async (t) => {
  const w = await stateWatch(t);
  w.machine.hangs = true;
  await w.pass(5);
  assert.deepEqual(w.codes(), ['state-silent']);
});

test('on the card’s own file system nothing is told twice', async (t) => {
  let apart = false;
  const w = await stateWatch(t, { subject: 'state', mayTell: () => apart });
  w.machine.reading = { ...well, place: 'read-only' };
  await w.pass(5);
  assert.deepEqual(w.codes(), []);
  apart = true;
  await w.pass(1);
  assert.deepEqual(w.codes(), ['state-read-only']);
});

/** Key slots whose device refuses to sync, and the failure of the store that comes of it. */
async function refusedKeys(faults: KeyFaults): Promise<VigieError> {
  const file = await faults.open('slots-1.bin', 'write');
  try {
    await file.datasync();
  } catch (error) {
    return cardError('Cannot record', Object.assign(new Error('a key could not be made'), { cause: error }));
  }
  return assert.fail('it was synced');
}

function refusing(): { open: OpenSegment; refuses: { now: boolean } } {
  const refuses = { now: true };
  const open: OpenSegment = async () => ({
    read: async () => 0,
    write: async () => {},
    datasync: async () => {
      if (refuses.now) throw cardError('Cannot sync', Object.assign(new Error('EIO'), { code: 'EIO' }));
    },
    bytes: async () => 0,
    close: async () => {},
  });
  return { open, refuses };
}

test('a key slot that cannot be written is told of the state, not of the card', async (t) => {
  const { open, refuses } = refusing();
  const faults = new KeyFaults({ open });
  const w = await watched(t);
  const { clock, log, pace, card, store } = w;
  const elsewhere = { causedBy: (failure: VigieError | null) => faults.causedBy(failure), count: 0 };
  const apart = new CardWatch({ clock, log, card, store, pace, elsewhere });
  apart.start(new AbortController().signal);
  t.after(() => apart.stop());
  store.failure = await refusedKeys(faults);
  store.segmentsAbandoned = 1;
  elsewhere.count = faults.count;
  await w.pass(5);
  await apart.looked();
  assert.deepEqual(apart.notices(), [], 'the card is well');
  assert.deepEqual(w.codes(), ['card-failed'], 'negative control: who does not ask blames the card');
  assert.ok(faults.failure, 'the state is not');
  refuses.now = false;
  await (await faults.open('slots-1.bin', 'write')).datasync();
  assert.equal(faults.failure, null, 'until it can be written again');
});

test('a failure of the card is not taken for one of the keys', () => {
  const faults = new KeyFaults();
  assert.equal(
    faults.causedBy(cardError('Cannot record', Object.assign(new Error('EIO'), { code: 'EIO' }))),
    false,
  );
  assert.equal(faults.causedBy(null), false);
});
