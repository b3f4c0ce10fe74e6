/**
 * How the picture lies on the ground. Made from the calibration of the configuration, read by subjects.ts and by the check
 * of the designated zones. Pure: the same marks give the same metres. It must never answer for a place above the horizon.
 */
import type { Point } from '../../pipelines/messages.js';

export interface Ground {
  /** metres on the ground of a place in the picture (shares); null above the horizon or too near it to be told */
  metresAt(place: Point): Point | null;
  /** picture pixels, across, that one metre on the ground takes at this place; null as above */
  pixelsPerMetre(place: Point): number | null;
}
