import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { indexBytes } from '../../runtime/record/layout.js';
import { type OpenSegment, openSegment } from '../../runtime/record/segment-file.js';
import type { Store } from '../../runtime/record/store.js';
import {
  type Bench,
  bench,
  damageFile,
  fakeGop,
  fakeUnit,
  gopUnit,
  plain,
  readAll,
  segmentBytes,
} from './store-fake.js';

/** Counts the reads of each slot while the store starts. */
function counting(): { open: OpenSegment; reads: Map<number, number> } {
  const reads = new Map<number, number>();
  const open: OpenSegment = async (path, mode) => {
    const slot = Number(/(\d+)\.seg$/.exec(path)?.[1]);
    const file = await openSegment(path, mode);
    return {
      ...file,
      read: (into, position) => {
        reads.set(slot, (reads.get(slot) ?? 0) + 1);
        return file.read(into, position);
      },
    };
  };
  return { open, reads };
}

async function filled(b: Bench, count: number): Promise<void> {
  const store = await b.start();
  for (let n = 0; n < count; n++) await store.append(fakeGop(n));
  await store.stop();
}

test('a sealed segment is opened by two reads, the newest is scanned', async (t) => {
  const b = await bench(t, 4);
  await filled(b, 12);
  const { open, reads } = counting();
  const store = await b.start(open);
  assert.equal(reads.get(1), 2);
  assert.equal(reads.get(2), 2);
  assert.ok((reads.get(3) ?? 0) > 3);
  assert.equal((await readAll(store)).length, 12);
});

test('an index that is damaged, missing or of another lap is not used, and costs nothing', async (t) => {
  const b = await bench(t, 4);
  await filled(b, 12);
  const whole = await readFile(b.segment(1));
  const indexAt = segmentBytes - indexBytes(5);
  const changes: Record<string, (bytes: Buffer) => void> = {
    'an entry': (bytes) => void bytes.writeUInt8(bytes.readUInt8(indexAt + 70) ^ 1, indexAt + 70),
    'the footer': (bytes) => void bytes.writeUInt8(bytes.readUInt8(segmentBytes - 40) ^ 1, segmentBytes - 40),
    everything: (bytes) => void bytes.fill(0, indexAt),
    'half of it, as a cut leaves it': (bytes) => void bytes.fill(0, segmentBytes - 192, segmentBytes - 64),
  };
  for (const [name, change] of Object.entries(changes)) {
    await damageFile(b.segment(1), (bytes) => void change(bytes));
    const store = await b.start();
    assert.equal((await readAll(store)).length, 12, name);
    assert.equal(store.list().segments[0]?.records, 5, name);
    await store.stop();
    const report = await b.check();
    assert.deepEqual(report.damages, [], name);
    assert.equal(report.records, 12, name);
    await writeFile(b.segment(1), whole);
  }
});

test('a segment that was left is never written again, whatever the writer restarts', async (t) => {
  const b = await bench(t, 4);
  const store = await b.start();
  await store.append(fakeGop(0));
  await store.destroy(1, 'terminus');
  await store.stop();
  const again = await b.start();
  await again.append(fakeGop(1));
  assert.deepEqual(
    again.segments().map(({ sequence, perClass }) => [sequence, perClass.communal.records]),
    [
      [1, 1],
      [2, 1],
    ],
  );
  assert.equal((await readAll(again)).length, 2);
});

test('a segment spans a minute of wall clock at most, across restarts and jumps too', async (t) => {
  const b = await bench(t, 8);
  const at = async (store: Store, seconds: number): Promise<void> => {
    const units = [gopUnit(fakeUnit(0, { wallMs: b.clock.wallMs() + seconds * 1000 }))];
    await store.append(fakeGop(0, { units }));
  };
  let store = await b.start();
  for (const seconds of [0, 30, 60]) await at(store, seconds);
  await at(store, 60.1);
  await store.stop();
  store = await b.start();
  await at(store, 70);
  await at(store, 3600);
  await at(store, 3610);
  await at(store, 20);
  assert.deepEqual(
    store.segments().map(({ perClass }) => perClass.communal.records),
    [3, 2, 2, 1],
  );
});

test('many small records: the index takes the room it needs, and no record stands in it', async (t) => {
  const b = await bench(t, 3);
  const store = await b.start();
  for (let n = 0; n < 390; n++) {
    await store.append(fakeGop(0, { units: [gopUnit(fakeUnit(n, {}, 40))] }));
  }
  const [first] = store.list().segments;
  assert.ok((first?.records ?? 0) > 126, 'more than two blocks of entries');
  await store.stop();
  const { open, reads } = counting();
  const again = await b.start(open);
  const read = await readAll(again);
  assert.equal(read.length, 390);
  assert.deepEqual(read.slice(-1).map(plain), [
    plain(fakeGop(0, { units: [gopUnit(fakeUnit(389, {}, 40))] })),
  ]);
  assert.ok((reads.get(1) ?? 0) > 0);
  await again.stop();
  assert.deepEqual((await b.check()).damages, []);
});

test('a card that refuses the index: the segment is scanned at the next start, recording goes on', async (t) => {
  const b = await bench(t, 4);
  const store = await b.start(async (path, mode) => {
    const file = await openSegment(path, mode);
    const eio = Object.assign(new Error('EIO'), { code: 'EIO' });
    const refuse = (data: Buffer, at: number): boolean => at > 4096 && at + data.length === segmentBytes;
    return { ...file, write: (data, at) => (refuse(data, at) ? Promise.reject(eio) : file.write(data, at)) };
  });
  for (let n = 0; n < 12; n++) await store.append(fakeGop(n));
  assert.equal(store.stats().gopsLost, 0);
  assert.match(b.log.lines.join(), /left without its index/);
  await store.stop();
  const again = await b.start();
  assert.equal((await readAll(again)).length, 12);
  await again.stop();
  assert.deepEqual((await b.check()).damages, []);
});
