/**
 * Finds the slot in which a store that failed may go on (docs/store.md, P8.4). Called by opening.ts before anything is read
 * from a card that was let go. Costs no key and no record: it writes zeros where zeros are.
 */
import { stat } from 'node:fs/promises';
import { errnoOf } from './card-refusal.js';
import { segmentPath } from './description.js';
import { segmentHeaderBytes } from './layout.js';
import type { OpenSegment } from './segment-file.js';

/** Segments that a spell of failures may cost, at most (P2.4). */
const mostSpent = 3;

/** What no other slot would answer differently. */
const wholeCard = new Set<unknown>(['ENODEV', 'ENXIO', 'EROFS', 'ENOSPC', 'EDQUOT']);

/** What is remembered of a spell of failures, from one attempt to the next. */
export interface Spell {
  /** attempts in a row at which the card refused */
  refused: number;
  /** segments begun in vain before the card was opened last */
  spent: readonly number[];
}

/** A store that failed, as far as it is asked here. */
export interface Failed {
  spell: Spell;
  maker: {
    readonly startOver: number;
    readonly spent: readonly number[];
    readonly slots: number;
    free(from: number): number[];
  };
  /** whether it took a record since its card was opened last */
  writer: { readonly accepted: boolean };
}

/** Segments begun in vain since a record was taken. */
export function spentIn({ spell, maker, writer }: Failed): number[] {
  return [...new Set([...(writer.accepted ? [] : spell.spent), ...maker.spent])];
}

/**
 * The sequence to go on with: the first whose slot takes a write. An attempt asks the slot that comes next, and one
 * further one, each time the one behind; only when that takes the write are those between them asked.
 * @param path directory of the segment files
 * @throws VigieError `store` when the card refuses both
 */
export async function acceptingSequence(failed: Failed, path: string, open: OpenSegment): Promise<number> {
  const { maker, writer, spell } = failed;
  const spent = spentIn(failed);
  const first = maker.startOver;
  // It took the zeros and refused the record, also when it was tried a second time.
  const moveOn = !writer.accepted && spent.includes(first) && spent.length < mostSpent;
  const free = maker.free(moveOn ? first + 1 : first);
  const probe = (sequence: number): Promise<void> => zeros(segmentPath(path, sequence % maker.slots), open);
  const next = free[0];
  // Every slot is held: P3.1 says so.
  if (next === undefined) return first;
  try {
    await probe(next);
    return next;
  } catch (error) {
    if (wholeCard.has(errnoOf(error))) throw error;
    const before = spell.refused++;
    const others = free.length - 1;
    if (before === 0 || others === 0) throw error;
    const further = ((before - 1) % others) + 1;
    return firstBefore(free.slice(1, further), free[further] ?? next, probe);
  }
}

/** The last one must take the write; then the first that does. */
async function firstBefore(
  between: readonly number[],
  last: number,
  probe: (sequence: number) => Promise<void>,
): Promise<number> {
  await probe(last);
  for (const sequence of between) {
    const took = await probe(sequence).then(
      () => true,
      () => false,
    );
    if (took) return sequence;
  }
  return last;
}

/** A file that is not there is made anew when its turn comes. */
async function zeros(path: string, open: OpenSegment): Promise<void> {
  const there = await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  if (!there) return;
  const file = await open(path, 'write');
  try {
    await file.write(Buffer.alloc(segmentHeaderBytes), segmentHeaderBytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}
