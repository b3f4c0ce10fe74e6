/**
 * What is in the ring, in memory: its segments, and what corrects their times. Filled by ring.ts at start and by
 * writer.ts; read by read.ts, coverage.ts and the retention.
 */
import { type RecordClass, recordClasses } from './key-sector.js';
import type { ClassSpan, RecordEntry, SegmentEntries } from './segment-entries.js';
import { type ClockPoint, type Corrected, TimeCorrections } from './time-corrections.js';

export {
  type ClassSpan,
  essentialsOf,
  type RecordEntry,
  type RecordEssentials,
  SegmentEntries,
} from './segment-entries.js';

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

export function summaryOf(entries: SegmentEntries): SegmentSummary {
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

export class RingIndex {
  readonly corrections = new TimeCorrections();
  readonly #segments = new Map<number, SegmentEntries>();
  readonly #bySlot = new Map<number, number>();

  /** Enters a segment; the one that lay in its slot is forgotten. */
  add(entries: SegmentEntries): void {
    const old = this.#bySlot.get(entries.slot);
    if (old !== undefined) this.#segments.delete(old);
    entries.corrections = this.corrections;
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

  /** The entry of this record, looked for from the newest segment; undefined when it is gone. */
  find(record: number): RecordEntry | undefined {
    for (const entries of this.segments().reverse()) {
      if (entries.length > 0 && entries.at(0).record <= record) return entries.find(record);
    }
    return undefined;
  }

  /** Whether records of this run lie there that are not trusted, other than in those segments. */
  unsure(run: string, except: readonly SegmentEntries[] = []): boolean {
    for (const entries of this.#segments.values()) {
      if (entries.unsureRuns.has(run) && !except.includes(entries)) return true;
    }
    return false;
  }

  /** Whether a correction of this run that is believed lies in the ring, other than in those segments. */
  told(run: string, except: readonly SegmentEntries[] = []): boolean {
    for (const entries of this.#segments.values()) {
      if (entries.times.length === 0 || except.includes(entries)) continue;
      if (entries.times.some((time) => time.believed && time.run === run)) return true;
    }
    return false;
  }

  /** T1, T5 */
  believe(run: string, point: ClockPoint): void {
    this.corrections.believe(run, point);
  }

  /** Runs whose times are corrected, and where what they recorded lies. */
  corrected(among: (entries: SegmentEntries) => boolean): Corrected[] {
    const found = new Map<string, Corrected>();
    for (const entries of this.#segments.values()) {
      if (entries.unsureRuns.size === 0 || !among(entries)) continue;
      for (const run of entries.unsureRuns) {
        const offsetUs = this.corrections.offsetUs(run);
        if (offsetUs === null) continue;
        const { sequence } = entries;
        const { firstSegment, lastSegment } = found.get(run) ?? {
          firstSegment: sequence,
          lastSegment: sequence,
        };
        found.set(run, {
          run,
          offsetUs,
          firstSegment: Math.min(firstSegment, sequence),
          lastSegment: Math.max(lastSegment, sequence),
        });
      }
    }
    return [...found.values()];
  }

  /** Whether this record is still in the ring. */
  holds({ segment }: RecordEntry): boolean {
    return this.#segments.has(segment);
  }
}
