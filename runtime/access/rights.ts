/**
 * The closed list of what a person may do. Given to users by `vigie user`, asked for by control/ at each
 * request. A right never implies another: live, playback and extraction are three (docs/access.md).
 */
import { z } from 'zod';
import { VigieError } from '../../errors.js';

/** `live` covers the live view and snapshots; `playback`, `extraction` and `admin` are asked for by later parts. */
export const right = z.enum([
  'live',
  'playback',
  'extraction',
  'alerts',
  'health',
  'ptz',
  'mask',
  'update',
  'admin',
]);
export type Right = z.infer<typeof right>;

/**
 * Reads rights as a person writes them: `live,alerts`. Order is that of the list, doubles are dropped.
 * @throws VigieError of kind `access` on an unknown or missing right
 */
export function parseRights(text: string): Right[] {
  const wanted = new Set<string>();
  for (const word of text.split(',')) if (word.trim()) wanted.add(word.trim().toLowerCase());
  const unknown = [...wanted].find((word) => !right.safeParse(word).success);
  if (unknown !== undefined || wanted.size === 0) {
    const what = unknown === undefined ? 'No right was named' : `"${unknown.slice(0, 32)}" is not a right`;
    throw new VigieError('access', what, `Rights are: ${right.options.join(', ')}`);
  }
  return right.options.filter((known) => wanted.has(known));
}
