/** Where the versions of this camera lie: what the launcher said, or RAUC. Used by updating.ts. Decides nothing of an update. */
import { join } from 'node:path';
import { bootId } from '../board/linux/boot.js';
import { openSystemBus } from '../board/linux/dbus.js';
import { clearRaucMounts, showBootloader } from '../board/linux/rauc.js';
import type { CardPort, Clock, Log } from '../board/ports.js';
import type { SlotBackend } from '../ota/slots/backend.js';
import { DirSlots } from '../ota/slots/dir.js';
import { RaucSlots } from '../ota/slots/rauc.js';
import { RaucService } from '../ota/slots/rauc-service.js';
import { startedFrom } from '../ota/slots/started-from.js';
import type { OtaConfig } from './config/ota.js';

export interface Slots {
  /** null: this camera was not installed in slots */
  backend: SlotBackend | null;
  /** the tree of the version that runs; null where that is no directory */
  activeSlot: string | null;
  trustDirectory: string;
  downloadDirectory: string;
}

export function slotsOf(
  deps: { clock: Clock; log: Log; card: CardPort },
  { ota, stateDirectory, version }: { ota: OtaConfig | undefined; stateDirectory: string; version: string },
): Slots {
  const started = startedFrom();
  if (ota?.backend === 'rauc') {
    const places = placesIn(join(stateDirectory, 'ota'));
    return { backend: raucSlots(deps, { stateDirectory, version }), activeSlot: null, ...places };
  }
  if (!started) return { backend: null, activeSlot: null, ...placesIn(join(stateDirectory, 'ota')) };
  const { root, slot: running } = started;
  const backend = new DirSlots({ log: deps.log, space: (path) => deps.card.space(path) }, { root, running });
  return { backend, activeSlot: join(root, 'slots', running), ...placesIn(root) };
}

function placesIn(directory: string): { trustDirectory: string; downloadDirectory: string } {
  return {
    trustDirectory: join(directory, 'trust'),
    downloadDirectory: join(directory, 'download'),
  };
}

function raucSlots(
  { clock, log }: { clock: Clock; log: Log },
  { stateDirectory, version }: { stateDirectory: string; version: string },
): RaucSlots {
  const rauc = new RaucService({ openBus: () => openSystemBus({ clock }) });
  const deps = {
    rauc,
    log,
    boot: bootId,
    showBootloader: () => showBootloader(),
    clearLeaks: () => clearRaucMounts(),
  };
  return new RaucSlots(deps, { directory: stateDirectory, version });
}
