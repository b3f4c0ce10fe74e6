/**
 * Looks for private pixels in decoded pictures. Shares no code with pipelines/mask/: a pixel is private here
 * when its centre lies inside the zone and farther from every side than the codec's margin.
 */
import type { PictureSize } from '../pipelines/frame.js';
import type { Point } from '../pipelines/messages.js';

/** What the codec may smear over the border of a zone, pixels (docs/mask.md). */
export const CODEC_MARGIN_PIXELS = 2;
/** Luma of black is 16; above this a pixel counts as seen. */
export const BRIGHTEST_BLACK = 26;
/** Distance of U and V from no colour; above this a pixel counts as seen. */
export const STRONGEST_GREY = 10;

/** Indexes of the luma samples that must be black. */
export function privatePixels(
  zones: readonly (readonly Point[])[],
  size: PictureSize,
  margin: number,
): Int32Array {
  const found: number[] = [];
  for (const zone of zones) {
    const corners = zone.map(([x, y]): Point => [x * size.width, y * size.height]);
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        const centre: Point = [x + 0.5, y + 0.5];
        if (isInside(corners, centre) && distanceToSides(corners, centre) >= margin)
          found.push(y * size.width + x);
      }
    }
  }
  return Int32Array.from(new Set(found));
}

/** How many of those samples are not black in one I420 picture, luma and colour. */
export function countLeaks(picture: Uint8Array, size: PictureSize, pixels: Int32Array): number {
  const half = size.width >> 1;
  const u = size.width * size.height;
  const v = u + half * (size.height >> 1);
  let leaks = 0;
  for (const index of pixels) {
    const chroma = ((index / size.width) >> 1) * half + ((index % size.width) >> 1);
    const colour = Math.max(Math.abs(picture[u + chroma] - 128), Math.abs(picture[v + chroma] - 128));
    if (picture[index] > BRIGHTEST_BLACK || colour > STRONGEST_GREY) leaks++;
  }
  return leaks;
}

function isInside(corners: readonly Point[], [x, y]: Point): boolean {
  let inside = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [xi, yi] = corners[i];
    const [xj, yj] = corners[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

function distanceToSides(corners: readonly Point[], [x, y]: Point): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < corners.length; i++) {
    const [ax, ay] = corners[i];
    const [bx, by] = corners[(i + 1) % corners.length];
    const length2 = (bx - ax) ** 2 + (by - ay) ** 2;
    const along =
      length2 === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2));
    nearest = Math.min(nearest, Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)));
  }
  return nearest;
}
