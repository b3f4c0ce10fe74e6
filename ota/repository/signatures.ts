/**
 * Who has signed a file of metadata, who must, and signing. The bytes that are signed and the check of a signature are those of
 * @tufjs/models, which the camera's client uses too.
 */
import {
  Key,
  Metadata,
  MetadataKind,
  type Root,
  Signature,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models';
import {
  type Envelope,
  isTopRole,
  type KeyJson,
  type RootJson,
  type SignedJson,
  type TargetsJson,
} from './formats.js';
import type { Keyring } from './keys.js';

/** Whose signatures a role needs, and how many of them. */
export interface Holders {
  role: string;
  keys: Readonly<Record<string, KeyJson>>;
  keyids: readonly string[];
  threshold: number;
}

/** What a file lacks before it may be published. */
export interface Missing {
  role: string;
  version: number;
  /** signatures that are there and count */
  have: number;
  threshold: number;
  /** keys that could add one; with their names where those are known */
  keys: { id: string; name: string | null }[];
  /** asked for by the root before this one */
  before: boolean;
}

function asMetadata({ signed, signatures }: Envelope): Metadata<Root | Targets | Snapshot | Timestamp> {
  const data = JSON.parse(JSON.stringify({ signed, signatures }));
  switch (signed._type) {
    case 'root':
      return Metadata.fromJSON(MetadataKind.Root, data);
    case 'targets':
      return Metadata.fromJSON(MetadataKind.Targets, data);
    case 'snapshot':
      return Metadata.fromJSON(MetadataKind.Snapshot, data);
    case 'timestamp':
      return Metadata.fromJSON(MetadataKind.Timestamp, data);
  }
}

export function topHolders(role: 'root' | 'targets' | 'snapshot' | 'timestamp', root: RootJson): Holders {
  const { keyids, threshold } = root.roles[role];
  return { role, keys: root.keys, keyids, threshold };
}

/** `ville-exemple` is delegated by `targets`, `ville-exemple.rpi5` by `ville-exemple`. */
export const delegatorOf = (role: string): string =>
  role.includes('.') ? (role.split('.')[0] ?? '') : 'targets';

/** Null when nobody delegates this role. */
export function holdersOf(
  role: string,
  root: RootJson,
  roles: ReadonlyMap<string, Envelope<TargetsJson>>,
): Holders | null {
  if (isTopRole(role)) return topHolders(role, root);
  const delegations = roles.get(delegatorOf(role))?.signed.delegations;
  const found = delegations?.roles.find(({ name }) => name === role);
  if (delegations === undefined || found === undefined) return null;
  return { role, keys: delegations.keys, keyids: found.keyids, threshold: found.threshold };
}

/** IDs of the holders whose signature is there and right. */
export function signersOf(file: Envelope, holders: Holders): string[] {
  const metadata = asMetadata(file);
  return holders.keyids.filter((id) => {
    const key = holders.keys[id];
    if (key === undefined) return false;
    try {
      Key.fromJSON(id, key).verifySignature(metadata);
      return true;
    } catch {
      return false;
    }
  });
}

export const isSigned = (file: Envelope, holders: Holders | null): boolean =>
  holders !== null && signersOf(file, holders).length >= holders.threshold;

/** Null when it has what it needs. */
export function missingOf(file: Envelope, holders: Holders, before: boolean): Missing | null {
  const have = signersOf(file, holders);
  if (have.length >= holders.threshold) return null;
  const keys = holders.keyids
    .filter((id) => !have.includes(id))
    .map((id) => ({ id, name: holders.keys[id]?.['x-vigie-name'] ?? null }));
  const { role, threshold } = holders;
  return { role, version: file.signed.version, have: have.length, threshold, keys, before };
}

/** The file with the signatures that these keys can add; those that are there stay. */
export async function signedBy<S extends SignedJson>(
  file: Envelope<S>,
  ids: readonly string[],
  keyring: Keyring,
): Promise<Envelope<S>> {
  const metadata = asMetadata(file);
  for (const id of new Set(ids)) {
    if (!keyring.has(id)) continue;
    const sign = await keyring.signer(id);
    metadata.sign((bytes) => new Signature({ keyID: id, sig: sign(bytes) }));
  }
  const signatures = Object.values(metadata.signatures).map(({ keyID, sig }) => ({ keyid: keyID, sig }));
  return { signed: file.signed, signatures };
}

/** Of the keys that stand behind a role, the IDs by hand or a leading part of one. */
export function keysNamed(keys: Readonly<Record<string, KeyJson>>, text: string): string[] {
  const byName = (id: string): boolean => keys[id]?.['x-vigie-name'] === text;
  const byId = (id: string): boolean => text.length >= 8 && id.startsWith(text);
  return Object.keys(keys).filter((id) => byName(id) || byId(id));
}
