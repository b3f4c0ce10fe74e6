/**
 * Things that were brought into the picture and have stayed where they are (docs/tracking.md, "Things that stay"). Fed by
 * look.ts after the background took in a frame; what it tells goes to the runtime process. It does not know what they are,
 * and forgets each when the scene before it is back, or when it has become the scene.
 */
import { randomBytes } from 'node:crypto';
import type { Still } from '../messages.js';
import type { Background } from './background.js';
import type { CellRange } from './cells.js';

/** Unchanged for so long, seconds. */
const STAYS_S = 3;
/** Least number of cells, and most as a share of the picture: less is noise, more is the light. */
const CELLS = { least: 3, mostShare: 0.1 };
/** Cells across and down: a line one cell thin is an edge of the scene that exposure or a tremble shifted. */
const LEAST_SIDE = 2;
/** Of connected cells that are not the scene this share must have stayed: what creeps has young cells in front. */
const STILL_SHARE = 0.7;
/** A thing is there while this share of its cells is not the scene, or is hidden by somebody in front. */
const THERE = 0.5;
/** A patch is the same thing when they have this share of the smaller one's cells in common. */
const SAME = 0.5;
/** Told at once: what a message carries. */
const MOST = 64;

interface Thing extends Still {
  cells: readonly number[];
}

type GridSize = Pick<Background['grid'], 'columns' | 'rows'>;

interface Patch {
  cells: number[];
  range: CellRange;
}

export class Stills {
  #things: Thing[] = [];

  /** What is there now; empty while the background learns, and nothing where it does not know the scene yet. */
  update(background: Background): Still[] {
    if (!background.stable) {
      this.#things = [];
      return [];
    }
    const patches = patchesOf(background);
    const left = this.#things.filter((thing) => isThere(thing, background));
    const taken = new Set<Patch>();
    this.#things = left.map((thing) => {
      const patch = patches.find((p) => !taken.has(p) && isSame(p.cells, thing.cells));
      if (!patch) return thing;
      taken.add(patch);
      return { ...thing, ...told(patch, background), cells: patch.cells };
    });
    for (const patch of patches) {
      if (taken.has(patch) || this.#things.length >= MOST) continue;
      // A part of something that is told already is not a second thing.
      if (left.some((thing) => isSame(patch.cells, thing.cells))) continue;
      const id = randomBytes(4).toString('hex');
      this.#things.push({
        id,
        ...told(patch, background),
        sinceUs: oldest(patch, background),
        cells: patch.cells,
      });
    }
    return this.#things.map(({ cells: _, ...thing }) => thing);
  }
}

/** Connected cells that are not the scene and have been as they are for long enough; largest first. */
function patchesOf(background: Background): Patch[] {
  const { foreground, covered, sinceUs, grid } = background;
  const fromUs = background.atUs - STAYS_S * 1e6;
  const waits = foreground.map((is, i) => (is === 1 && covered[i] === 0 && background.isSettled(i) ? 1 : 0));
  const patches: Patch[] = [];
  for (let i = 0; i < waits.length; i++) {
    if (waits[i] === 0) continue;
    const cells = gather(i, waits, grid);
    const stayed = cells.filter((cell) => (sinceUs[cell] as number) <= fromUs);
    if (stayed.length < CELLS.least || stayed.length < STILL_SHARE * cells.length) continue;
    const range = rangeOf(stayed, grid);
    const side = Math.min(range.right - range.left, range.bottom - range.top);
    if (side >= LEAST_SIDE && stayed.length <= CELLS.mostShare * waits.length)
      patches.push({ cells: stayed, range });
  }
  return patches.sort((a, b) => b.cells.length - a.cells.length).slice(0, MOST);
}

/** Takes the cells connected with the first one out of those that wait. */
function gather(first: number, waits: Uint8Array, { columns, rows }: GridSize): number[] {
  const cells = [first];
  waits[first] = 0;
  for (const cell of cells) {
    const column = cell % columns;
    const row = (cell - column) / columns;
    for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
      for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
        const other = r * columns + c;
        if (waits[other] === 0) continue;
        waits[other] = 0;
        cells.push(other);
      }
    }
  }
  return cells;
}

function rangeOf(cells: readonly number[], { columns, rows }: GridSize): CellRange {
  const range = { left: columns, right: 0, top: rows, bottom: 0 };
  for (const cell of cells) {
    const column = cell % columns;
    const row = (cell - column) / columns;
    range.left = Math.min(range.left, column);
    range.right = Math.max(range.right, column + 1);
    range.top = Math.min(range.top, row);
    range.bottom = Math.max(range.bottom, row + 1);
  }
  return range;
}

function isThere({ cells }: Thing, { foreground, covered }: Background): boolean {
  const there = cells.filter((i) => foreground[i] === 1 || covered[i] === 1).length;
  return there >= THERE * cells.length;
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  const of = new Set(a);
  return b.filter((cell) => of.has(cell)).length >= SAME * Math.min(a.length, b.length);
}

function told({ cells, range }: Patch, { grid, scene, recent }: Background): Pick<Still, 'box' | 'contrast'> {
  const off = cells.reduce((sum, i) => sum + Math.abs((recent[i] as number) - (scene[i] as number)), 0);
  return { box: grid.boxOf(range), contrast: off / cells.length };
}

function oldest({ cells }: Patch, { sinceUs }: Background): number {
  return cells.reduce((first, i) => Math.min(first, sinceUs[i] as number), Number.POSITIVE_INFINITY);
}
