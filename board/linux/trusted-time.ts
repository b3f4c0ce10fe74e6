/**
 * Whether the wall clock is known to be right. A board without a clock of its own wakes up in the past until
 * NTP arrives; what it records until then is marked. Asked once a GOP by the recorder.
 */
import { existsSync } from 'node:fs';

/** systemd-timesyncd makes the file once it has set the clock (systemd-timesyncd.service(8)). */
const SYNC_DIRECTORY = '/run/systemd/timesync';
const SYNCHRONISED = `${SYNC_DIRECTORY}/synchronized`;
/** No board that runs this can have lived before it was written. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);

export function clockTrusted(): boolean {
  if (Date.now() < EARLIEST_MS) return false;
  // Without systemd-timesyncd something else keeps time (chrony, a hypervisor), and does not say so here.
  return !existsSync(SYNC_DIRECTORY) || existsSync(SYNCHRONISED);
}
