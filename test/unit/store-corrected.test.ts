/**
 * Times that were wrong: marked, corrected when the clock becomes right, and never silently. The camera of these tests wakes
 * up in 1970 and learns the time later; its monotonic clock says what is true.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { coverage } from '../../runtime/record/coverage.js';
import type { Gop, StoredGop } from '../../runtime/record/gop.js';
import { recordHeaderBytes } from '../../runtime/record/layout.js';
import { decodeRecordHeader, timeKind } from '../../runtime/record/record-header.js';
import { type OpenSegment, openSegment } from '../../runtime/record/segment-file.js';
import type { Store, StoreDeps } from '../../runtime/record/store.js';
import { Timeline } from '../../runtime/record/timeline.js';
import { type Bench, bench, damageFile, fakeGop, openReader, readAll, startMs } from './store-fake.js';

const bootA = 'aa'.repeat(8);
const bootB = 'bb'.repeat(8);
/** What a board without a clock shows instead of `startMs`. */
const wrongMs = startMs - 60_000;

/** GOP number `n`, taken at its true time by a camera that believes it is 1970. */
function lost(n: number, rest: Partial<Gop> = {}): Gop {
  const gop = fakeGop(n, { clockTrusted: false, ...rest });
  return { ...gop, units: gop.units.map((unit) => ({ ...unit, wallMs: unit.wallMs - wrongMs })) };
}

/** Both clocks at the beginning of GOP number `n`. */
function pointAt(n: number): { wallUs: number; monoUs: number } {
  const first = fakeGop(n).units[0];
  return { wallUs: (first?.wallMs ?? 0) * 1000, monoUs: first?.monoUs ?? 0 };
}

const inBoot = (b: Bench, run: string, rest: Partial<StoreDeps> = {}): Promise<Store> =>
  b.start(undefined, { run, ...rest });

const timesOf = (gops: readonly StoredGop[]): number[][] =>
  gops.map(({ units }) => units.map(({ wallMs }) => wallMs));
const trueTimes = (numbers: readonly number[]): number[][] =>
  numbers.map((n) => fakeGop(n).units.map(({ wallMs }) => wallMs));

/** Five GOPs of 1970, then the clock, then three more. */
async function corrected(t: TestContext): Promise<{ b: Bench; store: Store }> {
  const b = await bench(t, 6);
  const store = await inBoot(b, bootA);
  for (let n = 0; n < 5; n++) await store.append(lost(n));
  await store.correctTimes(pointAt(5));
  for (let n = 5; n < 8; n++) await store.append(fakeGop(n));
  return { b, store };
}

test('what was recorded in 1970 lies where it belongs once the clock is right, and says so', async (t) => {
  const { b, store } = await corrected(t);
  const check = async (where: Pick<Store, 'range' | 'list'>, what: string): Promise<void> => {
    const gops: StoredGop[] = [];
    for await (const gop of where.range(startMs, startMs + 10_000)) gops.push(gop);
    assert.deepEqual(timesOf(gops), trueTimes([0, 1, 2, 3, 4, 5, 6, 7]), what);
    assert.deepEqual(
      gops.map((gop) => [gop.clockTrusted, gop.corrected ?? false]),
      [...Array.from({ length: 5 }, () => [false, true]), ...Array.from({ length: 3 }, () => [true, false])],
    );
    const { coverage: spans, gaps } = where.list();
    assert.deepEqual(
      spans.map(({ clock, gops: count, fromMs }) => [clock, count, fromMs]),
      [
        ['corrected', 5, startMs],
        ['trusted', 3, startMs + 5_000],
      ],
    );
    assert.deepEqual(gaps, []);
    for await (const gop of where.range(0, startMs - 1_000)) assert.fail(`record ${gop.record} is in 1970`);
  };
  await check(store, 'the store that corrected');
  await check(await openReader(b.directory), 'a reader beside it');
  await store.stop();
  await check(await inBoot(b, bootB), 'the next boot');
  assert.deepEqual((await b.check()).damages, []);
});

test('what lies on the card is not changed by a correction', async (t) => {
  const { b, store } = await corrected(t);
  await store.destroy(store.segments().at(-1)?.sequence ?? 0, 'terminus');
  await store.stop();
  const seen: { kind: number; trusted: boolean; wallFirstUs: number }[] = [];
  for (let slot = 0; slot < 6; slot++) {
    await damageFile(b.segment(slot), (bytes) => {
      const sequence = Number(bytes.readBigUInt64LE(16));
      for (let at = 4096; at + recordHeaderBytes < bytes.length; at += 8) {
        const header = decodeRecordHeader(bytes.subarray(at), sequence);
        if (header) seen.push({ ...header, trusted: header.clockTrusted });
      }
      return undefined;
    });
  }
  assert.equal(seen.filter(({ kind }) => kind === timeKind).length, 1);
  const first = seen.filter(({ trusted }) => !trusted).map(({ wallFirstUs }) => wallFirstUs);
  assert.deepEqual(
    first.sort((a, b) => a - b),
    [0, 1, 2, 3, 4].map((n) => (60_000 + n * 1000) * 1000),
  );
});

test('an export over the moment when the clock came has no gap, in one boot or over two', async (t) => {
  const { b, store } = await corrected(t);
  await store.stop();
  const next = await inBoot(b, bootB);
  await next.append(fakeGop(8));
  const line = new Timeline();
  const places: number[] = [];
  for await (const gop of next.range(startMs + 2_000, startMs + 9_000)) {
    for (const unit of gop.units) places.push(line.place(unit, gop.run));
  }
  assert.deepEqual(
    places,
    Array.from({ length: 175 }, (_, i) => i * 40_000),
  );
});

test('negative control: without the correction the same recordings are not where they belong', async (t) => {
  const b = await bench(t, 6);
  const store = await inBoot(b, bootA);
  for (let n = 0; n < 5; n++) await store.append(lost(n));
  for (let n = 5; n < 8; n++) await store.append(fakeGop(n));
  const { coverage: spans } = store.list();
  assert.deepEqual(
    spans.map(({ clock, gops }) => [clock, gops]),
    [
      ['untrusted', 5],
      ['trusted', 3],
    ],
  );
  const found: number[] = [];
  for await (const gop of store.range(startMs, startMs + 10_000)) found.push(gop.record);
  assert.deepEqual(found, [6, 7, 8]);
});

test('a process that dies before NTP arrives: the next one of the same boot corrects it too', async (t) => {
  const b = await bench(t, 6);
  const first = await inBoot(b, bootA);
  for (let n = 0; n < 3; n++) await first.append(lost(n));
  await first.stop();
  const second = await inBoot(b, bootA);
  await second.correctTimes(pointAt(4));
  await second.append(fakeGop(4));
  assert.deepEqual(timesOf(await readAll(second)), trueTimes([0, 1, 2, 4]));
});

test('another boot is not corrected: its recordings stay marked, where they were', async (t) => {
  const b = await bench(t, 6);
  const first = await inBoot(b, bootA);
  for (let n = 0; n < 3; n++) await first.append(lost(n));
  await first.stop();
  const second = await inBoot(b, bootB);
  for (let n = 3; n < 5; n++) await second.append(lost(n));
  await second.correctTimes(pointAt(5));
  const spans = second.list().coverage;
  assert.deepEqual(
    spans.map(({ clock, gops }) => [clock, gops]),
    [
      ['untrusted', 3],
      ['corrected', 2],
    ],
  );
  assert.equal(spans[0]?.fromMs, 60_000);
  assert.equal(second.segments()[0]?.trusted, false);
});

test('a copy keeps the boot and the times of what it repeats, and is corrected with it', async (t) => {
  const b = await bench(t, 6);
  const first = await inBoot(b, bootA);
  const record = await first.append(lost(0));
  await first.correctTimes(pointAt(1));
  await first.stop();
  const second = await inBoot(b, bootB);
  const copy = await second.keep(record);
  assert.ok(copy);
  await second.destroy(second.segments()[0]?.sequence ?? 0, 'communal');
  const [gop] = await readAll(second);
  assert.equal(gop?.class, 'terminus');
  assert.equal(gop?.run, bootA);
  assert.deepEqual(timesOf(gop ? [gop] : []), trueTimes([0]));
});

test('a correction is told once, and again only when something needs it', async (t) => {
  const { b, store } = await corrected(t);
  for (let i = 0; i < 5; i++) await store.correctTimes(pointAt(8 + i));
  const record = await store.append(fakeGop(8));
  assert.equal(record, 10, 'eight GOPs and one correction before it');
  await store.stop();
  const quiet = await inBoot(b, bootB);
  await quiet.correctTimes(pointAt(9));
  assert.equal(await quiet.append(fakeGop(9)), 11);
});

test('a correction that the card refuses, or that is cut in half, is told at the next opportunity', async (t) => {
  const b = await bench(t, 6);
  let broken = false;
  const open: OpenSegment = async (path, mode) => {
    const file = await openSegment(path, mode);
    const write = async (data: Buffer, position: number): Promise<void> => {
      await file.write(broken ? data.subarray(0, recordHeaderBytes + 30) : data, position);
      if (broken) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    };
    return { ...file, write };
  };
  const store = await b.start(open, { run: bootA });
  for (let n = 0; n < 3; n++) await store.append(lost(n));
  broken = true;
  await store.correctTimes(pointAt(3));
  assert.equal(store.list().coverage[0]?.clock, 'corrected', 'in memory it is corrected at once');
  await store.stop();
  assert.equal((await openReader(b.directory)).list().coverage[0]?.clock, 'untrusted');
  const next = await inBoot(b, bootA);
  assert.equal(next.list().coverage[0]?.clock, 'untrusted', 'half a correction is none');
  await next.correctTimes(pointAt(4));
  await next.append(fakeGop(4));
  assert.deepEqual(timesOf(await readAll(next)), trueTimes([0, 1, 2, 4]));
  await next.stop();
  const { damages } = await b.check();
  assert.deepEqual(
    damages.filter(({ kind }) => kind !== 'segment-end'),
    [],
    'no recording is said to be missing',
  );
});

test('a correction stays in the ring as long as a hold keeps what it corrects', async (t) => {
  const b = await bench(t, 4);
  let held = 0;
  const store = await inBoot(b, bootA, { held: ({ sequence }) => sequence === held });
  await store.append(lost(0));
  held = store.segments()[0]?.sequence ?? 0;
  await store.correctTimes(pointAt(1));
  for (let n = 1; n < 60; n++) await store.append(fakeGop(n));
  assert.ok(store.segments().some(({ sequence }) => sequence === held));
  await store.stop();
  const [span] = (await openReader(b.directory)).list().coverage;
  assert.deepEqual([span?.clock, span?.fromMs], ['corrected', startMs]);
  const again = await inBoot(b, bootB, { held: ({ sequence }) => sequence === held });
  for (let n = 60; n < 120; n++) await again.append(fakeGop(n));
  assert.equal(again.list().coverage[0]?.clock, 'corrected', 'also after the boot that told it');
  assert.deepEqual((await b.check()).damages, []);
});

test('with nothing left to correct, a correction goes with its segment', async (t) => {
  const { b, store } = await corrected(t);
  for (let n = 8; n < 60; n++) await store.append(fakeGop(n));
  await store.stop();
  for (let slot = 0; slot < 6; slot++) {
    await damageFile(b.segment(slot), (bytes) => {
      const sequence = Number(bytes.readBigUInt64LE(16));
      for (let at = 4096; at + recordHeaderBytes < bytes.length; at += 8) {
        assert.notEqual(decodeRecordHeader(bytes.subarray(at), sequence)?.kind, timeKind);
      }
      return undefined;
    });
  }
});

test('a clock that is set back while it is trusted: order is that of recording, each GOP once', async (t) => {
  const b = await bench(t, 6);
  const store = await inBoot(b, bootA);
  const shifted = (n: number, ms: number): Gop => {
    const gop = fakeGop(n);
    return { ...gop, units: gop.units.map((unit) => ({ ...unit, wallMs: unit.wallMs + ms })) };
  };
  for (const n of [0, 1, 2]) await store.append(fakeGop(n));
  for (const n of [3, 4, 5]) await store.append(shifted(n, -10_000));
  for (const n of [6, 7]) await store.append(fakeGop(n));
  const records = (await readAll(store)).map(({ record }) => record);
  assert.deepEqual(records, [1, 2, 3, 4, 5, 6, 7, 8]);
  const { coverage: spans } = store.list();
  assert.deepEqual(
    spans.map(({ gops }) => gops),
    [3, 3, 2],
  );
  assert.equal(coverage([]).length + spans.reduce((sum, { gops }) => sum + gops, 0), 8, 'each GOP once');
});

test('pieces of a GOP between which a copy or a correction lies are read together', async (t) => {
  const b = await bench(t, 6);
  const store = await inBoot(b, bootA);
  const first = await store.append(lost(0));
  await store.append(lost(1));
  await store.keep(first);
  await store.append(lost(2, { continues: true }));
  await store.correctTimes(pointAt(3));
  await store.append(fakeGop(3, { continues: true }));
  assert.deepEqual(
    (await readAll(store)).map(({ record, continues }) => [record, continues]),
    [
      [1, false],
      [2, false],
      [4, true],
      [6, true],
    ],
  );
});

test('a correction that nothing needed any more is told again for a copy that does', async (t) => {
  const b = await bench(t, 6);
  const store = await inBoot(b, bootA);
  const record = await store.append(lost(0));
  await store.correctTimes(pointAt(1));
  await store.stop();
  const next = await inBoot(b, bootB);
  let n = 1;
  // Until what it corrects is the next to be overwritten.
  while (next.segments().length < 6) await next.append(fakeGop(n++));
  assert.ok(await next.keep(record));
  for (const until = n + 15; n < until; n++) await next.append(fakeGop(n));
  assert.ok(!next.segments().some(({ sequence }) => sequence === 1), 'the ring has turned');
  await next.stop();
  const gops: StoredGop[] = [];
  for await (const gop of (await openReader(b.directory)).range(startMs, startMs + 500)) gops.push(gop);
  assert.deepEqual(
    gops.map(({ class: of, corrected: so }) => [of, so]),
    [['terminus', true]],
  );
});
