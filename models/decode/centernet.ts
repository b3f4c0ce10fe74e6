/**
 * From the maps of a CenterNet to boxes. Fed by an engine's output, read by pipelines/detect/ and the bench.
 * After Zhou, Wang, Krähenbühl, "Objects as Points" (2019): a centre is a cell that is the maximum of its
 * 3x3 neighbourhood. Here the second output holds the distances to the four sides instead of a size.
 */
import type { Box, Detection, ObjectClass } from '../../pipelines/messages.js';
import type { CentreMaps } from '../engines/engine.js';

export interface DecodeOptions {
  /** class of each channel of the class map; two channels may share one */
  classes: readonly ObjectClass[];
  /** input pixels for one cell */
  stride: number;
  /** lowest score kept, 0..1 */
  threshold: number;
  /** most detections returned; the best are kept */
  most?: number;
  /** of two boxes of one class that overlap more than this (IoU), the weaker is dropped; 1 keeps both */
  overlap?: number;
}

const defaults = { most: 100, overlap: 0.6 };

/** Intersection over union of two boxes, 0..1. */
export function overlapOf(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/**
 * The detections in a picture, best first; boxes are shares of the picture, cut at its edges.
 * Of equal neighbours the first in reading order is the centre, so that a plateau gives one detection.
 */
export function decodeCentreNet(maps: CentreMaps, options: DecodeOptions): Detection[] {
  const { most, overlap } = { ...defaults, ...options };
  const found: Detection[] = [];
  const area = maps.rows * maps.columns;
  options.classes.forEach((objectClass, channel) => {
    const heat = maps.heat.subarray(channel * area, (channel + 1) * area);
    for (let cell = 0; cell < heat.length; cell++) {
      const score = heat[cell];
      if (!(score >= options.threshold) || !isPeak(heat, cell, maps)) continue;
      const box = boxAt(maps, cell, options.stride);
      if (box) found.push({ class: objectClass, score, box });
    }
  });
  found.sort((a, b) => b.score - a.score);
  return distinct(found, overlap, most);
}

function isPeak(heat: Float32Array, cell: number, { rows, columns }: CentreMaps): boolean {
  const score = heat[cell];
  const row = Math.floor(cell / columns);
  const column = cell - row * columns;
  for (let r = Math.max(row - 1, 0); r <= Math.min(row + 1, rows - 1); r++) {
    for (let c = Math.max(column - 1, 0); c <= Math.min(column + 1, columns - 1); c++) {
      const other = r * columns + c;
      const value = heat[other];
      if (value > score || (value === score && other < cell)) return false;
    }
  }
  return true;
}

/** Null when the model gives no box: sides crossed, outside the picture, or not numbers. */
function boxAt({ rows, columns, reach }: CentreMaps, cell: number, stride: number): Box | null {
  const area = rows * columns;
  const column = cell % columns;
  const row = (cell - column) / columns;
  const side = (index: number): number => reach[index * area + cell] / stride;
  const share = (position: number, size: number): number => Math.min(Math.max(position / size, 0), 1);
  const x = share(column - side(0), columns);
  const y = share(row - side(1), rows);
  const width = share(column + side(2), columns) - x;
  const height = share(row + side(3), rows) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** Greedy non-maximum suppression in the order of the score, within a class. */
function distinct(found: Detection[], overlap: number, most: number): Detection[] {
  const kept: Detection[] = [];
  for (const detection of found) {
    if (kept.length >= most) break;
    const same = kept.some((k) => k.class === detection.class && overlapOf(k.box, detection.box) > overlap);
    if (!same) kept.push(detection);
  }
  return kept;
}
