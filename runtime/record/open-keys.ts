/** Opens the key slots of a ring that was loaded. Called by store.ts, which then holds both. */
import type { Clock, KeyVault, Log } from '../../board/ports.js';
import { keySlotsFile } from './description.js';
import { KeySlots } from './key-slots.js';
import type { LoadedRing } from './ring.js';
import type { OpenSegment } from './segment-file.js';

export interface OpenKeysDeps {
  vault: KeyVault;
  clock: Clock;
  log: Log;
  clockTrusted?: () => boolean;
  openKeys?: OpenSegment;
}

/** @throws VigieError `store` when the slots cannot be made or read */
export async function openKeys(
  { vault, clock, log, clockTrusted, openKeys: open }: OpenKeysDeps,
  directory: string,
  { description, end }: Pick<LoadedRing, 'description' | 'end'>,
): Promise<KeySlots> {
  const { storeId, segmentCount: slots } = description;
  const deps = { vault, clock, log, ...(clockTrusted && { clockTrusted }), ...(open && { open }) };
  const keys = new KeySlots(deps, { storeId, slots, file: keySlotsFile(directory, storeId) });
  const { made } = await keys.start();
  if (made && end.sequence > 0) {
    log.error('The key slots were missing: what was recorded until now cannot be read. Recording goes on');
  }
  return keys;
}
