/** How a download can end without the file (docs/updates.md, "The download"). Read by ota/updater/updater.ts. Never names an address. */
import { asVigieError, VigieError } from '../../errors.js';

/**
 * `paused`: the window closed; `stopped`: it was told to; `unreachable`: no answer, or it broke off too often; `slow`: below the
 * minimum; `refused`: an answer that fits no rule; `damaged`: not the bytes that were signed; `space`: no room; `storage`: the
 * file system refused. What is there is kept for the next call after the first four.
 */
export const downloadReasons = [
  'paused',
  'stopped',
  'unreachable',
  'slow',
  'refused',
  'damaged',
  'space',
  'storage',
] as const;
export type DownloadReason = (typeof downloadReasons)[number];

/** For a person, in the place of the message, which is for the log. */
export const downloadWords: Record<DownloadReason, { fr: string; en: string }> = {
  paused: {
    fr: 'La plage de maintenance est fermée : le téléchargement reprendra où il en est',
    en: 'The maintenance window has closed: the download will go on from where it is',
  },
  stopped: {
    fr: 'Le téléchargement a été arrêté : il reprendra où il en est',
    en: 'The download was stopped: it will go on from where it is',
  },
  unreachable: {
    fr: 'Le dépôt des mises à jour ne répond pas, ou la liaison se coupe',
    en: 'The repository of updates does not answer, or the link breaks',
  },
  slow: {
    fr: 'La liaison avec le dépôt des mises à jour est trop lente',
    en: 'The link to the repository of updates is too slow',
  },
  refused: {
    fr: 'Le dépôt des mises à jour ne donne pas le fichier annoncé',
    en: 'The repository of updates does not give the file that it lists',
  },
  damaged: {
    fr: "Le fichier reçu n'est pas celui qui a été signé",
    en: 'The file that came is not the one that was signed',
  },
  space: {
    fr: "Il n'y a pas assez de place pour la mise à jour",
    en: 'There is not enough room for the update',
  },
  storage: {
    fr: "La mise à jour ne peut pas être écrite sur l'appareil",
    en: 'The update cannot be written on this device',
  },
};

const hints: Record<DownloadReason, string> = {
  paused: 'It goes on when the window opens, or when it is ordered',
  stopped: 'It goes on at the next check',
  unreachable: 'Look at the network, ota.url and ota.caFile; it is tried again by itself',
  slow: 'Look at the link of this camera; it is tried again by itself',
  refused: 'Look at the server of the repository: does it serve the files as they were published?',
  damaged: 'Publish the repository again: its files are not those that were signed',
  space: 'Free space where the slots are kept',
  storage: 'Look at the card or disk where the slots are kept',
};

export class DownloadError extends VigieError {
  constructor(
    readonly reason: DownloadReason,
    message: string,
    options?: { cause?: unknown },
  ) {
    super('update', message, hints[reason], options);
  }
}

/** All of it came, and more than once: fetching it again costs as much again. */
export const isDamaged = (error: unknown): boolean =>
  error instanceof DownloadError && error.reason === 'damaged';

/** What the file system refused, as an ending. Keeps a DownloadError as it is. */
export function storageEnding(error: unknown): DownloadError {
  if (error instanceof DownloadError) return error;
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DownloadError('space', 'The file system became full during the download', { cause: error });
  }
  return new DownloadError('storage', `The download cannot be written (${code})`, { cause: error });
}

/** What a connection ended with, as an ending. Keeps a VigieError as it is; what is no error of a connection is a defect. */
export function networkEnding(error: unknown): VigieError {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof VigieError || typeof code !== 'string') return asVigieError(error);
  return new DownloadError('unreachable', `The connection to the repository failed (${code})`, {
    cause: error,
  });
}
