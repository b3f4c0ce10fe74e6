/**
 * Which pixels of a picture a table must have made black (docs/mask-log.md, "What is demanded of a picture"). Used by check.ts.
 * Takes a table, a lens and a view as they were recorded; knows nothing of how the mask was laid.
 */
import type { PictureSize, View } from '../../pipelines/frame.js';
import type { Lens, MaskTable, MaskZone, Point } from '../../pipelines/messages.js';
import { type Ray, Sight } from './sight.js';
import { type Tile, ViewTiles } from './view-tiles.js';
import { nearestOf, WorldZone } from './world-zone.js';

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
  const inWorld = looked && zones.some((zone) => !('points' in zone)) ? new WorldZones(looked, size) : null;
  for (const zone of zones) {
    const pixels = pixelsOf(zone, inWorld, size);
    if (!pixels) return null;
    hidden.push({ name: zone.name, pixels });
  }
  return hidden;
}

function pixelsOf(zone: MaskZone, inWorld: WorldZones | null, size: PictureSize): Int32Array | null {
  if ('points' in zone) return pictureZone(zone.points, size);
  return inWorld?.pixelsOf(new WorldZone(zone.directions)) ?? null;
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

/** What is the same for all zones of a table: where each pixel looks. */
class WorldZones {
  readonly #tiles: ViewTiles;
  readonly #margin: number;
  readonly #width: number;

  constructor({ view, lens }: Looked, size: PictureSize) {
    this.#tiles = new ViewTiles(new Sight(lens, view, size), size, tilePixels);
    this.#margin = Math.max(grownPixels, view.marginPixels);
    this.#width = size.width;
  }

  pixelsOf(zone: WorldZone): Int32Array {
    const found: number[] = [];
    for (const tile of this.#tiles.tiles) {
      const whole = this.#whole(zone, tile);
      if (whole === 'mixed') this.#look(zone, tile, found);
      if (whole !== 'hidden') continue;
      for (let y = tile.top; y < tile.bottom; y++)
        for (let x = tile.left; x < tile.right; x++) found.push(y * this.#width + x);
    }
    return Int32Array.from(found);
  }

  /** Most tiles are on one side of every border: their middle answers for all of their pixels. */
  #whole(zone: WorldZone, { ray, pixel }: Tile): 'hidden' | 'clear' | 'mixed' {
    if (!ray || !pixel) return 'mixed';
    const reach = (tilePixels + Math.max(borderPixels, this.#margin)) * pixel.most * tileSlack;
    if (zone.isBeyond(ray, reach)) return 'clear';
    if (zone.distanceTo(ray) < reach) return 'mixed';
    return zone.holds(ray) ? 'hidden' : 'clear';
  }

  /** Pixel by pixel. Whether one is in the zone is worked out anew only where a side may lie between it and the one before. */
  #look(zone: WorldZone, tile: Tile, found: number[]): void {
    const { rays, least, most, seen, radius } = this.#tiles.pixelsOf(tile);
    const sides = tile.ray ? zone.sidesNear(tile.ray, zone.distanceTo(tile.ray), radius) : zone.sides;
    const outwards = this.#margin - borderPixels;
    const across = tile.right - tile.left;
    let known: { ray: Ray; distance: number; holds: boolean } | null = null;
    for (let at = 0; at < seen.length; at++) {
      if (!seen[at]) continue;
      const ray: Ray = [rays[3 * at] ?? 0, rays[3 * at + 1] ?? 0, rays[3 * at + 2] ?? 0];
      const distance = nearestOf(sides, ray);
      const isBorder = distance <= outwards * (least[at] ?? 0) * sureShare;
      // By the border it must be black on both sides of a side, or on neither: then it does not matter in which it lies.
      if (outwards < 0 && distance < -outwards * (most[at] ?? 0)) continue;
      if (!(outwards > 0 && isBorder)) {
        const holds: boolean =
          known && isNear(ray, known) ? known.holds && zone.isAhead(ray) : zone.holds(ray);
        known = zone.isAhead(ray) ? { ray, distance, holds } : null;
        if (!holds) continue;
      }
      const x = at % across;
      found.push((tile.top + (at - x) / across) * this.#width + tile.left + x);
    }
  }
}

/** Whether no side can lie between the two. An angle is less than 1.1 of its chord where the chord is below 1. */
function isNear(ray: Ray, { ray: other, distance }: { ray: Ray; distance: number }): boolean {
  const [x, y, z] = [ray[0] - other[0], ray[1] - other[1], ray[2] - other[2]];
  const chord2 = x * x + y * y + z * z;
  return chord2 < 1 && 1.21 * chord2 < distance * distance;
}
