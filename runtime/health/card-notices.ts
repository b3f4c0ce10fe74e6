/**
 * What the operator is told about the card (docs/card.md). Called by card-watch.ts at each look; shown in the health of
 * the camera. Decides from the values it is given alone: it keeps no time and asks nothing.
 */
import type { CardReading } from '../../board/ports.js';
import { otherStore } from '../record/card-refusal.js';
import { type Illness, illnessWords } from './card-words.js';
import type { Notice } from './health.js';

/** The card that holds the store, or what holds the state directory. */
export type Subject = 'card' | 'state';

export interface CardState {
  /** the newest; null before the first */
  reading: CardReading | null;
  /** the machine has not answered for a while */
  silent: boolean;
  /** why the store cannot write, as the kernel calls it (`EIO`); null when it writes, or when it is not the card */
  errno: string | null;
  /** a segment was given up after a refused write, lately */
  gaveUp: boolean;
  slow: boolean;
}

/** Room that is needed beside the store: a segment's tables made anew; and by the state: a few days of register. */
const leastFreeBytes: Record<Subject, number> = { card: 2 ** 20, state: 8 * 2 ** 20 };
/** Wear in tenths from which a card is to be replaced at the next visit, and the one that is over its life. */
const worn = { soon: 10, over: 11 };

/** In the order of what to look at first. At most one says why nothing is written. */
export function cardNotices(state: CardState, subject: Subject = 'card'): Notice[] {
  return illnesses(state, subject).map((illness) => illnessWords[subject][illness]);
}

function illnesses(state: CardState, subject: Subject): Illness[] {
  const { reading } = state;
  const stopped = whyStopped(state);
  const found: Illness[] = stopped ? [stopped] : [];
  if (!stopped && state.gaveUp) found.push('errors');
  if (!stopped && state.slow) found.push('slow');
  if (!reading || reading.place === 'gone') return found;
  if (stopped !== 'full' && reading.space && reading.space.freeBytes < leastFreeBytes[subject]) {
    found.push('noRoom');
  }
  if ((reading.fileSystemErrors ?? 0) > 0) found.push('fileSystem');
  const { lifeTime, preEndOfLife } = { lifeTime: 0, preEndOfLife: 0, ...known(reading.wear) };
  if (preEndOfLife >= 2 || lifeTime >= worn.over) found.push('worn');
  else if (lifeTime >= worn.soon) found.push('wearing');
  return found;
}

function known(wear: CardReading['wear']): { lifeTime?: number; preEndOfLife?: number } {
  const { lifeTime, preEndOfLife } = wear ?? {};
  return { ...(lifeTime && { lifeTime }), ...(preEndOfLife && { preEndOfLife }) };
}

/** What the machine says of the card goes before what a write ran into. */
function whyStopped({ reading, silent, errno }: CardState): Illness | null {
  if (reading?.place === 'gone') return 'gone';
  if (silent) return 'silent';
  if (reading?.place === 'read-only' || errno === 'EROFS') return 'readOnly';
  switch (errno) {
    case null:
      return null;
    case 'ENOSPC':
    case 'EDQUOT':
      return 'full';
    case 'ENODEV':
    case 'ENXIO':
    case 'ENOMEDIUM':
      return 'gone';
    case otherStore:
    case 'ENOENT':
    case 'ENOTDIR':
      return 'other';
    default:
      return 'failed';
  }
}
