/**
 * The records of one segment, in memory: where they are and when they were recorded, corrected where that is known. Filled
 * by ring.ts at start and by writer.ts. Numbers lie in one typed array a segment, because a full card holds hundreds of
 * thousands of records.
 */
import type { RecordClass } from './key-sector.js';
import { type RecordHeader, recordBytes } from './record-header.js';
import { type ClassSpan, type SegmentSummary, spansOf, summaryFrom } from './segment-summary.js';
import { type ClockState, type TimeCorrections, type TimeRow, unknownRun } from './time-corrections.js';

const stride = 9;
const firstRoom = 16;
const interruptedBit = 1;
const continuesBit = 2;
const trustedBit = 4;
const terminusBit = 8;
const afterPauseBit = 16;
/** Above the bits lies the number of the run in the segment's own list. */
const runUnit = 32;
const flagsAt = 7;
const none: ReadonlySet<string> = new Set();

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
  /** as it was recorded */
  clockTrusted: boolean;
  /** the wall times above are corrected */
  corrected: boolean;
  /** hex, 8 bytes; `unknownRun` */
  run: string;
  class: RecordClass;
  /** record that this one repeats; 0 when it is no copy */
  copyOf: number;
  /** what it is known as: its own sequence, or that of the record it repeats */
  number: number;
}

/** What the index of a segment must know of a record. */
export type RecordEssentials = Omit<RecordEntry, 'segment' | 'slot' | 'number' | 'corrected'>;

export function essentialsOf(offset: number, header: RecordHeader): RecordEssentials {
  const { unitCount: units, ...rest } = header;
  return { ...rest, offset, bytes: recordBytes(header), units };
}

/** A time correction at this place; not yet believed. */
export function timeRowOf(offset: number, header: RecordHeader): TimeRow {
  const { record, run, wallFirstUs: wallUs, monoFirstUs: monoUs } = header;
  return { record, offset, bytes: recordBytes(header), run, wallUs, monoUs, believed: null };
}

export class SegmentEntries {
  #values = new Float64Array(firstRoom * stride);
  #length = 0;
  readonly #runs: string[] = [];
  #unsureRuns: Set<string> | null = null;
  #spans: Record<RecordClass, ClassSpan> | null = null;
  #summary: SegmentSummary | null = null;
  /** of the corrections, when the two above were made */
  #madeAt = 0;
  /** of the ring that it is in */
  corrections: TimeCorrections | null = null;
  /** time corrections that lie here, in the order in which they were written */
  readonly times: TimeRow[] = [];

  constructor(
    readonly sequence: number,
    readonly slot: number,
  ) {}

  /** GOPs and pieces of GOPs. */
  get length(): number {
    return this.#length;
  }

  /** Records of every kind. */
  get rows(): number {
    return this.#length + this.times.length;
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
    const packed = flags + this.#runNumber(of.run) * runUnit;
    this.#values.set(
      [record, offset, bytes, wallFirstUs, wallLastUs, monoFirstUs, units, packed, copyOf],
      at,
    );
    this.#length += 1;
    this.usedBytes += bytes;
    if (!of.clockTrusted) {
      this.#unsureRuns ??= new Set();
      this.#unsureRuns.add(of.run);
    }
    this.#forget();
  }

  /** Enters a time correction. */
  pushTime(row: TimeRow): void {
    this.times.push(row);
    this.usedBytes += row.bytes;
  }

  /**
   * A record, its times corrected where that is known.
   * @param i from 0 to length - 1
   */
  at(i: number): RecordEntry {
    const entry = this.recorded(i);
    if (entry.clockTrusted) return entry;
    const offsetUs = this.corrections?.offsetUs(entry.run) ?? null;
    if (offsetUs === null) return entry;
    const wallFirstUs = entry.monoFirstUs + offsetUs;
    const wallLastUs = wallFirstUs + entry.wallLastUs - entry.wallFirstUs;
    return { ...entry, wallFirstUs, wallLastUs, corrected: true };
  }

  /** A record as it was recorded. */
  recorded(i: number): RecordEntry {
    const at = i * stride;
    const value = (field: number): number => this.#values[at + field] ?? 0;
    const flags = value(flagsAt);
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
      corrected: false,
      run: this.#runs[Math.floor(flags / runUnit)] ?? unknownRun,
      class: (flags & terminusBit) !== 0 ? 'terminus' : 'communal',
      copyOf,
      number: copyOf || value(0),
    };
  }

  /** The record that was written last, of whatever kind; undefined when there is none. */
  last(): { record: number; offset: number; bytes: number } | undefined {
    const gop = this.#length > 0 ? this.recorded(this.#length - 1) : undefined;
    const time = this.times.at(-1);
    return gop && time ? (gop.offset > time.offset ? gop : time) : (gop ?? time);
  }

  /** Sequence of the record that was written first, of whatever kind; undefined when there is none. */
  firstRecord(): number | undefined {
    const [gop, time] = [this.#length > 0 ? this.#values[0] : undefined, this.times[0]?.record];
    return gop !== undefined && time !== undefined ? Math.min(gop, time) : (gop ?? time);
  }

  /** The entry of this record; undefined when it is not here. */
  find(record: number): RecordEntry | undefined {
    for (let i = 0; i < this.#length; i++) if (this.#values[i * stride] === record) return this.at(i);
    return undefined;
  }

  /** What it holds under each class. */
  spans(): Record<RecordClass, ClassSpan> {
    this.#forgetIfCorrected();
    this.#spans ??= spansOf(this);
    return this.#spans;
  }

  /** The same value until a record comes or goes, or times are corrected: retention looks at every segment of the card. */
  summary(): SegmentSummary {
    this.#forgetIfCorrected();
    this.#summary ??= summaryFrom(this);
    return this.#summary;
  }

  /** Runs of the records that were made under a clock not known to be right. */
  get unsureRuns(): ReadonlySet<string> {
    return this.#unsureRuns ?? none;
  }

  /** Of all records: as unsure as the least sure of them. */
  get clock(): ClockState {
    if (this.unsureRuns.size === 0) return 'trusted';
    const known = (run: string): boolean => (this.corrections?.offsetUs(run) ?? null) !== null;
    return [...this.unsureRuns].every(known) ? 'corrected' : 'untrusted';
  }

  /** Takes the record that was written last out again, of whatever kind (P4.3, P4.4). */
  dropLast(): void {
    const last = this.last();
    if (!last) return;
    this.usedBytes -= last.bytes;
    if (this.times.at(-1) === last) {
      this.times.pop();
      return;
    }
    this.#length -= 1;
    this.#forget();
    this.#unsureRuns = null;
    for (let i = 0; i < this.#length; i++) {
      const { clockTrusted, run } = this.recorded(i);
      if (!clockTrusted) this.#unsureRuns = (this.#unsureRuns ?? new Set<string>()).add(run);
    }
  }

  /** Gives back the memory that no record needs: nothing more is written here. */
  trim(): void {
    this.#room(this.#length * stride);
  }

  #forget(): void {
    this.#spans = null;
    this.#summary = null;
  }

  #forgetIfCorrected(): void {
    const version = this.corrections?.version ?? 0;
    if (version !== this.#madeAt) this.#forget();
    this.#madeAt = version;
  }

  #runNumber(run: string): number {
    // Only the last few are looked at: they change with a boot, and a damaged index may name as many as it has records.
    const from = Math.max(0, this.#runs.length - 4);
    const found = this.#runs.indexOf(run, from);
    return found >= 0 ? found : this.#runs.push(run) - 1;
  }

  #room(values: number): void {
    const next = new Float64Array(values);
    next.set(this.#values.subarray(0, Math.min(values, this.#length * stride)));
    this.#values = next;
  }
}
