/**
 * Keys of stores whose card is not in the camera: their terms run all the same. Called by whoever keeps the terms; the slots
 * say how old each key is, so that no card is needed. Never touches the slots of a store that is open.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { keySectorBytes, type RecordClass, recordClasses } from './key-sector.js';
import { KeySlots, type KeySlotsDeps } from './key-slots.js';
import { beforeKeyMs } from './told-age.js';

const slotsName = /^slots-([0-9a-f]{32})\.bin$/;

export interface DestroyedElsewhere {
  storeId: string;
  segmentSequence: number;
  class: RecordClass;
}

export interface AbsentStores {
  /** directory of the key slots */
  keysDirectory: string;
  /** id of the store that is open; null when none is */
  openStoreId: string | null;
  /** whether another store is open, or about to be: asked before each; default: none is */
  isOpen?: (storeId: string) => boolean;
  /** what was recorded then or before is past its term, wall clock, milliseconds */
  recordedBeforeMs: Record<RecordClass, number>;
  /**
   * the earliest that what such a key opens may have been recorded: asked for keys that were made under an untrusted
   * clock. Null: left. Default: all of them are left
   */
  startMs?: (storeId: string, segment: number, of: RecordClass) => number | null;
  /** whether a requisition keeps this segment; default: none is kept */
  held?: (storeId: string, segment: number) => boolean;
}

/**
 * Destroys what is past its term in the slots of other stores. A GOP is written when it is whole, and a copy later still:
 * what a key opens may begin up to ten minutes before the key was made, which is counted here.
 * @returns what was destroyed, each verified
 * @throws VigieError `store` when a slot could not be overwritten; what was destroyed before it stays so
 */
export async function destroyElsewhere(deps: KeySlotsDeps, of: AbsentStores): Promise<DestroyedElsewhere[]> {
  const destroyed: DestroyedElsewhere[] = [];
  const names = await readdir(of.keysDirectory).catch(() => []);
  for (const name of names.sort()) {
    const storeId = slotsName.exec(name)?.[1];
    if (storeId === undefined || storeId === of.openStoreId || of.isOpen?.(storeId)) continue;
    const file = join(of.keysDirectory, name);
    const slots = Math.floor((await stat(file)).size / keySectorBytes / recordClasses.length);
    if (slots < 1) continue;
    const keys = new KeySlots(deps, { file, storeId, slots });
    await keys.start();
    try {
      for (const { segmentSequence, class: kept, createdMs, clockTrusted } of keys.live()) {
        const told = (): number | null => of.startMs?.(storeId, segmentSequence, kept) ?? null;
        const startMs = clockTrusted ? createdMs - beforeKeyMs : told();
        if (startMs === null || startMs > of.recordedBeforeMs[kept]) continue;
        if (of.held?.(storeId, segmentSequence)) continue;
        if (await keys.destroy(segmentSequence, kept))
          destroyed.push({ storeId, segmentSequence, class: kept });
      }
    } finally {
      await keys.stop();
    }
  }
  return destroyed;
}
