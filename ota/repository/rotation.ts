/** Changing keys: one in the place of another, or taken away from wherever it counts. Called by `vigie ota rotate` and `revoke`. */
import { VigieError } from '../../errors.js';
import type { Draft } from './draft.js';
import type { KeyJson } from './formats.js';
import type { KeyFile } from './keys.js';
import { keysNamed } from './signatures.js';

/**
 * @param old ID, the start of one, or its name
 * @throws VigieError `update` when the role does not have it
 */
export function rotate(draft: Draft, role: string, old: string, next: KeyFile): void {
  const { keyids, keys } = draft.holdersNow(role);
  const id = oneOf(keys, keyids, old);
  if (next.id === id) {
    throw new VigieError('update', 'The new key is the old one', 'Make one with: vigie ota keys new');
  }
  draft.changeKeys(role, [id], [next]);
}

/**
 * Takes a key away from every role.
 * @param next takes its place where too few would be left; null: none does
 * @returns the roles it had
 */
export function revoke(draft: Draft, text: string, next: KeyFile | null): string[] {
  const { base } = draft;
  const roles = ['root', 'targets', 'snapshot', 'timestamp', ...base.roles.keys()];
  const had = [...new Set(roles)].filter((role) => {
    const { keyids, keys } = draft.holdersNow(role);
    return keysNamed(keys, text).some((id) => keyids.includes(id));
  });
  if (had.length === 0) {
    throw new VigieError(
      'update',
      `No role has a key "${text}"`,
      'See which there are: vigie ota repository REPO',
    );
  }
  for (const role of had) {
    const { keyids, keys } = draft.holdersNow(role);
    draft.changeKeys(role, [oneOf(keys, keyids, text)], next === null ? [] : [next]);
  }
  return had;
}

function oneOf(keys: Readonly<Record<string, KeyJson>>, keyids: readonly string[], text: string): string {
  const found = keysNamed(keys, text).filter((id) => keyids.includes(id));
  const [id] = found;
  if (id !== undefined && found.length === 1) return id;
  const what =
    found.length === 0 ? `No key of this role is "${text}"` : `"${text}" names ${found.length} keys`;
  throw new VigieError('update', what, 'Give its ID, as vigie ota repository REPO --json shows it');
}
