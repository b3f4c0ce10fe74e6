/**
 * Why the person mask left a head open: told from what the looks found of that person. Used by anonymise.ts. It knows the
 * truth, which the product does not.
 */
import { overlapOf } from '../models/decode/centernet.js';
import type { Box, Detection } from '../pipelines/messages.js';
import type { TruthBox } from './quality/mot.js';

/** Why a head was open, worst news first. */
export const misses = {
  stalled: 'while nobody looked',
  never: 'no look ever found them',
  before: 'before the first look that found them',
  lost: 'the look before did not find them',
  small: 'the look at this frame found them, and the box was too small',
  moved: 'moved since the look before, which found them',
} as const;
export type Miss = keyof typeof misses;

/** Boxes of the truth are loose, and of people close together only one may be found. */
const FOUND_OVERLAP = 0.3;

/** Frames of the looks that found each person, in order; by id of the truth. */
export type FoundIn = ReadonlyMap<number, readonly number[]>;

/** @param looks what each frame's look found, null for a frame that was not looked at */
export function foundIn(
  looks: readonly (readonly Detection[] | null)[],
  truth: ReadonlyMap<number, readonly TruthBox[]>,
): FoundIn {
  const found = new Map<number, number[]>();
  looks.forEach((detections, frame) => {
    const people = (detections ?? []).filter((d) => d.class === 'person').map((d) => d.box);
    for (const id of matched(people, truth.get(frame) ?? []))
      found.set(id, [...(found.get(id) ?? []), frame]);
  });
  return found;
}

/** Ids of those found: the best pairs first, each box once. */
function matched(boxes: readonly Box[], truth: readonly TruthBox[]): number[] {
  const pairs = boxes
    .flatMap((box) => truth.map(({ id, box: real }) => ({ box, id, overlap: overlapOf(box, real) })))
    .filter(({ overlap }) => overlap >= FOUND_OVERLAP)
    .sort((a, b) => b.overlap - a.overlap);
  const [ids, used] = [new Set<number>(), new Set<Box>()];
  for (const { box, id } of pairs) {
    if (used.has(box) || ids.has(id)) continue;
    used.add(box);
    ids.add(id);
  }
  return [...ids];
}

/** @param lookEvery frames from one look to the next; the first frame is looked at */
export function whyMissed(
  found: readonly number[] | undefined,
  frame: number,
  lookEvery: number,
  people: 'covered' | 'area' | undefined,
): Miss {
  if (people === 'area') return 'stalled';
  const [first] = found ?? [];
  if (!found || first === undefined) return 'never';
  if (first > frame) return 'before';
  const lookBefore = frame - (frame % lookEvery);
  if (!found.includes(lookBefore)) return 'lost';
  return lookBefore === frame ? 'small' : 'moved';
}
