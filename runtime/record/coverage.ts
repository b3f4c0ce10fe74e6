/**
 * What the ring holds, as spans of time: for `vigie store list`, the console and error messages. Reads the index
 * only, never the card.
 */
import type { RingIndex } from './ring-index.js';

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
}

export interface SegmentRow {
  sequence: number;
  slot: number;
  records: number;
  usedBytes: number;
  /** null when it holds no record */
  fromMs: number | null;
  toMs: number | null;
}

export interface Listing {
  cameraId: string;
  segmentBytes: number;
  segmentCount: number;
  segments: SegmentRow[];
  coverage: Span[];
  gaps: { fromMs: number; toMs: number }[];
}

/** Stretches without a gap, in the order in which they were recorded. */
export function coverage(index: RingIndex): Span[] {
  const spans: Span[] = [];
  for (const entry of index.records()) {
    const fromMs = entry.wallFirstUs / 1000;
    const toMs = entry.wallLastUs / 1000;
    const span = spans.at(-1);
    if (span && fromMs - span.toMs <= gapMs && fromMs >= span.toMs - gapMs) {
      span.toMs = Math.max(span.toMs, toMs);
      span.gops += entry.continues ? 0 : 1;
      span.pictures += entry.units;
      span.clockTrusted &&= entry.clockTrusted;
    } else {
      spans.push({ fromMs, toMs, gops: 1, pictures: entry.units, clockTrusted: entry.clockTrusted });
    }
  }
  return spans;
}

/** Time between one span and the next; a clock that was set back makes none. */
export function gaps(spans: readonly Span[]): { fromMs: number; toMs: number }[] {
  return spans.flatMap((span, i) => {
    const next = spans[i + 1];
    return next && next.fromMs > span.toMs ? [{ fromMs: span.toMs, toMs: next.fromMs }] : [];
  });
}

/** One row a segment, oldest first. */
export function segmentRows(index: RingIndex): SegmentRow[] {
  return index.segments().map((entries) => {
    let fromMs = Number.POSITIVE_INFINITY;
    let toMs = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries.at(i);
      fromMs = Math.min(fromMs, entry.wallFirstUs / 1000);
      toMs = Math.max(toMs, entry.wallLastUs / 1000);
    }
    const { sequence, slot, length: records, usedBytes } = entries;
    const empty = records === 0;
    return { sequence, slot, records, usedBytes, fromMs: empty ? null : fromMs, toMs: empty ? null : toMs };
  });
}

export function listing(
  shape: { cameraId: string; segmentBytes: number; segmentCount: number },
  index: RingIndex,
): Listing {
  const { cameraId, segmentBytes, segmentCount } = shape;
  const spans = coverage(index);
  return {
    cameraId,
    segmentBytes,
    segmentCount,
    segments: segmentRows(index),
    coverage: spans,
    gaps: gaps(spans),
  };
}
