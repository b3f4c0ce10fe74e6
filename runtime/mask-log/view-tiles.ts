/**
 * What each pixel of a picture shows, worked out once for a view and in squares, those that are asked for. Used by hidden-pixels.ts,
 * which asks for the squares in which the border of a zone may lie.
 */
import type { PictureSize } from '../../pipelines/frame.js';
import { cross, dot, type Ray, type Sight } from './sight.js';

/** What one pixel is worth at a place, radians: across the way in which it is worth least, and most. */
export interface PixelAngle {
  least: number;
  most: number;
}

/** Pixels from `left`, `top` to before `right`, `bottom`, and what is seen in their middle. */
export interface Tile {
  left: number;
  top: number;
  right: number;
  bottom: number;
  ray: Ray | null;
  pixel: PixelAngle | null;
}

/** The pixels of a tile, row by row. Where the lens shows nothing, `seen` is 0. */
export interface TilePixels {
  /** three for each pixel */
  rays: Float64Array;
  least: Float64Array;
  most: Float64Array;
  seen: Uint8Array;
  /** every pixel that is seen lies within this angle of the middle of the tile, radians */
  radius: number;
}

export class ViewTiles {
  readonly tiles: Tile[] = [];
  readonly #pixels = new Map<Tile, TilePixels>();

  constructor(
    private readonly sight: Sight,
    { width, height }: PictureSize,
    tilePixels: number,
  ) {
    for (let top = 0; top < height; top += tilePixels) {
      for (let left = 0; left < width; left += tilePixels) {
        const [right, bottom] = [Math.min(width, left + tilePixels), Math.min(height, top + tilePixels)];
        const [x, y] = [(left + right) / 2, (top + bottom) / 2];
        const ray = sight.rayAt(x, y);
        const pixel = ray && pixelAngle(ray, sight.rayAt(x + 1, y), sight.rayAt(x, y + 1));
        this.tiles.push({ left, top, right, bottom, ray, pixel });
      }
    }
  }

  pixelsOf(tile: Tile): TilePixels {
    let pixels = this.#pixels.get(tile);
    if (!pixels) {
      pixels = this.#pixelsOf(tile);
      this.#pixels.set(tile, pixels);
    }
    return pixels;
  }

  #pixelsOf({ left, top, right, bottom, ray: middle }: Tile): TilePixels {
    const [across, down] = [right - left, bottom - top];
    const rays = new Float64Array(3 * across * down);
    const [least, most] = [new Float64Array(across * down), new Float64Array(across * down)];
    const seen = new Uint8Array(across * down);
    let farthest = 0;
    let row = this.#row(left, right, top);
    for (let y = 0; y < down; y++) {
      const below = this.#row(left, right, top + y + 1);
      for (let x = 0; x < across; x++) {
        const ray = row[x] ?? null;
        const pixel = ray && pixelAngle(ray, row[x + 1] ?? null, below[x] ?? null);
        if (!ray || !pixel) continue;
        const at = y * across + x;
        seen[at] = 1;
        rays.set(ray, 3 * at);
        least[at] = pixel.least;
        most[at] = pixel.most;
        if (middle) farthest = Math.max(farthest, chord2(ray, middle));
      }
      row = below;
    }
    // An angle is at most a half more than its chord, which is all of it up to 120 degrees.
    const radius = middle && farthest < 1 ? 1.1 * Math.sqrt(farthest) : Math.PI;
    return { rays, least, most, seen, radius };
  }

  /** The middles of a row's pixels, and of one more. */
  #row(left: number, right: number, y: number): (Ray | null)[] {
    const rays: (Ray | null)[] = [];
    for (let x = left; x <= right; x++) rays.push(this.sight.rayAt(x + 0.5, y + 0.5));
    return rays;
  }
}

function pixelAngle(ray: Ray, right: Ray | null, below: Ray | null): PixelAngle | null {
  if (!right || !below) return null;
  const across: Ray = [right[0] - ray[0], right[1] - ray[1], right[2] - ray[2]];
  const down: Ray = [below[0] - ray[0], below[1] - ray[1], below[2] - ray[2]];
  const [a, b] = [dot(across, across), dot(down, down)];
  const both = cross(across, down);
  const area = Math.sqrt(dot(both, both));
  // Singular values of the 3x2 matrix of both: their squares add up to a + b, their product is the area.
  const most = Math.sqrt((a + b + Math.sqrt(Math.max(0, (a + b) * (a + b) - 4 * area * area))) / 2);
  return { least: area / most, most };
}

function chord2(a: Ray, b: Ray): number {
  const [x, y, z] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  return x * x + y * y + z * z;
}
