/**
 * `slots/a.good`, `slots/b.good`: that the version in the slot was confirmed, and when in the order of the writes. Decides
 * nothing while one of the two state files can be read; when both are lost it tells which slot to trust. Written by
 * ota/slots/ after `state.json`, read by recover.ts.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Between, nothingBetween, syncDirectory, writeDurably } from './durable-file.js';
import type { SlotName, SlotRecord } from './slot-state.js';
import { readBounded } from './state-file.js';
import { fieldsOf, isCount, isSha256, isVersion, must } from './state-shape.js';

export interface SlotMarker {
  version: string;
  manifestSha256: string;
  /** of the state that confirmed it */
  serial: number;
}

const mostMarkerBytes = 1024;

/** Directory of the two slots. */
export const slotsIn = (root: string): string => join(root, 'slots');
export const slotIn = (root: string, slot: SlotName): string => join(root, 'slots', slot);

/** null: not confirmed, or not known to be. */
export async function readMarker(root: string, slot: SlotName): Promise<SlotMarker | null> {
  try {
    const bytes = await readBounded(join(slotsIn(root), `${slot}.good`), mostMarkerBytes);
    if (bytes === null || bytes.length > mostMarkerBytes) return null;
    const { version, manifestSha256, serial } = fieldsOf(JSON.parse(bytes.toString('utf8')), 'no object');
    must(isVersion(version) && isSha256(manifestSha256), 'no marker');
    must(isCount(serial, Number.MAX_SAFE_INTEGER), 'no marker');
    return { version, manifestSha256, serial };
  } catch {
    return null;
  }
}

export async function writeMarker(
  root: string,
  slot: SlotName,
  { version, manifestSha256 }: SlotRecord,
  serial: number,
  between: Between = nothingBetween,
): Promise<void> {
  const marker: SlotMarker = { version, manifestSha256, serial };
  await writeDurably(slotsIn(root), `${slot}.good`, `${JSON.stringify(marker)}\n`, between);
}

export async function removeMarker(root: string, slot: SlotName): Promise<void> {
  await rm(join(slotsIn(root), `${slot}.good`), { force: true });
  await syncDirectory(slotsIn(root));
}
