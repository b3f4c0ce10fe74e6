/**
 * How much of each designated zone is covered by what is not the scene. Fed by look.ts after the background took in a frame,
 * read by the runtime process (density). It counts cells, not people: a crowd too dense to be told apart still covers ground.
 */
import type { DetectOptions, Point, Tracks } from '../messages.js';
import type { Background } from './background.js';

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
  measure({ stable, foreground }: Background): Tracks['occupied'] {
    if (!stable) return [];
    return this.#zones
      .filter(({ cells }) => cells.length > 0)
      .map(({ zone, cells }) => ({
        zone,
        share: cells.reduce((sum, i) => sum + (foreground[i] as number), 0) / cells.length,
      }));
  }
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
