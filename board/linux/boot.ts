/** Names this boot of the machine: monotonic times of two processes compare within one. Asked by the recorder's memory of alerts. */
import { readFileSync } from 'node:fs';

/** random(4); the same until the machine starts again */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** The machine's own name of this boot; one of this process alone where it has none, so that nothing compares. */
export function bootId(): string {
  try {
    return readFileSync(BOOT_ID, 'utf8').trim().slice(0, 64);
  } catch {
    return `process ${process.pid}`;
  }
}
