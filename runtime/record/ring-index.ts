/**
 * What is in the ring, in memory: for each segment, where its records are and when they were recorded. Filled by
 * ring.ts at start and by writer.ts; read by read.ts, coverage.ts and the retention. Numbers lie in one typed array a
 * segment, because a full card holds hundreds of thousands of records.
 */
import { type RecordClass, recordClasses } from './key-sector.js';
import { type RecordHeader, recordBytes } from './record-header.js';

const stride = 9;
const firstRoom = 16;
const interruptedBit = 1;
const continuesBit = 2;
const trustedBit = 4;
const terminusBit = 8;
const afterPauseBit = 16;

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
  monoFirstUs: number;
  units: number;
  interrupted: boolean;
  continues: boolean;
  afterPause: boolean;
  clockTrusted: boolean;
  class: RecordClass;
  /** record that this one repeats; 0 when it is no copy */
  copyOf: number;
  /** what it is known as: its own sequence, or that of the record it repeats */
  number: number;
}

/** What a segment holds under one class. */
export interface ClassSpan {
  /** wall clock of the earliest first and of the latest last picture, milliseconds; null without records */
  firstMs: number | null;
  lastMs: number | null;
  records: number;
}

/** What the index of a segment must know of a record. */
export type RecordEssentials = Omit<RecordEntry, 'segment' | 'slot' | 'number'>;

export function essentialsOf(offset: number, header: RecordHeader): RecordEssentials {
  const { unitCount: units, ...rest } = header;
  return { ...rest, offset, bytes: recordBytes(header), units };
}

/** The records of one segment, in the order in which they were written. */
export class SegmentEntries {
  #values = new Float64Array(firstRoom * stride);
  #length = 0;
  #spans: Record<RecordClass, ClassSpan> | null = null;
  #summary: SegmentSummary | null = null;

  constructor(
    readonly sequence: number,
    readonly slot: number,
  ) {}

  get length(): number {
    return this.#length;
  }

  /** Sum of the records' bytes, headers and padding included. */
  usedBytes = 0;

  push(of: RecordEssentials): void {
    const at = this.#length * stride;
    if (at + stride > this.#values.length) this.#room(this.#values.length * 2);
    const flags =
      (of.interrupted ? interruptedBit : 0) |
      (of.continues ? continuesBit : 0) |
      (of.clockTrusted ? trustedBit : 0) |
      (of.class === 'terminus' ? terminusBit : 0) |
      (of.afterPause ? afterPauseBit : 0);
    const { record, offset, bytes, wallFirstUs, wallLastUs, monoFirstUs, units, copyOf } = of;
    this.#values.set([record, offset, bytes, wallFirstUs, wallLastUs, monoFirstUs, units, flags, copyOf], at);
    this.#length += 1;
    this.usedBytes += bytes;
    this.#changed();
  }

  /** @param i from 0 to length - 1 */
  at(i: number): RecordEntry {
    const at = i * stride;
    const value = (field: number): number => this.#values[at + field] ?? 0;
    const flags = value(7);
    const copyOf = value(8);
    return {
      segment: this.sequence,
      slot: this.slot,
      record: value(0),
      offset: value(1),
      bytes: value(2),
      wallFirstUs: value(3),
      wallLastUs: value(4),
      monoFirstUs: value(5),
      units: value(6),
      interrupted: (flags & interruptedBit) !== 0,
      continues: (flags & continuesBit) !== 0,
      afterPause: (flags & afterPauseBit) !== 0,
      clockTrusted: (flags & trustedBit) !== 0,
      class: (flags & terminusBit) !== 0 ? 'terminus' : 'communal',
      copyOf,
      number: copyOf || value(0),
    };
  }

  /** The entry of this record; undefined when it is not here. */
  find(record: number): RecordEntry | undefined {
    for (let i = 0; i < this.#length; i++) if (this.#values[i * stride] === record) return this.at(i);
    return undefined;
  }

  /** What it holds under each class. */
  spans(): Record<RecordClass, ClassSpan> {
    this.#spans ??= spansOf(this);
    return this.#spans;
  }

  /** The same value until a record comes or goes: retention looks at every segment of the card. */
  summary(): SegmentSummary {
    this.#summary ??= summaryFrom(this);
    return this.#summary;
  }

  /** The wall clock was trusted for every record. */
  get clockTrusted(): boolean {
    for (let i = 0; i < this.#length; i++) {
      if (((this.#values[i * stride + 7] ?? 0) & trustedBit) === 0) return false;
    }
    return true;
  }

  /** Takes the last record out again (P4.3, P4.4). */
  dropLast(): void {
    if (this.#length === 0) return;
    this.usedBytes -= this.at(this.#length - 1).bytes;
    this.#length -= 1;
    this.#changed();
  }

  /** Gives back the memory that no record needs: nothing more is written here. */
  trim(): void {
    this.#room(this.#length * stride);
  }

  #changed(): void {
    this.#spans = null;
    this.#summary = null;
  }

  #room(values: number): void {
    const next = new Float64Array(values);
    next.set(this.#values.subarray(0, Math.min(values, this.#length * stride)));
    this.#values = next;
  }
}

function spansOf(entries: SegmentEntries): Record<RecordClass, ClassSpan> {
  const none = (): ClassSpan => ({ firstMs: null, lastMs: null, records: 0 });
  const spans: Record<RecordClass, ClassSpan> = { communal: none(), terminus: none() };
  for (let i = 0; i < entries.length; i++) {
    const { class: of, wallFirstUs, wallLastUs } = entries.at(i);
    const span = spans[of];
    span.firstMs = Math.min(span.firstMs ?? Number.POSITIVE_INFINITY, wallFirstUs / 1000);
    span.lastMs = Math.max(span.lastMs ?? Number.NEGATIVE_INFINITY, wallLastUs / 1000);
    span.records += 1;
  }
  return spans;
}

/** A segment as retention, holds and the register see it. */
export interface SegmentSummary {
  sequence: number;
  slot: number;
  /** wall clock of its earliest and latest picture, milliseconds; null when it holds no record */
  firstMs: number | null;
  lastMs: number | null;
  perClass: Record<RecordClass, ClassSpan>;
  /** the wall clock was trusted for every record */
  trusted: boolean;
}

export function summaryOf(entries: SegmentEntries): SegmentSummary {
  return entries.summary();
}

function summaryFrom(entries: SegmentEntries): SegmentSummary {
  const perClass = entries.spans();
  const known = recordClasses.map((of) => perClass[of]).filter(({ records }) => records > 0);
  const first = known.map(({ firstMs }) => firstMs ?? 0);
  const last = known.map(({ lastMs }) => lastMs ?? 0);
  return {
    sequence: entries.sequence,
    slot: entries.slot,
    firstMs: known.length > 0 ? Math.min(...first) : null,
    lastMs: known.length > 0 ? Math.max(...last) : null,
    perClass,
    trusted: entries.clockTrusted,
  };
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

  /** The segment that lies in this slot. */
  inSlot(slot: number): SegmentEntries | undefined {
    return this.#segments.get(this.#bySlot.get(slot) ?? 0);
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

  /** At most this many of the newest records, oldest first. */
  newest(count: number): RecordEntry[] {
    const found: RecordEntry[] = [];
    for (const entries of this.segments().reverse()) {
      for (let i = entries.length - 1; i >= 0 && found.length < count; i--) found.push(entries.at(i));
      if (found.length >= count) break;
    }
    return found.reverse();
  }

  /** The entry of this record, looked for from the newest segment; undefined when it is gone. */
  find(record: number): RecordEntry | undefined {
    for (const entries of this.segments().reverse()) {
      if (entries.length > 0 && entries.at(0).record <= record) return entries.find(record);
    }
    return undefined;
  }

  /** Whether this record is still in the ring. */
  holds({ segment }: RecordEntry): boolean {
    return this.#segments.has(segment);
  }
}
