/**
 * A small JSON file that tells whether it is whole: its content beside the SHA-256 of it. For what a camera remembers about
 * updates (ota/metadata/floors.ts, trust-store.ts). Against torn and rotten files, not against somebody with a shell.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';

const outer = z.strictObject({ sha256: z.string(), state: z.unknown() });

export function checkedText(state: unknown): string {
  const text = JSON.stringify(state);
  return `{"sha256":"${sha256Of(text)}","state":${text}}\n`;
}

export const sha256Of = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** Null when it is not there, too long, torn, or not what the schema says: the same to whoever asks. */
export async function readChecked<T>(
  path: string,
  schema: z.ZodType<T>,
  mostBytes: number,
): Promise<T | null> {
  const bytes = await readBounded(path, mostBytes);
  if (bytes === null) return null;
  try {
    const { sha256, state } = outer.parse(JSON.parse(bytes.toString('utf8')));
    return sha256 === sha256Of(JSON.stringify(state)) ? schema.parse(state) : null;
  } catch {
    return null;
  }
}

/** Null when it cannot be read or is longer. */
export async function readBounded(path: string, mostBytes: number): Promise<Buffer | null> {
  try {
    const { size } = await stat(path);
    if (size > mostBytes) return null;
    const bytes = await readFile(path);
    return bytes.length > mostBytes ? null : bytes;
  } catch {
    return null;
  }
}
