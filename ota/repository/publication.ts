/**
 * From a change to files that clients take: signed, in the order in which a client that asks in between gets the old repository
 * or the new one, each file by rename. Called by ota/repository/repository.ts.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { replaceWhole } from '../../whole-file.js';
import { type Draft, expiryAfter, specVersion } from './draft.js';
import {
  type Envelope,
  metadataBytes,
  metadataName,
  metaOf,
  type RootJson,
  type SignedJson,
  type SnapshotJson,
  type TargetsJson,
  type TimestampJson,
} from './formats.js';
import type { Keyring } from './keys.js';
import { makeServed, metadataDirectory } from './places.js';
import { holdersOf, isSigned, type Missing, missingOf, signedBy, topHolders } from './signatures.js';

export interface Write {
  /** in `metadata/` */
  name: string;
  bytes: Buffer;
}

export interface Prepared {
  root: Envelope<RootJson> | null;
  roles: Map<string, Envelope<TargetsJson>>;
  /** what is missing of root and roles, then of snapshot and timestamp; empty: `writes` may be written */
  missing: Missing[];
  /** in this order */
  writes: Write[];
  /** clients that hold the root before this one take it without a moment in which they are refused */
  seamless: boolean;
}

export interface PrepareOptions {
  nowMs: number;
  /** new versions of these though nothing in them changes */
  renew?: { snapshot?: boolean; timestamp?: boolean };
}

/** Signs all that the keyring can; what is missing is listed, never thrown. */
export async function prepare(draft: Draft, keyring: Keyring, options: PrepareOptions): Promise<Prepared> {
  const root = draft.root && (await signRoot(draft, draft.root, keyring));
  const roles = new Map<string, Envelope<TargetsJson>>();
  const missing: Missing[] = root === null ? [] : rootMissing(draft, root);
  const all = draft.allRoles;
  for (const [role, file] of draft.roles) {
    const holders = holdersOf(role, draft.newRoot, all);
    if (holders === null) continue;
    const before = role === 'targets' ? topHolders('targets', draft.base.root.signed).keyids : [];
    const signed = await signedBy(file, [...holders.keyids, ...before], keyring);
    roles.set(role, signed);
    missing.push(...[missingOf(signed, holders, false)].filter((one) => one !== null));
  }
  const done = { root, roles, missing, writes: [] as Write[], seamless: true };
  return missing.length > 0 ? done : seal(draft, done, keyring, options);
}

const isFirst = ({ base }: Draft): boolean => base.root.signed.version === 0;

async function signRoot(
  draft: Draft,
  root: Envelope<RootJson>,
  keyring: Keyring,
): Promise<Envelope<RootJson>> {
  const before = isFirst(draft) ? [] : draft.base.root.signed.roles.root.keyids;
  return signedBy(root, [...root.signed.roles.root.keyids, ...before], keyring);
}

function rootMissing(draft: Draft, root: Envelope<RootJson>): Missing[] {
  const [next, base] = [root.signed.roles.root, draft.base.root.signed.roles.root];
  const same = isDeepStrictEqual(
    { ...next, keyids: [...next.keyids].sort() },
    { ...base, keyids: [...base.keyids].sort() },
  );
  const own = missingOf(root, topHolders('root', root.signed), false);
  const askedBefore = !isFirst(draft) && !same;
  const before = askedBefore ? missingOf(root, topHolders('root', draft.base.root.signed), true) : null;
  return [own, before].filter((one) => one !== null);
}

/** Adds snapshot and timestamp. */
async function seal(
  draft: Draft,
  prepared: Prepared,
  keyring: Keyring,
  { nowMs, renew = {} }: PrepareOptions,
): Promise<Prepared> {
  const { base, newRoot } = draft;
  const stands = (file: Envelope<SnapshotJson | TimestampJson>): boolean =>
    isSigned(file, topHolders(file.signed._type, newRoot));
  const sign = async <S extends SnapshotJson | TimestampJson>(signed: S): Promise<Envelope<S>> => {
    const now = topHolders(signed._type, newRoot).keyids;
    const before = isFirst(draft) ? [] : topHolders(signed._type, base.root.signed).keyids;
    const file = await signedBy({ signed, signatures: [] }, [...now, ...before], keyring);
    const lacks = missingOf(file, topHolders(signed._type, newRoot), false);
    if (lacks !== null) prepared.missing.push(lacks);
    return file;
  };
  const changed = prepared.roles.size > 0 || draft.gone.size > 0 || renew.snapshot === true;
  const snapshot =
    changed || !stands(base.snapshot) ? await sign(nextSnapshot(draft, prepared, nowMs)) : null;
  const stamps = snapshot !== null || renew.timestamp === true || base.cut || !stands(base.timestamp);
  const timestamp = stamps ? await sign(nextTimestamp(draft, snapshot ?? base.snapshot, nowMs)) : null;
  if (prepared.missing.length > 0) return prepared;
  const targets = prepared.roles.get('targets');
  const sealed = [targets, snapshot, timestamp].filter((file) => file !== null && file !== undefined);
  const seamless = isFirst(draft) || sealed.every((file) => isSignedFor(file, base.root.signed));
  return { ...prepared, seamless, writes: inOrder(prepared, snapshot, timestamp, seamless) };
}

const isSignedFor = (file: Envelope, root: RootJson): boolean =>
  isSigned(file, topHolders(file.signed._type, root));

function nextSnapshot({ base, lifetimes }: Draft, { roles }: Prepared, nowMs: number): SnapshotJson {
  const meta = { ...base.snapshot.signed.meta };
  for (const [role, file] of roles) meta[`${role}.json`] = metaOf(file);
  const version = base.snapshot.signed.version + 1;
  const expires = expiryAfter(nowMs, lifetimes.snapshot);
  return { _type: 'snapshot', spec_version: specVersion, version, expires, meta };
}

function nextTimestamp(
  { base, lifetimes }: Draft,
  snapshot: Envelope<SnapshotJson>,
  nowMs: number,
): TimestampJson {
  const version = base.timestamp.signed.version + 1;
  const expires = expiryAfter(nowMs, lifetimes.timestamp);
  const meta = { 'snapshot.json': metaOf(snapshot) };
  return { _type: 'timestamp', spec_version: specVersion, version, expires, meta };
}

/**
 * What nothing points to yet comes first; the timestamp makes it count at once. A new root comes after it when the timestamp also
 * satisfies the root before; else before it, so that a revoked key counts for nothing from that moment on.
 */
function inOrder(
  { root, roles }: Prepared,
  snapshot: Envelope<SnapshotJson> | null,
  timestamp: Envelope<TimestampJson> | null,
  seamless: boolean,
): Write[] {
  const write = (role: string, file: Envelope<SignedJson> | null): Write[] =>
    file === null ? [] : [{ name: metadataName(role, file.signed.version), bytes: metadataBytes(file) }];
  const last = [write('timestamp', timestamp), write('root', root)];
  return [
    ...[...roles].flatMap(([role, file]) => write(role, file)),
    ...write('snapshot', snapshot),
    ...(seamless ? last : last.reverse()).flat(),
  ];
}

/** Durable before it resolves; a cut at any moment leaves a repository that clients accept, or that the next publication completes. */
export async function writeAll(
  repository: string,
  writes: readonly Write[],
  reached: (step: string) => void = () => {},
): Promise<void> {
  const directory = metadataDirectory(repository);
  await makeServed(directory);
  for (const { name, bytes } of writes) {
    reached(`before ${name}`);
    await replaceWhole(join(directory, name), bytes, { mode: 0o644 });
    reached(`after ${name}`);
  }
}

const versionsKept = 16;

/** Old versions that no client asks for any more; every root stays, as a camera that was off for years follows them one by one. */
export async function pruneMetadata(repository: string): Promise<void> {
  const directory = metadataDirectory(repository);
  const byRole = new Map<string, number[]>();
  for (const name of await readdir(directory)) {
    const [, version, role] = /^(\d{1,9})\.(.+)\.json$/.exec(name) ?? [];
    if (version === undefined || role === undefined || role === 'root') continue;
    byRole.set(role, [...(byRole.get(role) ?? []), Number(version)]);
  }
  for (const [role, versions] of byRole) {
    const old = versions.sort((a, b) => b - a).slice(versionsKept);
    for (const version of old) await rm(join(directory, metadataName(role, version)), { force: true });
  }
}
