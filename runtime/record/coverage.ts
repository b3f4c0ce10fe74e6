/**
 * What the ring holds, as spans of time: for `vigie store list`, the console and error messages. Reads the index
 * only, never the card.
 */
import type { RecordClass } from './key-sector.js';
import type { KeyState, RecordKeys } from './key-table.js';
import { type RecordEntry, type RingIndex, summaryOf } from './ring-index.js';
import { showAll } from './selection.js';
import type { ClockState } from './time-corrections.js';

/** Pictures further apart than this are a gap. */
const gapMs = 2_000;

export interface Span {
  /** wall clock, milliseconds; corrected where `clock` says so */
  fromMs: number;
  toMs: number;
  gops: number;
  pictures: number;
  /** the wall clock was trusted when it was recorded */
  clockTrusted: boolean;
  /** what is missing before it was not to be recorded */
  afterPause: boolean;
  /** of all of it: where it changes, another span begins */
  clock: ClockState;
  /** the first and the last record */
  first: RecordPlace;
  last: RecordPlace;
}

export interface RecordPlace {
  number: number;
  segment: number;
}

/** Time without a picture. */
export interface Gap {
  fromMs: number;
  toMs: number;
  /** GOPs that were numbered and are not there; 0: none was recorded; null: the ring has overwritten what was there */
  lost: number | null;
  /** it was not to be recorded (docs/recording.md, O7) */
  intended: boolean;
}

export interface SegmentRow {
  sequence: number;
  slot: number;
  records: number;
  usedBytes: number;
  /** null when it holds no record */
  fromMs: number | null;
  toMs: number | null;
  clock: ClockState;
  keys: Record<RecordClass, KeyState>;
}

export interface Listing {
  cameraId: string;
  segmentBytes: number;
  segmentCount: number;
  segments: SegmentRow[];
  coverage: Span[];
  gaps: Gap[];
  /** what is still on the card and can never be read again: its keys were destroyed */
  destroyed: Span[];
  /** time corrections that the device key does not vouch for, or that could not be verified without it */
  correctionsIgnored: number;
}

const clockOf = ({ clockTrusted, corrected }: RecordEntry): ClockState =>
  clockTrusted ? 'trusted' : corrected ? 'corrected' : 'untrusted';

/** Stretches without a gap and under one state of the clock, in the order in which they were recorded. */
export function coverage(records: Iterable<RecordEntry>): Span[] {
  const spans: Span[] = [];
  for (const entry of records) {
    const { number, segment, units, clockTrusted, afterPause } = entry;
    const fromMs = entry.wallFirstUs / 1000;
    const toMs = entry.wallLastUs / 1000;
    const clock = clockOf(entry);
    const span = spans.at(-1);
    if (span?.clock === clock && fromMs - span.toMs <= gapMs && fromMs >= span.toMs - gapMs) {
      span.toMs = Math.max(span.toMs, toMs);
      span.gops += entry.continues ? 0 : 1;
      span.pictures += units;
      span.last = { number, segment };
    } else {
      const place = { number, segment };
      const rest = { clockTrusted, afterPause, clock, first: place, last: place };
      spans.push({ fromMs, toMs, gops: 1, pictures: units, ...rest });
    }
  }
  return spans;
}

/**
 * Time between one span and the next; a clock that was set back makes none, and one that was not right tells of none.
 * Where something was destroyed, none is intended.
 * @param lost how many numbers between these two records are nowhere; null when they were overwritten
 */
export function gaps(
  spans: readonly Span[],
  lost: (before: RecordPlace, after: RecordPlace) => number | null = () => 0,
  destroyed: readonly Span[] = [],
): Gap[] {
  return spans.flatMap((span, i) => {
    const next = spans[i + 1];
    if (!next || next.fromMs - span.toMs <= gapMs) return [];
    if (span.clock === 'untrusted' || next.clock === 'untrusted') return [];
    const gap = { fromMs: span.toMs, toMs: next.fromMs, lost: lost(span.last, next.first) };
    const whole = !destroyed.some(({ fromMs, toMs }) => fromMs < gap.toMs && toMs > gap.fromMs);
    return [{ ...gap, intended: next.afterPause && whole }];
  });
}

/** Whether the ring has overwritten a segment between these two. */
function overwrittenBetween(index: RingIndex, segmentCount: number, from: number, to: number): boolean {
  if (to - from > segmentCount) return true;
  for (let sequence = from + 1; sequence < to; sequence++) {
    if ((index.inSlot(sequence % segmentCount)?.sequence ?? 0) > sequence) return true;
  }
  return false;
}

/** One row a segment, oldest first. */
export function segmentRows(index: RingIndex, keys: RecordKeys): SegmentRow[] {
  return index.segments().map((entries) => {
    const { sequence, slot, length: records, usedBytes } = entries;
    const { firstMs: fromMs, lastMs: toMs } = summaryOf(entries);
    const states = {
      communal: keys.stateOf(sequence, 'communal'),
      terminus: keys.stateOf(sequence, 'terminus'),
    };
    return { sequence, slot, records, usedBytes, fromMs, toMs, clock: entries.clock, keys: states };
  });
}

export function listing(
  shape: { cameraId: string; segmentBytes: number; segmentCount: number },
  index: RingIndex,
  keys: RecordKeys,
): Listing {
  const { cameraId, segmentBytes, segmentCount } = shape;
  const { readable, destroyed, missing } = showAll(index, keys);
  const spans = coverage(readable);
  const gone = coverage(destroyed);
  const lost = (before: RecordPlace, after: RecordPlace): number | null =>
    overwrittenBetween(index, segmentCount, before.segment, after.segment)
      ? null
      : missing(before.number, after.number);
  return {
    cameraId,
    segmentBytes,
    segmentCount,
    segments: segmentRows(index, keys),
    coverage: spans,
    gaps: gaps(spans, lost, gone),
    destroyed: gone,
    correctionsIgnored: index
      .segments()
      .reduce((sum, { times }) => sum + times.filter(({ believed }) => !believed).length, 0),
  };
}
