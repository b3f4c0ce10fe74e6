/** Opens the file of a ring slot for a new segment, and makes it anew when the card has lost it. Used by segment-maker.ts. */
import { rm } from 'node:fs/promises';
import type { CardPort, Log } from '../../board/ports.js';
import type { VigieError } from '../../errors.js';
import { segmentName, segmentPath } from './description.js';
import type { OpenSegment, SegmentFile } from './segment-file.js';

export interface SlotFileDeps {
  card: CardPort;
  log: Log;
  open: OpenSegment;
}

/**
 * P3.2
 * @param path directory of the segment files
 * @throws VigieError `store` when it can neither be opened nor made
 */
export async function openSlot(
  { card, log, open }: SlotFileDeps,
  path: string,
  slot: number,
  segmentBytes: number,
): Promise<SegmentFile> {
  const file = segmentPath(path, slot);
  const found = await open(file, 'write').catch((error: VigieError) => {
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return null;
    throw error;
  });
  if (found && (await found.bytes()) === segmentBytes) return found;
  await found?.close();
  log.warn(`Segment ${segmentName(slot)} was missing or had another size: made anew`);
  await rm(file, { force: true });
  await card.preallocate(file, segmentBytes);
  return open(file, 'write');
}
