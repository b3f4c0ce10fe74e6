/**
 * What it was that refused: the card, which may come back by itself, or an installation that a person has to put right.
 * Asked by opening.ts and store.ts, and by health/card-watch.ts for its notices. Pure.
 */
import { VigieError } from '../../errors.js';

/** A card is there, and it is not the one of this camera. Beside the kernel's own codes. */
export const otherStore = 'EOTHERSTORE';

/** A device that fails, is gone, or turned read-only. */
const cardCodes = new Set([
  ...['EIO', 'EROFS', 'ENODEV', 'ENXIO', 'ENOMEDIUM', 'ENOTCONN', 'ESTALE', 'EUCLEAN', 'EFSCORRUPTED'],
  ...['ESHUTDOWN', 'ETIMEDOUT', 'EREMOTEIO', 'EBADMSG'],
]);

/** What the kernel answered, through the errors that it was wrapped in; null when it was not the kernel. */
export function errnoOf(failure: unknown): string | null {
  let cause: unknown = failure;
  for (let depth = 0; cause instanceof Error && depth < 8; depth++) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
    cause = cause.cause;
  }
  return null;
}

/** Whether the camera may run without this card, and wait for it. */
export function mayComeBack(failure: unknown): boolean {
  return cardCodes.has(errnoOf(failure) ?? '');
}

/** An error of kind `store` that carries a code, as the kernel's do. */
export function refusal(code: string, message: string, hint: string): VigieError {
  return new VigieError('store', message, hint, { cause: Object.assign(new Error(code), { code }) });
}
