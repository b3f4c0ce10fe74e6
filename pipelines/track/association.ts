/**
 * Which detection belongs to which track. Fed by tracker.ts with two lists and a similarity; pure functions.
 * Must never pair two things whose similarity is under the least one.
 */
import { munkres } from 'munkres';
import type { Box, ObjectClass } from '../messages.js';
import { longSide } from './box-filter.js';

/** Classes that a detector takes for one another; a track may change class inside its family only. */
const families: Partial<Record<ObjectClass, string>> = {
  car: 'vehicle',
  bus: 'vehicle',
  truck: 'vehicle',
  bicycle: 'two-wheeler',
  motorcycle: 'two-wheeler',
};

/** The family of a class; a class of its own is its own family. */
export function family(name: ObjectClass): string {
  return families[name] ?? name;
}

/** Overlap of two boxes over their union, 0..1. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}

/**
 * The box widened on each side by `pad`, in shares of its longer side. At 5 looks a second and less, a person
 * who walks across the picture can leave their own narrow box between two looks: plain IoU is then 0 and
 * cannot tell near from far. Comparing widened boxes can (buffered IoU: Yang et al., WACV 2023).
 */
export function widened(box: Box, pad: { x: number; y: number }, aspect: number): Box {
  const { across, down } = longSide(box, aspect);
  const x = pad.x * across;
  const y = pad.y * down;
  return { x: box.x - x, y: box.y - y, width: box.width + 2 * x, height: box.height + 2 * y };
}

/**
 * The pairs [row, column] with the largest total of (similarity - least), each row and column used once and
 * no pair under `least`. Rows and columns that no chain of possible pairs links are solved apart: the result
 * is the same, and a full street costs many small problems and not one large one.
 */
export function assign(
  rows: number,
  columns: number,
  similarity: (row: number, column: number) => number,
  least: number,
): [number, number][] {
  const gains = new Map<number, Map<number, number>>();
  for (let row = 0; row < rows; row++) {
    const gain = new Map<number, number>();
    for (let column = 0; column < columns; column++) {
      const over = similarity(row, column) - least;
      if (over >= 0) gain.set(column, over);
    }
    if (gain.size > 0) gains.set(row, gain);
  }
  return islands(gains).flatMap((island) => solve(island, gains));
}

interface Island {
  rows: number[];
  columns: number[];
}

/** Rows and columns grouped so that every possible pair lies inside one group. */
function islands(gains: Map<number, Map<number, number>>): Island[] {
  const rowsOf = new Map<number, number[]>();
  for (const [row, gain] of gains) {
    for (const column of gain.keys()) rowsOf.set(column, [...(rowsOf.get(column) ?? []), row]);
  }
  const visited = new Set<number>();
  const found: Island[] = [];
  for (const start of gains.keys()) {
    if (visited.has(start)) continue;
    visited.add(start);
    const rows = [start];
    const columns = new Set<number>();
    for (const row of rows) {
      for (const column of gains.get(row)?.keys() ?? []) {
        if (columns.has(column)) continue;
        columns.add(column);
        for (const other of rowsOf.get(column) ?? []) {
          if (visited.has(other)) continue;
          visited.add(other);
          rows.push(other);
        }
      }
    }
    found.push({ rows, columns: [...columns] });
  }
  return found;
}

function solve({ rows, columns }: Island, gains: Map<number, Map<number, number>>): [number, number][] {
  // A pair that is not possible costs as much as leaving both alone: it is never worth breaking a real one.
  const cost = rows.map((row) => columns.map((column) => 1 - (gains.get(row)?.get(column) ?? 0)));
  return munkres(cost)
    .map(([r, c]): [number, number] => [rows[r] as number, columns[c] as number])
    .filter(([row, column]) => gains.get(row)?.has(column) ?? false);
}
