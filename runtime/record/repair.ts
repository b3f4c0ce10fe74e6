/**
 * Repairs what can be made again from the records (docs/store.md, P9): the description and the sealed indexes. Called by
 * `vigie store check --repair` with the lock of the store held. Never touches a record, an end mark or a key.
 */
import { VigieError } from '../../errors.js';
import { writeDescription } from './create.js';
import {
  belongs,
  type Description,
  describeRing,
  readSegmentHeader,
  ringDirectory,
  segmentName,
  segmentPath,
} from './description.js';
import { indexAgrees, indexOf } from './index-agreement.js';
import { endMarkBytes, indexBytes, type SegmentHeader } from './layout.js';
import { scanSegment } from './scan.js';
import type { OpenSegment, SegmentFile } from './segment-file.js';
import { encodeSealedIndex, readSealedIndex } from './segment-index.js';

export interface Repaired {
  /** store.json was written again */
  description: boolean;
  /** names of the segment files whose index was written */
  indexes: string[];
}

/** @throws VigieError `store` when there is no store, or the card refuses a write */
export async function repair(directory: string, open: OpenSegment): Promise<Repaired> {
  const found = await describeRing(directory, open);
  if (!found) throw new VigieError('store', `There is no store in ${directory}`, 'Give it with --directory');
  const { description, rebuilt } = found;
  const ring = ringDirectory(directory);
  if (rebuilt) await writeDescription(ring, description);
  const segments = await headersOf(ring, description, open);
  const newest = Math.max(0, ...segments.map(({ sequence }) => sequence));
  const indexes: string[] = [];
  for (const header of segments) {
    if (header.sequence === newest) continue;
    if (await repairIndex(ring, header, open)) indexes.push(segmentName(header.slot));
  }
  return { description: rebuilt, indexes };
}

async function headersOf(ring: string, of: Description, open: OpenSegment): Promise<SegmentHeader[]> {
  const headers: SegmentHeader[] = [];
  for (let slot = 0; slot < of.segmentCount; slot++) {
    const header = await reading(ring, slot, open, async (file) =>
      (await file.bytes()) === of.segmentBytes ? readSegmentHeader(file) : null,
    );
    if (header && belongs(header, slot, of)) headers.push(header);
  }
  return headers;
}

/** Null when the file is gone or cannot be read: check says so. */
async function reading<T>(
  ring: string,
  slot: number,
  open: OpenSegment,
  read: (file: SegmentFile) => Promise<T | null>,
): Promise<T | null> {
  const file = await open(segmentPath(ring, slot), 'read').catch(() => null);
  try {
    return file && (await read(file).catch(() => null));
  } finally {
    await file?.close();
  }
}

/** @returns whether an index was written */
async function repairIndex(ring: string, header: SegmentHeader, open: OpenSegment): Promise<boolean> {
  const { slot, sequence, segmentBytes } = header;
  const made = await reading(ring, slot, open, async (file) => {
    const [index, scan] = [await readSealedIndex(file, header), await scanSegment(file, header)];
    if (index && indexAgrees(index, scan)) return null;
    const entries = indexOf(scan, sequence, slot);
    const fits = scan.endByte + endMarkBytes + indexBytes(entries.rows) <= segmentBytes;
    return fits ? encodeSealedIndex({ entries, endByte: scan.endByte }) : null;
  });
  if (!made) return false;
  const file = await open(segmentPath(ring, slot), 'write');
  try {
    await file.write(made, segmentBytes - made.length);
    await file.datasync();
  } finally {
    await file.close();
  }
  return true;
}
