/**
 * The index at the end of a sealed segment (docs/store.md, "Sealed index"): what start-up reads instead of every record
 * header. Written by writer.ts when it leaves a segment, read by ring.ts and check.ts. The decoder takes bytes that
 * may be anything and answers null: the segment is then read record by record.
 */
import { crc32c } from '@node-rs/crc32';
import { classCode, classOf } from './key-sector.js';
import {
  endMarkBytes,
  formatVersion,
  headerBlockBytes,
  indexBytes,
  indexEntryBytes,
  indexFooterBytes,
  readI64,
  readU64,
  recordHeaderBytes,
  type SegmentHeader,
} from './layout.js';
import { type RecordEssentials, SegmentEntries } from './ring-index.js';
import type { SegmentFile } from './segment-file.js';
import type { TimeRow } from './time-corrections.js';

const magic = Buffer.from('VIGIEIDX', 'latin1');
/** The footer and as many entries as one block of a file system holds come with the first read. */
const firstReadBytes = 4096;
const flagBits = { clockTrusted: 1, interrupted: 2, continues: 4, afterPause: 16 } as const;
const timeBit = 32;

export interface SealedIndex {
  entries: SegmentEntries;
  /** byte of the end mark */
  endByte: number;
}

/** The bytes that go to the very end of the segment. */
export function encodeSealedIndex({ entries, endByte }: SealedIndex): Buffer {
  const bytes = Buffer.alloc(indexBytes(entries.rows));
  let at = 0;
  let times = 0;
  for (let i = 0; i <= entries.length; i++) {
    const gop = i < entries.length ? entries.recorded(i) : null;
    for (
      let row = entries.times[times];
      row && row.offset < (gop?.offset ?? Infinity);
      at += indexEntryBytes
    ) {
      writeTime(bytes, at, row);
      times += 1;
      row = entries.times[times];
    }
    if (!gop) break;
    writeEntry(bytes, at, gop);
    at += indexEntryBytes;
  }
  magic.copy(bytes, at);
  bytes.writeUInt16LE(formatVersion, at + 8);
  bytes.writeUInt16LE(indexEntryBytes, at + 10);
  bytes.writeUInt32LE(entries.rows, at + 12);
  bytes.writeBigUInt64LE(BigInt(entries.sequence), at + 16);
  bytes.writeUInt32LE(endByte, at + 24);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, at)), at + 28);
  bytes.writeUInt32LE(crc32c(bytes.subarray(at, at + 60)), at + 60);
  return bytes;
}

function writeEntry(into: Buffer, at: number, entry: RecordEssentials): void {
  into.writeBigUInt64LE(BigInt(entry.record), at);
  into.writeUInt32LE(entry.offset, at + 8);
  into.writeUInt32LE(entry.bytes, at + 12);
  let flags = 0;
  for (const [name, bit] of Object.entries(flagBits)) if (entry[name as keyof typeof flagBits]) flags |= bit;
  into.writeUInt16LE(flags, at + 16);
  into.writeUInt16LE(classCode(entry.class), at + 18);
  into.writeUInt32LE(entry.units, at + 20);
  into.writeBigInt64LE(BigInt(entry.wallFirstUs), at + 24);
  into.writeBigInt64LE(BigInt(entry.wallLastUs), at + 32);
  into.writeBigInt64LE(BigInt(entry.monoFirstUs), at + 40);
  into.writeBigUInt64LE(BigInt(entry.copyOf), at + 48);
  into.write(entry.run, at + 56, 8, 'hex');
}

function writeTime(into: Buffer, at: number, { wallUs, monoUs, ...row }: TimeRow): void {
  const times = { wallFirstUs: wallUs, wallLastUs: wallUs, monoFirstUs: monoUs };
  const no = { interrupted: false, continues: false, afterPause: false } as const;
  const rest = { ...no, units: 0, clockTrusted: true, copyOf: 0 } as const;
  writeEntry(into, at, { ...row, ...times, ...rest, class: 'communal' });
  into.writeUInt16LE(into.readUInt16LE(at + 16) | timeBit, at + 16);
}

/**
 * Reads the index of a segment: one read, a second one when it has many records.
 * @returns null when the segment is not sealed, or its index does not hold
 */
export async function readSealedIndex(
  file: SegmentFile,
  segment: SegmentHeader,
): Promise<SealedIndex | null> {
  const { segmentBytes } = segment;
  const tail = await lastBytes(file, segmentBytes, Math.min(firstReadBytes, segmentBytes));
  const footer = tail && readFooter(tail.subarray(-indexFooterBytes), segment);
  if (!tail || !footer) return null;
  const wanted = indexBytes(footer.count);
  const bytes = wanted <= tail.length ? tail.subarray(-wanted) : await lastBytes(file, segmentBytes, wanted);
  const table = bytes?.subarray(0, footer.count * indexEntryBytes);
  if (!table || crc32c(table) !== footer.tableCrc) return null;
  const entries = new SegmentEntries(segment.sequence, segment.slot);
  let from = headerBlockBytes;
  let before = 0;
  for (let i = 0; i < footer.count; i++) {
    const entry = readEntry(table, i * indexEntryBytes);
    const fits = entry && entry.offset >= from && entry.offset + entry.bytes <= footer.endByte;
    if (!fits || entry.record <= before) return null;
    if (isTime(table, i * indexEntryBytes)) entries.pushTime(timeOf(entry));
    else entries.push(entry);
    from = entry.offset + entry.bytes;
    before = entry.record;
  }
  entries.trim();
  return { entries, endByte: footer.endByte };
}

async function lastBytes(file: SegmentFile, segmentBytes: number, count: number): Promise<Buffer | null> {
  const bytes = Buffer.alloc(count);
  return (await file.read(bytes, segmentBytes - count)) === count ? bytes : null;
}

function readFooter(
  footer: Buffer,
  { segmentBytes, sequence }: SegmentHeader,
): { count: number; endByte: number; tableCrc: number } | null {
  if (footer.length < indexFooterBytes || !footer.subarray(0, 8).equals(magic)) return null;
  if (footer.readUInt16LE(8) !== formatVersion || footer.readUInt16LE(10) !== indexEntryBytes) return null;
  if (crc32c(footer.subarray(0, 60)) !== footer.readUInt32LE(60) || readU64(footer, 16) !== sequence)
    return null;
  const count = footer.readUInt32LE(12);
  const endByte = footer.readUInt32LE(24);
  const room = segmentBytes - indexBytes(count);
  if (endByte < headerBlockBytes || endByte + endMarkBytes > room) return null;
  return { count, endByte, tableCrc: footer.readUInt32LE(28) };
}

function isTime(from: Buffer, at: number): boolean {
  return (from.readUInt16LE(at + 16) & timeBit) !== 0;
}

function timeOf({ record, offset, bytes, run, wallFirstUs, monoFirstUs }: RecordEssentials): TimeRow {
  return { record, offset, bytes, run, wallUs: wallFirstUs, monoUs: monoFirstUs, believed: null };
}

function readEntry(from: Buffer, at: number): RecordEssentials | null {
  const record = readU64(from, at);
  const bytes = from.readUInt32LE(at + 12);
  const flags = from.readUInt16LE(at + 16);
  const of = classOf(from.readUInt16LE(at + 18));
  const [wallFirstUs, wallLastUs, monoFirstUs] = [24, 32, 40].map((field) => readI64(from, at + field));
  const copyOf = readU64(from, at + 48);
  if (record === null || of === null || copyOf === null || bytes < recordHeaderBytes) return null;
  if (wallFirstUs == null || wallLastUs == null || monoFirstUs == null) return null;
  return {
    record,
    offset: from.readUInt32LE(at + 8),
    bytes,
    wallFirstUs,
    wallLastUs,
    monoFirstUs,
    units: from.readUInt32LE(at + 20),
    interrupted: (flags & flagBits.interrupted) !== 0,
    continues: (flags & flagBits.continues) !== 0,
    afterPause: (flags & flagBits.afterPause) !== 0,
    clockTrusted: (flags & flagBits.clockTrusted) !== 0,
    class: of,
    copyOf,
    run: from.toString('hex', at + 56, at + 64),
  };
}
