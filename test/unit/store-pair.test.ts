/** What the first store refuses goes to the second and back again; read together, every GOP is there once and in order. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { bufferNotices } from '../../runtime/health/buffer-notices.js';
import { MergedReader } from '../../runtime/record/merged-reader.js';
import { StoreReader } from '../../runtime/record/reader.js';
import { Recorder } from '../../runtime/record/recorder.js';
import { type OpenSegment, openSegment } from '../../runtime/record/segment-file.js';
import { Store } from '../../runtime/record/store.js';
import { type StoredAt, StorePair } from '../../runtime/record/store-pair.js';
import {
  bench,
  type Fault,
  fakeGop,
  fakeUnit,
  faulty,
  keysIn,
  segmentBytes,
  storeDeps,
} from './store-fake.js';

const everything = [0, Number.MAX_SAFE_INTEGER / 1000] as const;

interface Options {
  second?: boolean;
  bufferBytes?: number;
}

async function camera(t: TestContext, { second = true, bufferBytes = 400_000 }: Options = {}) {
  const b = await bench(t, 64);
  const faults: { first: Fault; second: Fault } = { first: () => false, second: () => false };
  const first = await b.start(faulty((call) => faults.first(call)));
  const other = join(b.directory, 'other');
  const deps = { ...(await storeDeps(b.directory, b)), open: faulty((call) => faults.second(call)) };
  const spare = new Store(deps, { ...b.options, directory: other, capacityBytes: 32 * segmentBytes });
  if (second) await spare.start(new AbortController().signal);
  const pair = new StorePair({ first, second: second ? spare : null, clock: b.clock });
  const recorder = new Recorder<StoredAt>(
    { store: pair, clock: b.clock, log: b.log },
    {
      picture: { width: 64, height: 48 },
      clockTrusted: () => true,
      bufferBytes,
      terminus: { beforeMs: 2000, afterMs: 3000 },
    },
  );
  recorder.open();
  t.after(() => spare.stop());
  let seq = 0;
  const readers = (): Promise<StoreReader[]> =>
    Promise.all(
      [b.directory, ...(second ? [other] : [])].map((directory) =>
        StoreReader.open(directory, { keys: keysIn(b.directory) }),
      ),
    );
  return {
    ...b,
    first,
    spare,
    pair,
    recorder,
    faults,
    readers,
    codes: (): string[] =>
      bufferNotices({ buffer: recorder.buffer, onSecond: pair.onSecond }).map(({ code }) => code),
    /** a GOP a second */
    async pass(seconds: number): Promise<void> {
      for (let second = 0; second < seconds; second++) {
        for (let n = 0; n < 25; n++) recorder.onUnit(fakeUnit(seq++));
        await recorder.flushed();
        b.clock.advance(1000);
        await recorder.flushed();
      }
    },
    /** first picture of each GOP, as read from all stores together */
    async read(): Promise<number[]> {
      const found: number[] = [];
      for await (const gop of new MergedReader(await readers()).range(...everything)) {
        found.push((gop.units[0]?.seq ?? 0) / 25);
      }
      return found;
    },
  };
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const all: Fault = () => true;

test('the card is out for 20 s: nothing is lost, it is told at once, and nothing is told afterwards', async (t) => {
  const c = await camera(t, { second: false });
  await c.pass(10);
  assert.deepEqual(c.codes(), []);
  c.faults.first = all;
  await c.pass(2);
  assert.deepEqual(c.codes(), ['recording-waits']);
  await c.pass(18);
  c.faults.first = () => false;
  await c.pass(6);
  assert.deepEqual(c.codes(), []);
  await c.pass(4);
  await c.recorder.stop();
  assert.deepEqual(await c.read(), upTo(40));
  assert.equal(c.recorder.stats().gopsLost, 0);
});

test('negative control: with next to no memory the same costs its GOPs, and they are told and counted', async (t) => {
  const c = await camera(t, { second: false, bufferBytes: 0 });
  await c.pass(10);
  c.faults.first = all;
  await c.pass(20);
  assert.deepEqual(c.codes(), ['recording-waits', 'buffer-full']);
  c.faults.first = () => false;
  await c.pass(10);
  await c.recorder.stop();
  const { gopsLost } = c.recorder.stats();
  assert.ok(gopsLost >= 18, `lost ${gopsLost}`);
  assert.equal((await c.read()).length, 40 - gopsLost);
  const { damages } = await c.check();
  const missing = damages.reduce((sum, { records }) => sum + (records ?? 0), 0);
  assert.equal(missing, gopsLost, 'the card itself says how many are missing');
});

for (const what of ['write', 'datasync'] as const) {
  test(`the first store fails in its ${what}: the second takes over at once, and hands back`, async (t) => {
    const c = await camera(t, { bufferBytes: 0 });
    await c.pass(10);
    c.faults.first = (call) => call.what === what;
    await c.pass(1);
    assert.deepEqual(c.codes(), ['on-second-store']);
    assert.equal(c.recorder.stats().state, 'recording');
    await c.pass(19);
    assert.ok((c.spare.stats().gops ?? 0) >= 18);
    c.faults.first = () => false;
    await c.pass(10);
    assert.deepEqual(c.codes(), []);
    await c.recorder.stop();
    assert.equal(c.first.stats().gops + c.spare.stats().gops, 40, 'each acknowledged once');
    assert.deepEqual(await c.read(), upTo(40));
    assert.equal(c.recorder.stats().gopsLost, 0);
    const lists = (await c.readers()).map((reader) => reader.list().coverage);
    assert.deepEqual(
      lists.map((spans) => spans.length),
      [2, 1],
      'a gap in the first, and what fills it in the second',
    );
    for (const reader of await c.readers()) {
      const { damages } = await reader.check();
      const left = damages.filter(({ kind }) => kind !== 'segment-end' && kind !== 'record-payload');
      assert.deepEqual(left, []);
    }
  });
}

test('both fail: it waits in memory, and the one that comes back first takes it', async (t) => {
  const c = await camera(t);
  await c.pass(5);
  c.faults.first = all;
  await c.pass(5);
  c.faults.second = all;
  await c.pass(10);
  assert.deepEqual(c.codes(), ['recording-waits']);
  assert.equal(c.recorder.stats().state, 'failed');
  c.faults.second = () => false;
  await c.pass(10);
  assert.deepEqual(c.codes(), ['on-second-store']);
  c.faults.first = () => false;
  await c.pass(10);
  await c.recorder.stop();
  assert.deepEqual(await c.read(), upTo(40));
});

test('an alert just after the change: what is before it is kept in both stores, where it lies', async (t) => {
  const c = await camera(t);
  await c.pass(5);
  c.faults.first = all;
  await c.pass(2);
  c.recorder.alert(fakeUnit(5 * 25).monoUs);
  await c.pass(5);
  assert.match(c.log.lines.join('\n'), /not yet kept for the alert/);
  c.faults.first = () => false;
  await c.pass(10);
  await c.recorder.stop();
  for (const store of [c.first, c.spare]) {
    for (const { sequence } of store.segments()) await store.destroy(sequence, 'communal');
  }
  assert.deepEqual(await c.read(), [3, 4, 5, 6, 7, 8]);
});

test('a first card that hangs: the second takes over within 5 s, and what the first took after all is shown once', async (t) => {
  const b = await bench(t, 8);
  let hold: Promise<void> | null = null;
  let release = (): void => undefined;
  const slow: OpenSegment = async (path, mode) => {
    const file = await openSegment(path, mode);
    return {
      ...file,
      write: async (data, at) => (hold ?? Promise.resolve()).then(() => file.write(data, at)),
    };
  };
  const first = await b.start(slow);
  const deps = await storeDeps(b.directory, b);
  const second = new Store(deps, { ...b.options, directory: join(b.directory, 'other') });
  await second.start(new AbortController().signal);
  t.after(() => second.stop());
  const pair = new StorePair({ first, second, clock: b.clock });
  await pair.append(fakeGop(0), 0);
  hold = new Promise((resolve) => {
    release = resolve;
  });
  const stuck = pair.append(fakeGop(1), 0);
  await Promise.resolve();
  b.clock.advance(4000);
  assert.equal(pair.onSecond, false);
  b.clock.advance(1000);
  assert.equal((await stuck).storeId, second.storeId);
  assert.equal(pair.onSecond, true);
  assert.equal((await pair.append(fakeGop(2), 0)).storeId, second.storeId, 'at once');
  await assert.rejects(pair.keep({ storeId: first.storeId ?? '', record: 1 }), /does not answer/);
  hold = null;
  release();
  while (pair.onSecond) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await pair.append(fakeGop(3), 0)).storeId, first.storeId);
  assert.equal(pair.stats().gops, 4);
  const readers = [b.directory, join(b.directory, 'other')].map((directory) =>
    StoreReader.open(directory, { keys: keysIn(b.directory) }),
  );
  const found: number[] = [];
  for await (const gop of new MergedReader(await Promise.all(readers)).range(...everything)) {
    found.push((gop.units[0]?.seq ?? 0) / 25);
  }
  assert.deepEqual(found, upTo(4));
  assert.deepEqual(first.stats().gops + second.stats().gops, 5, 'one of them lies in both');
});

test('a GOP that both have is shown once, by the list of what will be read too', async (t) => {
  const c = await camera(t);
  await c.pass(3);
  await c.recorder.stop();
  const [own] = await c.readers();
  assert.ok(own);
  for await (const gop of own.range(...everything)) await c.spare.append(gop);
  assert.equal(c.spare.stats().gops, 3);
  assert.deepEqual(await c.read(), upTo(3));
  const merged = new MergedReader(await c.readers());
  assert.equal(merged.select(...everything).length, 3);
  assert.equal(merged.list().coverage.length, 1);
});
