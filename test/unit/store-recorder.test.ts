import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { VigieError } from '../../errors.js';
import type { Unit } from '../../pipelines/messages.js';
import type { Gop } from '../../runtime/record/gop.js';
import { Recorder, type RecorderOptions } from '../../runtime/record/recorder.js';
import type { StoreStats } from '../../runtime/record/store-stats.js';
import { bench, fakeUnit, MemoryLog, readAll, startMs } from './store-fake.js';

const nothing: StoreStats = {
  state: 'recording',
  segments: 4,
  segmentsUsed: 0,
  capacityBytes: 0,
  usedBytes: 0,
  bytesWritten: 0,
  gops: 0,
  gopsLost: 0,
  oldestMs: null,
  newestMs: null,
};

/** A store that keeps GOPs in memory, waits when told to, and fails when told to. */
class MemoryStore {
  gops: Gop[] = [];
  maxGopBytes = 1 << 20;
  wait: Promise<void> = Promise.resolve();
  fail = false;
  /** GOPs that it was told of as lost */
  told = 0;
  get failure(): VigieError | null {
    return this.fail ? new VigieError('store', 'Cannot record', 'Replace the card') : null;
  }
  async append(gop: Gop, lost: number): Promise<number> {
    await this.wait;
    if (this.failure) throw this.failure;
    this.told += lost;
    return this.gops.push(gop);
  }
  kept: number[] = [];
  async keep(record: number): Promise<number | null> {
    await this.wait;
    if (this.failure) throw this.failure;
    return this.kept.push(record);
  }
  stats = (): StoreStats => ({ ...nothing, gopsLost: this.told });
}

function recorder(options: Partial<RecorderOptions> = {}) {
  const store = new MemoryStore();
  const log = new MemoryLog();
  const clock = new ManualClock(startMs);
  const made = new Recorder(
    { store, clock, log },
    { picture: { width: 64, height: 48 }, clockTrusted: () => true, ...options },
  );
  made.open();
  const feed = (from: number, to: number, rest: (seq: number) => Partial<Unit> = () => ({})): void => {
    for (let seq = from; seq < to; seq++) made.onUnit(fakeUnit(seq, rest(seq)));
  };
  const shapes = (): string[] =>
    store.gops.map(({ units, interrupted, continues }) => {
      const marks = `${continues ? 'c' : ''}${interrupted ? 'i' : ''}`;
      return `${units[0]?.seq}-${units.at(-1)?.seq}${marks}`;
    });
  return { recorder: made, store, log, clock, feed, shapes };
}

test('a keyframe closes the GOP before it; stop stores the last', async () => {
  const { recorder: r, feed, shapes } = recorder();
  feed(0, 60);
  await r.flushed();
  assert.deepEqual(shapes(), ['0-24', '25-49']);
  await r.stop();
  await r.stop();
  assert.deepEqual(shapes(), ['0-24', '25-49', '50-59']);
  assert.equal(r.framesRecorded, 60);
  assert.equal(r.framesDropped, 0);
});

test('nothing before the first keyframe', async () => {
  const { recorder: r, feed, shapes } = recorder();
  feed(20, 30);
  await r.stop();
  assert.deepEqual(shapes(), ['25-29']);
  assert.equal(r.framesDropped, 5);
});

test('interrupted: the piece is stored as such, and the next GOP begins with a keyframe', async () => {
  const { recorder: r, feed, shapes } = recorder();
  feed(0, 10);
  r.interrupt();
  r.interrupt();
  feed(15, 30);
  await r.stop();
  assert.deepEqual(shapes(), ['0-9i', '25-29']);
});

test('while the gate is shut nothing is stored, and the reason is there', async () => {
  const { recorder: r, feed, shapes } = recorder();
  feed(0, 10);
  r.shut('the authorisation has expired');
  feed(10, 50);
  assert.equal(r.shutBecause, 'the authorisation has expired');
  assert.equal(r.stats().state, 'off');
  r.open();
  feed(50, 75);
  await r.stop();
  assert.deepEqual(shapes(), ['0-9', '50-74']);
  assert.equal(r.framesDropped, 40);
});

test('the gate is shut until it is opened', async () => {
  const store = new MemoryStore();
  const r = new Recorder(
    { store, clock: new ManualClock(), log: new MemoryLog() },
    { picture: { width: 64, height: 48 }, clockTrusted: () => true },
  );
  r.onUnit(fakeUnit(0));
  await r.stop();
  assert.equal(store.gops.length, 0);
  assert.ok(r.shutBecause);
});

test('a GOP without an end is cut by time and by size, a jump of the wall clock begins a record', async () => {
  const byTime = recorder();
  byTime.feed(0, 100, (seq) => ({ key: seq === 0 }));
  await byTime.recorder.stop();
  assert.deepEqual(byTime.shapes(), ['0-29', '30-59c', '60-89c', '90-99c']);
  const bySize = recorder({ maxRecordBytes: 2000 });
  bySize.feed(0, 10);
  await bySize.recorder.stop();
  for (const { units } of bySize.store.gops) {
    assert.ok(units.reduce((sum, unit) => sum + unit.data.byteLength, 0) <= 2000);
  }
  assert.equal(bySize.recorder.framesRecorded, 10);
  const byClock = recorder();
  byClock.feed(0, 20, (seq) => (seq < 8 ? {} : { wallMs: startMs - 3_600_000 + seq * 40 }));
  await byClock.recorder.stop();
  assert.deepEqual(byClock.shapes(), ['0-7', '8-19c']);
});

test('each picture keeps the stamp it had', async () => {
  const { recorder: r, feed, store } = recorder();
  const changed = { version: 2, digest: 'cd'.repeat(32), state: 'both' } as const;
  feed(0, 25, (seq) => (seq >= 12 ? { mask: changed } : {}));
  await r.stop();
  const states = store.gops[0]?.units.map(({ mask }) => mask.version);
  assert.deepEqual(states, [...Array(12).fill(1), ...Array(13).fill(2)]);
});

test('a slow card: the oldest that waits is dropped and counted, with the pieces that need it', async () => {
  const { recorder: r, feed, store, shapes, log } = recorder({ bufferBytes: 45_000 });
  let release = (): void => {};
  store.wait = new Promise((resolve) => {
    release = resolve;
  });
  feed(0, 25);
  feed(25, 26);
  await Promise.resolve();
  await Promise.resolve();
  // record 0 is being written; GOP 1 is in three pieces, of which the first will be dropped
  feed(26, 100, (seq) => ({ key: seq === 99 }));
  feed(100, 150);
  release();
  await r.stop();
  assert.equal(shapes()[0], '0-24');
  assert.ok(!shapes().some((shape) => shape.startsWith('25-')));
  for (const [i, shape] of shapes().entries()) {
    if (shape.endsWith('c')) assert.ok(i > 0, shape);
    assert.ok(!/^(5|8)\d-\d+c/.test(shape), `a piece of a lost GOP was stored: ${shape}`);
  }
  const stats = r.stats();
  assert.ok(stats.gopsLost >= 3);
  assert.equal(r.framesRecorded + r.framesDropped, 150);
  assert.equal(log.lines.filter((line) => line.includes('GOPs are being lost')).length, 1);
});

test('a card that is out and comes back: nothing is lost while the memory holds, and all of it is in order', async () => {
  const { recorder: r, feed, store, shapes, clock } = recorder();
  feed(0, 26);
  await r.flushed();
  assert.deepEqual(r.buffer, { bytes: 0, capacityBytes: 32 << 20, sinceMs: null, lost: 0 });
  store.fail = true;
  feed(26, 51);
  await r.flushed();
  const large = new Uint8Array(1 << 16);
  feed(51, 526, (seq) => ({ data: large.subarray(0, 200 + (seq % 10)) }));
  await r.flushed();
  assert.deepEqual(shapes(), ['0-24']);
  assert.equal(r.buffer.sinceMs, startMs);
  assert.ok(r.buffer.bytes > 0);
  store.fail = false;
  clock.advance(1000);
  await r.flushed();
  assert.equal(store.gops.length, 21, 'offered again, although no further GOP came');
  assert.equal(r.buffer.sinceMs, null);
  assert.equal(r.buffer.bytes, 0);
  const kept = store.gops.at(-1)?.units.at(-1)?.data;
  assert.equal(
    kept?.buffer.byteLength,
    kept?.byteLength,
    'what waits holds no more memory than it is counted for',
  );
  await r.stop();
  const seqs = store.gops.flatMap(({ units }) => units.map(({ seq }) => seq));
  assert.deepEqual(
    seqs,
    Array.from({ length: 526 }, (_, i) => i),
  );
  assert.equal(r.stats().gopsLost, 0);
  assert.equal(r.framesDropped, 0);
});

for (const bufferBytes of [100_000, 0]) {
  test(`a memory of ${bufferBytes} bytes is full: the oldest is lost, counted, and told to the store`, async () => {
    const { recorder: r, feed, store, log } = recorder({ bufferBytes });
    feed(0, 26);
    await r.flushed();
    store.fail = true;
    for (let seq = 26; seq < 1026; seq++) feed(seq, seq + 1);
    await r.flushed();
    const { bytes, lost } = r.buffer;
    assert.ok(lost >= (bufferBytes === 0 ? 38 : 30), `lost ${lost}`);
    assert.ok(bytes <= Math.max(bufferBytes, 14_000), `${bytes} bytes wait`);
    assert.equal(r.stats().gopsLost, lost);
    assert.equal(log.lines.filter((line) => line.includes('GOPs are being lost')).length, 1);
    store.fail = false;
    feed(1026, 1051);
    await r.flushed();
    assert.ok(store.told >= lost);
    assert.equal(r.stats().gopsLost, store.told, 'each leaves its hole, and is counted once');
    assert.equal(r.buffer.lost, 0);
    await r.stop();
    const seqs = store.gops.flatMap(({ units }) => units.map(({ seq }) => seq));
    assert.deepEqual(
      seqs,
      [...seqs].sort((a, b) => a - b),
      'in order',
    );
    assert.equal(store.gops.length + store.told, 43, 'the newest is kept');
    assert.equal(r.framesRecorded + r.framesDropped, 1051);
  });
}

test('a stop while the card is out: what waits is lost and counted', async () => {
  const { recorder: r, feed, store, log } = recorder();
  store.fail = true;
  feed(0, 51);
  await r.stop();
  assert.equal(r.stats().gopsLost, 3);
  assert.equal(r.framesDropped, 51);
  assert.match(log.lines.join(), /3 GOPs in memory are lost/);
});

test('with the real store: what the recorder was fed can be read back', async (t) => {
  const b = await bench(t);
  const store = await b.start();
  const r = new Recorder(
    { store, clock: b.clock, log: b.log },
    { picture: { width: 64, height: 48 }, clockTrusted: () => false },
  );
  r.open();
  for (let seq = 0; seq < 110; seq++) r.onUnit(fakeUnit(seq));
  await r.stop();
  const units = (await readAll(store)).flatMap((gop) => gop.units.map((unit) => unit.seq));
  assert.deepEqual(
    units,
    Array.from({ length: 110 }, (_, i) => i),
  );
  assert.equal(r.stats().gops, 5);
});
