/**
 * The ring's description, and where everything lies (docs/store.md, "Layout", P4.1). Read by ring.ts, check.ts and
 * create.ts. When store.json is gone or damaged, any segment header says the same. Writes nothing.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32c } from '@node-rs/crc32';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { mayComeBack } from './card-refusal.js';
import {
  decodeSegmentHeader,
  formatVersion,
  headerBlockBytes,
  maxCameraIdBytes,
  type SegmentHeader,
  segmentHeaderBytes,
} from './layout.js';
import { cardError, type OpenSegment, type SegmentFile } from './segment-file.js';

const description = z.strictObject({
  format: z.literal(formatVersion),
  /** hex, 16 bytes */
  storeId: z.string().regex(/^[0-9a-f]{32}$/),
  cameraId: z.string().min(1).max(maxCameraIdBytes),
  segmentBytes: z
    .int()
    .min(2 * headerBlockBytes)
    .max(2 ** 31),
  segmentCount: z.int().min(2).max(1_000_000),
});
/** ring/store.json, without its checksum */
export type Description = z.infer<typeof description>;
const describedFile = description.extend({ crc32c: z.int() });

/** The text of ring/store.json. The checksum tells a damaged number from one that a person must be told about. */
export function descriptionText(described: Description): string {
  return `${JSON.stringify({ ...described, crc32c: checksumOf(described) }, null, 2)}\n`;
}

function parseDescription(text: string): Description {
  const { crc32c: stated, ...described } = describedFile.parse(JSON.parse(text));
  if (checksumOf(described) !== stated) throw new Error('checksum');
  return described;
}

/** Format version 1, which held video that anybody could read. */
function madeInTheClear(text: string): boolean {
  try {
    return z.object({ format: z.literal(1) }).safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

function checksumOf(of: Description): number {
  return crc32c([of.format, of.storeId, of.cameraId, of.segmentBytes, of.segmentCount].join('\n'));
}

export const lockFile = (directory: string): string => join(directory, 'store.lock');
export const ringDirectory = (directory: string): string => join(directory, 'ring');
/** Of one store; apart from the card, so that the keys of a card that is lost are not lost with it. */
export const keySlotsFile = (keysDirectory: string, storeId: string): string =>
  join(keysDirectory, `slots-${storeId}.bin`);
export const newRingDirectory = (directory: string): string => join(directory, 'ring.new');
export const descriptionFile = (ring: string): string => join(ring, 'store.json');
export const segmentName = (slot: number): string => `${String(slot).padStart(6, '0')}.seg`;
export const segmentPath = (ring: string, slot: number): string => join(ring, segmentName(slot));

/** More than store.json ever has: a damaged directory may give its name to anything. */
const mostDescriptionBytes = 4096;

/**
 * Reads the description of the ring in this directory; null when there is no ring.
 * @param list names of the files in a directory; for tests that keep them in memory
 * @throws VigieError `store` when there is one that cannot be read
 */
export async function describeRing(
  directory: string,
  open: OpenSegment,
  list: (directory: string) => Promise<string[]> = (path) => readdir(path),
): Promise<{ description: Description; rebuilt: boolean } | null> {
  const ring = ringDirectory(directory);
  let names: string[];
  try {
    names = await list(ring);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cardError(`Cannot read ${ring}`, error);
  }
  const segments = names.filter((name) => /^\d{6}\.seg$/.test(name)).sort();
  const stated = await statedIn(directory, open);
  // As many files as it says: nothing else is asked. Else a segment header knows better (P4.1).
  if (stated?.segmentCount === segments.length) return { description: stated, rebuilt: false };
  let refused: unknown;
  for (const name of segments) {
    const header = await headerOf(join(ring, name), open).catch((error: unknown) => {
      refused = error;
      return null;
    });
    const found = header && describedBy(header);
    if (found && stated && checksumOf(stated) === checksumOf(found)) break;
    if (found) return { description: found, rebuilt: true };
  }
  if (stated) return { description: stated, rebuilt: false };
  if (mayComeBack(refused)) throw refused;
  throw new VigieError(
    'store',
    `The store in ${directory} cannot be read: no description and no valid segment`,
    'Move the directory away to keep it for examination; a new store is then made',
  );
}

/** What store.json says; null when it is missing or damaged. */
async function statedIn(directory: string, open: OpenSegment): Promise<Description | null> {
  const text = await textOf(descriptionFile(ringDirectory(directory)), open).catch(() => '');
  if (madeInTheClear(text)) {
    throw new VigieError(
      'store',
      `The store in ${directory} was made by an earlier version, which did not encrypt`,
      'Export what must be kept with that version, then remove the directory; a new store is made',
    );
  }
  try {
    return parseDescription(text);
  } catch {
    return null;
  }
}

async function textOf(path: string, open: OpenSegment): Promise<string> {
  const file = await open(path, 'read');
  try {
    const bytes = Buffer.alloc(mostDescriptionBytes);
    return bytes.toString('utf8', 0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

function describedBy({ storeId, cameraId, segmentBytes, segmentCount }: SegmentHeader): Description | null {
  const stated = { format: formatVersion, storeId, cameraId, segmentBytes, segmentCount };
  return description.safeParse(stated).data ?? null;
}

async function headerOf(path: string, open: OpenSegment): Promise<SegmentHeader | null> {
  const file = await open(path, 'read');
  try {
    return await readSegmentHeader(file);
  } finally {
    await file.close();
  }
}

/** The header of an open segment; null when it is not valid. */
export async function readSegmentHeader(file: SegmentFile): Promise<SegmentHeader | null> {
  const block = Buffer.alloc(segmentHeaderBytes);
  const read = await file.read(block, 0);
  return decodeSegmentHeader(block.subarray(0, read));
}

/** Whether a valid header is the one that this slot of this ring must have. */
export function belongs(header: SegmentHeader, slot: number, ring: Description): boolean {
  return (
    header.slot === slot &&
    header.storeId === ring.storeId &&
    header.segmentBytes === ring.segmentBytes &&
    header.segmentCount === ring.segmentCount
  );
}
