/**
 * The files of the register: `register.jsonl` grows; when it is large it is renamed to the number of its first entry,
 * packed, and a new one begins. Used by register.ts and by the commands, which only read. Never changes what is written.
 */
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { VigieError } from '../../../errors.js';

export const currentVolume = 'register.jsonl';
export const packedSuffix = '.gz';
const closedName = /^register-(\d{12})\.jsonl(\.gz)?$/;
const mostVolumeBytes = 256 * 2 ** 20;
const lineFeed = 0x0a;
const unpack = promisify(gunzip);

export interface Volume {
  name: string;
  /** number of the first entry, null for the one that grows */
  first: number | null;
}

export interface ClosedVolume extends Volume {
  first: number;
}

export interface RawVolume extends Volume {
  /** without their line feeds */
  lines: Buffer[];
  /** what follows the last line feed: a line that was not finished; of a packed volume that does not unpack, all of it */
  rest: Buffer;
}

export function closedVolume(first: number): string {
  return `register-${String(first).padStart(12, '0')}.jsonl`;
}

/** Oldest first, the one that grows last. Empty when there is no register. */
export async function listVolumes(directory: string): Promise<Volume[]> {
  return volumesIn(await namesIn(directory));
}

/** Those that no longer grow, oldest first. */
export async function closedVolumes(directory: string): Promise<ClosedVolume[]> {
  const all = await listVolumes(directory);
  return all.flatMap(({ name, first }) => (first === null ? [] : [{ name, first }]));
}

/** Every name in the directory; empty when there is none. */
export async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((cause: NodeJS.ErrnoException): string[] => {
    if (cause.code === 'ENOENT') return [];
    throw unreadable(directory, cause);
  });
}

export function volumesIn(names: readonly string[]): Volume[] {
  const byFirst = new Map<number, Volume>();
  // Sorted, so that the plain one counts while a cut has left both.
  for (const name of [...names].sort().reverse()) {
    const match = closedName.exec(name);
    if (match) byFirst.set(Number(match[1]), { name, first: Number(match[1]) });
  }
  const closed = [...byFirst.values()].sort((a, b) => (a.first ?? 0) - (b.first ?? 0));
  return names.includes(currentVolume) ? [...closed, { name: currentVolume, first: null }] : closed;
}

/** @throws VigieError `store` when it cannot be read, or is larger than any volume gets */
export async function readVolume(directory: string, volume: Volume): Promise<RawVolume> {
  const file = join(directory, volume.name);
  try {
    const handle = await open(file, 'r');
    return await readOpenVolume(handle, volume).finally(() => handle.close());
  } catch (cause) {
    throw cause instanceof VigieError ? cause : unreadable(file, cause);
  }
}

/** From its beginning, wherever the handle stands. Rejects as readVolume. */
export async function readOpenVolume(handle: FileHandle, volume: Volume): Promise<RawVolume> {
  try {
    const bytes = await readAll(handle);
    if (!volume.name.endsWith(packedSuffix)) return { ...volume, ...splitLines(bytes) };
    const plain = await unpack(bytes, { maxOutputLength: mostVolumeBytes }).catch(() => null);
    return plain ? { ...volume, ...splitLines(plain) } : { ...volume, lines: [], rest: bytes };
  } catch (cause) {
    throw unreadable(volume.name, cause);
  }
}

export function splitLines(bytes: Buffer): { lines: Buffer[]; rest: Buffer } {
  const lines: Buffer[] = [];
  let at = 0;
  for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, at)) {
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return { lines, rest: bytes.subarray(at) };
}

async function readAll(handle: FileHandle): Promise<Buffer> {
  const { size } = await handle.stat();
  if (size > mostVolumeBytes) throw new Error('it is too large');
  const bytes = Buffer.alloc(size);
  let done = 0;
  while (done < size) {
    const { bytesRead } = await handle.read(bytes, done, size - done, done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

export function unreadable(file: string, cause: unknown): VigieError {
  return new VigieError('store', `The register cannot be read: ${file}`, 'Check the card and its owner', {
    cause,
  });
}
