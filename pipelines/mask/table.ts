/**
 * The identity of a mask table. Both processes compute it on their own copy; a picture opens only when the
 * two agree (docs/mask.md).
 */
import { createHash } from 'node:crypto';
import type { MaskTable, MaskZone } from '../messages.js';

export { type DrawingFault, directionsOf, pointsOf } from './drawing.js';
export { directionsFault } from './pieces.js';

/** SHA-256 (hex) of the table's canonical form: version, then each zone's name and corners, in order. */
export function maskDigest(table: MaskTable): string {
  const placed = (zone: MaskZone): unknown[] =>
    'points' in zone ? [zone.name, zone.points] : [zone.name, 'directions', zone.directions];
  const canonical = JSON.stringify([table.version, table.zones.map(placed)]);
  return createHash('sha256').update(canonical).digest('hex');
}
