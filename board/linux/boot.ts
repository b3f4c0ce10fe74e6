/**
 * Which boot of the machine this is. Asked by runtime/archive.ts for the store: monotonic times compare within a boot, from
 * one process to the next. Tells nothing of the machine itself.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Linux, random(4): a random UUID made at each boot. */
const bootId = '/proc/sys/kernel/random/boot_id';

/** hex, 8 bytes, of SHA-256 over the boot id; null where the kernel tells none */
export function bootRun(): string | null {
  try {
    const id = readFileSync(bootId, 'latin1').trim();
    return id === '' ? null : createHash('sha256').update(id).digest('hex').slice(0, 16);
  } catch {
    return null;
  }
}
