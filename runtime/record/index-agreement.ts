/**
 * Whether a sealed index says what its segment holds (docs/store.md, P5 and P9). Asked by check.ts and repair.ts. Pure.
 */
import { gopKind, timeKind } from './record-header.js';
import type { SegmentScan } from './scan.js';
import { essentialsOf, SegmentEntries, timeRowOf } from './segment-entries.js';
import type { SealedIndex } from './segment-index.js';
import type { TimeRow } from './time-corrections.js';

/** A record of any kind as an index knows it. */
interface Row {
  record: number;
  offset: number;
  /** all that the index says of it */
  said: string;
}

/** The index that these records would have. */
export function indexOf(scan: SegmentScan, sequence: number, slot: number): SegmentEntries {
  const entries = new SegmentEntries(sequence, slot);
  for (const { offset, header } of scan.records) {
    if (header.kind === gopKind) entries.push(essentialsOf(offset, header));
    else if (header.kind === timeKind) entries.pushTime(timeRowOf(offset, header));
  }
  return entries;
}

/**
 * Every record that was found is in the index as it is, and what else is in the index lies where the segment is damaged:
 * it was there once.
 */
export function indexAgrees({ entries: stated, endByte }: SealedIndex, scan: SegmentScan): boolean {
  const there = rowsOf(indexOf(scan, stated.sequence, stated.slot));
  const found = new Map(there.map((row) => [row.record, row]));
  let agreed = 0;
  for (const row of rowsOf(stated)) {
    const record = found.get(row.record);
    if (record?.said === row.said) agreed += 1;
    else if (record || !isDamaged(row, scan)) return false;
  }
  return agreed === there.length && (endByte === scan.endByte || !scan.endMarked);
}

/** Times as they were recorded: what corrects them later is not in the index of a segment. */
function rowsOf(entries: SegmentEntries): Row[] {
  const gops = Array.from({ length: entries.length }, (_, i): Row => {
    const entry = entries.recorded(i);
    return { record: entry.record, offset: entry.offset, said: JSON.stringify(entry) };
  });
  return [...gops, ...entries.times.map(timeRow)];
}

function timeRow({ record, offset, bytes, run, wallUs, monoUs }: TimeRow): Row {
  return { record, offset, said: JSON.stringify([record, offset, bytes, run, wallUs, monoUs]) };
}

function isDamaged({ offset }: Row, { damaged, endByte, endMarked }: SegmentScan): boolean {
  if (!endMarked && offset >= endByte) return true;
  return damaged.some(({ fromByte, toByte }) => offset >= fromByte && offset < toByte);
}
