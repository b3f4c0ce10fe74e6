/**
 * How much of each designated zone is covered by what is not the scene. Fed by look.ts after the background took in a frame,
 * read by the runtime process (density). It counts cells, not people: a crowd too dense to be told apart still covers ground.
 */
import type { DetectOptions, Point, Tracks } from '../messages.js';
import type { Background } from './background.js';

/** Cells around one that must be foreground with it: rain, snow and edges that a mast shakes are specks and lines. */
const LEAST_AROUND = 5;

export class Occupancy {
  readonly #zones: { zone: string; cells: number[] }[];

  constructor({ grid }: Background, zones: DetectOptions['occupancyZones']) {
    this.#zones = zones.map(({ name, points }) => {
      const cells = [...grid.now.keys()].filter((i) => {
        const column = i % grid.columns;
        const row = (i - column) / grid.columns;
        const { x, y, width, height } = grid.boxOf({
          left: column,
          right: column + 1,
          top: row,
          bottom: row + 1,
        });
        return isInside([x + width / 2, y + height / 2], points);
      });
      return { zone: name, cells };
    });
  }

  /** Shares of the zones' cells, 0..1; nothing while the background learns, and of a zone smaller than a cell. */
  measure(background: Background): Tracks['occupied'] {
    if (!background.stable) return [];
    const solid = (i: number): number => (isSolid(i, background) ? 1 : 0);
    return this.#zones
      .filter(({ cells }) => cells.length > 0)
      .map(({ zone, cells }) => ({
        zone,
        share: cells.reduce((sum, i) => sum + solid(i), 0) / cells.length,
      }));
  }
}

/** Foreground in the midst of foreground; beyond the border of the picture goes on what is at it. */
function isSolid(cell: number, { foreground, grid: { columns, rows } }: Background): boolean {
  if (foreground[cell] === 0) return false;
  const column = cell % columns;
  const row = (cell - column) / columns;
  let around = -1;
  for (let r = row - 1; r <= row + 1; r++) {
    for (let c = column - 1; c <= column + 1; c++) {
      const [x, y] = [Math.min(columns - 1, Math.max(0, c)), Math.min(rows - 1, Math.max(0, r))];
      around += foreground[y * columns + x] as number;
    }
  }
  return around >= LEAST_AROUND;
}

/** Whether a line from the point to the right crosses the border an odd number of times. */
function isInside([x, y]: Point, points: readonly Point[]): boolean {
  let inside = false;
  points.forEach(([ax, ay], i) => {
    const [bx, by] = points[(i + 1) % points.length] as Point;
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
  });
  return inside;
}
