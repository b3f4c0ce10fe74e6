/**
 * The files of the register: `register.jsonl` grows; when it is large it is renamed to the number of its first entry
 * and a new one begins. Used by register.ts and by the commands, which only read. Never changes what is written.
 */
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../../../errors.js';

export const currentVolume = 'register.jsonl';
const closedName = /^register-(\d{12})\.jsonl$/;
const mostVolumeBytes = 256 * 2 ** 20;
const lineFeed = 0x0a;

export interface Volume {
  name: string;
  /** number of the first entry, null for the one that grows */
  first: number | null;
}

export interface RawVolume extends Volume {
  /** without their line feeds */
  lines: Buffer[];
  /** what follows the last line feed: a line that was not finished */
  rest: Buffer;
}

export function closedVolume(first: number): string {
  return `register-${String(first).padStart(12, '0')}.jsonl`;
}

/** Oldest first, the one that grows last. Empty when there is no register. */
export async function listVolumes(directory: string): Promise<Volume[]> {
  const names = await readdir(directory).catch((cause: NodeJS.ErrnoException): string[] => {
    if (cause.code === 'ENOENT') return [];
    throw unreadable(directory, cause);
  });
  const closed = names
    .flatMap((name) => {
      const match = closedName.exec(name);
      return match ? [{ name, first: Number(match[1]) }] : [];
    })
    .sort((a, b) => a.first - b.first);
  return names.includes(currentVolume) ? [...closed, { name: currentVolume, first: null }] : closed;
}

/** @throws VigieError `store` when it cannot be read, or is larger than any volume gets */
export async function readVolume(directory: string, volume: Volume): Promise<RawVolume> {
  const file = join(directory, volume.name);
  try {
    if ((await stat(file)).size > mostVolumeBytes) throw new Error('it is too large');
    const handle = await open(file, 'r');
    const bytes = await handle.readFile().finally(() => handle.close());
    return { ...volume, ...splitLines(bytes) };
  } catch (cause) {
    throw unreadable(file, cause);
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

function unreadable(file: string, cause: unknown): VigieError {
  return new VigieError('store', `The register cannot be read: ${file}`, 'Check the card and its owner', {
    cause,
  });
}
