/**
 * Brings the register up to what the store is: births, seals and destructions that it does not tell yet. Called by
 * retention.ts at the start, every 10 s and whenever the store says that a segment changed; so that a cut between a
 * destruction and its entry, or a register that could not be written, leaves nothing untold.
 */
import {
  type Entry,
  mostTogether,
  type RegisterEvent,
  type SegmentTold,
  type Span,
  toldTogether,
} from '../access/register/entry.js';
import type { SegmentStanding, Standing } from '../access/register/standing.js';
import { type RecordClass, recordClasses } from './key-sector.js';
import { type ClassTimes, dayMs, dueMs, type Placed } from './retention-terms.js';
import { Stretches } from './stretches.js';
import type { Corrected } from './time-corrections.js';

/** A key that may still open recordings. */
export interface LiveKey {
  segmentSequence: number;
  class: RecordClass;
  /** wall clock when it was made, milliseconds */
  createdMs: number;
  clockTrusted: boolean;
}

/** What the register is asked for. */
export interface RegisterPort {
  readonly standing: Standing;
  append(event: RegisterEvent): Promise<Entry>;
}

export interface Told {
  storeId: string;
  placed: readonly Placed[];
  live: Iterable<LiveKey>;
  /** the same, by segment */
  liveOf: ReadonlyMap<number, ReadonlySet<RecordClass>>;
  nowMs: number;
  /** told after the fact: it happened before this process began, or an entry could not be written */
  late: boolean;
}

/**
 * What is to be told of the segments of one store, gathered into few entries: each costs a signature, a sync and its
 * place for years. What happened to one segment stays in order.
 */
export class Telling {
  #waiting: SegmentTold[] = [];
  readonly #of = new Set<number>();
  #added = 0;

  constructor(
    private readonly register: RegisterPort,
    readonly storeId: string,
  ) {}

  /** What was ever added. */
  get added(): number {
    return this.#added;
  }

  /** Nothing that was added waits for its entry. */
  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether the destruction of this key waits for its entry. */
  tellsGone(segment: number, of: RecordClass): boolean {
    if (!this.#of.has(segment)) return false;
    return this.#waiting.some(
      (told) => told.kind === 'key-destroyed' && told.segment === segment && told.classes.includes(of),
    );
  }

  /** How the register stands on this segment, what was added included. */
  async standing(segment: number): Promise<SegmentStanding | undefined> {
    if (this.#of.has(segment)) await this.flush();
    return this.register.standing.get(this.storeId, segment);
  }

  async add(told: SegmentTold): Promise<void> {
    this.#waiting.push(told);
    this.#added += 1;
    this.#of.add(told.segment);
    if (this.#waiting.length >= mostTogether) await this.flush();
  }

  /** Resolves when all that was added is on the device. Rejects with what the register said when it cannot be written. */
  async flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#of.clear();
    if (waiting.length > 0) await this.register.append(toldTogether(this.storeId, waiting));
  }
}

/** Adds what is missing, oldest first. Rejects with what the register said when it cannot be written. */
export async function tellMissing(register: RegisterPort, telling: Telling, now: Told): Promise<void> {
  const { storeId, placed, liveOf } = now;
  const late = now.late ? ({ late: true } as const) : {};
  const stretches = new Stretches();
  let newest = placed.at(-1)?.sequence ?? 0;
  const unborn: number[] = [];
  for (const segment of liveOf.keys()) {
    newest = Math.max(newest, segment);
    if (!register.standing.get(storeId, segment)) unborn.push(segment);
    const pause = stretches.next();
    if (pause) await pause;
  }
  for (const segment of unborn.sort((a, b) => a - b)) {
    const pause = stretches.next();
    if (pause) await pause;
    await telling.add({ kind: 'segment-born', segment, ...late });
  }
  for (const segment of placed) {
    const pause = stretches.next();
    if (pause) await pause;
    // Into the newest more may go, as long as it has its keys.
    const left = segment.sequence < newest || !liveOf.has(segment.sequence);
    const told = register.standing.get(storeId, segment.sequence)?.sealed;
    const betterKnown = told && !told.timesSure && segment.trusted;
    if (left && (!told || betterKnown)) await tellSealed(telling, segment, now);
  }
  for (const known of [...register.standing.segments.values()]) {
    const pause = stretches.next();
    if (pause) await pause;
    if (known.storeId !== storeId) continue;
    const { segment } = known;
    const stays = liveOf.get(segment);
    const untold = (of: RecordClass): boolean => !known.destroyed.has(of) && !stays?.has(of);
    if (!recordClasses.some((of) => untold(of) && !telling.tellsGone(segment, of))) continue;
    const standing = await telling.standing(segment);
    const gone = recordClasses.filter((of) => !standing?.destroyed.has(of) && !stays?.has(of));
    if (standing && gone.length > 0) {
      await telling.add({ ...goneEvent(register.standing, standing, gone, now), ...late });
    }
  }
}

/** Tells each boot whose times are corrected, once. */
export async function tellCorrections(
  register: RegisterPort,
  storeId: string,
  corrected: readonly Corrected[],
  late: boolean,
): Promise<void> {
  for (const { run, offsetUs, firstSegment, lastSegment } of corrected) {
    if (register.standing.corrected(storeId, run)) continue;
    const offsetMs = Math.round(offsetUs / 1000);
    const event = { kind: 'time-corrected', storeId, run, offsetMs, firstSegment, lastSegment } as const;
    await register.append({ ...event, ...(late ? { late: true as const } : {}) });
  }
}

/** Tells the times of a segment that is left, once they are known. */
export async function tellSealed(telling: Telling, segment: Placed, now: Told): Promise<void> {
  const standing = await telling.standing(segment.sequence);
  const { firstMs, lastMs, trusted, corrected } = segment;
  // What was told with bounds is told again when it is corrected.
  if (!standing || (standing.sealed && (standing.sealed.timesSure || !trusted))) return;
  if (!Number.isFinite(firstMs) || !Number.isFinite(lastMs)) return;
  const span = (times: ClassTimes | null): Span =>
    times && (trusted ? rounded(times) : { records: times.records, ...bounds(firstMs, lastMs) });
  await telling.add({
    kind: 'segment-sealed',
    segment: segment.sequence,
    ...bounds(firstMs, lastMs),
    communal: span(segment.perClass.communal),
    terminus: span(segment.perClass.terminus),
    timesSure: trusted,
    ...(trusted && corrected ? { timesCorrected: true as const } : {}),
    ...(now.late ? { late: true } : {}),
  });
}

/** Keys that are gone without a word: overwritten by the ring, or by a term whose entry was cut off. */
function goneEvent(
  { terms }: Standing,
  { segment, sealed }: SegmentStanding,
  classes: RecordClass[],
  { nowMs }: Told,
): Extract<SegmentTold, { kind: 'key-destroyed' }> {
  const event = { kind: 'key-destroyed', segment, classes } as const;
  if (!sealed) return { ...event, reason: 'space' };
  const { communal, terminus, timesSure, firstMs, lastMs } = sealed;
  const placed = {
    sequence: segment,
    trusted: timesSure,
    firstMs,
    lastMs,
    perClass: { communal, terminus },
  };
  const dues = classes.flatMap((of) => dueMs(placed, of, terms) ?? []);
  const due = dues.length > 0 ? Math.max(...dues) : Number.POSITIVE_INFINITY;
  if (due <= nowMs) return { ...event, reason: 'term', dueMs: due };
  const minimumDays = terms.at(-1)?.terms.minimumDays ?? 0;
  const lastOf = Math.max(...classes.map((of) => sealed[of]?.lastMs ?? Number.NEGATIVE_INFINITY));
  const beforeMinimum = lastOf + minimumDays * dayMs > nowMs;
  return { ...event, reason: 'space', ...(beforeMinimum ? { beforeMinimum } : {}) };
}

/** Classes of which a segment has a key; shared, not to be changed. */
const both: ReadonlySet<RecordClass> = new Set(recordClasses);
const only: Record<RecordClass, ReadonlySet<RecordClass>> = {
  communal: new Set(['communal']),
  terminus: new Set(['terminus']),
};

export async function classesBySegment(
  live: Iterable<LiveKey>,
): Promise<Map<number, ReadonlySet<RecordClass>>> {
  const found = new Map<number, ReadonlySet<RecordClass>>();
  const stretches = new Stretches();
  for (const { segmentSequence, class: of } of live) {
    const known = found.get(segmentSequence);
    found.set(segmentSequence, known && !known.has(of) ? both : only[of]);
    const pause = stretches.next();
    if (pause) await pause;
  }
  return found;
}

/** Outwards, so that no picture lies outside of what is told. */
function bounds(firstMs: number, lastMs: number): { firstMs: number; lastMs: number } {
  return { firstMs: Math.floor(firstMs), lastMs: Math.ceil(lastMs) };
}

function rounded({ records, firstMs, lastMs }: ClassTimes): Span {
  return { records, ...bounds(firstMs, lastMs) };
}
