/**
 * What becomes of volumes that are closed: they are packed, and removed once nothing needs them and they are older than the
 * register's memory (docs/register.md, "Forget"). Called by register.ts, which tells a removal before it is made. A cut
 * anywhere leaves what the next call goes on with.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { EntryOf } from './entry.js';
import { decodeLine, hashOf } from './line.js';
import {
  type ClosedVolume,
  closedVolumes,
  listVolumes,
  packedSuffix,
  readVolume,
  type Volume,
} from './volumes.js';

const pack = promisify(gzip);
const unfinished = '.new';

export type Removal = Pick<EntryOf<'volumes-removed'>, 'first' | 'last' | 'lastHash' | 'digest'>;

/**
 * The oldest volumes that may go, or null.
 * @param needs number of the oldest entry that must stay
 * @param beforeMs what was written before this may go; counted by entries written under a clock known to be right
 */
export async function removable(
  directory: string,
  { needs, beforeMs }: { needs: number; beforeMs: number },
): Promise<Removal | null> {
  const volumes = await listVolumes(directory);
  const digest = createHash('sha256');
  let found = null as Removal | null;
  for (const [i, volume] of volumes.entries()) {
    const next = volumes[i + 1];
    if (volume.first === null || !next || !(await isOld(directory, next, beforeMs))) break;
    const { lines, rest } = await readVolume(directory, volume);
    const [first, last] = [lines[0], lines.at(-1)].map((line) => line && decodeLine(line.toString('utf8')));
    // What is damaged stays: it is to be looked at.
    if (!first || !last || first.n !== volume.first || last.n >= needs || rest.length > 0) break;
    for (const line of lines) digest.update(line).update('\n');
    const lastHash = hashOf(lines.at(-1) ?? '');
    const soFar = digest.copy().digest('hex');
    found = { first: found?.first ?? first.n, last: last.n, lastHash, digest: soFar };
  }
  return found;
}

/** What follows it was already being written then: by the first entry whose time is sure. */
async function isOld(directory: string, next: Volume, beforeMs: number): Promise<boolean> {
  const { lines } = await readVolume(directory, next);
  for (const line of lines) {
    const entry = decodeLine(line.toString('utf8'));
    if (entry?.trusted) return entry.at < beforeMs;
  }
  return false;
}

/** Removes the volumes that hold nothing after this entry, oldest first. Idempotent. */
export async function removeUpTo(directory: string, last: number): Promise<void> {
  const volumes = await listVolumes(directory);
  for (const [i, volume] of volumes.entries()) {
    const next = volumes[i + 1];
    if (volume.first === null || !next) return;
    const nextFirst = next.first ?? (await firstOf(directory, next));
    if (nextFirst === null || nextFirst > last + 1) return;
    await removeVolume(directory, volume.first);
    // In this order on the device too: what is left has no hole.
    await syncDirectory(directory);
  }
}

async function firstOf(directory: string, volume: Volume): Promise<number | null> {
  const [line] = (await readVolume(directory, volume)).lines;
  return (line && decodeLine(line.toString('utf8'))?.n) ?? null;
}

/** Packed and plain: a cut may have left both. */
async function removeVolume(directory: string, first: number): Promise<void> {
  const name = `register-${String(first).padStart(12, '0')}.jsonl`;
  for (const suffix of [packedSuffix, '']) await rm(join(directory, name + suffix), { force: true });
}

/** Packs the oldest plain volumes among the closed ones, at most so many. */
export async function packClosed(directory: string, most: number): Promise<void> {
  const plain = (await closedVolumes(directory)).filter(({ name }) => !name.endsWith(packedSuffix));
  for (const volume of plain.slice(0, most)) await packVolume(directory, volume);
}

/** 1. the packed one beside it, whole and synced; 2. its name; 3. the plain one goes. */
async function packVolume(directory: string, { name }: ClosedVolume): Promise<void> {
  const plain = join(directory, name);
  const packed = plain + packedSuffix;
  const source = await open(plain, 'r');
  const bytes = await source.readFile().finally(() => source.close());
  await rm(packed + unfinished, { force: true });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(packed + unfinished, flags, 0o600);
  try {
    await handle.writeFile(await pack(bytes, { level: 9 }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(packed + unfinished, packed);
  await syncDirectory(directory);
  await unlink(plain);
  await syncDirectory(directory);
}

export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}
