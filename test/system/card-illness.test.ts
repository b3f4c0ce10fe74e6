/**
 * A real file system on a real device falls ill while a store records on it: the operator is told, recording goes on by
 * itself once the card is back, and nothing that was stored is lost. Time is simulated, the card is not.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LinuxCard } from '../../board/linux/card.js';
import { LinuxCardHealth } from '../../board/linux/card-health.js';
import { ManualClock } from '../../board/virtual/clock.js';
import { AppendPace } from '../../runtime/health/append-pace.js';
import { CardWatch } from '../../runtime/health/card-watch.js';
import { StoreReader } from '../../runtime/record/reader.js';
import { Recorder } from '../../runtime/record/recorder.js';
import { Store } from '../../runtime/record/store.js';
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

async function camera(t: TestContext, card: LoopCard) {
  const keys = mkdtempSync(join(tmpdir(), 'vigie-keys-'));
  const clock = new ManualClock(startMs);
  const directory = join(card.point, 'store');
  const deps = await storeDeps(keys, { clock });
  const store = new Store(deps, {
    directory,
    keysDirectory: keysDirectory(keys),
    capacityBytes: 64 * segmentBytes,
    segmentBytes,
    cameraId: 'cam-1',
  });
  const pace = new AppendPace({ clock });
  const recorder = new Recorder(
    { store: pace.timed(store), clock, log: deps.log },
    { picture: { width: 64, height: 48 }, clockTrusted: () => true },
  );
  const health = new LinuxCardHealth({ card: new LinuxCard() }, { directory });
  const watch = new CardWatch({ clock, log: deps.log, card: health, store, pace });
  t.after(async () => {
    watch.stop();
    await recorder.stop();
    await store.stop();
    rmSync(keys, { recursive: true, force: true });
  });
  await store.start(new AbortController().signal);
  watch.start(new AbortController().signal);
  recorder.open();
  let seq = 0;
  return {
    store,
    recorder,
    codes: (): string[] => watch.notices().map(({ code }) => code),
    /** the camera runs on for some seconds, a GOP each */
    async pass(seconds: number): Promise<void> {
      for (let second = 0; second < seconds; second++) {
        for (let n = 0; n < 25; n++) recorder.onUnit(fakeUnit(seq++));
        await recorder.flushed();
        clock.advance(1000);
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
  assert.deepEqual(c.codes(), ['card-gone']);
  await c.pass(20);
  assert.equal(c.store.stats().state, 'failed', 'the segment that was open is full');
  assert.ok(c.store.stats().gopsLost > 0);
  card.mount();
  await c.pass(10);
  assert.deepEqual(c.codes(), []);
  assert.equal(c.store.stats().state, 'recording');
  const before = await c.records();
  await c.pass(5);
  await allThere(c, before);
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
