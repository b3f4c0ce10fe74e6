/**
 * What the ring holds, as spans of time: for `vigie store list`, the console and error messages. Reads the index
 * only, never the card.
 */
import type { RecordClass } from './key-sector.js';
import type { KeyState, RecordKeys } from './key-table.js';
import { type RecordEntry, type RingIndex, summaryOf } from './ring-index.js';
import { showAll } from './selection.js';

/** Pictures further apart than this are a gap. */
const gapMs = 2_000;

export interface Span {
  /** wall clock, milliseconds */
  fromMs: number;
  toMs: number;
  gops: number;
  pictures: number;
  /** the wall clock was trusted all along */
  clockTrusted: boolean;
  /** what is missing before it was not to be recorded */
  afterPause: boolean;
}

/** Time without a picture. */
export interface Gap {
  fromMs: number;
  toMs: number;
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
}

/** Stretches without a gap, in the order in which they were recorded. */
export function coverage(records: Iterable<RecordEntry>): Span[] {
  const spans: Span[] = [];
  for (const entry of records) {
    const fromMs = entry.wallFirstUs / 1000;
    const toMs = entry.wallLastUs / 1000;
    const span = spans.at(-1);
    if (span && fromMs - span.toMs <= gapMs && fromMs >= span.toMs - gapMs) {
      span.toMs = Math.max(span.toMs, toMs);
      span.gops += entry.continues ? 0 : 1;
      span.pictures += entry.units;
      span.clockTrusted &&= entry.clockTrusted;
    } else {
      const { units: pictures, clockTrusted, afterPause } = entry;
      spans.push({ fromMs, toMs, gops: 1, pictures, clockTrusted, afterPause });
    }
  }
  return spans;
}

/** Time between one span and the next; a clock that was set back makes none. Where something was destroyed, none is intended. */
export function gaps(spans: readonly Span[], destroyed: readonly Span[] = []): Gap[] {
  return spans.flatMap((span, i) => {
    const next = spans[i + 1];
    if (!next || next.fromMs <= span.toMs) return [];
    const gap = { fromMs: span.toMs, toMs: next.fromMs };
    const whole = !destroyed.some(({ fromMs, toMs }) => fromMs < gap.toMs && toMs > gap.fromMs);
    return [{ ...gap, intended: next.afterPause && whole }];
  });
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
    return { sequence, slot, records, usedBytes, fromMs, toMs, keys: states };
  });
}

export function listing(
  shape: { cameraId: string; segmentBytes: number; segmentCount: number },
  index: RingIndex,
  keys: RecordKeys,
): Listing {
  const { cameraId, segmentBytes, segmentCount } = shape;
  const { readable, destroyed } = showAll(index, keys);
  const spans = coverage(readable);
  const gone = coverage(destroyed);
  return {
    cameraId,
    segmentBytes,
    segmentCount,
    segments: segmentRows(index, keys),
    coverage: spans,
    gaps: gaps(spans, gone),
    destroyed: gone,
  };
}
