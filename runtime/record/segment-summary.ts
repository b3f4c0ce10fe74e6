/** What a segment holds, in a few values: made by segment-entries.ts for retention, holds, the register and the lists. Pure. */
import { type RecordClass, recordClasses } from './key-sector.js';
import type { SegmentEntries } from './segment-entries.js';

/** What a segment holds under one class. */
export interface ClassSpan {
  /** wall clock of the earliest first and of the latest last picture, milliseconds; null without records */
  firstMs: number | null;
  lastMs: number | null;
  records: number;
}

/** A segment as retention, holds and the register see it. */
export interface SegmentSummary {
  sequence: number;
  slot: number;
  /** wall clock of its earliest and latest picture, milliseconds; null when it holds no record */
  firstMs: number | null;
  lastMs: number | null;
  perClass: Record<RecordClass, ClassSpan>;
  /** the wall clock of every record was trusted, or corrected since */
  trusted: boolean;
  /** that of some was corrected */
  corrected: boolean;
}

export function spansOf(entries: SegmentEntries): Record<RecordClass, ClassSpan> {
  const empty = (): ClassSpan => ({ firstMs: null, lastMs: null, records: 0 });
  const spans: Record<RecordClass, ClassSpan> = { communal: empty(), terminus: empty() };
  for (let i = 0; i < entries.length; i++) {
    const { class: of, wallFirstUs, wallLastUs } = entries.at(i);
    const span = spans[of];
    span.firstMs = Math.min(span.firstMs ?? Number.POSITIVE_INFINITY, wallFirstUs / 1000);
    span.lastMs = Math.max(span.lastMs ?? Number.NEGATIVE_INFINITY, wallLastUs / 1000);
    span.records += 1;
  }
  return spans;
}

export function summaryFrom(entries: SegmentEntries): SegmentSummary {
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
    trusted: entries.clock !== 'untrusted',
    corrected: entries.clock === 'corrected',
  };
}
