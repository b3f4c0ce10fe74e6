/**
 * What the operator is told about the card (docs/card.md). Called by card-watch.ts at each look; shown in the health of
 * the camera. Decides from the values it is given alone: it keeps no time and asks nothing.
 */
import type { CardReading } from '../../board/ports.js';
import { otherStore } from '../record/card-refusal.js';
import type { Notice } from './health.js';

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

/** Room that the rest of the file system needs: the register, the alerts, a segment made anew. */
const leastFreeBytes = 2 ** 20;
/** Wear in tenths from which a card is to be replaced at the next visit, and the one that is over its life. */
const worn = { soon: 10, over: 11 };

/** In the order of what to look at first. At most one says why nothing is written. */
export function cardNotices(state: CardState): Notice[] {
  const { reading } = state;
  const stopped = whyStopped(state);
  const found = stopped ? [stopped] : [];
  if (!stopped && state.gaveUp) found.push(words.errors);
  if (!stopped && state.slow) found.push(words.slow);
  if (!reading || reading.place === 'gone') return found;
  if (stopped !== words.full && reading.space && reading.space.freeBytes < leastFreeBytes) {
    found.push(words.noRoom);
  }
  if ((reading.fileSystemErrors ?? 0) > 0) found.push(words.fileSystem);
  const { lifeTime, preEndOfLife } = { lifeTime: 0, preEndOfLife: 0, ...known(reading.wear) };
  if (preEndOfLife >= 2 || lifeTime >= worn.over) found.push(words.worn);
  else if (lifeTime >= worn.soon) found.push(words.wearing);
  return found;
}

function known(wear: CardReading['wear']): { lifeTime?: number; preEndOfLife?: number } {
  const { lifeTime, preEndOfLife } = wear ?? {};
  return { ...(lifeTime && { lifeTime }), ...(preEndOfLife && { preEndOfLife }) };
}

/** What the machine says of the card goes before what a write ran into. */
function whyStopped({ reading, silent, errno }: CardState): Notice | null {
  if (reading?.place === 'gone') return words.gone;
  if (silent) return words.silent;
  if (reading?.place === 'read-only' || errno === 'EROFS') return words.readOnly;
  switch (errno) {
    case null:
      return null;
    case 'ENOSPC':
    case 'EDQUOT':
      return words.full;
    case 'ENODEV':
    case 'ENXIO':
    case 'ENOMEDIUM':
      return words.gone;
    case otherStore:
    case 'ENOENT':
    case 'ENOTDIR':
      return words.other;
    default:
      return words.failed;
  }
}

const words = {
  gone: {
    code: 'card-gone',
    fr: 'La carte n’est plus là. Vérifiez qu’elle est en place.',
    en: 'The card is gone. Check that it is in place.',
  },
  silent: {
    code: 'card-silent',
    fr: 'La carte ne répond plus. Remplacez-la.',
    en: 'The card does not answer any more. Replace it.',
  },
  readOnly: {
    code: 'card-read-only',
    fr: 'La carte est passée en lecture seule. Remplacez-la.',
    en: 'The card has turned read-only. Replace it.',
  },
  full: {
    code: 'card-full',
    fr: 'Le système de fichiers de la carte est plein et refuse les images. Libérez de la place.',
    en: 'The file system of the card is full and refuses recordings. Free space on it.',
  },
  other: {
    code: 'card-other',
    fr: 'La carte en place ne contient pas les enregistrements de cette caméra.',
    en: 'The card in place does not hold the store of this camera.',
  },
  failed: {
    code: 'card-failed',
    fr: 'La carte refuse les écritures. Remplacez-la.',
    en: 'The card refuses writes. Replace it.',
  },
  errors: {
    code: 'card-errors',
    fr: 'La carte a refusé des écritures dans l’heure passée ; elles ont été refaites ailleurs. Remplacez-la bientôt.',
    en: 'The card refused writes within the last hour; they were made elsewhere on it. Replace it soon.',
  },
  slow: {
    code: 'card-slow',
    fr: 'La carte est trop lente : des images peuvent se perdre. Remplacez-la ou baissez le débit.',
    en: 'The card is too slow: pictures may be lost. Replace it, or lower the bit rate.',
  },
  noRoom: {
    code: 'card-no-room',
    fr: 'Il ne reste presque plus de place à côté des enregistrements. Libérez-en.',
    en: 'There is hardly any room left beside the store. Free some.',
  },
  fileSystem: {
    code: 'card-file-system',
    fr: 'Le système de fichiers de la carte a des erreurs. Faites-le réparer (e2fsck) au prochain arrêt.',
    en: 'The file system of the card has errors. Have it repaired (e2fsck) at the next stop.',
  },
  worn: {
    code: 'card-worn',
    fr: 'La carte est usée. Remplacez-la maintenant.',
    en: 'The card is worn out. Replace it now.',
  },
  wearing: {
    code: 'card-wearing',
    fr: 'La carte approche de la fin de sa vie. Prévoyez son remplacement.',
    en: 'The card nears the end of its life. Plan to replace it.',
  },
} satisfies Record<string, Notice>;
