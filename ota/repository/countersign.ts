/**
 * A holder signs one staged file on his own machine, where the repository need not be. Called by `vigie ota sign`, which shows him
 * first what he signs.
 */
import { basename } from 'node:path';
import { VigieError } from '../../errors.js';
import { replaceWhole } from '../../whole-file.js';
import { type Envelope, metadataBytes } from './formats.js';
import type { Keyring } from './keys.js';
import { readEnvelope } from './published.js';
import { signedBy } from './signatures.js';

export interface Countersigned {
  file: Envelope;
  /** IDs of keys whose signature is new in it */
  added: string[];
  /** of those, the ones that this root does not name for itself: they count for the root before it, or for nothing */
  foreign: string[];
}

/** What a file is about. @throws VigieError `update` */
export async function readForSigning(path: string): Promise<Envelope> {
  const { file } = await readEnvelope(path);
  const name = /^(\d{1,9})\.[a-z0-9][a-z0-9._-]*\.json$/.exec(basename(path));
  if (name !== null && Number(name[1]) === file.signed.version) return file;
  const hint = 'Keep the name that it has in metadata/staged';
  throw new VigieError('update', `${path} is not named after its version`, hint);
}

/**
 * Adds signatures and writes the file again as a whole.
 * @param copies other copies of the same file, whose signatures are taken over
 * @throws VigieError `update` when a copy says something else
 */
export async function countersign(
  path: string,
  keyring: Keyring,
  copies: readonly string[],
): Promise<Countersigned> {
  const before = await readForSigning(path);
  const known = new Map(before.signatures.map((one) => [one.keyid, one]));
  for (const copy of copies) {
    const { file } = await readEnvelope(copy);
    const same = metadataBytes({ signatures: [], signed: file.signed }).equals(
      metadataBytes({ signatures: [], signed: before.signed }),
    );
    if (!same) throw new VigieError('update', `${copy} is not a copy of ${path}`, 'Sign a fresh copy of it');
    for (const one of file.signatures) if (!known.has(one.keyid)) known.set(one.keyid, one);
  }
  const merged = { signed: before.signed, signatures: [...known.values()] };
  const file = await signedBy(merged, keyring.ids, keyring);
  await replaceWhole(path, metadataBytes(file), { mode: 0o644 });
  const had = before.signatures.map(({ keyid }) => keyid);
  const added = file.signatures.map(({ keyid }) => keyid).filter((id) => !had.includes(id));
  const own = file.signed._type === 'root' ? file.signed.roles.root.keyids : added;
  return { file, added, foreign: added.filter((id) => !own.includes(id)) };
}
