/**
 * A designated zone of the picture and where an object stands in it. Made by scene.ts from the configuration,
 * read by the behaviours. It must never keep anything about an object.
 */
import type { Box, Point } from '../../pipelines/messages.js';
import { contains } from './polygon.js';

/** Width of a picture over its height, when nobody says. */
export const USUAL_ASPECT = 16 / 9;

/**
 * Where an object touches the ground: the middle of the lower side of its box, as shares of the picture. Held
 * inside the picture: feet that the lower border cuts off stand on that border.
 */
export function footPoint(box: Box): Point {
  return [share(box.x + box.width / 2), share(box.y + box.height)];
}

export class Zone {
  constructor(
    readonly name: string,
    readonly points: readonly Point[],
  ) {}

  /** Whether the object with this box stands in the zone; on its border counts as in. */
  holds(box: Box): boolean {
    return this.contains(footPoint(box));
  }

  /** Whether this place of the picture lies in the zone, on its border too. */
  contains(place: Point): boolean {
    return contains(this.points, place);
  }
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value));
}
