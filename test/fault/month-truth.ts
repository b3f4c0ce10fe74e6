/**
 * What is true of a simulated month: every GOP, its true time, its class, where it was acknowledged, and when each key has
 * to go. Filled by month.ts; compares nothing with itself: violations are what the camera did otherwise. See docs/faults.md.
 */
import type { Terms } from '../../runtime/access/register/entry.js';
import type { RecordClass } from '../../runtime/record/key-sector.js';
import { dayMs } from '../../runtime/record/retention-terms.js';
import { around, gopMs, spanMs } from './month-camera.js';
import type { Acknowledged } from './month-card.js';

/** What may pass between a term and the destruction of its key. */
export const toleranceMs = 60_000;

export interface TrueGop {
  n: number;
  /** of its first picture */
  trueMs: number;
  terminus: boolean;
  /** what was expected to cost it */
  lost: 'cut' | 'room' | null;
  places: Place[];
}

/** A class of a segment: what one key opens. */
export interface Place {
  storeId: string;
  segment: number;
  class: RecordClass;
  gops: TrueGop[];
  /** true times of the first and of the last GOP */
  firstMs: number;
  lastMs: number;
  gone: { trueMs: number; by: 'term' | 'space'; clockSure: boolean } | null;
}

export interface TrueHold {
  requisition: string;
  fromMs: number;
  toMs: number;
  setMs: number;
  /** when it ends or was released */
  endMs: number;
}

/** When the camera looks, and what it may know then. */
export interface Moment {
  nowMs: number;
  /** since when the camera may know the time */
  knowsSinceMs: number;
}

export const placeKey = (place: { storeId: string; segment: number; class: RecordClass }): string =>
  `${place.storeId} ${place.segment} ${place.class}`;

export class Truth {
  readonly gops: TrueGop[] = [];
  readonly places = new Map<string, Place>();
  readonly holds: TrueHold[] = [];
  readonly violations: string[] = [];
  readonly #windows: { fromMs: number; toMs: number }[] = [];
  /** newest segment of each store in which something was acknowledged */
  readonly #newest = new Map<string, number>();

  constructor(
    readonly terms: Terms,
    /** segments in the ring of this store */
    private readonly slotsOf: (storeId: string) => number,
  ) {}

  fed(trueMs: number): TrueGop {
    const gop = { n: this.gops.length, trueMs, terminus: false, lost: null, places: [] };
    this.gops.push(gop);
    this.#markTerminus();
    return gop;
  }

  alert(trueMs: number): void {
    this.#windows.push({ fromMs: trueMs - around.beforeMs, toMs: trueMs + around.afterMs });
    this.#markTerminus();
  }

  stored({ n, ...where }: Omit<Acknowledged, 'seq'> & { n: number }): void {
    const gop = this.gops[n];
    if (!gop) return this.wrong(`a GOP ${n} was stored that was never fed`);
    if (gop.places.some((place) => place.class === where.class))
      this.wrong(`GOP ${n} was acknowledged twice as ${where.class}`);
    const key = placeKey(where);
    const place = this.places.get(key);
    const { trueMs } = gop;
    const made = place ?? { ...where, gops: [], firstMs: trueMs, lastMs: trueMs, gone: null };
    this.places.set(key, made);
    if (made.gone) this.wrong(`GOP ${n} was stored under a key that is destroyed`);
    made.gops.push(gop);
    made.firstMs = Math.min(made.firstMs, trueMs);
    made.lastMs = Math.max(made.lastMs, trueMs);
    gop.places.push(made);
    this.#newest.set(where.storeId, Math.max(where.segment, this.#newest.get(where.storeId) ?? 0));
  }

  wrong(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what);
  }

  daysOf(of: RecordClass): number {
    return of === 'communal' ? this.terms.communalDays : this.terms.terminusDays;
  }

  /** When the key of a place has to go, on time. */
  dueMs(place: Place): number {
    const termMs = place.firstMs + this.daysOf(place.class) * dayMs;
    if (this.holds.length === 0) return termMs;
    const [firstMs, lastMs] = this.#segmentSpan(place);
    const ends = this.holds
      .filter(({ fromMs, toMs, setMs }) => setMs < termMs && fromMs <= lastMs && toMs >= firstMs)
      .map(({ endMs }) => endMs);
    return Math.max(termMs, ...ends);
  }

  /** The next moment after which something has to be as it was not before. */
  nextMs(nowMs: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const place of this.places.values()) {
      if (place.gone) continue;
      const dueMs = this.dueMs(place);
      for (const atMs of [dueMs - 1000, dueMs + toleranceMs]) if (atMs > nowMs) next = Math.min(next, atMs);
    }
    return next;
  }

  /** @param live keys that are there, as `placeKey`, of the stores that answered */
  observe(live: ReadonlySet<string>, { nowMs, knowsSinceMs }: Moment): void {
    for (const [key, place] of this.places) {
      if (place.gone) {
        if (live.has(key)) this.wrong(`the key of ${key} came back`);
        continue;
      }
      const dueMs = this.dueMs(place);
      if (live.has(key)) {
        if (nowMs >= Math.max(dueMs, knowsSinceMs) + toleranceMs) this.wrong(`${key} is kept past its term`);
        continue;
      }
      const overwritten = this.overtaken(place);
      const by = overwritten && nowMs < dueMs ? 'space' : 'term';
      place.gone = { trueMs: nowMs, by, clockSure: knowsSinceMs <= nowMs };
      if (by === 'term' && nowMs < knowsSinceMs)
        this.wrong(`${key} was destroyed by a clock that is not sure`);
      if (nowMs < dueMs && !overwritten) this.wrong(`${key} was destroyed early`);
    }
  }

  /** The ring has come round to its slot. */
  overtaken({ storeId, segment }: Place): boolean {
    return (this.#newest.get(storeId) ?? 0) >= segment + this.slotsOf(storeId) - 3;
  }

  /** By its own time alone, wherever it lies: whether it has to be readable, has to be gone, or may be either. */
  duty(gop: TrueGop, { nowMs, knowsSinceMs }: Moment): 'readable' | 'gone' | 'either' {
    const termMs = gop.trueMs + this.daysOf(gop.terminus ? 'terminus' : 'communal') * dayMs;
    const ends = gop.places.map((place) => this.dueMs(place));
    const latestMs = Math.max(termMs, ...ends, knowsSinceMs);
    if (nowMs >= latestMs + toleranceMs) return 'gone';
    if (gop.lost === 'room') return 'gone';
    const dropped = gop.lost || gop.places.some((place) => place.gone?.by === 'space');
    const earliestMs = termMs - spanMs - (gop.terminus ? around.beforeMs + around.afterMs : 0);
    // The newest is still being gathered, as long as the camera runs.
    const whole = gop.places.length > 0 || gop !== this.gops.at(-1);
    return whole && !dropped && nowMs < earliestMs ? 'readable' : 'either';
  }

  #segmentSpan({ storeId, segment }: Place): [number, number] {
    const both = (['communal', 'terminus'] as const).flatMap(
      (of) => this.places.get(placeKey({ storeId, segment, class: of })) ?? [],
    );
    return [
      Math.min(...both.map(({ firstMs }) => firstMs)),
      Math.max(...both.map(({ lastMs }) => lastMs)) + gopMs,
    ];
  }

  #markTerminus(): void {
    for (const gop of this.gops.slice(-20)) {
      const covers = this.#windows
        .slice(-4)
        .some(({ fromMs, toMs }) => gop.trueMs <= toMs && gop.trueMs + gopMs >= fromMs);
      if (covers) gop.terminus = true;
    }
  }
}
