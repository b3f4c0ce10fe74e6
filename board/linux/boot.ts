/**
 * Which boot of the machine this is: monotonic times of two processes compare within one. Asked by the wiring of the store
 * and of the recorder's memory of alerts. Tells nothing of the machine itself.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Linux, random(4): a random UUID made at each boot. */
const bootIdFile = '/proc/sys/kernel/random/boot_id';

/** hex, 8 bytes, of SHA-256 over the boot id; null where the kernel tells none */
export function bootRun(): string | null {
  try {
    const id = readFileSync(bootIdFile, 'latin1').trim();
    return id === '' ? null : createHash('sha256').update(id).digest('hex').slice(0, 16);
  } catch {
    return null;
  }
}

/** A name of this boot; one of this process alone where the machine has none, so that nothing compares. */
export function bootId(): string {
  return bootRun() ?? `process ${process.pid}`;
}
