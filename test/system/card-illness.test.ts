/**
 * A real file system on a real device falls ill while a store records on it: the operator is told, recording goes on by
 * itself once the card is back, and nothing that was stored is lost. Time is simulated, the card is not.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LinuxCard } from '../../board/linux/card.js';
import { LinuxCardHealth } from '../../board/linux/card-health.js';
import { ManualClock } from '../../board/virtual/clock.js';
import { AppendPace } from '../../runtime/health/append-pace.js';
import { bufferNotices } from '../../runtime/health/buffer-notices.js';
import { CardWatch } from '../../runtime/health/card-watch.js';
import { MergedReader } from '../../runtime/record/merged-reader.js';
import { StoreReader } from '../../runtime/record/reader.js';
import { Recorder } from '../../runtime/record/recorder.js';
import { Store } from '../../runtime/record/store.js';
import { type StoredAt, StorePair } from '../../runtime/record/store-pair.js';
import {
  fakeUnit,
  keysDirectory,
  keysIn,
  readAll,
  segmentBytes,
  startMs,
  storeDeps,
} from '../unit/store-fake.js';
import { LoopCard } from './card-loop.js';

interface Options {
  /** a card of its own */
  second?: LoopCard;
  bufferBytes?: number;
  /** the card is not there at the start, and is to be mounted where it belongs */
  withoutCard?: boolean;
}

async function camera(t: TestContext, card: LoopCard, options: Options = {}) {
  const keys = mkdtempSync(join(tmpdir(), 'vigie-keys-'));
  const clock = new ManualClock(startMs);
  const directory = join(card.point, 'store');
  const deps = await storeDeps(keys, { clock });
  const shape = { keysDirectory: keysDirectory(keys), segmentBytes, cameraId: 'cam-1' };
  const at = { directory, ...(options.withoutCard && { mountPoint: card.point }) };
  const store = new Store(deps, { ...shape, ...at, capacityBytes: 64 * segmentBytes });
  const other = options.second ? join(options.second.point, 'store') : null;
  const spare = other
    ? new Store(deps, { ...shape, directory: other, capacityBytes: 64 * segmentBytes })
    : null;
  const pace = new AppendPace({ clock });
  const pair = new StorePair({ first: pace.timed(store), second: spare, clock });
  const recorder = new Recorder<StoredAt>(
    { store: pair, clock, log: deps.log },
    {
      picture: { width: 64, height: 48 },
      clockTrusted: () => true,
      bufferBytes: options.bufferBytes ?? 400_000,
    },
  );
  const health = new LinuxCardHealth({ card: new LinuxCard() }, { directory });
  const watch = new CardWatch({ clock, log: deps.log, card: health, store, pace });
  t.after(async () => {
    watch.stop();
    await recorder.stop();
    await store.stop();
    await spare?.stop();
    rmSync(keys, { recursive: true, force: true });
  });
  await store.start(new AbortController().signal, { withoutCard: options.withoutCard === true });
  await spare?.start(new AbortController().signal);
  watch.start(new AbortController().signal);
  recorder.open();
  let seq = 0;
  return {
    store,
    recorder,
    codes: (): string[] =>
      [...watch.notices(), ...bufferNotices({ buffer: recorder.buffer, onSecond: pair.onSecond })].map(
        ({ code }) => code,
      ),
    /** first picture of each GOP, from all its cards */
    async gops(): Promise<number[]> {
      const found: number[] = [];
      const readers = [directory, ...(other ? [other] : [])].map((place) =>
        StoreReader.open(place, { keys: keysIn(keys) }),
      );
      for await (const gop of new MergedReader(await Promise.all(readers)).range(0, 1e13)) {
        found.push((gop.units[0]?.seq ?? 0) / 25);
      }
      return found;
    },
    /** the camera runs on for some seconds, a GOP each */
    async pass(seconds: number): Promise<void> {
      for (let second = 0; second < seconds; second++) {
        for (let n = 0; n < 25; n++) recorder.onUnit(fakeUnit(seq++));
        await recorder.flushed();
        clock.advance(1000);
        await recorder.flushed();
        await watch.looked();
      }
    },
    records: async (): Promise<number[]> => (await readAll(store)).map(({ record }) => record),
    check: async () => (await StoreReader.open(directory, { keys: keysIn(keys) })).check(),
  };
}

type Camera = Awaited<ReturnType<typeof camera>>;

/**
 * Every GOP that was acknowledged is there, what is missing was counted as lost, and nothing else is damaged.
 * @param torn what the GOP leaves that was being written when the device refused it, and that was lost with it
 */
async function allThere(
  { store, records, check }: Camera,
  before: number[],
  torn: string[] = [],
): Promise<void> {
  const { gops, gopsLost } = store.stats();
  const now = await records();
  assert.deepEqual(now.slice(0, before.length), before);
  assert.equal(now.length, gops);
  const { damages } = await check();
  const other = damages.map(({ kind }) => kind).filter((kind) => kind !== 'missing-records');
  assert.deepEqual(
    other.filter((kind) => !torn.includes(kind)),
    [],
  );
  assert.equal(
    damages.reduce((sum, { records: missing }) => sum + (missing ?? 0), 0),
    gopsLost,
  );
}

test('an error turns the card read-only; it is pulled out, repaired and put in again', async (t) => {
  const card = LoopCard.make(t);
  if (!card) return;
  const c = await camera(t, card);
  await c.pass(12);
  assert.deepEqual(c.codes(), []);
  card.fail();
  await c.pass(5);
  assert.ok(c.codes().includes('card-read-only'), c.codes().join());
  const before = await c.records();
  assert.equal(before.length, c.store.stats().gops);
  card.replug();
  await c.pass(10);
  assert.deepEqual(c.codes(), []);
  assert.equal(c.store.stats().state, 'recording');
  assert.ok((await c.records()).length > before.length, 'recording goes on by itself');
  await allThere(c, before);
});

test('the card is unmounted under the camera, and mounted again', async (t) => {
  const card = LoopCard.make(t);
  if (!card) return;
  const c = await camera(t, card);
  await c.pass(12);
  card.unmount();
  await c.pass(5);
  assert.ok(c.codes().includes('card-gone'), 'whether or not the segment that was open is full');
  await c.pass(20);
  assert.equal(c.store.stats().state, 'failed', 'the segment that was open is full');
  assert.deepEqual(c.codes(), ['card-gone', 'recording-waits']);
  card.mount();
  await c.pass(10);
  assert.deepEqual(c.codes(), []);
  assert.equal(c.store.stats().state, 'recording');
  const before = await c.records();
  await c.pass(5);
  await allThere(c, before);
});

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

test('read-only after an error: it is taken off, repaired and mounted again under the camera, and no GOP is lost', async (t) => {
  const card = LoopCard.make(t);
  if (!card) return;
  const c = await camera(t, card);
  await c.pass(12);
  assert.throws(() => card.takeOff(), /busy/, 'negative control: a store that records keeps its card');
  card.fail();
  await c.pass(4);
  assert.deepEqual(c.codes(), ['card-read-only', 'card-file-system', 'recording-waits']);
  await c.pass(10);
  card.repair();
  await c.pass(6);
  assert.deepEqual(c.codes(), []);
  await c.pass(5);
  card.fail();
  await c.pass(10);
  card.repair();
  await c.pass(8);
  await c.recorder.stop();
  assert.deepEqual(await c.gops(), upTo(55));
  assert.equal(c.store.stats().gopsLost, 0);
});

test('the same for longer than the memory holds: the oldest is lost, told and counted', async (t) => {
  const card = LoopCard.make(t);
  if (!card) return;
  const c = await camera(t, card, { bufferBytes: 60_000 });
  await c.pass(12);
  card.fail();
  await c.pass(20);
  assert.deepEqual(c.codes(), ['card-read-only', 'card-file-system', 'recording-waits', 'buffer-full']);
  card.repair();
  await c.pass(10);
  assert.deepEqual(c.codes(), []);
  await c.recorder.stop();
  const { gopsLost } = c.recorder.stats();
  assert.ok(gopsLost > 10, `lost ${gopsLost}`);
  assert.equal((await c.gops()).length, 42 - gopsLost);
  await allThere(c, []);
});

test('a second card takes what the first refuses, and the first goes on when it is back', async (t) => {
  const card = LoopCard.make(t);
  const second = card && LoopCard.make(t);
  if (!card || !second) return;
  const c = await camera(t, card, { second, bufferBytes: 0 });
  await c.pass(12);
  card.fail();
  await c.pass(4);
  assert.deepEqual(c.codes(), ['card-read-only', 'card-file-system', 'on-second-store']);
  await c.pass(16);
  card.repair();
  await c.pass(8);
  assert.deepEqual(c.codes(), []);
  assert.equal(c.store.failure, null);
  await c.recorder.stop();
  assert.deepEqual(await c.gops(), upTo(40));
  assert.equal(c.recorder.stats().gops, 40, 'each in one of them');
  assert.equal(c.recorder.stats().gopsLost, 0);
});

test('a start without the card: what is recorded waits, and the store is made on the card that comes', async (t) => {
  const card = LoopCard.make(t);
  if (!card) return;
  card.takeOff();
  const c = await camera(t, card, { withoutCard: true });
  await c.pass(4);
  assert.deepEqual(c.codes(), ['card-gone', 'recording-waits']);
  await c.pass(6);
  assert.deepEqual(readdirSync(card.point), [], 'nothing is written on the disk below');
  card.mount();
  await c.pass(6);
  assert.deepEqual(c.codes(), []);
  await c.recorder.stop();
  assert.deepEqual(await c.gops(), upTo(16));
});

test('the device refuses writes under the camera; it is replaced by one that does not', async (t) => {
  const card = LoopCard.make(t);
  if (!card) return;
  const c = await camera(t, card);
  await c.pass(12);
  card.starve();
  await c.pass(5);
  const told = c.codes();
  assert.ok(
    ['card-read-only', 'card-full', 'card-failed'].some((code) => told.includes(code)),
    told.join(),
  );
  assert.ok(c.store.failure);
  const before = await c.records();
  card.feed();
  card.replug();
  await c.pass(10);
  assert.deepEqual(c.codes(), []);
  assert.ok((await c.records()).length > before.length);
  await allThere(c, before, ['record-payload', 'segment-end']);
});

test('read-only after an error: `remount,rw` is refused by the kernel and changes nothing, a repair in place does', async (t) => {
  const card = LoopCard.make(t);
  if (!card) return;
  const c = await camera(t, card);
  await c.pass(12);
  card.fail();
  await c.pass(4);
  const told = ['card-read-only', 'card-file-system', 'recording-waits'];
  assert.deepEqual(c.codes(), told);
  assert.throws(() => card.remountWritable());
  await c.pass(8);
  assert.deepEqual(c.codes(), told);
  card.repair();
  await c.pass(6);
  assert.deepEqual(c.codes(), []);
  await c.recorder.stop();
  assert.deepEqual(await c.gops(), upTo(30));
  assert.equal(c.store.stats().gopsLost, 0);
});

test('mounted read-only because its device was: once that is over, `remount,rw` is enough, and no GOP is lost', async (t) => {
  const card = LoopCard.make(t);
  if (!card) return;
  const c = await camera(t, card);
  await c.pass(12);
  card.fail();
  await c.pass(4);
  card.repair(true);
  await c.pass(6);
  assert.deepEqual(c.codes().slice(0, 1), ['card-read-only']);
  assert.throws(() => card.remountWritable(), 'negative control: not while the device is read-only');
  await c.pass(4);
  card.protect(false);
  await c.pass(6);
  assert.ok(c.codes().includes('card-read-only'), 'the mount still is');
  card.remountWritable();
  await c.pass(6);
  assert.ok(!c.codes().includes('card-read-only'));
  assert.equal(c.store.failure, null);
  await c.recorder.stop();
  assert.deepEqual(await c.gops(), upTo(38));
  assert.equal(c.store.stats().gopsLost, 0);
});

test('the device says that it is read-only under a camera that records, and takes that back', async (t) => {
  const card = LoopCard.make(t);
  if (!card) return;
  const c = await camera(t, card);
  await c.pass(12);
  card.protect(true);
  await c.pass(5);
  assert.deepEqual(c.codes(), ['card-read-only'], 'told, though a loop device goes on writing');
  card.protect(false);
  await c.pass(5);
  assert.deepEqual(c.codes(), []);
  await allThere(
    c,
    upTo(20).map((n) => n + 1),
  );
});

test('the device refuses writes for a while: repaired in place when it takes them again', async (t) => {
  const card = LoopCard.make(t);
  if (!card) return;
  const c = await camera(t, card);
  await c.pass(12);
  card.starve();
  await c.pass(5);
  assert.ok(c.store.failure);
  card.feed();
  await c.pass(6);
  assert.ok(c.codes().includes('card-read-only'), 'its file system has stopped on the error');
  card.repair();
  await c.pass(8);
  assert.deepEqual(c.codes(), []);
  await c.recorder.stop();
  assert.deepEqual(await c.gops(), upTo(31));
  assert.equal(c.store.stats().gopsLost, 0);
});
