/**
 * The identity of a mask table. Both processes compute it on their own copy; a picture opens only when the
 * two agree (docs/mask.md).
 */
import { createHash } from 'node:crypto';
import type { MaskTable } from '../messages.js';

/** SHA-256 (hex) of the table's canonical form: version, then each zone's name and corners, in order. */
export function maskDigest(table: MaskTable): string {
  const canonical = JSON.stringify([table.version, table.zones.map((zone) => [zone.name, zone.points])]);
  return createHash('sha256').update(canonical).digest('hex');
}
