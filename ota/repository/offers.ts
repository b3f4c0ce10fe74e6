/**
 * What the channels of a customer's boards offer: publishing a bundle, changing who gets it, withdrawing it. Files are laid down
 * under their hashes first; only the signed metadata makes them count.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import semver from 'semver';
import { VigieError } from '../../errors.js';
import { replaceWhole } from '../../whole-file.js';
import { type Channel, pathPart, type Release, releasePath, release as releaseSchema } from '../release.js';
import type { Draft } from './draft.js';
import { sha256, type TargetsJson } from './formats.js';
import { makeServed, targetFile, targetsDirectory } from './places.js';
import type { Published } from './published.js';

export interface Place {
  customer: string;
  board: string;
  channel: Channel;
}

export interface Offered {
  place: Place;
  release: Release;
  /** bundle and deltas, by the path that the release gives them */
  files: Map<string, TargetEntry>;
}

export type TargetEntry = TargetsJson['targets'][string];

const mostReleaseBytes = 128 * 1024;

export const roleOf = ({ customer, board }: Omit<Place, 'channel'>): string => `${customer}.${board}`;
const folderOf = ({ customer, board, channel }: Place): string => `${customer}/${board}/${channel}`;

const refused = (message: string, hint: string, cause?: unknown): VigieError =>
  new VigieError('update', message, hint, { cause });

/** Everything that is offered, verified against the metadata. @throws VigieError `update` */
export async function offers(repository: string, { roles }: Pick<Published, 'roles'>): Promise<Offered[]> {
  const found: Offered[] = [];
  for (const { signed } of roles.values()) {
    for (const [path, entry] of Object.entries(signed.targets)) {
      if (!path.endsWith('/release.json')) continue;
      const release = await readRelease(repository, path, entry);
      const { customer, board, channel } = release;
      const inFolder = Object.entries(signed.targets).filter(([other]) => other !== path);
      const folder = `${folderOf(release)}/`;
      const files = new Map(inFolder.filter(([other]) => other.startsWith(folder)));
      found.push({ place: { customer, board, channel }, release, files });
    }
  }
  return found;
}

async function readRelease(repository: string, path: string, entry: TargetEntry): Promise<Release> {
  const file = targetFile(repository, path, entry.hashes.sha256);
  try {
    if (entry.length > mostReleaseBytes) throw new Error('too long');
    const bytes = await readFile(file);
    if (bytes.length !== entry.length || sha256(bytes) !== entry.hashes.sha256)
      throw new Error('another hash');
    const release = releaseSchema.parse(JSON.parse(bytes.toString('utf8')));
    if (releasePath(release) !== path) throw new Error('of another place');
    return release;
  } catch (cause) {
    throw refused(`${file} is not what the metadata says`, 'Take the repository from its backup', cause);
  }
}

export const sameFolder = (a: Place, b: Place): boolean => folderOf(a) === folderOf(b);

/** The path that a file of a release gets; checked to be one that cameras take. */
export function targetPath(place: Place, name: string): string {
  return `${folderOf(place)}/${name}`;
}

/**
 * Copies a file into `targets/` under its hash, durably; a dry run reads it only.
 * @param onShare 0 to 1
 */
export async function layDown(
  repository: string,
  path: string,
  source: string,
  { onShare = () => {}, dryRun = false }: { onShare?: (share: number) => void; dryRun?: boolean } = {},
): Promise<TargetEntry> {
  const temporary = join(targetsDirectory(repository), dirname(path), '.incoming');
  const hash = createHash('sha256');
  let done = 0;
  try {
    const { size } = await stat(source);
    const counted = async function* () {
      for await (const chunk of createReadStream(source) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        done += chunk.length;
        onShare(done / size);
        yield chunk;
      }
    };
    if (!dryRun) await makeServed(dirname(temporary));
    const into = dryRun ? nowhere() : createWriteStream(temporary, { mode: 0o644 });
    await pipeline(counted, into);
    const digest = hash.digest('hex');
    if (!dryRun) await settle(temporary, targetFile(repository, path, digest));
    return { length: done, hashes: { sha256: digest } };
  } catch (cause) {
    if (!dryRun) await rm(temporary, { force: true });
    throw refused(
      `${source} cannot be copied into the repository`,
      'Check the file, the disk and its room',
      cause,
    );
  }
}

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

async function settle(temporary: string, file: string): Promise<void> {
  const handle = await open(temporary, 'r+');
  await handle.sync().finally(() => handle.close());
  await chmod(temporary, 0o644);
  await rename(temporary, file);
  const folder = await open(dirname(file), 'r');
  await folder.sync().finally(() => folder.close());
}

/** The bytes that are signed: the same release gives the same. */
export function releaseBytes(release: Release): Buffer {
  const checked = releaseSchema.safeParse(release);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const where = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
    throw refused(`The release is not valid at ${where}`, 'Correct the options of vigie ota publish');
  }
  const bytes = Buffer.from(`${JSON.stringify(checked.data, null, 1)}\n`);
  if (bytes.length <= mostReleaseBytes) return bytes;
  throw refused('The release is too long', 'Shorten the notes');
}

/** Has a channel offer this; what it offered before is listed no more, its files stay for whoever is fetching them. */
export async function offer(
  repository: string,
  draft: Draft,
  { release, files }: Pick<Offered, 'release' | 'files'>,
  { dryRun = false } = {},
): Promise<void> {
  const bytes = releaseBytes(release);
  const hash = sha256(bytes);
  const path = releasePath(release);
  if (!dryRun) {
    const file = targetFile(repository, path, hash);
    await makeServed(dirname(file));
    await replaceWhole(file, bytes, { mode: 0o644 });
  }
  editFolder(draft, release, (targets) => {
    targets[path] = { length: bytes.length, hashes: { sha256: hash } };
    for (const [name, entry] of files) targets[name] = entry;
  });
}

/** Has a channel offer nothing. */
export function withdraw(draft: Draft, place: Place): void {
  editFolder(draft, place, () => {});
}

function editFolder(draft: Draft, place: Place, fill: (targets: TargetsJson['targets']) => void): void {
  draft.editRole(roleOf(place), ({ targets }) => {
    for (const path of Object.keys(targets)) if (path.startsWith(`${folderOf(place)}/`)) delete targets[path];
    fill(targets);
  });
}

/**
 * A lower version is refused by every camera that took the higher one; the same version with other bytes would be two things
 * under one name.
 * @throws VigieError `update`
 */
export function mayFollow(before: Release | undefined, next: Release, downgradeAnyway: boolean): void {
  if (before === undefined) return;
  const order = semver.compare(next.version, before.version);
  if (order < 0 && !downgradeAnyway) {
    throw refused(
      `${folderOf(next)} offers ${before.version}, and ${next.version} is lower`,
      'Build a higher version. Cameras that took the other refuse this one; --downgrade-anyway offers it to the rest',
    );
  }
  if (order === 0 && contentOf(before) !== contentOf(next)) {
    throw refused(
      `${folderOf(next)} offers ${before.version} already, with other files`,
      'Build it with a higher version',
    );
  }
}

const contentOf = ({ content }: Release): string =>
  content.kind === 'tree' ? content.manifestSha256 : content.path;

/** @throws VigieError `update` for a name that cannot be part of a path */
export function checkedPart(what: string, name: string): string {
  if (pathPart.safeParse(name).success && !name.includes('..')) return name;
  const hint = 'Use lower-case letters, digits, and . _ - inside';
  throw refused(`"${name}" is no ${what}`, hint);
}
