/**
 * When the keys of a segment are due (docs/retention.md, R1 to R6). Used by retention.ts and by the proof of destruction.
 * Pure: terms, holds and times come from the caller.
 */
import type { Hold, TermsSince } from '../access/register/entry.js';
import { type RecordClass, recordClasses } from './key-sector.js';
import { Stretches } from './stretches.js';

export const dayMs = 86_400_000;
/** CSI L252-5: what is kept when nothing says how long. */
export const longestDays = 30;

/** Wall clock of the first and of the last picture of a class in a segment. */
export interface ClassTimes {
  firstMs: number;
  lastMs: number;
  records: number;
}

export interface SegmentTimes {
  sequence: number;
  /** null where there is no record of that class */
  perClass: Record<RecordClass, ClassTimes | null>;
  /** whether the clock was known to be right for all of it, or its times are corrected */
  trusted: boolean;
  /** some of its times are corrected */
  corrected?: boolean;
}

/** Time, under a right clock, by which a segment was known to exist; null when there is none yet. */
type KnownBy = (sequence: number) => number | null;

/** What a segment holds may have to be worked out from its records, so that fewer make a stretch. */
const fewSegments = 200;

/** Where in time a segment lies: itself where the clock was right, else between its neighbours. */
export interface Placed extends SegmentTimes {
  firstMs: number;
  lastMs: number;
}

/**
 * Places segments in time. One that was recorded under a wrong clock lies after the one before it that was not, and
 * before the next one, or before the time by which it was known to exist.
 * @param segments oldest first
 */
export function placeSegments(segments: Iterable<SegmentTimes>, knownByMs: KnownBy): Placed[] {
  const placing = placeOneByOne(segments, knownByMs);
  for (;;) {
    const step = placing.next();
    if (step.done) return step.value;
  }
}

/** The same, with pauses in which other things run. */
export async function placeInStretches(
  segments: Iterable<SegmentTimes>,
  knownByMs: KnownBy,
): Promise<Placed[]> {
  const stretches = new Stretches(fewSegments);
  const placing = placeOneByOne(segments, knownByMs);
  for (;;) {
    const step = placing.next();
    if (step.done) return step.value;
    const pause = stretches.next();
    if (pause) await pause;
  }
}

/** Where this segment lies; null when it is not there. Neighbours are looked at only where it needs them. */
export function placeOne(
  sequence: number,
  segments: () => Iterable<SegmentTimes>,
  knownByMs: KnownBy,
): Placed | null {
  for (const segment of segments()) {
    if (segment.sequence < sequence) continue;
    const sure = segment.sequence === sequence && segment.trusted ? placedByItself(segment) : null;
    if (sure) return sure;
    break;
  }
  return placeSegments(segments(), knownByMs).find((placed) => placed.sequence === sequence) ?? null;
}

function* placeOneByOne(segments: Iterable<SegmentTimes>, knownByMs: KnownBy): Generator<void, Placed[]> {
  const placed: Placed[] = [];
  let beforeMs: number | null = null;
  let unsure = false;
  for (const segment of segments) {
    yield;
    const sure = segment.trusted ? placedByItself(segment) : null;
    const own = segment.trusted ? null : ownTimes(segment);
    if (sure) {
      placed.push(sure);
      beforeMs = sure.lastMs;
    } else if (own) {
      unsure = true;
      placed.push({ ...segment, firstMs: beforeMs ?? Number.NaN, lastMs: Number.NaN });
    }
  }
  if (!unsure) return placed;
  let afterMs: number | null = null;
  for (const segment of placed.reverse()) {
    yield;
    if (segment.trusted) afterMs = segment.firstMs;
    else {
      const latestMs: number = Math.min(afterMs ?? Infinity, knownByMs(segment.sequence) ?? Infinity);
      segment.lastMs = latestMs;
      if (Number.isNaN(segment.firstMs)) segment.firstMs = latestMs;
    }
  }
  return placed.reverse();
}

/**
 * When a class of a segment is due: as soon as its first record has reached its term, milliseconds. Infinity while it
 * cannot be placed; null when the segment holds nothing of that class.
 */
export function dueMs(segment: Placed, of: RecordClass, terms: readonly TermsSince[]): number | null {
  const times = segment.perClass[of];
  if (!times) return null;
  const startMs = segment.trusted ? times.firstMs : segment.firstMs;
  return startMs + daysFor(terms, of, startMs) * dayMs;
}

/** The fewest days that were in force for this class since then: a longer term never prolongs what was recorded before. */
export function daysFor(terms: readonly TermsSince[], of: RecordClass, startMs: number): number {
  const inForce = Math.max(
    0,
    terms.findLastIndex(({ sinceMs }) => sinceMs <= startMs),
  );
  const days = terms
    .slice(inForce)
    .map(({ terms: { communalDays, terminusDays } }) => (of === 'communal' ? communalDays : terminusDays));
  return Math.min(longestDays, ...days);
}

/** The hold that keeps an interval at this time; the one that lasts longest. */
export function holdOver(
  holds: readonly Hold[],
  { firstMs, lastMs }: { firstMs: number; lastMs: number },
  nowMs: number,
): Hold | null {
  const over = holds.filter((hold) => hold.untilMs > nowMs && hold.fromMs <= lastMs && hold.toMs >= firstMs);
  return over.sort((a, b) => b.untilMs - a.untilMs)[0] ?? null;
}

/** What needs no neighbour to be placed; kept while its times are the same, because every look places every segment. */
const byItself = new WeakMap<SegmentTimes, { placed: Placed; of: (ClassTimes | null)[] }>();

function placedByItself(segment: SegmentTimes): Placed | null {
  const { communal, terminus } = segment.perClass;
  const known = byItself.get(segment);
  if (known && known.of[0] === communal && known.of[1] === terminus) return known.placed;
  const own = ownTimes(segment);
  if (!own) return null;
  const placed = { ...segment, ...own };
  byItself.set(segment, { placed, of: [communal, terminus] });
  return placed;
}

function ownTimes({ perClass }: SegmentTimes): { firstMs: number; lastMs: number } | null {
  const spans = recordClasses.flatMap((of) => perClass[of] ?? []);
  if (spans.length === 0) return null;
  return {
    firstMs: Math.min(...spans.map(({ firstMs }) => firstMs)),
    lastMs: Math.max(...spans.map(({ lastMs }) => lastMs)),
  };
}
