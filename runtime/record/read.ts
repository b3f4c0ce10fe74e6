/**
 * Reads GOPs back while the writer writes. Used by store.ts for playback and by reader.ts for the commands. Has its own
 * file handles, reads in small steps, takes no lock, and gives out only what verifies (docs/store.md, I4 and I10).
 */

import { readSegmentHeader, segmentPath } from './description.js';
import type { StoredGop } from './gop.js';
import { decodeRecord } from './record.js';
import type { RecordEntry, RingIndex } from './ring-index.js';
import type { OpenSegment, SegmentFile } from './segment-file.js';

/** Bytes of one read: small enough that a reader never keeps the card busy for long. */
const stepBytes = 128 * 1024;

export interface RangeOptions {
  signal?: AbortSignal;
  /** a record that was expected and does not verify; one overwritten in the meantime is not told */
  onDamage?: (entry: RecordEntry) => void;
}

/** Reads one record; null when it does not verify. */
export async function readRecord(file: SegmentFile, entry: RecordEntry): Promise<StoredGop | null> {
  const bytes = Buffer.allocUnsafe(entry.bytes);
  for (let at = 0; at < bytes.length; at += stepBytes) {
    const step = bytes.subarray(at, Math.min(bytes.length, at + stepBytes));
    if ((await file.read(step, entry.offset + at)) < step.length) return null;
  }
  const gop = decodeRecord(bytes, entry.segment);
  return gop?.record === entry.record ? gop : null;
}

/** Whether the segment of this record has been begun anew since the index was made. */
async function overwritten(file: SegmentFile | null, entry: RecordEntry): Promise<boolean> {
  const header = file && (await readSegmentHeader(file).catch(() => null));
  return header !== null && header.sequence !== entry.segment;
}

/**
 * The records that overlap [fromMs, toMs] by wall clock, and before them those that they cannot be decoded
 * without. In order of their sequence.
 */
export function selectRecords(index: RingIndex, fromMs: number, toMs: number): RecordEntry[] {
  const selected: RecordEntry[] = [];
  /** the pieces of one GOP seen so far and not selected; null: a piece is missing, the rest cannot be decoded */
  let chain: RecordEntry[] | null = null;
  let before = 0;
  for (const entry of index.records()) {
    if (!entry.continues) chain = [];
    else if (chain && before !== entry.record - 1) chain = null;
    before = entry.record;
    if (!chain) continue;
    chain.push(entry);
    if (entry.wallLastUs < fromMs * 1000 || entry.wallFirstUs > toMs * 1000) continue;
    selected.push(...chain);
    chain = [];
  }
  return selected;
}

/** Reads what `selectRecords` chose. Records that vanish on the way are left out. */
export async function* readRange(
  index: RingIndex,
  ringPath: string,
  open: OpenSegment,
  fromMs: number,
  toMs: number,
  { signal, onDamage }: RangeOptions = {},
): AsyncGenerator<StoredGop> {
  let file: SegmentFile | null = null;
  let slot = -1;
  let lost = -1;
  try {
    for (const entry of selectRecords(index, fromMs, toMs)) {
      signal?.throwIfAborted();
      if (!index.holds(entry)) continue;
      // A piece whose GOP was lost on the way cannot be decoded either.
      if (entry.continues && lost === entry.record - 1) {
        lost = entry.record;
        continue;
      }
      if (slot !== entry.slot) {
        await file?.close();
        file = null;
        slot = entry.slot;
        file = await open(segmentPath(ringPath, slot), 'read').catch(() => null);
      }
      const gop = file && (await readRecord(file, entry).catch(() => null));
      if (gop) {
        yield gop;
        continue;
      }
      lost = entry.record;
      if (!(await overwritten(file, entry))) onDamage?.(entry);
    }
  } finally {
    await file?.close();
  }
}
