/**
 * Brings the register up to what the store is: births, seals and destructions that it does not tell yet. Called by
 * retention.ts at the start, every 10 s and whenever the store says that a segment changed; so that a cut between a
 * destruction and its entry, or a register that could not be written, leaves nothing untold.
 */
import type { Entry, RegisterEvent, Span } from '../access/register/entry.js';
import type { SegmentStanding, Standing } from '../access/register/standing.js';
import { type RecordClass, recordClasses } from './key-sector.js';
import { type ClassTimes, dayMs, dueMs, type Placed } from './retention-terms.js';
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
  live: readonly LiveKey[];
  nowMs: number;
  /** told after the fact: it happened before this process began, or an entry could not be written */
  late: boolean;
}

/** Appends what is missing, oldest first. Rejects with what the register said when it cannot be written. */
export async function tellMissing(register: RegisterPort, now: Told): Promise<void> {
  const { storeId, placed, live } = now;
  const late = now.late ? ({ late: true } as const) : {};
  const liveOf = classesBySegment(live);
  for (const segment of [...liveOf.keys()].sort((a, b) => a - b)) {
    if (!register.standing.get(storeId, segment)) {
      await register.append({ kind: 'segment-born', storeId, segment, ...late });
    }
  }
  let newest = placed.at(-1)?.sequence ?? 0;
  for (const segment of liveOf.keys()) newest = Math.max(newest, segment);
  for (const segment of placed) {
    // Into the newest more may go, as long as it has its keys.
    const left = segment.sequence < newest || !liveOf.has(segment.sequence);
    if (left) await tellSealed(register, segment, now);
  }
  for (const standing of [...register.standing.segments.values()]) {
    if (standing.storeId !== storeId) continue;
    const gone = recordClasses.filter(
      (of) => !standing.destroyed.has(of) && !liveOf.get(standing.segment)?.has(of),
    );
    if (gone.length > 0) await register.append({ ...goneEvent(register, standing, gone, now), ...late });
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
export async function tellSealed(register: RegisterPort, segment: Placed, now: Told): Promise<void> {
  const { storeId } = now;
  const standing = register.standing.get(storeId, segment.sequence);
  const { firstMs, lastMs, trusted, corrected } = segment;
  // What was told with bounds is told again when it is corrected.
  if (!standing || (standing.sealed && (standing.sealed.timesSure || !trusted))) return;
  if (!Number.isFinite(firstMs) || !Number.isFinite(lastMs)) return;
  const span = (times: ClassTimes | null): Span =>
    times && (trusted ? rounded(times) : { records: times.records, ...bounds(firstMs, lastMs) });
  await register.append({
    kind: 'segment-sealed',
    storeId,
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
  register: RegisterPort,
  { storeId, segment, sealed }: SegmentStanding,
  classes: RecordClass[],
  { nowMs }: Told,
): Extract<RegisterEvent, { kind: 'key-destroyed' }> {
  const { terms } = register.standing;
  const event = { kind: 'key-destroyed', storeId, segment, classes } as const;
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

export function classesBySegment(live: readonly LiveKey[]): Map<number, Set<RecordClass>> {
  const found = new Map<number, Set<RecordClass>>();
  for (const key of live) {
    const classes = found.get(key.segmentSequence) ?? new Set();
    found.set(key.segmentSequence, classes.add(key.class));
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
