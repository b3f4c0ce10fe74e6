import assert from 'node:assert/strict';
import { createDecipheriv } from 'node:crypto';
import { test } from 'node:test';
import { describeRing, readSegmentHeader } from '../../runtime/record/description.js';
import type { StoredGop } from '../../runtime/record/gop.js';
import { KeyReader } from '../../runtime/record/key-table.js';
import { headerBlockBytes, recordHeaderBytes } from '../../runtime/record/layout.js';
import { readPayload } from '../../runtime/record/payload.js';
import { readRange, recordBytesOf } from '../../runtime/record/read.js';
import { verifyRecord } from '../../runtime/record/record.js';
import { decodeRecordHeader, recordBytes } from '../../runtime/record/record-header.js';
import { loadRing } from '../../runtime/record/ring.js';
import { makeBase } from './store-base.js';
import { timesIn } from './store-choice.js';
import { examine, fuzz, type ReadAll } from './store-fuzz.js';
import { readCorpus } from './store-fuzz-command.js';
import type { Recipe } from './store-recipes.js';

const base = await makeBase();
const corpus = await readCorpus();
const cases = 3000;

test(`${cases} changed stores and the corpus: no crash, no hang, nothing invented, nothing destroyed is back`, async () => {
  assert.deepEqual((await examine(base, [])).wrong, [], 'the store as it was made is sound');
  assert.ok(base.readable.size > 20);
  assert.ok(corpus.length > 50);
  assert.ok(base.corrections >= 1, 'some of its times are corrected');
  for (const files of base.generations) {
    assert.ok(
      [...files.values()].some((bytes) => timesIn(bytes).length > 0),
      'each boot has its correction',
    );
  }
  const { violations, pairs } = await fuzz(base, { cases, seed: 1, corpus });
  assert.deepEqual(violations, []);
  assert.ok(pairs > 200, 'the changes reach what they are meant to reach');
});

/** Opens records as the store does, but leaves the tag out. */
const believing: ReadAll = async ({ open, list }, { vault }) => {
  const found = await describeRing('/store', open, list);
  if (!found) return { gops: [], features: [] };
  const { index } = await loadRing('/store', found, open);
  const { storeId, segmentCount: slots } = found.description;
  const keys = await KeyReader.load('/keys/slots', open, vault, { storeId, slots });
  const gops: StoredGop[] = [];
  for (const entry of index.records()) {
    const key = await keys.keyOf(entry.segment, entry.class).catch(() => null);
    const file = await open(`${String(entry.slot).padStart(6, '0')}.seg`, 'read').catch(() => null);
    const bytes = file && (await recordBytesOf(file, entry));
    const header = bytes && verifyRecord(bytes, entry.segment);
    if (!key || !header) continue;
    const { nonce, payloadBytes, wallFirstUs, monoFirstUs, record, copyOf } = header;
    const cipher = createDecipheriv('aes-256-gcm', key, nonce);
    const payload = cipher.update(bytes.subarray(recordHeaderBytes, recordHeaderBytes + payloadBytes));
    const units = readPayload(payload, wallFirstUs, monoFirstUs);
    if (units) gops.push({ ...header, record: copyOf || record, units });
  }
  const last = new Map(gops.map((gop) => [gop.record, gop]));
  return { gops: [...last.values()], features: [] };
};

test('negative control: a reader that does not verify the tag is caught', async () => {
  assert.deepEqual((await examine(base, [], believing)).wrong, [], 'it reads a sound store as it should');
  const { violations } = await fuzz(base, { cases: 1500, seed: 1, corpus: [], read: believing });
  assert.match(violations.join('\n'), /is not what was stored|never stored/);
});

/** Believes every time correction, whoever wrote it. */
const credulous: ReadAll = async ({ open, list }, { vault }) => {
  const found = await describeRing('/store', open, list);
  if (!found) return { gops: [], features: [] };
  const { index } = await loadRing('/store', found, open);
  const { storeId, segmentCount: slots } = found.description;
  const keys = await KeyReader.load('/keys/slots', open, vault, { storeId, slots });
  for (const { times } of index.segments()) for (const row of times) index.believe(row.run, row);
  const gops: StoredGop[] = [];
  const ring = { index, keys, path: '/store', open };
  for await (const gop of readRange(ring, 0, 1e13, { onDamage: () => undefined })) gops.push(gop);
  return { gops, features: [] };
};

test('negative control: a reader that believes a forged time correction is caught', async () => {
  assert.deepEqual((await examine(base, [], credulous)).wrong, [], 'it reads a sound store as it should');
  // Every correction says another time, with checksums that hold and no index beside it.
  const recipe: Recipe = [...(base.generations.at(-1) ?? [])].flatMap(([file, bytes]) => {
    const changes = timesIn(bytes).map((at) => ({ do: 'u32', at: at + 32, value: 7 }) as const);
    const noIndex = { do: 'fill', at: bytes.length - 64, count: 64, value: 0 } as const;
    return changes.length > 0 ? [{ file, changes: [...changes, noIndex, { do: 'forge' } as const] }] : [];
  });
  assert.ok(recipe.length > 0);
  assert.match((await examine(base, recipe, credulous)).wrong.join('\n'), /is not what was stored/);
  assert.deepEqual((await examine(base, recipe)).wrong, [], 'and the reader of the store is not taken in');
});

/** Walks a segment as scan.ts does, but believes the length of every record. */
const unbounded: ReadAll = async ({ open, list }) => {
  for (const name of (await list?.('/store/ring')) ?? []) {
    if (!name.endsWith('.seg')) continue;
    const file = await open(name, 'read');
    const segment = await readSegmentHeader(file);
    const head = Buffer.alloc(recordHeaderBytes);
    for (let at = headerBlockBytes; segment !== null; ) {
      if ((await file.read(head, at)) < head.length) break;
      const header = decodeRecordHeader(head, segment.sequence);
      if (!header) break;
      const payload = Buffer.alloc(header.payloadBytes);
      const got = await file.read(payload, at + recordHeaderBytes);
      if (got > 0) payload.readUInt8(header.payloadBytes - 1 - (payload.length - got) * 2);
      at += recordBytes(header);
    }
  }
  return { gops: [], features: [] };
};

test('negative control: a parser that does not look at bounds is caught', async () => {
  assert.deepEqual((await examine(base, [], unbounded)).wrong, [], 'it reads a sound store as it should');
  const { violations } = await fuzz(base, { cases: 3000, seed: 1, corpus: [], read: unbounded });
  assert.match(violations.join('\n'), /threw RangeError/);
});

test('negative control: a reader that does not end is caught', async () => {
  const endless: ReadAll = async (files, keys) => {
    const file = await files.open('000000.seg', 'read');
    const block = Buffer.alloc(512);
    while ((await file.read(block, 0)) > 0) if (keys.directory === '') break;
    return { gops: [], features: [] };
  };
  assert.match((await examine(base, [], endless)).wrong.join('\n'), /threw TooManySteps/);
});
