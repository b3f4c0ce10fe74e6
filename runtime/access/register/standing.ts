/**
 * How things stand after the entries so far: segments whose keys are not all told destroyed, holds, terms. Filled by
 * register.ts entry by entry; read by retention and holds. Forgets a segment once everything about it is told.
 */
import { type RecordClass, recordClasses } from '../../record/key-sector.js';
import type { EntryOf, Hold, TermsSince, Told } from './entry.js';

export interface SegmentStanding {
  storeId: string;
  segment: number;
  /** number of the entry that told its birth */
  bornN: number;
  sealed: Pick<
    EntryOf<'segment-sealed'>,
    'firstMs' | 'lastMs' | 'communal' | 'terminus' | 'timesSure'
  > | null;
  destroyed: Set<RecordClass>;
  /** time of the last entry before its birth that was written under a clock known to be right; null when told late */
  bornAfterMs: number | null;
  /** time of the first entry after its birth that was written under a clock known to be right */
  knownByMs: number | null;
}

export class Standing {
  /** by `segmentKey` */
  readonly segments = new Map<string, SegmentStanding>();
  holds: Hold[] = [];
  /** oldest first */
  terms: TermsSince[] = [];
  /** time of the newest entry that was written under a clock known to be right */
  lastTrustedMs: number | null = null;
  /** time of the newest destruction before the minimum */
  beforeMinimumMs: number | null = null;
  /** names of the damage told already */
  readonly damage = new Set<string>();
  /** entries up to this one are told removed; 0 when none is */
  removedUpTo = 0;
  /** number of the newest entry */
  n = 0;
  readonly #corrected = new Map<string, EntryOf<'time-corrected'>>();
  readonly #unplaced: SegmentStanding[] = [];
  /** the same segments, by store: a look over every segment asks for each */
  readonly #byStore = new Map<string, Map<number, SegmentStanding>>();

  apply(entry: Told): void {
    this.n = entry.n;
    const beforeMs = this.lastTrustedMs;
    if (entry.trusted) {
      this.lastTrustedMs = entry.at;
      for (const segment of this.#unplaced.splice(0)) segment.knownByMs = entry.at;
    }
    switch (entry.kind) {
      case 'volume-begun':
        this.holds = entry.holds;
        this.terms = entry.terms;
        return;
      case 'terms-set':
        this.terms = [...this.terms, { sinceMs: entry.at, terms: entry.terms }];
        return;
      case 'hold-set':
        this.holds = [...this.holds, entry.hold];
        return;
      case 'hold-released':
        this.holds = this.holds.filter(({ requisition }) => requisition !== entry.requisition);
        return;
      case 'volumes-removed':
        this.removedUpTo = Math.max(this.removedUpTo, entry.last);
        return;
      case 'time-corrected':
        this.#corrected.set(`${entry.storeId}/${entry.run}`, entry);
        return;
      case 'damage-found':
        for (const name of entry.findings) this.damage.add(name);
        return;
      default:
        this.#segment(entry, beforeMs);
    }
  }

  get(storeId: string, segment: number): SegmentStanding | undefined {
    return this.#byStore.get(storeId)?.get(segment);
  }

  /** What was told last of the clock of this boot. */
  corrected(storeId: string, run: string): EntryOf<'time-corrected'> | null {
    return this.#corrected.get(`${storeId}/${run}`) ?? null;
  }

  /** Whether segments were born since the last entry under a clock known to be right. */
  get unplaced(): boolean {
    return this.#unplaced.length > 0;
  }

  /** The oldest entry that a reader needs to come to the same standing. */
  get needs(): number {
    let oldest = this.n + 1;
    for (const { bornN } of this.segments.values()) oldest = Math.min(oldest, bornN);
    return oldest;
  }

  #segment(entry: Told, beforeMs: number | null): void {
    if (entry.kind === 'segment-born') this.#born(entry, entry.late ? null : beforeMs);
    else if (entry.kind === 'segment-sealed') {
      const { firstMs, lastMs, communal, terminus, timesSure } = entry;
      const segment = this.get(entry.storeId, entry.segment) ?? this.#born(entry, null);
      segment.sealed = { firstMs, lastMs, communal, terminus, timesSure };
    } else if (entry.kind === 'key-destroyed') this.#destroyed(entry);
  }

  #born(
    { storeId, segment, n }: { storeId: string; segment: number; n: number },
    bornAfterMs: number | null,
  ): SegmentStanding {
    const standing: SegmentStanding = {
      storeId,
      segment,
      bornN: n,
      sealed: null,
      destroyed: new Set(),
      bornAfterMs,
      knownByMs: null,
    };
    this.segments.set(segmentKey(storeId, segment), standing);
    const ofStore = this.#byStore.get(storeId) ?? new Map<number, SegmentStanding>();
    this.#byStore.set(storeId, ofStore.set(segment, standing));
    this.#unplaced.push(standing);
    return standing;
  }

  #destroyed(entry: EntryOf<'key-destroyed'>): void {
    if (entry.beforeMinimum) this.beforeMinimumMs = entry.at;
    const standing = this.get(entry.storeId, entry.segment);
    if (!standing) return;
    for (const name of entry.classes) standing.destroyed.add(name);
    if (standing.destroyed.size === recordClasses.length) {
      this.segments.delete(segmentKey(entry.storeId, entry.segment));
      this.#byStore.get(entry.storeId)?.delete(entry.segment);
    }
  }
}

export function segmentKey(storeId: string, segment: number): string {
  return `${storeId}/${segment}`;
}
