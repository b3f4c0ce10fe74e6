/**
 * From a drawing on a picture to directions in the world, and back for showing it (docs/mask.md, Z10). Called by the runtime
 * through table.ts with the view that the picture's stamp bears. Pure functions. Always outwards: a zone made here covers
 * every pixel that was drawn, as far as the view was known.
 */
import type { PictureSize, View } from '../frame.js';
import type { Direction, Lens, Point } from '../messages.js';
import { Camera, directionOf, vectorOf } from './lens.js';
import { type Flat, grown } from './outline.js';
import { directionsFault } from './pieces.js';
import { MASK_MARGIN_PIXELS } from './placement.js';

/** Pixels that a side may bend by between two corners: tried in turn until the corners are few enough. */
const BENDS = [0.25, 1, 4, 16];
const MOST_CORNERS = 256;
const MOST_HALVINGS = 8;
/** What rounding may cost, pixels. */
const ROUNDING = 0.05;

export interface Seen {
  view: View;
  lens: Lens;
  size: PictureSize;
}

/** `no-view`: the lens does not know it. `not-placeable`: no zone in the world comes of it (L6). */
export type DrawingFault = 'no-view' | 'not-placeable';

/** Corners, as directions, of a zone that covers this drawing; corners as shares of the picture, sides straight in it. */
export function directionsOf(drawn: readonly Point[], seen: Seen): Direction[] | DrawingFault {
  const { view, lens, size } = seen;
  const corners = drawn.map(([x, y]): Flat => [x * size.width, y * size.height]);
  const camera = new Camera(size, lens);
  const unsure = Math.max(0, view.marginPixels - MASK_MARGIN_PIXELS) + ROUNDING;
  for (const bend of camera.distorts ? BENDS : [0]) {
    const by = unsure + bend;
    if (!camera.look(view, 2 * by + 1)) return 'no-view';
    const made = withoutBend(grown(corners, by), camera, bend);
    if (made && made.length <= MOST_CORNERS && directionsFault(made) === null) return made;
  }
  return 'not-placeable';
}

/** Where these corners stand in a picture, as shares of it, also outside; null when one is behind the camera. */
export function pointsOf(directions: readonly Direction[], { view, lens, size }: Seen): Point[] | null {
  const camera = new Camera(size, lens);
  if (!camera.look(view, view.marginPixels)) return null;
  const pixels = directions.map((direction) => camera.project(vectorOf(direction)));
  const points = pixels.map((at): Point | null => at && [at[0] / size.width, at[1] / size.height]);
  return points.every((point) => point !== null) ? points : null;
}

/** More corners on each side, until the arcs between them stay as close to the drawn side as the bend allows. */
function withoutBend(outline: readonly Flat[], camera: Camera, bend: number): Direction[] | null {
  const made: Direction[] = [];
  for (const [i, from] of outline.entries()) {
    const corners = side(from, outline[(i + 1) % outline.length], camera, bend, 0);
    if (!corners) return null;
    made.push(...corners);
  }
  return made;
}

/** The first corner of a side and what must stand on it; null where the lens shows nothing. */
function side(a: Flat, b: Flat, camera: Camera, bend: number, depth: number): Direction[] | null {
  const [ta, tb] = [tangentOf(a, camera), tangentOf(b, camera)];
  if (!ta || !tb) return null;
  if (depth < MOST_HALVINGS && bendOf([a, b], [ta, tb], camera) > bend / 2) {
    const middle: Flat = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const [first, second] = [
      side(a, middle, camera, bend, depth + 1),
      side(middle, b, camera, bend, depth + 1),
    ];
    return first && second && [...first, ...second];
  }
  const direction = camera.unproject(a[0], a[1]);
  return direction && [directionOf(direction)];
}

/** How far the arc between two corners leaves the straight side, pixels. */
function bendOf([a, b]: [Flat, Flat], [ta, tb]: [Flat, Flat], camera: Camera): number {
  if (!camera.distorts) return 0;
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  let most = 0;
  for (const t of [0.25, 0.5, 0.75]) {
    const [x, y] = [ta[0] + t * (tb[0] - ta[0]), ta[1] + t * (tb[1] - ta[1])];
    const factor = camera.factor(x, y);
    const [px, py] = [camera.xOf(x, factor) - a[0], camera.yOf(y, factor) - a[1]];
    const off = length > 0 ? Math.abs(px * (b[1] - a[1]) - py * (b[0] - a[0])) / length : 0;
    most = Math.max(most, off);
  }
  return most;
}

/** A pixel on the plane that touches the world where the camera looks: arcs of great circles are straight there. */
function tangentOf([x, y]: Flat, camera: Camera): Flat | null {
  const v = camera.unproject(x, y);
  if (!v) return null;
  const m = camera.rotation;
  const depth = m[6] * v[0] + m[7] * v[1] + m[8] * v[2];
  return [
    (m[0] * v[0] + m[1] * v[1] + m[2] * v[2]) / depth,
    (m[3] * v[0] + m[4] * v[1] + m[5] * v[2]) / depth,
  ];
}
