/** Which slot this process was started from. Read by whoever makes the slots of a camera. */
import { launcherEnvironment, type SlotName, slotNames } from '../launcher/slot-state.js';

/** The place and the slot that the launcher told this process; null when it was started without one. */
export function startedFrom(
  env: Readonly<Record<string, string | undefined>> = process.env,
): { root: string; slot: SlotName } | null {
  const root = env[launcherEnvironment.root];
  const slot = slotNames.find((name) => name === env[launcherEnvironment.slot]);
  return root === undefined || root === '' || slot === undefined ? null : { root, slot };
}
