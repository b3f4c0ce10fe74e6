/**
 * Both state files are lost: what the slots themselves say. Asked by run.ts. It changes nothing, and what it cannot tell it
 * takes for whole rather than for lost: a camera that starts can be updated again.
 */
import { otherSlot } from './choose.js';
import { readManifest } from './slot-manifest.js';
import { readMarker, slotIn } from './slot-marker.js';
import { type SlotName, type SlotRecord, type SlotState, slotNames, triesOfTrial } from './slot-state.js';
import { verifySlot } from './verify-slot.js';

interface Found {
  slot: SlotName;
  version: string;
  manifestSha256: string;
  intact: boolean;
  /** serial number of the state that confirmed it; null: it was not, or not this bundle */
  confirmed: number | null;
}

/**
 * Whole and confirmed goes before whole, whole before confirmed, and of two that were confirmed the later one.
 * @returns null when neither slot holds what can be started
 */
export async function recover(root: string): Promise<SlotState | null> {
  const found = (await Promise.all(slotNames.map((slot) => look(root, slot)))).filter((one) => one !== null);
  const [best, second] = found.sort((one, other) => rank(other) - rank(one) || later(other) - later(one));
  if (best === undefined) return null;
  const kept = best.confirmed !== null;
  return {
    format: 1,
    serial: Math.max(...found.map(later)),
    active: best.slot,
    trial: kept ? null : { triesLeft: triesOfTrial, verified: best.intact, asked: [] },
    slots: {
      ...{ a: null, b: null },
      [best.slot]: recordOf(best, kept ? 'good' : 'ready'),
      // Never left without a way back: what is whole and was confirmed is that, all else has to be installed anew.
      [otherSlot(best.slot)]: second ? recordOf(second, isGood(second) ? 'good' : 'bad') : null,
    },
    returned: null,
    failed: [],
  };
}

async function look(root: string, slot: SlotName): Promise<Found | null> {
  const directory = slotIn(root, slot);
  const read = await readManifest(directory).catch(() => null);
  if (read === null) return null;
  const { manifest, sha256: manifestSha256 } = read;
  const marker = await readMarker(root, slot);
  const { intact } = await verifySlot(directory, manifestSha256);
  const confirmed = marker?.manifestSha256 === manifestSha256 ? marker.serial : null;
  // A tree that was never confirmed and is not whole was being written.
  if (!intact && confirmed === null) return null;
  return { slot, version: manifest.version, manifestSha256, intact, confirmed };
}

const later = ({ confirmed }: Found): number => confirmed ?? 0;
const isGood = ({ intact, confirmed }: Found): boolean => intact && confirmed !== null;
const rank = (found: Found): number => (isGood(found) ? 2 : found.intact ? 1 : 0);

const recordOf = ({ version, manifestSha256 }: Found, condition: SlotRecord['condition']): SlotRecord => ({
  condition,
  version,
  manifestSha256,
});
