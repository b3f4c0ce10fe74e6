/**
 * Whether a sealed index says what its segment holds (docs/store.md, P5 and P9). Asked by check.ts and repair.ts. Pure.
 */
import { gopKind } from './record-header.js';
import { essentialsOf, type RecordEntry, SegmentEntries } from './ring-index.js';
import type { SegmentScan } from './scan.js';
import type { SealedIndex } from './segment-index.js';

/** What finds a record and opens it. Times are left out: those of an untrusted clock may be corrected later. */
const fields = ['offset', 'bytes', 'class', 'copyOf', 'continues', 'interrupted', 'units'] as const;

/** The index that these records would have. */
export function indexOf(scan: SegmentScan, sequence: number, slot: number): SegmentEntries {
  const entries = new SegmentEntries(sequence, slot);
  for (const { offset, header } of scan.records) {
    if (header.kind === gopKind) entries.push(essentialsOf(offset, header));
  }
  return entries;
}

/**
 * Every record that was found is in the index as it is, and what else is in the index lies where the segment is damaged:
 * it was there once.
 */
export function indexAgrees({ entries: stated, endByte }: SealedIndex, scan: SegmentScan): boolean {
  const found = new Map<number, RecordEntry>();
  const there = indexOf(scan, stated.sequence, stated.slot);
  for (let i = 0; i < there.length; i++) found.set(there.at(i).record, there.at(i));
  let agreed = 0;
  for (let i = 0; i < stated.length; i++) {
    const entry = stated.at(i);
    const record = found.get(entry.record);
    if (record && fields.every((field) => record[field] === entry[field])) agreed += 1;
    else if (record || !isDamaged(entry, scan)) return false;
  }
  return agreed === there.length && (endByte === scan.endByte || !scan.endMarked);
}

function isDamaged({ offset }: RecordEntry, { damaged, endByte, endMarked }: SegmentScan): boolean {
  if (!endMarked && offset >= endByte) return true;
  return damaged.some(({ fromByte, toByte }) => offset >= fromByte && offset < toByte);
}
