/**
 * What the repository holds now, read back with every signature and hash verified: what is signed next builds on it, so a
 * repository that somebody else changed is refused, not signed again. Expiry is not asked: renewing is what it is read for.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorLine, VigieError } from '../../errors.js';
import {
  type Envelope,
  envelope,
  isTopRole,
  type MetaFileJson,
  metadataName,
  type RootJson,
  type SnapshotJson,
  sha256,
  type TargetsJson,
  type TimestampJson,
} from './formats.js';
import { metadataDirectory } from './places.js';
import { delegatorOf, holdersOf, isSigned, topHolders } from './signatures.js';

export interface Published {
  root: Envelope<RootJson>;
  /** `targets` and every role that is delegated, by name */
  roles: Map<string, Envelope<TargetsJson>>;
  /** listed by the snapshot and no longer delegated: clients refuse a snapshot that forgets a file */
  gone: Map<string, MetaFileJson>;
  snapshot: Envelope<SnapshotJson>;
  timestamp: Envelope<TimestampJson>;
  /** the timestamp does not lead to this snapshot: a publication was cut, and the next one completes it */
  cut: boolean;
}

const mostBytes = 5 * 2 ** 20;

function damaged(what: string, cause?: unknown): VigieError {
  const hint = 'Take the repository from its backup; do not sign what others may have changed';
  return new VigieError('update', what, hint, { cause });
}

/**
 * One file of metadata, checked by its schema alone.
 * @throws VigieError `update`
 */
export async function readEnvelope(file: string): Promise<{ file: Envelope; bytes: Buffer }> {
  try {
    const { size } = await stat(file);
    if (size > mostBytes) throw new Error('too long');
    const bytes = await readFile(file);
    return { file: envelope.parse(JSON.parse(bytes.toString('utf8'))), bytes };
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : 'is not metadata';
    throw damaged(`${file} ${reason}`, cause);
  }
}

/** The file as this kind, or a refusal. */
export function ofKind<T extends Envelope['signed']['_type']>(
  file: Envelope,
  type: T,
  name: string,
): Envelope<Extract<Envelope['signed'], { _type: T }>> {
  const { signed, signatures } = file;
  if (signed._type !== type) throw damaged(`${name} is not of the kind ${type}`);
  return { signatures, signed: signed as Extract<Envelope['signed'], { _type: T }> };
}

/** Null when nothing was published yet. */
export async function readPublished(repository: string): Promise<Published | null> {
  const directory = metadataDirectory(repository);
  const names = await readdir(directory).catch((cause: unknown) => {
    const hint = 'Make one with: vigie ota init, or name the directory that holds metadata/';
    throw new VigieError('update', `${repository} is not a repository`, hint, { cause });
  });
  const root = await newestRoot(directory, names);
  if (root === null) return null;
  const stamped = await readEnvelope(join(directory, 'timestamp.json'));
  const timestamp = ofKind(stamped.file, 'timestamp', 'timestamp.json');
  const meta = timestamp.signed.meta['snapshot.json'];
  const stands = isSigned(timestamp, topHolders('timestamp', root.signed));
  // Never an older one: what was published since would be forgotten.
  const later = snapshotVersions(names).filter((version) => !stands || version > meta.version);
  const versions = stands ? [meta.version, ...later] : later.slice(0, 1);
  let first: unknown;
  for (const [index, version] of versions.entries()) {
    const expected = stands && index === 0 ? meta : null;
    try {
      const read = await readSnapshot(directory, root.signed, version, expected);
      return { root, timestamp, ...read, cut: expected === null };
    } catch (error) {
      first ??= error;
    }
  }
  throw damaged(`The repository cannot be verified: ${errorLine(first)}`, first);
}

function snapshotVersions(names: readonly string[]): number[] {
  return names
    .flatMap((name) => /^(\d{1,9})\.snapshot\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
}

/** The chain from the first, each signed by the one before it and by itself. */
async function newestRoot(directory: string, names: readonly string[]): Promise<Envelope<RootJson> | null> {
  let newest: Envelope<RootJson> | null = null;
  for (let version = 1; names.includes(`${version}.root.json`); version++) {
    const name = `${version}.root.json`;
    const root = ofKind((await readEnvelope(join(directory, name))).file, 'root', name);
    const before: Envelope<RootJson> = newest ?? root;
    const signed = [before, root].every((by) => isSigned(root, topHolders('root', by.signed)));
    if (!signed || root.signed.version !== version)
      throw damaged(`${name} is not signed as the one before asks`);
    newest = root;
  }
  const known = newest?.signed.version ?? 0;
  const beyond = names.find((name) => Number(/^(\d{1,9})\.root\.json$/.exec(name)?.[1] ?? 0) > known);
  if (beyond !== undefined) throw damaged(`${beyond} is there, and the root before it is missing`);
  return newest;
}

async function readSnapshot(
  directory: string,
  root: RootJson,
  version: number,
  expected: MetaFileJson | null,
): Promise<Pick<Published, 'snapshot' | 'roles' | 'gone'>> {
  const name = metadataName('snapshot', version);
  const read = await readEnvelope(join(directory, name));
  const snapshot = ofKind(read.file, 'snapshot', name);
  fits(
    name,
    read,
    expected ?? { version, length: read.bytes.length, hashes: { sha256: sha256(read.bytes) } },
  );
  if (!isSigned(snapshot, topHolders('snapshot', root))) throw damaged(`${name} is not signed`);
  const roles = new Map<string, Envelope<TargetsJson>>();
  const load = async (role: string): Promise<void> => {
    const meta = snapshot.signed.meta[`${role}.json`];
    if (meta === undefined) throw damaged(`${name} does not list ${role}`);
    const place = metadataName(role, meta.version);
    const found = await readEnvelope(join(directory, place));
    fits(place, found, meta);
    const file = ofKind(found.file, 'targets', place);
    if (!isSigned(file, holdersOf(role, root, roles))) throw damaged(`${place} is not signed`);
    roles.set(role, file);
    for (const { name: below } of file.signed.delegations?.roles ?? []) {
      if (isTopRole(below) || delegatorOf(below) !== role)
        throw damaged(`${place} may not delegate ${below}`);
      await load(below);
    }
  };
  await load('targets');
  const listed = Object.entries(snapshot.signed.meta).map(
    ([file, meta]) => [file.slice(0, -5), meta] as const,
  );
  const gone = new Map(listed.filter(([role]) => !roles.has(role)));
  return { snapshot, roles, gone };
}

function fits(name: string, { file, bytes }: { file: Envelope; bytes: Buffer }, meta: MetaFileJson): void {
  const isThat = bytes.length === meta.length && sha256(bytes) === meta.hashes.sha256;
  if (!isThat || file.signed.version !== meta.version) throw damaged(`${name} is not what its list says`);
}
