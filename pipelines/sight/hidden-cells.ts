/**
 * Which cells of the grid a mask table touches. Made by sights.ts for each table. A cell that is hidden in part counts as
 * hidden: the border of the mask stays where it is, whatever happens to the camera.
 */
import type { PictureSize } from '../frame.js';
import { type MaskTable, type Point, sightGrid } from '../messages.js';

/** Pixels around a zone that the mask may cover too (docs/mask.md). */
const MARGIN_PIXELS = 16;

/** One byte a cell, 1 for hidden. Zones by directions are not in it: where they lie depends on the head. */
export function hiddenCells({ zones }: MaskTable, { width, height }: PictureSize): Uint8Array {
  const { columns, rows } = sightGrid;
  const hidden = new Uint8Array(columns * rows);
  const polygons = zones.flatMap((zone) => ('points' in zone ? [zone.points] : []));
  const [marginX, marginY] = [MARGIN_PIXELS / width, MARGIN_PIXELS / height];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const cell = {
        left: column / columns - marginX,
        right: (column + 1) / columns + marginX,
        top: row / rows - marginY,
        bottom: (row + 1) / rows + marginY,
      };
      if (polygons.some((polygon) => touches(polygon, cell))) hidden[row * columns + column] = 1;
    }
  }
  return hidden;
}

interface Rectangle {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** A side of the polygon passes through the rectangle, or the rectangle lies inside. */
function touches(polygon: readonly Point[], cell: Rectangle): boolean {
  let inside = false;
  const [x, y] = [(cell.left + cell.right) / 2, (cell.top + cell.bottom) / 2];
  for (const [i, [bx, by]] of polygon.entries()) {
    const [ax, ay] = polygon.at(i - 1) as Point;
    if (crosses([ax, ay], [bx, by], cell)) return true;
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
  }
  return inside;
}

/** Whether a segment has a point in the rectangle (Liang and Barsky, 1984). */
function crosses([ax, ay]: Point, [bx, by]: Point, { left, right, top, bottom }: Rectangle): boolean {
  let [from, to] = [0, 1];
  const sides: [number, number][] = [
    [ax - bx, ax - left],
    [bx - ax, right - ax],
    [ay - by, ay - top],
    [by - ay, bottom - ay],
  ];
  for (const [way, room] of sides) {
    if (way === 0 && room < 0) return false;
    if (way < 0) from = Math.max(from, room / way);
    if (way > 0) to = Math.min(to, room / way);
  }
  return from <= to;
}
