/** Which keys of a store are due now, and when the next one will be. Called by retention.ts. Changes nothing. */
import type { Standing } from '../access/register/standing.js';
import { type RecordClass, recordClasses } from './key-sector.js';
import type { LiveKey, Told } from './retention-telling.js';
import { dayMs, daysFor, dueMs, holdOver, type Placed } from './retention-terms.js';
import { Stretches } from './stretches.js';
import { beforeKeyMs, toldStartMs } from './told-age.js';

/** Keys of a segment that go together. */
export interface Due {
  sequence: number;
  /** null when the ring does not know the segment any more */
  segment: Placed | null;
  classes: RecordClass[];
  dueMs: number;
}

export interface DueKeys {
  due: Due[];
  /** nothing falls due before this, unless something changes; Infinity when nothing will */
  nextMs: number;
}

/** Resolves after pauses in which other things run: what is due is destroyed after a look that may be a little old. */
export async function dueKeys(
  placed: readonly Placed[],
  { live, liveOf, storeId, nowMs }: Pick<Told, 'live' | 'liveOf' | 'storeId' | 'nowMs'>,
  standing: Standing,
): Promise<DueKeys> {
  const stretches = new Stretches();
  const bySequence = new Map<number, Placed>();
  for (const segment of placed) {
    bySequence.set(segment.sequence, segment);
    const pause = stretches.next();
    if (pause) await pause;
  }
  const found: DueKeys = { due: [], nextMs: Number.POSITIVE_INFINITY };
  for (const [sequence, classes] of liveOf) {
    const segment = bySequence.get(sequence);
    if (segment) addDue(found, segment, classes, standing, nowMs);
    const pause = stretches.next();
    if (pause) await pause;
  }
  for (const key of live) {
    const pause = stretches.next();
    if (pause) await pause;
    if (!bySequence.has(key.segmentSequence)) addOrphan(found, key, standing, storeId, nowMs);
  }
  return found;
}

/** A key that never encrypted anything goes with the last one that did. */
function addDue(
  found: DueKeys,
  segment: Placed,
  live: ReadonlySet<RecordClass>,
  { terms, holds }: Standing,
  nowMs: number,
): void {
  const hold = holdOver(holds, segment, nowMs);
  if (hold) {
    found.nextMs = Math.min(found.nextMs, hold.untilMs);
    return;
  }
  const due: Due[] = [];
  let stays = false;
  for (const of of recordClasses) {
    const atMs = dueMs(segment, of, terms);
    if (atMs === null || !live.has(of)) continue;
    if (atMs <= nowMs) due.push({ sequence: segment.sequence, segment, classes: [of], dueMs: atMs });
    else {
      stays = true;
      found.nextMs = Math.min(found.nextMs, atMs);
    }
  }
  const unused = recordClasses.filter((of) => live.has(of) && segment.perClass[of] === null);
  if (!stays) due.at(-1)?.classes.push(...unused);
  found.due.push(...due);
}

/** What the ring does not know any more is as old as its key, as far as that is known. */
function addOrphan(found: DueKeys, key: LiveKey, standing: Standing, storeId: string, nowMs: number): void {
  const sequence = key.segmentSequence;
  const told = toldStartMs(standing.get(storeId, sequence), key.class);
  const startMs = key.clockTrusted ? key.createdMs - beforeKeyMs : told;
  if (startMs === null) return;
  const atMs = startMs + daysFor(standing.terms, key.class, startMs) * dayMs;
  if (atMs <= nowMs) found.due.push({ sequence, segment: null, classes: [key.class], dueMs: atMs });
  else found.nextMs = Math.min(found.nextMs, atMs);
}
