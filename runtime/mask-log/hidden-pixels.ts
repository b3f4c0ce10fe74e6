/**
 * Which pixels of a picture a table must have made black (docs/mask-log.md, "What is demanded of a picture"). Used by check.ts.
 * Takes a table, a lens and a view as they were recorded; knows nothing of how the mask was laid.
 */
import type { PictureSize, View } from '../../pipelines/frame.js';
import type { Lens, MaskTable, MaskZone, Point } from '../../pipelines/messages.js';
import { cross, dot, type Ray, Sight } from './sight.js';
import { WorldZone } from './world-zone.js';

/** A zone is grown by this at least, pixels (docs/mask.md, M8). */
const grownPixels = 2;
/** What is not looked at along the border of what was blackened: the codec's smear, and the rounding before it. */
const borderPixels = 4;
/** The distance to a border is an angle made pixels where it is measured; elsewhere on the way a pixel may be worth less. */
const sureShare = 0.9;
const tilePixels = 16;
/** What one pixel is worth may grow by this over a tile. */
const tileSlack = 1.5;

export interface HiddenZone {
  name: string;
  /** indexes of the luma samples that must be black */
  pixels: Int32Array;
}

/** Where the camera looked, and through what. */
export interface Looked {
  view: View;
  lens: Lens;
}

/** @returns null when a zone is fixed in the world and nothing says where the camera looked */
export function hiddenPixels(
  { zones }: MaskTable,
  looked: Looked | null,
  size: PictureSize,
): HiddenZone[] | null {
  const hidden: HiddenZone[] = [];
  for (const zone of zones) {
    const pixels = pixelsOf(zone, looked, size);
    if (!pixels) return null;
    hidden.push({ name: zone.name, pixels });
  }
  return hidden;
}

function pixelsOf(zone: MaskZone, looked: Looked | null, size: PictureSize): Int32Array | null {
  if ('points' in zone) return pictureZone(zone.points, size);
  return looked && worldZone(new WorldZone(zone.directions), looked, size);
}

function pictureZone(points: readonly Point[], size: PictureSize): Int32Array {
  const corners = points.map(([x, y]): Point => [x * size.width, y * size.height]);
  const [left, right] = bounds(
    corners.map(([x]) => x),
    size.width,
  );
  const [top, bottom] = bounds(
    corners.map(([, y]) => y),
    size.height,
  );
  const found: number[] = [];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      if (isDeepInside(corners, x + 0.5, y + 0.5)) found.push(y * size.width + x);
    }
  }
  return Int32Array.from(found);
}

function bounds(values: readonly number[], most: number): [number, number] {
  return [Math.max(0, Math.floor(Math.min(...values))), Math.min(most, Math.ceil(Math.max(...values)))];
}

/** Inside by non-zero winding, and far enough from every side. */
function isDeepInside(corners: readonly Point[], x: number, y: number): boolean {
  let winding = 0;
  for (let i = 0; i < corners.length; i++) {
    const [ax, ay] = corners[i] ?? [0, 0];
    const [bx, by] = corners[(i + 1) % corners.length] ?? [0, 0];
    const length2 = (bx - ax) ** 2 + (by - ay) ** 2;
    const along = length2 === 0 ? 0 : ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2;
    const share = Math.min(1, Math.max(0, along));
    const apart = Math.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay));
    if (apart < borderPixels - grownPixels) return false;
    if (ay <= y === by <= y) continue;
    if (ax + ((bx - ax) * (y - ay)) / (by - ay) > x) winding += by > ay ? 1 : -1;
  }
  return winding !== 0;
}

/** What one pixel is worth at a place, radians: across the way in which it is worth least, and most. */
interface PixelAngle {
  least: number;
  most: number;
}

function worldZone(zone: WorldZone, { view, lens }: Looked, size: PictureSize): Int32Array {
  const sight = new Sight(lens, view, size);
  const margin = Math.max(grownPixels, view.marginPixels);
  const found: number[] = [];
  const put = (x: number, y: number): void => void found.push(y * size.width + x);
  for (let top = 0; top < size.height; top += tilePixels) {
    for (let left = 0; left < size.width; left += tilePixels) {
      const right = Math.min(size.width, left + tilePixels);
      const bottom = Math.min(size.height, top + tilePixels);
      const whole = tileOf(zone, sight, (left + right) / 2, (top + bottom) / 2, margin);
      if (whole === 'clear') continue;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          if (whole === 'hidden' || mustBeBlack(zone, sight, x + 0.5, y + 0.5, margin)) put(x, y);
        }
      }
    }
  }
  return Int32Array.from(found);
}

/** Most tiles are on one side of every border: their middle answers for all of their pixels. */
function tileOf(
  zone: WorldZone,
  sight: Sight,
  x: number,
  y: number,
  margin: number,
): 'hidden' | 'clear' | 'mixed' {
  const ray = sight.rayAt(x, y);
  const pixel = ray && pixelAngle(sight, ray, x, y);
  if (!pixel) return 'mixed';
  const reach = (tilePixels + Math.max(borderPixels, margin)) * pixel.most * tileSlack;
  if (zone.isBeyond(ray, reach)) return 'clear';
  if (zone.distanceTo(ray) < reach) return 'mixed';
  return zone.holds(ray) ? 'hidden' : 'clear';
}

function mustBeBlack(zone: WorldZone, sight: Sight, x: number, y: number, margin: number): boolean {
  const ray = sight.rayAt(x, y);
  const pixel = ray && pixelAngle(sight, ray, x, y);
  if (!pixel) return false;
  const distance = zone.distanceTo(ray);
  const outwards = margin - borderPixels;
  if (zone.holds(ray)) return outwards >= 0 || distance >= -outwards * pixel.most;
  return outwards > 0 && distance <= outwards * pixel.least * sureShare;
}

function pixelAngle(sight: Sight, ray: Ray, x: number, y: number): PixelAngle | null {
  const right = sight.rayAt(x + 1, y);
  const below = sight.rayAt(x, y + 1);
  if (!right || !below) return null;
  const across: Ray = [right[0] - ray[0], right[1] - ray[1], right[2] - ray[2]];
  const down: Ray = [below[0] - ray[0], below[1] - ray[1], below[2] - ray[2]];
  const [a, b] = [dot(across, across), dot(down, down)];
  const area = Math.hypot(...cross(across, down));
  // Singular values of the 3x2 matrix of both: their squares add up to a + b, their product is the area.
  const most = Math.sqrt((a + b + Math.sqrt(Math.max(0, (a + b) ** 2 - 4 * area ** 2))) / 2);
  return { least: area / most, most };
}
