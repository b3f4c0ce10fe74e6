/**
 * Decides what a checked ring lacks: tells damage from what a cut leaves and from what was overwritten in due course
 * (docs/store.md, P5). Fed by check.ts. Pure: reads no file.
 */
import { recordBytes, timeKind } from './record-header.js';
import type { ScannedRecord } from './scan.js';

/** The closed list of damages (what each costs is in runtime/cli/store-words.ts). */
export type DamageKind =
  | 'description'
  | 'segment-file'
  | 'segment-header'
  | 'record-header'
  | 'record-payload'
  | 'record-tag'
  | 'key-slot'
  | 'segment-end'
  | 'sealed-index'
  | 'time-correction'
  | 'missing-records';

export interface Damage {
  kind: DamageKind;
  /** name of the segment file, or store.json */
  file: string;
  /** bytes in that file; null when it is the whole file, or between files */
  fromByte: number | null;
  toByte: number | null;
  /** wall clock of what is lost, as far as it is known, milliseconds */
  fromMs: number | null;
  toMs: number | null;
  /** records lost; null when it cannot be told */
  records: number | null;
}

/** What is normal after a cut or in a new store. */
export type NoteKind =
  | 'blank-segments'
  | 'torn-tail'
  | 'no-index'
  | 'overwritten-meanwhile'
  | 'rewritten'
  | 'destroyed'
  | 'time-contradicts'
  | 'time-not-verified'
  | 'not-opened';

export interface CheckReport {
  segments: number;
  /** records whose checksums hold */
  records: number;
  /** bytes of those records */
  bytes: number;
  damages: Damage[];
  notes: { kind: NoteKind; file: string; count: number }[];
}

export interface CheckedRecord {
  record: number;
  wallFirstMs: number;
  wallLastMs: number;
}

/** A segment as check.ts read it. */
export interface CheckedSegment {
  sequence: number;
  file: string;
  records: CheckedRecord[];
  /** records whose payload does not hold */
  bad: ScannedRecord[];
  damaged: { fromByte: number; toByte: number }[];
  endByte: number;
  endMarked: boolean;
  /** the sealed index, beside the records */
  index: 'none' | 'agrees' | 'differs';
}

/** A damage with what is known of it. */
export function damage(kind: DamageKind, file: string, rest: Partial<Damage> = {}): Damage {
  return { kind, file, fromByte: null, toByte: null, fromMs: null, toMs: null, records: null, ...rest };
}

/** A hole is counted up to here: a damaged number must not make the check run for ever. */
const maxHole = 1_000_000;

/** Adds to the report what only the whole ring can tell. `segments` in order of their sequence. */
export function judge(segments: readonly CheckedSegment[], segmentCount: number, report: CheckReport): void {
  /** records whose loss is already reported, or that were written again elsewhere */
  const told = new Set<number>();
  let last: { record: CheckedRecord; sequence: number } | null = null;
  for (const [i, segment] of segments.entries()) {
    const firstLater = firstRecordOf(segments.slice(i + 1));
    judgeSegment(segment, i === segments.length - 1, firstLater, told, report);
    for (const record of segment.records) {
      if (record.record >= firstLater) break;
      if (last && !overwrittenBetween(segments, last.sequence, segment.sequence, segmentCount)) {
        reportHole(last.record, record, segment.file, told, report);
      }
      last = { record, sequence: segment.sequence };
    }
  }
}

/** Sequence of the first record of these segments that any of them holds. */
function firstRecordOf(segments: readonly CheckedSegment[]): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { records, bad } of segments) {
    first = Math.min(first, records[0]?.record ?? first, bad[0]?.header.record ?? first);
  }
  return first;
}

function judgeSegment(
  segment: CheckedSegment,
  newest: boolean,
  firstLater: number,
  told: Set<number>,
  report: CheckReport,
): void {
  const { file } = segment;
  const lastGood = segment.records.at(-1)?.record ?? 0;
  let torn = newest && !segment.endMarked;
  for (const { offset, header } of segment.bad) {
    told.add(header.record);
    if (header.record >= firstLater) continue;
    if (newest && header.record > lastGood && header === segment.bad.at(-1)?.header) {
      torn = true;
      continue;
    }
    const place = { fromByte: offset, toByte: offset + recordBytes(header), records: 1 };
    if (header.kind === timeKind) {
      report.damages.push(damage('time-correction', file, { ...place, records: null }));
      continue;
    }
    const when = { fromMs: header.wallFirstUs / 1000, toMs: header.wallLastUs / 1000 };
    report.damages.push(damage('record-payload', file, { ...place, ...when }));
  }
  for (const range of segment.damaged) report.damages.push(damage('record-header', file, range));
  if (torn) report.notes.push({ kind: 'torn-tail', file, count: 1 });
  if (!segment.endMarked && !newest)
    report.damages.push(damage('segment-end', file, { fromByte: segment.endByte }));
  if (segment.index === 'differs') report.damages.push(damage('sealed-index', file));
  if (segment.index === 'none' && !newest) report.notes.push({ kind: 'no-index', file, count: 1 });
  const rewritten = segment.records.filter(({ record }) => record >= firstLater).length;
  if (rewritten > 0) report.notes.push({ kind: 'rewritten', file, count: rewritten });
}

/**
 * Whether what lies between these two segments was overwritten in due course: every slot between them holds a
 * newer one. So it is where the ring kept an old segment because a newer one could not be begun there.
 */
function overwrittenBetween(
  segments: readonly CheckedSegment[],
  from: number,
  to: number,
  segmentCount: number,
): boolean {
  if (to - from < 2) return false;
  if (to - from > segmentCount) return true;
  const inSlot = new Map(segments.map(({ sequence }) => [sequence % segmentCount, sequence]));
  for (let sequence = from + 1; sequence < to; sequence++) {
    if ((inSlot.get(sequence % segmentCount) ?? 0) <= sequence) return false;
  }
  return true;
}

/** Reports sequence numbers between two records that no record has. */
function reportHole(
  before: CheckedRecord,
  after: CheckedRecord,
  file: string,
  told: ReadonlySet<number>,
  report: CheckReport,
): void {
  let missing = 0;
  for (let n = before.record + 1; n < after.record && missing < maxHole; n++) missing += told.has(n) ? 0 : 1;
  if (missing === 0) return;
  const when = { fromMs: before.wallLastMs, toMs: after.wallFirstMs, records: missing };
  report.damages.push(damage('missing-records', file, when));
}
