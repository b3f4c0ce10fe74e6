/** Places of a zone: a grid over the rectangle around it. Used by statistics.ts and followed.ts; pure. */
import type { ObjectClass, Point } from '../../../pipelines/messages.js';

export const across = 12;
export const down = 8;
/** One more than the places: the last stands for the zone as a whole. */
export const cellCount = across * down + 1;
export const wholeZone = across * down;

export const groups = ['person', 'two-wheeler', 'vehicle', 'other'] as const;
export type Group = (typeof groups)[number];

const groupOfClass: Record<ObjectClass, Group> = {
  person: 'person',
  bicycle: 'two-wheeler',
  motorcycle: 'two-wheeler',
  car: 'vehicle',
  bus: 'vehicle',
  truck: 'vehicle',
  bag: 'other',
  animal: 'other',
};

/** Classes that a detector takes for one another are learned together. */
export function groupOf(name: ObjectClass): Group {
  return groupOfClass[name];
}

export class Cells {
  readonly #left: number;
  readonly #top: number;
  readonly #width: number;
  readonly #height: number;

  constructor(points: readonly Point[]) {
    const xs = points.map(([x]) => x);
    const ys = points.map(([, y]) => y);
    this.#left = Math.min(...xs);
    this.#top = Math.min(...ys);
    this.#width = Math.max(...xs) - this.#left;
    this.#height = Math.max(...ys) - this.#top;
  }

  /** Index of the place; what lies outside belongs to the nearest. */
  of([x, y]: Point): number {
    const column = index((x - this.#left) / this.#width, across);
    return index((y - this.#top) / this.#height, down) * across + column;
  }
}

/** The place itself and those beside it. */
export function around(cell: number): number[] {
  const [row, column] = [Math.floor(cell / across), cell % across];
  const found: number[] = [];
  for (let r = Math.max(0, row - 1); r <= Math.min(down - 1, row + 1); r++)
    for (let c = Math.max(0, column - 1); c <= Math.min(across - 1, column + 1); c++)
      found.push(r * across + c);
  return found;
}

function index(share: number, count: number): number {
  return Number.isFinite(share) ? Math.min(count - 1, Math.max(0, Math.floor(share * count))) : 0;
}
