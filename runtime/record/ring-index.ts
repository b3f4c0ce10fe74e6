/**
 * What is in the ring, in memory: its segments, and what corrects their times. Filled by ring.ts at start and by
 * writer.ts; read by read.ts, coverage.ts and the retention.
 */
import type { RecordEntry, SegmentEntries } from './segment-entries.js';
import type { SegmentSummary } from './segment-summary.js';
import { type ClockPoint, type Corrected, TimeCorrections } from './time-corrections.js';

export {
  essentialsOf,
  type RecordEntry,
  type RecordEssentials,
  SegmentEntries,
} from './segment-entries.js';
export type { ClassSpan, SegmentSummary } from './segment-summary.js';

export function summaryOf(entries: SegmentEntries): SegmentSummary {
  return entries.summary();
}

function* summariesOf(all: readonly SegmentEntries[]): Generator<SegmentSummary, void> {
  for (const entries of all) yield entries.summary();
}

export class RingIndex {
  readonly corrections = new TimeCorrections();
  readonly #segments = new Map<number, SegmentEntries>();
  readonly #bySlot = new Map<number, number>();
  /** in order of their sequence; null when that has to be found anew */
  #inOrder: SegmentEntries[] | null = [];

  /** Enters a segment; the one that lay in its slot is forgotten. */
  add(entries: SegmentEntries): void {
    const old = this.#bySlot.get(entries.slot);
    if (old !== undefined) this.#segments.delete(old);
    entries.corrections = this.corrections;
    this.#bySlot.set(entries.slot, entries.sequence);
    this.#segments.set(entries.sequence, entries);
    this.#order(old, entries);
  }

  /** Keeps the order where a ring turns as it should: the oldest goes, a newer one than all comes. */
  #order(gone: number | undefined, entries: SegmentEntries): void {
    const all = this.#inOrder;
    if (all && gone !== undefined && all[0]?.sequence === gone) all.shift();
    else if (gone !== undefined) this.#inOrder = null;
    if ((all?.at(-1)?.sequence ?? 0) < entries.sequence) all?.push(entries);
    else this.#inOrder = null;
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
    this.#inOrder ??= [...this.#segments.values()].sort((a, b) => a.sequence - b.sequence);
    return this.#inOrder.slice();
  }

  /** The segments of this moment, oldest first; each summary is made when it is asked for. */
  summaries(): Iterable<SegmentSummary> {
    const all = this.segments();
    return { [Symbol.iterator]: () => summariesOf(all) };
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
