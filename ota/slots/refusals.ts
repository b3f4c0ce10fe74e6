/** Why slots of directories refuse something, in words for a technician. Thrown by dir.ts. */
import { VigieError } from '../../errors.js';

export const cutHint = 'Nothing has changed for the version that runs; order the update again';

export function wrongKind(): VigieError {
  return new VigieError(
    'update',
    'This bundle is for a board with partitions, and this camera has directories',
    'Publish a bundle of kind tree for it',
  );
}

export function onTrial(): VigieError {
  return new VigieError(
    'update',
    'The version that runs is on trial itself',
    'Wait until it is confirmed, or confirm it: vigie ota confirm',
  );
}

export function noOther(): VigieError {
  return new VigieError(
    'update',
    'There is no other version on this camera that was confirmed',
    'Install the version that you want',
  );
}

export function asUpdateError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (error instanceof VigieError || typeof code !== 'string') return error;
  const [message, hint] =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? ['The disk was full before the new version was written', `Free space where the slots are. ${cutHint}`]
      : [`The slots could not be written: ${code}`, 'Check the card and its file system'];
  return new VigieError('update', message, hint, { cause: error });
}

export function noRoom(wantedBytes: number, roomBytes: number): VigieError {
  const mib = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
  return new VigieError(
    'update',
    `There is no room for the new version: ${mib(wantedBytes)} MiB are wanted, ${mib(roomBytes)} MiB are there`,
    'Free space where the slots are, and order the update again',
  );
}

export function notAsSent(wrong: string | null): VigieError {
  return new VigieError('update', `The new version is not on the disk as it was sent: ${wrong}`, cutHint);
}

export function otherDamaged(wrong: string | null): VigieError {
  return new VigieError(
    'update',
    `The version before it is damaged: ${wrong}`,
    'Install the version that you want',
  );
}

export function otherWriter(): VigieError {
  return new VigieError('update', 'Another process changes the slots', 'Wait until it has ended');
}

export function noState(wrong: readonly string[], cause?: unknown): VigieError {
  const why = wrong.length > 0 ? `: ${wrong.join(', ')}` : '';
  const hint = 'Start the camera with its launcher, which repairs it; see docs/updates.md';
  return new VigieError('update', `The state of the slots cannot be read${why}`, hint, { cause });
}
