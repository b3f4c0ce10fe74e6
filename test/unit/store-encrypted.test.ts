import assert from 'node:assert/strict';
import { readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32c } from '@node-rs/crc32';
import type { SegmentEvent } from '../../runtime/record/segment-events.js';
import { openSegment } from '../../runtime/record/segment-file.js';
import { Store } from '../../runtime/record/store.js';
import {
  type Bench,
  bench,
  damageFile,
  fakeGop,
  keysDirectory,
  openReader,
  plain,
  readAll,
  startMs,
  storeDeps,
} from './store-fake.js';

const numbers = (gops: { record: number }[]): number[] => gops.map(({ record }) => record);
const from = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

async function filled(b: Bench, count: number): Promise<Store> {
  const store = await b.start();
  for (let n = 0; n < count; n++) await store.append(fakeGop(n));
  return store;
}

test('nothing of the video is on the card as it was; the same GOP twice is not the same bytes', async (t) => {
  const b = await bench(t);
  const store = await filled(b, 6);
  await store.append(fakeGop(3));
  await store.stop();
  for (const name of await readdir(join(b.directory, 'ring'))) {
    const bytes = await readFile(join(b.directory, 'ring', name));
    for (let n = 0; n < 6; n++) {
      for (const { data } of fakeGop(n).units) {
        assert.equal(bytes.indexOf(Buffer.from(data).subarray(0, 16)), -1, `${name} shows GOP ${n}`);
      }
    }
  }
});

test('a destroyed class is gone for playback, list and check, and costs nothing else', async (t) => {
  const b = await bench(t, 4);
  const store = await filled(b, 12);
  const [first] = store.segments();
  assert.ok(first);
  const { records } = first.perClass.communal;
  assert.equal(first.firstMs, startMs);
  assert.equal(await store.destroy(first.sequence, 'communal'), true);
  assert.equal(await store.destroy(first.sequence, 'communal'), false);
  assert.equal(store.keyState(first.sequence, 'communal'), 'destroyed');
  assert.deepEqual(numbers(await readAll(store)), from(records + 1, 12));
  const gone: number[] = [];
  for await (const _ of store.range(0, startMs + 2000, { onDestroyed: ({ record }) => gone.push(record) }))
    assert.fail('nothing of it is given out');
  assert.deepEqual(gone, [1, 2, 3]);
  const list = store.list();
  assert.equal(list.destroyed[0]?.gops, records);
  assert.equal(list.coverage[0]?.fromMs, startMs + records * 1000);
  assert.equal(list.segments[0]?.keys.communal, 'destroyed');
  await store.stop();
  const report = await b.check();
  assert.deepEqual(report.damages, []);
  assert.equal(report.notes.find(({ kind }) => kind === 'destroyed')?.count, records);
  const again = await b.start();
  assert.deepEqual(numbers(await readAll(again)), from(records + 1, 12));
});

test('the segment that is being written can be destroyed: what comes next goes into another', async (t) => {
  const b = await bench(t, 4);
  const store = await filled(b, 2);
  assert.equal(await store.destroy(1, 'communal'), true);
  await store.append(fakeGop(2));
  assert.deepEqual(numbers(await readAll(store)), [3]);
  assert.equal(store.segments().length, 2);
  await store.stop();
  const again = await b.start();
  await again.append(fakeGop(3));
  assert.deepEqual(numbers(await readAll(again)), [3, 4]);
  assert.deepEqual((await b.check()).damages, []);
});

test('a record that somebody changed is not given out, however good its checksums', async (t) => {
  const b = await bench(t, 4);
  await (await filled(b, 3)).stop();
  const change = async (what: (record: Buffer) => void): Promise<void> =>
    damageFile(b.segment(1), (bytes) => {
      const at = bytes.indexOf('VGOP', 4096 + 8);
      const record = bytes.subarray(at, bytes.indexOf('VGOP', at + 8));
      what(record);
      const payload = record.subarray(192, 192 + record.readUInt32LE(24));
      record.writeUInt32LE(crc32c(payload), 112);
      record.writeUInt32LE(crc32c(record.subarray(0, 188)), 188);
      return undefined;
    });
  const whole = await readFile(b.segment(1));
  const changes: Record<string, (record: Buffer) => void> = {
    payload: (record) => void record.writeUInt8(record.readUInt8(5000) ^ 1, 5000),
    time: (record) => void record.writeBigInt64LE(record.readBigInt64LE(32) + 1n, 32),
    class: (record) => void record.writeUInt32LE(2, 116),
    nonce: (record) => void record.writeUInt8(record.readUInt8(131) ^ 1, 131),
    tag: (record) => void record.writeUInt8(record.readUInt8(132) ^ 1, 132),
    mask: (record) => void record.writeUInt8(0, 76),
  };
  for (const [name, what] of Object.entries(changes)) {
    await change(what);
    const reader = await openReader(b.directory);
    const read: number[] = [];
    for await (const gop of reader.range(0, startMs * 2)) read.push(gop.record);
    assert.deepEqual(read, [1, 3], name);
    const { damages } = await reader.check();
    assert.deepEqual([name, ...damages.map(({ kind }) => kind)], [name, 'record-tag']);
    await writeFile(b.segment(1), whole);
  }
  await change(() => {});
  assert.deepEqual((await b.check()).damages, [], 'the same with nothing changed is sound');
});

test('without the keys checksums hold and nothing opens; with lost keys it is damage; recording goes on', async (t) => {
  const b = await bench(t, 4);
  await (await filled(b, 3)).stop();
  const [slots] = (await readdir(keysDirectory(b.directory))).filter((name) => name.startsWith('slots-'));
  const file = join(keysDirectory(b.directory), slots ?? '');
  const bytes = await readFile(file);
  await unlink(file);
  const closed = await openReader(b.directory);
  assert.equal(closed.keysFound, false);
  const report = await closed.check();
  assert.deepEqual(report.damages, []);
  assert.equal(report.notes.find(({ kind }) => kind === 'not-opened')?.count, 3);
  const store = await b.start();
  assert.match(b.log.lines.join(), /key slots were missing/);
  await store.append(fakeGop(3));
  assert.deepEqual(numbers(await readAll(store)), [4]);
  await store.stop();
  assert.deepEqual(
    (await b.check()).damages.map(({ kind }) => kind),
    ['key-slot'],
  );
  // The slots as they were, and another device key: nothing that was wrapped by the first one opens.
  await writeFile(file, bytes);
  await writeFile(join(keysDirectory(b.directory), 'device.key'), Buffer.alloc(32, 1));
  const other = await b.start();
  assert.deepEqual(await readAll(other), []);
  await other.append(fakeGop(4));
  assert.equal((await readAll(other)).length, 1);
});

test('what is told of segments, in order: born, sealed, overwritten before anything new is written', async (t) => {
  const b = await bench(t, 3);
  const events: SegmentEvent[] = [];
  let liveAtBirth = 0;
  const store = await b.start(openSegment, {
    onSegment: (event) => {
      events.push(event);
      if (event.kind === 'overwritten') assert.equal(store.keyState(event.segment, event.class), 'destroyed');
      if (event.kind === 'born') liveAtBirth = [...store.liveKeys()].length;
    },
  });
  for (let n = 0; n < 16; n++) await store.append(fakeGop(n));
  const told = events.map((event) => `${event.kind} ${event.segment}`);
  assert.deepEqual(told.slice(0, 5), ['born 1', 'sealed 1', 'born 2', 'sealed 2', 'born 3']);
  assert.deepEqual(told.slice(5), ['sealed 3', 'overwritten 1', 'overwritten 1', 'born 4']);
  assert.equal(liveAtBirth, 6);
  const sealed = events.find((event) => event.kind === 'sealed');
  assert.equal(sealed?.summary.perClass.communal.records, 5);
  assert.equal(sealed?.summary.firstMs, startMs);
  const overwritten = events.find((event) => event.kind === 'overwritten');
  assert.equal(overwritten?.summary?.lastMs, startMs + 5000 - 40);
  assert.equal(overwritten?.storeId, store.storeId);
});

test('a listener that fails is said, and does not stop the recording', async (t) => {
  const b = await bench(t, 3);
  const store = await b.start(openSegment, { onSegment: () => Promise.reject(new Error('register full')) });
  for (let n = 0; n < 16; n++) await store.append(fakeGop(n));
  assert.equal(store.stats().gopsLost, 0);
  assert.match(b.log.lines.join(), /Not in the register: segment 1 born. register full/);
});

test('held segments are passed over, with a notice; when all are held the GOP is refused', async (t) => {
  const b = await bench(t, 4);
  const skipped: number[] = [];
  const sealed: number[] = [];
  let held = new Set([1]);
  const store = await b.start(openSegment, {
    held: ({ sequence }) => held.has(sequence),
    onSegment: ({ kind, segment }) => {
      if (kind === 'skipped') skipped.push(segment);
      if (kind === 'sealed') sealed.push(segment);
    },
  });
  for (let n = 0; n < 50; n++) await store.append(fakeGop(n));
  const kept = numbers(await readAll(store));
  assert.deepEqual(kept.slice(0, 5), [1, 2, 3, 4, 5], 'the held segment is whole');
  assert.deepEqual(kept.slice(5), from(50 - kept.length + 6, 50), 'and so is the end');
  assert.ok(skipped.length >= 2 && skipped.every((segment) => segment === 1));
  assert.deepEqual((await b.check()).damages, []);
  held = new Set(store.segments().map(({ sequence }) => sequence));
  await assert.rejects(async () => {
    for (let n = 50; n < 60; n++) await store.append(fakeGop(n));
  }, /Every segment of the store is held/);
  assert.equal(new Set(sealed).size, sealed.length, 'a segment is told to be sealed once');
  assert.equal(store.segmentsAbandoned, 0);
  held = new Set();
  b.clock.advance(5000);
  const last = await store.append(fakeGop(60));
  assert.equal(store.stats().state, 'recording');
  await store.stop();
  assert.deepEqual(numbers(await readAll(await b.start())).slice(-1), [last]);
});

test('a store of the first version is refused with what to do', async (t) => {
  const b = await bench(t, 4);
  await (await filled(b, 1)).stop();
  await damageFile(join(b.directory, 'ring', 'store.json'), (bytes) =>
    Buffer.from(bytes.toString().replace('"format": 2', '"format": 1')),
  );
  const store = new Store(await storeDeps(b.directory), b.options);
  await assert.rejects(store.start(new AbortController().signal), /earlier version, which did not encrypt/);
});

test('what was recorded is the same after a restart, byte for byte', async (t) => {
  const b = await bench(t, 4);
  await (await filled(b, 9)).stop();
  const read = await readAll(await b.start());
  assert.deepEqual(
    read.map(plain),
    from(0, 8).map((n) => plain(fakeGop(n))),
  );
});
