import assert from 'node:assert/strict';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32c } from '@node-rs/crc32';
import type { DamageKind, NoteKind } from '../../runtime/record/check.js';
import { indexBytes } from '../../runtime/record/layout.js';
import { repair } from '../../runtime/record/repair.js';
import { openSegment } from '../../runtime/record/segment-file.js';
import {
  type Bench,
  bench,
  damageFile,
  fakeGop,
  keysDirectory,
  openReader,
  plain,
  segmentBytes,
} from './store-fake.js';

/** A ring of four segments, turned once; returns how many records are in it and a sealed segment in the middle. */
async function turned(b: Bench): Promise<{ records: number; victim: string; victimRecords: number }> {
  const store = await b.start();
  for (let n = 0; n < 25; n++) await store.append(fakeGop(n));
  const { segments } = store.list();
  await store.stop();
  const victim = segments[1];
  assert.ok(victim);
  const records = segments.reduce((sum, one) => sum + one.records, 0);
  return { records, victim: b.segment(victim.slot), victimRecords: victim.records };
}

const flip = (bytes: Buffer, at: number): number => bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
const secondRecord = (bytes: Buffer): number => bytes.indexOf('VGOP', 9000);

interface Damaging {
  name: string;
  /** what check must call it; others may follow from it */
  kind: DamageKind;
  /** records that are given out no more; `all`: of the segment */
  lost: number | 'all';
  harm: (b: Bench, victim: string) => Promise<void>;
  /** check finds nothing after a repair */
  repaired?: true;
}

/** Changes a segment file and makes the checksum of the payload and header of its second record hold. */
async function forge(victim: string, change: (bytes: Buffer, at: number) => void): Promise<void> {
  await damageFile(victim, (bytes) => {
    const at = secondRecord(bytes);
    change(bytes, at);
    const end = at + 192 + bytes.readUInt32LE(at + 24);
    bytes.writeUInt32LE(crc32c(bytes.subarray(at + 192, end)), at + 112);
    bytes.writeUInt32LE(crc32c(bytes.subarray(at, at + 188)), at + 188);
    return undefined;
  });
}

/** Changes the sealed index and makes its checksums hold. */
async function forgeIndex(victim: string, change: (bytes: Buffer, table: number) => void): Promise<void> {
  await damageFile(victim, (bytes) => {
    const footer = bytes.length - 64;
    change(bytes, bytes.length - indexBytes(bytes.readUInt32LE(footer + 12)));
    const table = bytes.length - indexBytes(bytes.readUInt32LE(footer + 12));
    bytes.writeUInt32LE(crc32c(bytes.subarray(table, footer)), footer + 28);
    bytes.writeUInt32LE(crc32c(bytes.subarray(footer, footer + 60)), footer + 60);
    return undefined;
  });
}

async function slotsOf(b: Bench): Promise<string> {
  const keys = keysDirectory(b.directory);
  const [name = ''] = (await readdir(keys)).filter((one) => one.startsWith('slots'));
  return join(keys, name);
}

/** Every row of the table of damages in docs/store.md. */
const damagings: Damaging[] = [
  {
    name: 'the description is gone',
    kind: 'description',
    lost: 0,
    repaired: true,
    harm: (b) => rm(join(b.directory, 'ring', 'store.json')),
  },
  {
    name: 'the description does not hold',
    kind: 'description',
    lost: 0,
    repaired: true,
    harm: (b) => writeFile(join(b.directory, 'ring', 'store.json'), '{"format": 2}'),
  },
  { name: 'a segment file is gone', kind: 'segment-file', lost: 'all', harm: (_b, victim) => rm(victim) },
  {
    name: 'a segment file is cut short',
    kind: 'segment-file',
    lost: 'all',
    harm: (_b, victim) => truncate(victim, 4096),
  },
  {
    name: 'a segment header does not hold',
    kind: 'segment-header',
    lost: 'all',
    harm: (_b, victim) => damageFile(victim, (bytes) => void flip(bytes, 20)),
  },
  {
    name: 'a record header does not hold',
    kind: 'record-header',
    lost: 1,
    harm: (_b, victim) => damageFile(victim, (bytes) => void flip(bytes, secondRecord(bytes) + 30)),
  },
  {
    name: 'a payload does not hold',
    kind: 'record-payload',
    lost: 1,
    harm: (_b, victim) => damageFile(victim, (bytes) => void flip(bytes, secondRecord(bytes) + 500)),
  },
  {
    name: 'a payload was changed by somebody who makes the checksums hold',
    kind: 'record-tag',
    lost: 1,
    harm: (_b, victim) => forge(victim, (bytes, at) => flip(bytes, at + 500)),
  },
  {
    name: 'a header was changed by somebody who makes the checksums hold',
    kind: 'record-tag',
    lost: 1,
    harm: (_b, victim) => forge(victim, (bytes, at) => flip(bytes, at + 32)),
  },
  {
    name: 'the key slots are gone',
    kind: 'key-slot',
    lost: Number.POSITIVE_INFINITY,
    harm: async (b) => writeFile(await slotsOf(b), Buffer.alloc(8 * 512)),
  },
  {
    name: 'an end mark does not hold',
    kind: 'segment-end',
    lost: 0,
    harm: (_b, victim) => damageFile(victim, (bytes) => void flip(bytes, bytes.lastIndexOf('VEND'))),
  },
  {
    name: 'the index leaves a record out',
    kind: 'sealed-index',
    lost: 1,
    repaired: true,
    harm: (_b, victim) =>
      forgeIndex(victim, (bytes, table) => {
        const footer = bytes.length - 64;
        // the first entry goes, and the others stay where they are
        bytes.fill(0, table, table + 64);
        bytes.writeUInt32LE(bytes.readUInt32LE(footer + 12) - 1, footer + 12);
      }),
  },
  {
    name: 'the index names another place',
    kind: 'sealed-index',
    lost: 1,
    repaired: true,
    harm: (_b, victim) =>
      forgeIndex(victim, (bytes, table) => {
        bytes.writeUInt32LE(bytes.readUInt32LE(table + 8) + 8, table + 8);
        bytes.writeUInt32LE(bytes.readUInt32LE(table + 12) - 8, table + 12);
      }),
  },
  {
    name: 'a segment is blank that held records',
    kind: 'missing-records',
    lost: 'all',
    harm: (_b, victim) => writeFile(victim, Buffer.alloc(segmentBytes)),
  },
];

async function given(b: Bench): Promise<Map<number, unknown>> {
  const gops = new Map<number, unknown>();
  const reader = await openReader(b.directory);
  for await (const gop of reader.range(0, Number.MAX_SAFE_INTEGER / 1000)) gops.set(gop.record, plain(gop));
  return gops;
}

for (const { name, kind, lost, harm, repaired } of damagings) {
  test(`check: ${name}: ${kind}`, async (t) => {
    const b = await bench(t, 4);
    const { records, victim, victimRecords } = await turned(b);
    assert.deepEqual((await b.check()).damages, []);
    await harm(b, victim);
    const found = (await b.check()).damages;
    assert.ok(
      found.some((damage) => damage.kind === kind),
      JSON.stringify(found),
    );
    const left = records - Math.min(records, lost === 'all' ? victimRecords : lost);
    assert.equal((await given(b)).size, left);
    await repair(b.directory, openSegment);
    const after = await b.check();
    if (repaired) assert.deepEqual(after.damages, []);
    else {
      // An index that disagreed with a forged header is written again; the record stays what it is.
      const kept = found.filter((damage) => damage.kind !== 'sealed-index');
      assert.deepEqual(after.damages, kept, 'what cannot be made again is still called damage');
    }
    const read = await given(b);
    assert.equal(read.size, repaired ? records : left);
    for (const [record, gop] of read) assert.deepEqual(gop, plain(fakeGop(record - 1)));
  });
}

test('every kind of damage is in the table above and in the page, and so is every note', async () => {
  const page = await readFile(join(import.meta.dirname, '..', '..', '..', 'docs', 'store.md'), 'utf8');
  const notes: Record<NoteKind, true> = {
    'blank-segments': true,
    'torn-tail': true,
    'no-index': true,
    'overwritten-meanwhile': true,
    rewritten: true,
    destroyed: true,
    'not-opened': true,
    'time-contradicts': true,
    'time-not-verified': true,
  };
  const kinds: Record<DamageKind, true> = {
    description: true,
    'segment-file': true,
    'segment-header': true,
    'record-header': true,
    'record-payload': true,
    'record-tag': true,
    'key-slot': true,
    'segment-end': true,
    'sealed-index': true,
    'time-correction': true,
    'missing-records': true,
  };
  // test/unit/store-forged-times.test.ts
  const covered = new Set<string>([...damagings.map(({ kind }) => kind), 'time-correction']);
  assert.deepEqual([...covered].sort(), Object.keys(kinds).sort());
  for (const kind of [...Object.keys(kinds), ...Object.keys(notes)]) {
    assert.match(page, new RegExp(`^\\| \`${kind}\` \\|`, 'm'));
  }
});

test('an index that does not hold costs nothing, is noted, and is written again', async (t) => {
  const b = await bench(t, 4);
  const { victim } = await turned(b);
  const whole = await readFile(victim);
  for (const at of [segmentBytes - 1, segmentBytes - 64, segmentBytes - 50, segmentBytes - 100]) {
    await damageFile(victim, (bytes) => void flip(bytes, at));
    const report = await b.check();
    assert.deepEqual(report.damages, []);
    assert.deepEqual(
      report.notes.map(({ kind }) => kind),
      ['no-index'],
    );
    const { indexes, description } = await repair(b.directory, openSegment);
    assert.deepEqual([indexes.length, description], [1, false]);
    assert.deepEqual(await readFile(victim), whole);
    assert.deepEqual(
      (await repair(b.directory, openSegment)).indexes,
      [],
      'a second repair finds nothing to do',
    );
  }
});
