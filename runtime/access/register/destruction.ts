/**
 * "Was this interval destroyed?", answered from the entries of the register alone: what was recorded in it, what became of
 * each piece, and when nothing was. Fed entry by entry by proof.ts and the `vigie store destroyed` command. Knows no
 * picture, and names no requisition: that an interval is held is nobody's business but the court's.
 */
import { type RecordClass, recordClasses } from '../../record/key-sector.js';
import { dueMs, holdOver } from '../../record/retention-terms.js';
import type { EntryOf, Hold, TermsSince, Told } from './entry.js';
import { segmentKey } from './standing.js';

/** A piece of what was recorded, of one class and in one segment. */
export interface Piece {
  segment: number;
  class: RecordClass;
  fromMs: number;
  toMs: number;
  /** false: the clock was not known to be right, and the times are bounds */
  timesSure: boolean;
  /** the clock was not known to be right, and the times are corrected since */
  timesCorrected?: true;
  /** the newest segment, not told in full: it may reach to the end of the interval, or have ended before */
  open?: true;
  /** null while its key is there */
  destroyed: { atMs: number; reason: 'term' | 'space' | 'order'; late: boolean; clockSure: boolean } | null;
  /** when it is due, while it is there */
  untilMs: number | null;
}

export interface Answer {
  fromMs: number;
  toMs: number;
  /** time of the last entry that the answer rests on */
  asOfMs: number | null;
  /** the register knows nothing before this */
  registerFromMs: number | null;
  /** what it knew from before was removed: it has grown older than its memory */
  forgotten: boolean;
  pieces: Piece[];
  /** stretches of the interval in which nothing was recorded */
  gaps: { fromMs: number; toMs: number }[];
  /** something recorded after the interval is told: nothing can be added to the interval any more */
  final: boolean;
  /** `none`: nothing was recorded. `partly`: some of it is still there. `unknown`: before what the register knows */
  verdict: 'destroyed' | 'kept' | 'partly' | 'none' | 'unknown';
}

interface Story {
  born: EntryOf<'segment-born'> | null;
  sealed: EntryOf<'segment-sealed'> | null;
  destroyed: Map<RecordClass, EntryOf<'key-destroyed'>>;
}

/** Between two GOPs less than this apart nothing is missing. */
const leastGapMs = 2000;

export class Destruction {
  readonly #stories = new Map<string, Story>();
  #terms: TermsSince[] = [];
  #holds: Hold[] = [];
  #firstMs: number | null = null;
  #firstN: number | null = null;
  /** the oldest entry that is not told removed */
  #beginning = 1;
  #lastMs: number | null = null;
  #lastN = 0;
  #lastBornN = 0;
  /** the last segment before the interval, the first after it */
  #before: EntryOf<'segment-sealed'> | null = null;
  /** seals of segments that seemed to lie in the interval until they were told: what is recorded in two stores is not told in order */
  readonly #notInIt = new Set<number>();
  #after: EntryOf<'segment-sealed'> | null = null;

  constructor(private readonly asked: { fromMs: number; toMs: number }) {}

  /** Number of the oldest entry that was fed. */
  get firstN(): number | null {
    return this.#firstN;
  }

  /** Numbers of the destructions that the answer rests on, and of the seals that say of a segment that it is not in it. */
  get reasons(): Set<number> {
    const stories = [...this.#stories.values()];
    const destructions = stories.flatMap(({ destroyed }) => [...destroyed.values()].map(({ n }) => n));
    return new Set([...destructions, ...this.#notInIt]);
  }

  /**
   * The entries that leave no room for anything else in the interval: from the last segment that was sealed before it to the
   * first that was begun and sealed after it; from the first entry, or to the last, where there is none.
   */
  get stretch(): { first: number; last: number } {
    const { toMs } = this.asked;
    const within = [...this.#stories.values()].filter(
      ({ born, sealed }) => sealed || (born?.at ?? 0) <= toMs,
    );
    const stories = within.flatMap(({ born, sealed }) => [born?.n, sealed?.n]);
    const numbers = [this.#before?.n ?? this.#beginning, ...stories.filter((n) => n !== undefined)];
    return { first: Math.min(...numbers), last: Math.max(this.#after?.n ?? this.#lastN, ...numbers) };
  }

  feed(entry: Told): void {
    this.#firstMs ??= entry.at;
    this.#firstN ??= entry.n;
    this.#lastMs = entry.at;
    this.#lastN = entry.n;
    switch (entry.kind) {
      case 'volume-begun':
        if (this.#terms.length === 0) this.#terms = entry.terms;
        this.#holds = entry.holds;
        return;
      case 'volumes-removed':
        this.#beginning = Math.max(this.#beginning, entry.last + 1);
        return;
      case 'terms-set':
        this.#terms = [...this.#terms, { sinceMs: entry.at, terms: entry.terms }];
        return;
      case 'hold-set':
        this.#holds = [...this.#holds, entry.hold];
        return;
      case 'hold-released':
        this.#holds = this.#holds.filter(({ requisition }) => requisition !== entry.requisition);
        return;
      case 'segment-born':
        this.#lastBornN = entry.n;
        this.#stories.set(segmentKey(entry.storeId, entry.segment), {
          born: entry,
          sealed: null,
          destroyed: new Map(),
        });
        return;
      case 'segment-sealed':
        this.#sealed(entry);
        return;
      case 'key-destroyed':
        this.#destroyed(entry);
        return;
      default:
    }
  }

  answer(): Answer {
    const { fromMs, toMs } = this.asked;
    const pieces = [...this.#stories.values()]
      .flatMap((story) => this.#pieces(story))
      .filter((piece) => this.#overlaps(piece.fromMs, piece.toMs))
      .sort((a, b) => a.fromMs - b.fromMs || a.segment - b.segment || (a.class < b.class ? -1 : 1));
    const gone = pieces.filter(({ destroyed }) => destroyed !== null).length;
    const registerFromMs = this.#firstMs;
    const nothing = registerFromMs === null || fromMs < registerFromMs ? 'unknown' : 'none';
    const verdict =
      pieces.length === 0 ? nothing : gone === pieces.length ? 'destroyed' : gone === 0 ? 'kept' : 'partly';
    return {
      fromMs,
      toMs,
      asOfMs: this.#lastMs,
      registerFromMs,
      forgotten: this.#beginning > 1,
      pieces,
      gaps: gapsIn(pieces, Math.max(fromMs, registerFromMs ?? toMs), toMs),
      final: this.#after !== null,
      verdict,
    };
  }

  #sealed(entry: EntryOf<'segment-sealed'>): void {
    const key = segmentKey(entry.storeId, entry.segment);
    const story = this.#stories.get(key) ?? { born: null, sealed: null, destroyed: new Map() };
    if (this.#overlaps(entry.firstMs, entry.lastMs)) {
      this.#stories.set(key, { ...story, sealed: entry });
      if (!entry.timesCorrected) this.#after = null;
      return;
    }
    this.#stories.delete(key);
    const begun = story.born && story.born.at <= this.asked.toMs;
    const inOrder = entry.lastMs < this.asked.fromMs && !this.#anySealed;
    if (story.sealed || (begun && !inOrder)) this.#notInIt.add(entry.n);
    // Told a second time, with its times corrected: it says nothing of what was recorded next before or after it.
    if (entry.timesCorrected) return;
    if (entry.firstMs > this.asked.toMs) this.#after ??= entry;
    else if (!this.#anySealed) this.#before = entry;
  }

  get #anySealed(): boolean {
    return [...this.#stories.values()].some(({ sealed }) => sealed);
  }

  #destroyed(entry: EntryOf<'key-destroyed'>): void {
    const story = this.#stories.get(segmentKey(entry.storeId, entry.segment));
    for (const of of entry.classes) story?.destroyed.set(of, entry);
  }

  #overlaps(firstMs: number, lastMs: number): boolean {
    return firstMs <= this.asked.toMs && lastMs >= this.asked.fromMs;
  }

  #pieces({ born, sealed, destroyed }: Story): Piece[] {
    if (!sealed) return born ? this.#unsealed(born, destroyed) : [];
    return recordClasses.flatMap((of) => {
      const span = sealed[of];
      if (!span) return [];
      const gone = destroyed.get(of);
      return [
        {
          segment: sealed.segment,
          class: of,
          fromMs: span.firstMs,
          toMs: span.lastMs,
          timesSure: sealed.timesSure,
          ...(sealed.timesCorrected && { timesCorrected: true as const }),
          destroyed: gone ? destruction(gone) : null,
          untilMs: gone ? null : this.#until(sealed, of),
        },
      ];
    });
  }

  /**
   * Being recorded now, or never told in full: it reaches from its birth to its destruction at most. Of the newest one nobody
   * can say yet where it ends: what was asked about is not said to be empty for it.
   */
  #unsealed(born: EntryOf<'segment-born'>, gone: Story['destroyed']): Piece[] {
    const one = [...gone.values()][0];
    const newest = born.n === this.#lastBornN;
    const latestMs = Math.max(born.at, this.#lastMs ?? born.at, newest ? this.asked.toMs : 0);
    const piece = {
      segment: born.segment,
      class: 'communal' as const,
      fromMs: born.at,
      toMs: one?.at ?? latestMs,
      timesSure: false,
      ...(newest && !one ? { open: true as const } : {}),
    };
    return [{ ...piece, destroyed: one ? destruction(one) : null, untilMs: null }];
  }

  #until(sealed: EntryOf<'segment-sealed'>, of: RecordClass): number | null {
    const { communal, terminus, timesSure, firstMs, lastMs, segment } = sealed;
    const placed = {
      sequence: segment,
      trusted: timesSure,
      firstMs,
      lastMs,
      perClass: { communal, terminus },
    };
    const due = dueMs(placed, of, this.#terms);
    if (due === null) return null;
    return Math.max(due, holdOver(this.#holds, placed, this.#lastMs ?? 0)?.untilMs ?? due);
  }
}

function destruction(entry: EntryOf<'key-destroyed'>): NonNullable<Piece['destroyed']> {
  return { atMs: entry.at, reason: entry.reason, late: entry.late === true, clockSure: entry.trusted };
}

/** What no piece covers. */
function gapsIn(pieces: readonly Piece[], fromMs: number, toMs: number): Answer['gaps'] {
  const gaps: Answer['gaps'] = [];
  let coveredMs = fromMs;
  for (const piece of pieces) {
    if (piece.fromMs - coveredMs >= leastGapMs) gaps.push({ fromMs: coveredMs, toMs: piece.fromMs });
    coveredMs = Math.max(coveredMs, piece.toMs);
  }
  if (toMs - coveredMs >= leastGapMs) gaps.push({ fromMs: coveredMs, toMs });
  return gaps;
}
