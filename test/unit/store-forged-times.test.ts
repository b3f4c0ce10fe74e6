/**
 * Time corrections that lie: changed, moved, made with another device key, at odds with each other. None may move a recording,
 * and `check` names each.
 */
import assert from 'node:assert/strict';
import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { crc32c } from '@node-rs/crc32';
import { FileVault } from '../../board/linux/file-vault.js';
import { StoreReader } from '../../runtime/record/reader.js';
import { decodeRecordHeader, timeKind } from '../../runtime/record/record-header.js';
import { repair } from '../../runtime/record/repair.js';
import { openSegment } from '../../runtime/record/segment-file.js';
import { type Bench, bench, damageFile, fakeGop, keysDirectory, openReader, startMs } from './store-fake.js';

const run = 'aa'.repeat(8);

/** Two GOPs under a wrong clock, their correction, and one more; the segment sealed or not. */
async function corrected(t: TestContext, sealed = false): Promise<Bench> {
  const b = await bench(t, 4);
  const store = await b.start(undefined, { run });
  const lost = (n: number): ReturnType<typeof fakeGop> => {
    const gop = fakeGop(n, { clockTrusted: false });
    return { ...gop, units: gop.units.map((unit) => ({ ...unit, wallMs: unit.wallMs - startMs })) };
  };
  await store.append(lost(0));
  await store.append(lost(1));
  await store.correctTimes({ wallUs: (startMs + 2000) * 1000, monoUs: 7_000_000 });
  await store.append(fakeGop(2));
  if (sealed) await store.destroy(1, 'terminus');
  await store.stop();
  return b;
}

/** Changes the correction where it lies; `at` is the byte of its header. */
async function change(b: Bench, how: (bytes: Buffer, at: number) => void): Promise<void> {
  let found = 0;
  await damageFile(b.segment(1), (bytes) => {
    for (let at = 4096; at + 192 < bytes.length; at += 8) {
      if (decodeRecordHeader(bytes.subarray(at), 1)?.kind !== timeKind) continue;
      found += 1;
      how(bytes, at);
      const size = bytes.readUInt32LE(at + 24);
      bytes.writeUInt32LE(crc32c(bytes.subarray(at + 192, at + 192 + size)), at + 112);
      bytes.writeUInt32LE(crc32c(bytes.subarray(at, at + 188)), at + 188);
      break;
    }
    return undefined;
  });
  assert.equal(found, 1);
}

const firstSpan = async (b: Bench): Promise<unknown[]> => {
  const [span] = (await openReader(b.directory)).list().coverage;
  return [span?.clock, span?.fromMs];
};

const lies: Record<string, (bytes: Buffer, at: number) => void> = {
  'another wall clock': (bytes, at) => bytes.writeBigInt64LE(BigInt(startMs + 86_400_000) * 1000n, at + 32),
  'another monotonic clock': (bytes, at) => bytes.writeBigInt64LE(1n, at + 48),
  'another boot': (bytes, at) => bytes.fill(0xbb, at + 148, at + 156),
  'another number': (bytes, at) => bytes.writeBigUInt64LE(3n + 1n, at + 16),
  'another wrapping': (bytes, at) => bytes.writeUInt8(bytes.readUInt8(at + 210) ^ 1, at + 210),
  'a length that is too large': (bytes, at) => bytes.writeUInt32LE(0xffffffff, at + 192),
  'no wrapping': (bytes, at) => bytes.writeUInt32LE(0, at + 192),
};

for (const [name, lie] of Object.entries(lies)) {
  test(`a correction with ${name} and right checksums is ignored, and named`, async (t) => {
    for (const sealed of [false, true]) {
      const b = await corrected(t, sealed);
      await change(b, lie);
      assert.deepEqual(await firstSpan(b), ['untrusted', 0]);
      const { damages } = await b.check();
      assert.ok(damages.some(({ kind }) => kind === 'time-correction'));
      const store = await b.start(undefined, { run: 'bb'.repeat(8) });
      assert.match(b.log.lines.join('\n'), /1 time correction\(s\) do not hold and are ignored/);
      await store.stop();
    }
  });
}

test('negative control: untouched, it is believed, and nothing is named', async (t) => {
  for (const sealed of [false, true]) {
    const b = await corrected(t, sealed);
    await change(b, () => undefined);
    assert.deepEqual(await firstSpan(b), ['corrected', startMs]);
    const { damages, notes } = await b.check();
    assert.deepEqual([damages, notes.filter(({ kind }) => kind.startsWith('time'))], [[], []]);
  }
});

test('an index that lies about a correction moves nothing: the record itself is asked', async (t) => {
  const b = await corrected(t, true);
  await damageFile(b.segment(1), (bytes) => {
    const footer = bytes.length - 64;
    const table = footer - 64 * bytes.readUInt32LE(footer + 12);
    for (let at = table; at < footer; at += 64) {
      if ((bytes.readUInt16LE(at + 16) & 16) !== 0) bytes.writeBigInt64LE(5n, at + 24);
    }
    bytes.writeUInt32LE(crc32c(bytes.subarray(table, footer)), footer + 28);
    bytes.writeUInt32LE(crc32c(bytes.subarray(footer, footer + 60)), footer + 60);
    return undefined;
  });
  assert.deepEqual(await firstSpan(b), ['corrected', startMs]);
});

test('without the device key none is believed, and the check says so', async (t) => {
  const b = await corrected(t);
  const closed = await StoreReader.open(b.directory, { keys: null });
  assert.equal(closed.list().coverage[0]?.clock, 'untrusted');
  const { damages, notes } = await closed.check();
  assert.deepEqual(damages, []);
  assert.ok(notes.some(({ kind }) => kind === 'time-not-verified'));
});

test('one made with another device key is not believed', async (t) => {
  const b = await corrected(t);
  const key = join(keysDirectory(b.directory), 'device.key');
  await copyFile(key, `${key}.old`);
  await rm(key);
  await new FileVault({ file: key }).start();
  assert.equal((await openReader(b.directory)).list().coverage[0]?.clock, 'untrusted');
  await copyFile(`${key}.old`, key);
  assert.equal((await openReader(b.directory)).list().coverage[0]?.clock, 'corrected');
});

test('of two corrections that contradict each other the first counts, and the other is named', async (t) => {
  const b = await corrected(t);
  // A writer that did not know of the first: it was damaged when this one was told, and mended since.
  let whole: Buffer | null = null;
  await damageFile(b.segment(1), (bytes) => {
    whole = Buffer.from(bytes);
    return undefined;
  });
  await change(b, (bytes, at) => bytes.fill(0, at + 192, at + 300));
  const store = await b.start(undefined, { run });
  await store.correctTimes({ wallUs: (startMs + 5000) * 1000, monoUs: 7_000_000 });
  assert.equal(store.list().coverage[0]?.fromMs, startMs + 3000);
  await store.stop();
  await change(b, (bytes, at) => whole?.copy(bytes, at, at, at + 648));
  assert.deepEqual(await firstSpan(b), ['corrected', startMs]);
  const { notes, damages } = await b.check();
  assert.deepEqual(damages, []);
  assert.equal(notes.filter(({ kind }) => kind === 'time-contradicts').length, 1);
});

test('an index that `check --repair` writes again keeps the correction, and what it corrects', async (t) => {
  const b = await corrected(t, true);
  const later = await b.start(undefined, { run: 'bb'.repeat(8) });
  for (let n = 3; n < 12; n++) await later.append(fakeGop(n));
  await later.stop();
  const segment = b.segment(1);
  const whole = await readFile(segment);
  const harms: Record<string, (bytes: Buffer) => void> = {
    'no index': (bytes) => void bytes.fill(0, bytes.length - 64),
    // The correction is the third of four entries: its flag goes, and the index says otherwise than the records.
    'an index that leaves it out': (bytes) => {
      const footer = bytes.length - 64;
      const table = footer - 64 * bytes.readUInt32LE(footer + 12);
      bytes.writeUInt16LE(bytes.readUInt16LE(table + 2 * 64 + 16) & ~32, table + 2 * 64 + 16);
      bytes.writeUInt32LE(crc32c(bytes.subarray(table, footer)), footer + 28);
      bytes.writeUInt32LE(crc32c(bytes.subarray(footer, footer + 60)), footer + 60);
    },
  };
  for (const [name, harm] of Object.entries(harms)) {
    await damageFile(segment, (bytes) => void harm(bytes));
    const before = await b.check();
    assert.ok([...before.damages, ...before.notes].length > 0, `negative control: ${name} is found`);
    assert.deepEqual((await repair(b.directory, openSegment)).indexes, ['000001.seg'], name);
    assert.deepEqual(await readFile(segment), whole, name);
    assert.deepEqual(await firstSpan(b), ['corrected', startMs]);
    assert.deepEqual((await b.check()).damages, []);
  }
});
