/**
 * From polygons to the bytes to blank. Fed by masker.ts when a table is loaded, never per frame.
 * Always rounds outwards: a pixel that the dilated polygon touches at all is hidden, and so is the colour of
 * every 2x2 block that holds such a pixel.
 */
import type { PictureSize } from '../frame.js';
import type { Point } from '../messages.js';

/** Luma of black in BT.601 limited range, and the value of no colour. */
export const BLACK_LUMA = 16;
export const NO_CHROMA = 128;

/** Byte runs in an I420 buffer: pairs of [start, end). `luma` is filled with black, `chroma` with no colour. */
export interface Spans {
  luma: Int32Array;
  chroma: Int32Array;
}

type Interval = [from: number, to: number];

/**
 * Runs that cover all zones, each grown by `marginPixels` on every side.
 * @param zones polygons in shares of the picture; any fill is taken as non-zero winding, which hides more
 */
export function spansOf(
  zones: readonly (readonly Point[])[],
  size: PictureSize,
  marginPixels: number,
): Spans {
  const polygons = zones.map((zone) => zone.map(([x, y]): Point => [x * size.width, y * size.height]));
  const rows: Interval[][] = [];
  for (let y = 0; y < size.height; y++) {
    const covered = polygons.flatMap((polygon) => bandCover(polygon, y - marginPixels, y + 1 + marginPixels));
    const pixels = covered.map(
      ([from, to]): Interval => [
        Math.max(0, Math.floor(from - marginPixels)),
        Math.min(size.width, Math.ceil(to + marginPixels)),
      ],
    );
    rows.push(merge(pixels.filter(([from, to]) => to > from)));
  }
  return { luma: lumaRuns(rows, size), chroma: chromaRuns(rows, size) };
}

/**
 * The x-ranges that a polygon covers anywhere between two heights. Exact: what lies in the band projects
 * onto x as its own boundary does, and that is made of pieces of edges and of the polygon's inside on the
 * band's two border lines.
 */
function bandCover(polygon: readonly Point[], top: number, bottom: number): Interval[] {
  const cover = [...insideOn(polygon, top), ...insideOn(polygon, bottom)];
  for (let i = 0; i < polygon.length; i++) {
    const piece = clipToBand(polygon[i], polygon[(i + 1) % polygon.length], top, bottom);
    if (piece) cover.push(piece);
  }
  return cover;
}

/** The x-range of the part of an edge between two heights, or null. */
function clipToBand(a: Point, b: Point, top: number, bottom: number): Interval | null {
  const [low, high] = a[1] <= b[1] ? [a, b] : [b, a];
  if (high[1] < top || low[1] > bottom) return null;
  const rise = high[1] - low[1];
  if (rise === 0) return [Math.min(a[0], b[0]), Math.max(a[0], b[0])];
  const xAt = (y: number): number => low[0] + ((high[0] - low[0]) * (y - low[1])) / rise;
  const x1 = xAt(Math.max(low[1], top));
  const x2 = xAt(Math.min(high[1], bottom));
  return [Math.min(x1, x2), Math.max(x1, x2)];
}

/** The x-ranges inside the polygon on one horizontal line, by non-zero winding. */
function insideOn(polygon: readonly Point[], y: number): Interval[] {
  const crossings: { x: number; direction: number }[] = [];
  for (let i = 0; i < polygon.length; i++) {
    const a = polygon[i];
    const b = polygon[(i + 1) % polygon.length];
    if (a[1] <= y === b[1] <= y) continue;
    const x = a[0] + ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]);
    crossings.push({ x, direction: b[1] > a[1] ? 1 : -1 });
  }
  crossings.sort((p, q) => p.x - q.x);
  const inside: Interval[] = [];
  let winding = 0;
  for (let i = 0; i + 1 < crossings.length; i++) {
    winding += crossings[i].direction;
    if (winding !== 0) inside.push([crossings[i].x, crossings[i + 1].x]);
  }
  return inside;
}

function merge(intervals: Interval[]): Interval[] {
  const sorted = intervals.sort((a, b) => a[0] - b[0]);
  const merged: Interval[] = [];
  for (const [from, to] of sorted) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function lumaRuns(rows: Interval[][], { width }: PictureSize): Int32Array {
  return join(
    rows.flatMap((row, y) => row.map(([from, to]): Interval => [y * width + from, y * width + to])),
  );
}

function chromaRuns(rows: Interval[][], { width, height }: PictureSize): Int32Array {
  const halfWidth = width >> 1;
  const halfHeight = height >> 1;
  const planeBytes = halfWidth * halfHeight;
  const u: Interval[] = [];
  for (let y = 0; y < halfHeight; y++) {
    const halved = [...rows[2 * y], ...rows[2 * y + 1]].map(
      ([from, to]): Interval => [from >> 1, (to + 1) >> 1],
    );
    const start = width * height + y * halfWidth;
    for (const [from, to] of merge(halved)) u.push([start + from, start + to]);
  }
  const v = u.map(([from, to]): Interval => [from + planeBytes, to + planeBytes]);
  return join([...u, ...v]);
}

/** Joins runs that touch (rows hidden from edge to edge), so that a large zone is a few long fills. */
function join(runs: Interval[]): Int32Array {
  return Int32Array.from(merge(runs).flat());
}
