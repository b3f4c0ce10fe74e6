/**
 * What is usual at each place of the masked picture, and what is not (docs/tracking.md, "The background"). Fed by look.ts with
 * the frames that are due and where the tracks are; read by window.ts, stills.ts and the rule for starting a track. It knows
 * means of cells and times, never a picture, and it gates nothing while it learns.
 */
import type { MaskedFrame, MaskStamp, PictureSize } from '../frame.js';
import type { Box } from '../messages.js';
import { CellGrid, type Exposure, expected, exposureStep } from './cells.js';

/** Cells of the grid, about. */
const CELLS = 6912;
/** A cell that differs from the scene by this many levels, or by this many times its usual difference, is foreground... */
const LEAST = 7;
const TIMES_USUAL = 5;
/** ...and one that differs by this is, whatever is usual there. */
const MOST = 48;
/** Seconds in which a cell of the scene follows, its usual difference does, and its present look does. */
const FOLLOW = { scene: 6, usual: 13, recent: 0.3 };
/** Nothing is told in this time after a start, a new mask or a new view, seconds. */
const LEARNING_S = 2;
/**
 * Until a cell has been as the scene for so long in all, with nobody known in front, what stays there becomes the scene soon:
 * who stood there at the first look would else leave a ghost. No look counts for more than `lookS`.
 */
const SETTLING = { forS: 20, afterS: 2, lookS: 1 };
/** What has stayed as it is for so long is the scene, seconds. */
const ABSORBED_S = 600;
/** More than this share of the picture changes at once: that is the light, or the camera. */
const GLOBAL_SHARE = 0.3;
/** A known thing covers this much more than its box on each side, shares of the box. */
const RIM = 0.1;
/** Change within this time is activity, seconds. */
const ACTIVE_S = 1;
/** A cell that was as the scene for longer, and is no more, has become what it is now; one that trembles has not, seconds. */
const TREMBLES_S = 2;
/** Looks further apart than this tell nothing of what moved between them, seconds. */
const GAP_S = 10;

export class Background {
  readonly grid: CellGrid;
  /** 1 where a cell is not as the scene is */
  readonly foreground: Uint8Array;
  /** 1 where a known thing that is no bag is: nothing is said of what is behind it */
  readonly covered: Uint8Array;
  /** time from which each cell has been as it is, microseconds */
  readonly sinceUs: Float64Array;
  /** luma of the scene, and of the present */
  readonly scene: Float32Array;
  readonly recent: Float32Array;
  readonly #usual: Float32Array;
  readonly #movedUs: Float64Array;
  /** when each cell was last foreground, microseconds */
  readonly #foreUs: Float64Array;
  /** for how long each cell has been as the scene, seconds, up to what settles it */
  readonly #sceneS: Float32Array;
  #mask: MaskStamp | null = null;
  #startUs = 0;
  #lastUs = 0;
  #looks = 0;

  constructor(readonly size: PictureSize) {
    this.grid = new CellGrid(size, CELLS);
    const cells = this.grid.now.length;
    this.foreground = new Uint8Array(cells);
    this.covered = new Uint8Array(cells);
    this.sinceUs = new Float64Array(cells);
    this.scene = new Float32Array(cells);
    this.recent = new Float32Array(cells);
    this.#usual = new Float32Array(cells);
    this.#movedUs = new Float64Array(cells);
    this.#foreUs = new Float64Array(cells);
    this.#sceneS = new Float32Array(cells);
  }

  /** False while it learns: then nothing it holds tells anything. */
  get stable(): boolean {
    return this.#looks > 2 && this.#lastUs - this.#startUs >= LEARNING_S * 1e6;
  }

  /** True once the scene is known in this cell: those who were there at the start have left it. */
  isSettled(cell: number): boolean {
    return (this.#sceneS[cell] as number) >= SETTLING.forS;
  }

  /** Time of the last frame, microseconds. */
  get atUs(): number {
    return this.#lastUs;
  }

  /**
   * Takes in a frame.
   * @param known where things are that have a name of their own: what stays under them is not learnt
   */
  update(frame: MaskedFrame, known: readonly Box[]): void {
    this.grid.read(frame);
    const { now } = this.grid;
    const seconds = (frame.monoUs - this.#lastUs) / 1e6;
    const sameView = this.#mask !== null && sees(this.#mask, frame.mask, this.grid.columns);
    if (!sameView || !(seconds >= 0 && seconds <= GAP_S)) return this.#startAnew(frame);
    this.#lastUs = frame.monoUs;
    this.#cover(known);
    const moving = this.#compare(exposureStep(this.scene, now), seconds);
    if (moving > GLOBAL_SHARE * now.length) return this.#startAnew(frame);
    this.#absorb(seconds);
    this.#looks++;
  }

  /** Share of a box's cells that are not as the scene is; 1 while it learns. */
  evidence(box: Box): number {
    if (!this.stable) return 1;
    const { left, right, top, bottom } = this.grid.cellsIn(box);
    let [cells, seen] = [0, 0];
    for (let row = top; row < bottom; row++) {
      for (let i = row * this.grid.columns + left; i < row * this.grid.columns + right; i++) {
        cells++;
        seen += this.foreground[i] as number;
      }
    }
    return cells === 0 ? 1 : seen / cells;
  }

  /** Whether something is going on in this cell, beyond what is usual there. */
  isActive(cell: number): boolean {
    return this.#lastUs - (this.#movedUs[cell] as number) <= ACTIVE_S * 1e6;
  }

  #startAnew({ mask, monoUs }: MaskedFrame): void {
    this.#mask = mask;
    this.#startUs = monoUs;
    this.#lastUs = monoUs;
    this.#looks = 0;
    this.scene.set(this.grid.now);
    this.recent.set(this.grid.now);
    this.#usual.fill(0);
    this.foreground.fill(0);
    this.covered.fill(0);
    this.sinceUs.fill(monoUs);
    this.#movedUs.fill(Number.NEGATIVE_INFINITY);
    this.#foreUs.fill(Number.NEGATIVE_INFINITY);
    this.#sceneS.fill(0);
  }

  /** Each cell against the scene and against its own recent past; the number of those that moved. */
  #compare(step: Exposure, seconds: number): number {
    const { scene, recent, foreground, covered, sinceUs } = this;
    const [{ now }, usual, foreUs, nowUs] = [this.grid, this.#usual, this.#foreUs, this.#lastUs];
    const first = 1 / (this.#looks + 2);
    const follow = (tau: number): number => 1 - Math.exp(-seconds / tau);
    const [sceneShare, usualShare, recentShare] = [
      Math.max(first, follow(FOLLOW.scene)),
      Math.max(first, follow(FOLLOW.usual)),
      follow(FOLLOW.recent),
    ];
    let moving = 0;
    for (let i = 0; i < now.length; i++) {
      const here = now[i] as number;
      const was = expected(scene[i] as number, step);
      const before = expected(recent[i] as number, step);
      const usually = usual[i] as number;
      const least = Math.min(MOST, Math.max(LEAST, TIMES_USUAL * usually));
      const off = Math.abs(here - was);
      const isFore = off > least;
      const isMoving = Math.abs(here - before) > least;
      if (isMoving) {
        moving++;
        sinceUs[i] = nowUs;
        if (isFore) this.#movedUs[i] = nowUs;
      }
      if (isFore) {
        // A faint shadow comes so slowly that nothing is seen to move.
        if (nowUs - (foreUs[i] as number) > TREMBLES_S * 1e6) sinceUs[i] = nowUs;
        foreUs[i] = nowUs;
      }
      foreground[i] = isFore ? 1 : 0;
      scene[i] = isFore ? was : was + (here - was) * sceneShare;
      recent[i] = before + (here - before) * recentShare;
      // What moves all the time and is nobody is leaves and water: a place learns that, but not from what stays or is followed.
      if (isFore && (!isMoving || covered[i] === 1)) continue;
      usual[i] = usually + (Math.min(off, MOST) - usually) * (isFore ? usualShare / 8 : usualShare);
    }
    return moving;
  }

  /** With a cell and a little more around: boxes are not exact, and a rim that is left would be taken for a thing. */
  #cover(known: readonly Box[]): void {
    const { columns, rows } = this.grid;
    this.covered.fill(0);
    for (const { x, y, width, height } of known) {
      const [across, down] = [width * RIM, height * RIM];
      const box = { x: x - across, y: y - down, width: width + 2 * across, height: height + 2 * down };
      const { left, right, top, bottom } = this.grid.cellsIn(box);
      for (let row = Math.max(0, top - 1); row < Math.min(rows, bottom + 1); row++) {
        const line = row * columns;
        this.covered.fill(1, line + Math.max(0, left - 1), line + Math.min(columns, right + 1));
      }
    }
  }

  /** What has stayed for long enough is the scene; under something known the time does not run. */
  #absorb(seconds: number): void {
    const { scene, recent, foreground, covered, sinceUs } = this;
    const sceneS = this.#sceneS;
    const counted = Math.min(seconds, SETTLING.lookS);
    for (let i = 0; i < scene.length; i++) {
      const isSettled = this.isSettled(i);
      if (covered[i] === 1) sinceUs[i] = this.#lastUs;
      else if (foreground[i] === 0 && !isSettled) sceneS[i] = (sceneS[i] as number) + counted;
      const afterS = isSettled ? ABSORBED_S : SETTLING.afterS;
      if (foreground[i] === 0 || (sinceUs[i] as number) > this.#lastUs - afterS * 1e6) continue;
      scene[i] = recent[i] as number;
      foreground[i] = 0;
      if (!isSettled) sceneS[i] = 0;
    }
  }
}

/** Whether two frames bear the same mask and were taken with the head in the same place, to half a cell. */
function sees(a: MaskStamp, b: MaskStamp, columns: number): boolean {
  if (a.version !== b.version || a.state !== b.state || a.digest !== b.digest) return false;
  if (!a.view || !b.view) return a.view === b.view;
  const halfCellDeg = a.view.hfovDeg / columns / 2;
  const apart = (x: number, y: number): boolean => Math.abs(x - y) > halfCellDeg;
  return !(
    apart(a.view.panDeg, b.view.panDeg) ||
    apart(a.view.tiltDeg, b.view.tiltDeg) ||
    apart(a.view.hfovDeg, b.view.hfovDeg)
  );
}
