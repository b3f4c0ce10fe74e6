/**
 * The ring on the card: its description, its paths, and how its index is rebuilt (docs/store.md, P4). Used by store.ts,
 * which then writes, and by reader.ts, which never does. Writes nothing itself.
 */

import {
  belongs,
  type Description,
  readSegmentHeader,
  ringDirectory,
  segmentName,
  segmentPath,
} from './description.js';
import { headerBlockBytes, type SegmentHeader } from './layout.js';
import { verifyRecord } from './record.js';
import { gopKind, timeKind } from './record-header.js';
import { RingIndex } from './ring-index.js';
import { scanSegment } from './scan.js';
import { essentialsOf, SegmentEntries, timeRowOf } from './segment-entries.js';
import type { OpenSegment } from './segment-file.js';
import { readSealedIndex, type SealedIndex } from './segment-index.js';

/** Where writing goes on. */
export interface RingEnd {
  /** newest segment; 0 in a ring never written */
  sequence: number;
  /** byte in it where the next record goes */
  offset: number;
  /** its index is written: nothing more goes into it */
  sealed: boolean;
  nextRecord: number;
}

export interface LoadedRing {
  description: Description;
  /** store.json was missing or unreadable, and is taken from a segment header */
  descriptionRebuilt: boolean;
  index: RingIndex;
  end: RingEnd;
  /** a record that a cut had left unfinished was left out */
  tornTail: boolean;
  /** for the log: what could not be read, in words */
  remarks: string[];
  /** segments that the card did not let read */
  unreadable: number;
}

interface ScannedSlot extends SealedIndex {
  header: SegmentHeader;
  sealed: boolean;
}

/** Rebuilds the index (P4.2 to P4.4). Reads two blocks of a sealed segment, the headers of another, and one payload. */
export async function loadRing(
  directory: string,
  found: { description: Description; rebuilt: boolean },
  open: OpenSegment,
  signal?: AbortSignal,
): Promise<LoadedRing> {
  const ring = ringDirectory(directory);
  const remarks: string[] = [];
  const { slots, unreadable } = await scanSlots(ring, found.description, open, remarks, signal);
  slots.sort((a, b) => a.header.sequence - b.header.sequence);
  leaveOutRewritten(slots);
  const tornTail = await leaveOutTorn(ring, slots.at(-1), open);
  const index = new RingIndex();
  for (const { entries } of slots) index.add(entries);
  const newest = slots.at(-1);
  let lastRecord = 0;
  for (const { entries } of slots) {
    lastRecord = Math.max(lastRecord, entries.last()?.record ?? 0);
  }
  return {
    description: found.description,
    descriptionRebuilt: found.rebuilt,
    index,
    end: {
      sequence: newest?.header.sequence ?? 0,
      offset: newest?.endByte ?? headerBlockBytes,
      sealed: newest?.sealed ?? false,
      nextRecord: lastRecord + 1,
    },
    tornTail,
    remarks,
    unreadable,
  };
}

async function scanSlots(
  ring: string,
  of: Description,
  open: OpenSegment,
  remarks: string[],
  signal?: AbortSignal,
): Promise<{ slots: ScannedSlot[]; unreadable: number }> {
  const slots: ScannedSlot[] = [];
  let unreadable = 0;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < of.segmentCount) {
      const slot = next++;
      signal?.throwIfAborted();
      try {
        const scanned = await scanSlot(ring, slot, of, open, remarks);
        if (scanned) slots.push(scanned);
      } catch (error) {
        unreadable += 1;
        remarks.push(
          `segment ${segmentName(slot)}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  };
  // Eight at once: the scan waits for small reads, and the thread pool of Node has four threads.
  await Promise.all(Array.from({ length: 8 }, lane));
  signal?.throwIfAborted();
  return { slots, unreadable };
}

async function scanSlot(
  ring: string,
  slot: number,
  of: Description,
  open: OpenSegment,
  remarks: string[],
): Promise<ScannedSlot | null> {
  const file = await open(segmentPath(ring, slot), 'read');
  try {
    const header = await readSegmentHeader(file);
    if (!header) return null;
    if (!belongs(header, slot, of)) {
      remarks.push(`segment ${segmentName(slot)}: its header is of another store or slot`);
      return null;
    }
    const index = await readSealedIndex(file, header);
    if (index) return { ...index, header, sealed: true };
    const scan = await scanSegment(file, header);
    if (scan.damaged.length > 0) {
      remarks.push(`segment ${segmentName(slot)}: ${scan.damaged.length} damaged part(s)`);
    }
    const entries = new SegmentEntries(header.sequence, slot);
    for (const { offset, header: found } of scan.records) {
      if (found.kind === gopKind) entries.push(essentialsOf(offset, found));
      else if (found.kind === timeKind) entries.pushTime(timeRowOf(offset, found));
    }
    return { header, entries, endByte: scan.endByte, sealed: false };
  } finally {
    await file.close();
  }
}

/** P4.3: what was given up in one segment and written again in a later one counts once. */
function leaveOutRewritten(slots: ScannedSlot[]): void {
  let firstLater = Number.POSITIVE_INFINITY;
  for (const { entries } of [...slots].reverse()) {
    while ((entries.last()?.record ?? 0) >= firstLater) entries.dropLast();
    firstLater = Math.min(firstLater, entries.firstRecord() ?? firstLater);
  }
}

/** P4.4: the last record of the newest segment counts only when its payload verifies. */
async function leaveOutTorn(
  ring: string,
  newest: ScannedSlot | undefined,
  open: OpenSegment,
): Promise<boolean> {
  const last = newest?.entries.last();
  if (!newest || newest.sealed || !last) return false;
  const bytes = Buffer.alloc(last.bytes);
  const file = await open(segmentPath(ring, newest.header.slot), 'read');
  try {
    await file.read(bytes, last.offset);
  } finally {
    await file.close();
  }
  if (verifyRecord(bytes, newest.header.sequence)) return false;
  newest.entries.dropLast();
  newest.endByte = last.offset;
  return true;
}
