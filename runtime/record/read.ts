/**
 * Reads GOPs back while the writer writes. Used by store.ts for playback and by reader.ts for the commands. Has its own
 * file handles, reads in small steps, takes no lock, and gives out only what verifies (docs/store.md, I4 and I10).
 */

import { readSegmentHeader, segmentPath } from './description.js';
import type { StoredGop } from './gop.js';
import type { RecordClass } from './key-sector.js';
import type { RecordKeys } from './key-table.js';
import { ReadGate } from './read-gate.js';
import { openRecord, verifyRecord } from './record.js';
import type { RecordHeader } from './record-header.js';
import type { RecordEntry, RingIndex } from './ring-index.js';
import type { OpenSegment, SegmentFile } from './segment-file.js';
import { selectRecords } from './selection.js';

/** Bytes of one read: small enough that a reader never keeps the card busy for long. */
const stepBytes = 128 * 1024;

/** For all readers of this process: two of four threads stay for who writes. */
const gate = new ReadGate(2);

export interface RangeOptions {
  signal?: AbortSignal;
  /** a record that was expected and does not verify; one overwritten in the meantime is not told */
  onDamage?: (entry: RecordEntry) => void;
  /** a record of the interval whose key was destroyed, before or during the reading */
  onDestroyed?: (entry: RecordEntry) => void;
}

export interface RingAccess {
  index: RingIndex;
  keys: RecordKeys;
  /** directory of the segment files */
  path: string;
  open: OpenSegment;
}

type Outcome = StoredGop | 'destroyed' | 'damaged';

/** The bytes of one record; null when the file is too short. */
export async function recordBytesOf(
  file: SegmentFile,
  entry: { offset: number; bytes: number },
): Promise<Buffer | null> {
  const bytes = Buffer.allocUnsafe(entry.bytes);
  for (let at = 0; at < bytes.length; at += stepBytes) {
    const step = bytes.subarray(at, Math.min(bytes.length, at + stepBytes));
    if ((await gate.through(() => file.read(step, entry.offset + at))) < step.length) return null;
  }
  return bytes;
}

/** Reads one record after another; keeps the file and the key of the last one at hand. */
class RecordReader {
  #file: SegmentFile | null = null;
  #slot = -1;
  #key: { segment: number; class: RecordClass; bytes: Buffer } | null = null;

  constructor(private readonly ring: RingAccess) {}

  async read(entry: RecordEntry): Promise<Outcome> {
    if (this.#slot !== entry.slot) {
      await this.close();
      this.#slot = entry.slot;
      this.#file = await this.ring.open(segmentPath(this.ring.path, entry.slot), 'read').catch(() => null);
    }
    const file = this.#file;
    const key = await this.#keyOf(entry).catch(() => null);
    if (!key)
      return this.ring.keys.stateOf(entry.segment, entry.class) === 'destroyed' ? 'destroyed' : 'damaged';
    const bytes = file && (await recordBytesOf(file, entry).catch(() => null));
    const header = bytes && verifyRecord(bytes, entry.segment);
    if (!bytes || !header || !sameRecord(header, entry)) return 'damaged';
    return openRecord(bytes, header, key) ?? 'damaged';
  }

  /** Whether the segment of this record has been begun anew since the index was made. */
  async overwritten(entry: RecordEntry): Promise<boolean> {
    const header = this.#file && (await readSegmentHeader(this.#file).catch(() => null));
    return header !== null && header.sequence !== entry.segment;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    this.#slot = -1;
    this.#key?.bytes.fill(0);
    this.#key = null;
    await file?.close();
  }

  async #keyOf({ segment, class: of }: RecordEntry): Promise<Buffer | null> {
    const { keys } = this.ring;
    if (keys.stateOf(segment, of) === 'destroyed') return null;
    if (this.#key?.segment === segment && this.#key.class === of) return this.#key.bytes;
    const bytes = await keys.keyOf(segment, of);
    this.#key?.bytes.fill(0);
    this.#key = bytes && { segment, class: of, bytes };
    return bytes;
  }
}

/** The index of a sealed segment may be damaged too, or forged: what it says of a record must be what the record says. */
function sameRecord(header: RecordHeader, entry: RecordEntry): boolean {
  return (['record', 'copyOf', 'class', 'continues'] as const).every(
    (field) => header[field] === entry[field],
  );
}

/** Its times as they are known now. What was sealed with it says whether there is anything to correct. */
function corrected(gop: StoredGop, { corrections }: RingIndex): StoredGop {
  const offsetUs = gop.clockTrusted ? null : corrections.offsetUs(gop.run);
  if (offsetUs === null) return gop;
  const units = gop.units.map((unit) => ({ ...unit, wallMs: (unit.monoUs + offsetUs) / 1000 }));
  return { ...gop, units, corrected: true };
}

/** Reads one record, with its times as they were recorded; null when it cannot be given out. */
export async function readOne(ring: RingAccess, entry: RecordEntry): Promise<StoredGop | null> {
  const reader = new RecordReader(ring);
  try {
    const outcome = await reader.read(entry);
    return typeof outcome === 'string' ? null : outcome;
  } finally {
    await reader.close();
  }
}

/** Reads what `selectRecords` chose. Records that vanish on the way are left out. */
export async function* readRange(
  ring: RingAccess,
  fromMs: number,
  toMs: number,
  { signal, onDamage, onDestroyed }: RangeOptions = {},
): AsyncGenerator<StoredGop> {
  const reader = new RecordReader(ring);
  /** the record before was expected, and cannot be given out */
  let lost = false;
  try {
    const { readable, destroyed } = selectRecords(ring.index, ring.keys, fromMs, toMs);
    for (const entry of destroyed) onDestroyed?.(entry);
    for (const entry of readable) {
      signal?.throwIfAborted();
      if (!ring.index.holds(entry)) {
        lost = true;
        continue;
      }
      // A piece whose GOP was lost on the way cannot be decoded either.
      if (entry.continues && lost) continue;
      const outcome = await reader.read(entry);
      if (typeof outcome !== 'string') {
        lost = false;
        yield corrected(outcome, ring.index);
        continue;
      }
      lost = true;
      if (outcome === 'destroyed') onDestroyed?.(entry);
      else if (!(await reader.overwritten(entry))) onDamage?.(entry);
    }
  } finally {
    await reader.close();
  }
}
