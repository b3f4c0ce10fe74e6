/**
 * What is in the ring, in memory: for each segment, where its records are and when they were recorded. Filled by
 * ring.ts at start and by writer.ts; read by read.ts and coverage.ts. Numbers lie in one typed array a segment,
 * because a full card holds hundreds of thousands of records.
 */
import { recordBytes } from './record-header.js';
import type { ScannedRecord } from './scan.js';

const stride = 7;
const interruptedBit = 1;
const continuesBit = 2;
const trustedBit = 4;

/** Where a record lies and what it covers. */
export interface RecordEntry {
  segment: number;
  slot: number;
  record: number;
  /** byte of its header in the file */
  offset: number;
  /** with header and padding */
  bytes: number;
  wallFirstUs: number;
  wallLastUs: number;
  units: number;
  interrupted: boolean;
  continues: boolean;
  clockTrusted: boolean;
}

/** The records of one segment, in the order in which they were written. */
export class SegmentEntries {
  #values = new Float64Array(16 * stride);
  #length = 0;

  constructor(
    readonly sequence: number,
    readonly slot: number,
  ) {}

  get length(): number {
    return this.#length;
  }

  /** Sum of the records' bytes, headers and padding included. */
  usedBytes = 0;

  push({ offset, header }: ScannedRecord): void {
    const at = this.#length * stride;
    if (at + stride > this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    const flags =
      (header.interrupted ? interruptedBit : 0) |
      (header.continues ? continuesBit : 0) |
      (header.clockTrusted ? trustedBit : 0);
    const bytes = recordBytes(header);
    this.#values.set(
      [header.record, offset, bytes, header.wallFirstUs, header.wallLastUs, header.unitCount, flags],
      at,
    );
    this.#length += 1;
    this.usedBytes += bytes;
  }

  /** @param i from 0 to length - 1 */
  at(i: number): RecordEntry {
    const [record = 0, offset = 0, bytes = 0, wallFirstUs = 0, wallLastUs = 0, units = 0, flags = 0] =
      this.#values.subarray(i * stride, (i + 1) * stride);
    return {
      segment: this.sequence,
      slot: this.slot,
      record,
      offset,
      bytes,
      wallFirstUs,
      wallLastUs,
      units,
      interrupted: (flags & interruptedBit) !== 0,
      continues: (flags & continuesBit) !== 0,
      clockTrusted: (flags & trustedBit) !== 0,
    };
  }

  /** Takes the last record out again (P4.3, P4.4). */
  dropLast(): void {
    if (this.#length === 0) return;
    this.usedBytes -= this.at(this.#length - 1).bytes;
    this.#length -= 1;
  }
}

export class RingIndex {
  readonly #segments = new Map<number, SegmentEntries>();
  readonly #bySlot = new Map<number, number>();

  /** Enters a segment; the one that lay in its slot is forgotten. */
  add(entries: SegmentEntries): void {
    const old = this.#bySlot.get(entries.slot);
    if (old !== undefined) this.#segments.delete(old);
    this.#bySlot.set(entries.slot, entries.sequence);
    this.#segments.set(entries.sequence, entries);
  }

  get(sequence: number): SegmentEntries | undefined {
    return this.#segments.get(sequence);
  }

  /** Segments in order of their sequence, oldest first. */
  segments(): SegmentEntries[] {
    return [...this.#segments.values()].sort((a, b) => a.sequence - b.sequence);
  }

  /** Records in order of their sequence, oldest first. */
  *records(): Generator<RecordEntry> {
    for (const entries of this.segments()) {
      for (let i = 0; i < entries.length; i++) yield entries.at(i);
    }
  }

  /** Whether this record is still in the ring. */
  holds({ segment }: RecordEntry): boolean {
    return this.#segments.has(segment);
  }
}
