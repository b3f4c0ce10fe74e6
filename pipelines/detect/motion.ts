/**
 * How much of a masked picture changed (docs/recording.md, "Motion"). Fed by frame-path.ts with masked frames, some of which it
 * measures; the runtime decides what that means. Takes nothing but masked frames, keeps means of cells, never a picture.
 */
import type { MaskedFrame, PictureSize } from '../frame.js';
import type { MotionOptions } from '../messages.js';
import { CellGrid, type Exposure, expected, exposureStep } from './cells.js';

/** Cells of the grid, about. */
const CELLS = 2304;
/** Least change of a cell, levels of luma. */
const LEAST = 8;
/** And times its usual difference. */
const TIMES_USUAL = 6;
/** A difference beyond this counts whatever is usual, and teaches no more than this. */
const MOST = 48;
/** Measures that only learn what is usual: 1.6 s at five a second. */
const LEARNING = 8;
/** Share by which a cell's mean follows at each measure, and its usual difference; when it has changed, more slowly. */
const FOLLOW = { mean: 1 / 32, usual: 1 / 64, changedMean: 1 / 128, changedUsual: 1 / 256 };

export class Motion {
  readonly #grid: CellGrid;
  readonly #mean: Float32Array;
  readonly #usual: Float32Array;
  readonly #everyUs: number;
  #mask: string | null = null;
  #learnt = 0;
  #nextDueUs = 0;

  constructor(size: PictureSize, { ratePerSecond }: MotionOptions) {
    this.#grid = new CellGrid(size, CELLS);
    const cells = this.#grid.now.length;
    this.#mean = new Float32Array(cells);
    this.#usual = new Float32Array(cells);
    this.#everyUs = 1e6 / ratePerSecond;
  }

  /** Measures the frame when a measure is due: the share of the picture that changed; null when there is none. */
  offer(frame: MaskedFrame): number | null {
    if (frame.monoUs < this.#nextDueUs) return null;
    this.#nextDueUs = Math.max(this.#nextDueUs + this.#everyUs, frame.monoUs + this.#everyUs / 2);
    return this.measure(frame);
  }

  /** Share of the picture that changed, 0 to 1; null while it learns: the first measures, and those under a new mask. */
  measure(frame: MaskedFrame): number | null {
    this.#grid.read(frame);
    const { mask } = frame;
    const { now } = this.#grid;
    const stamp = `${mask.version} ${mask.state} ${mask.digest}`;
    if (stamp !== this.#mask) {
      this.#mask = stamp;
      this.#mean.set(now);
      this.#usual.fill(0);
      this.#learnt = 0;
      return null;
    }
    const changed = this.#compare(now, exposureStep(this.#mean, now));
    this.#learnt++;
    return this.#learnt < LEARNING ? null : changed / now.length;
  }

  /** Counts the cells that changed; what is usual follows. */
  #compare(now: Float32Array, exposure: Exposure): number {
    const [mean, usual] = [this.#mean, this.#usual];
    const first = 1 / (this.#learnt + 2);
    let changed = 0;
    for (let i = 0; i < now.length; i++) {
      const before = expected(mean[i] as number, exposure);
      const here = now[i] as number;
      const usually = usual[i] as number;
      const off = Math.abs(here - before);
      const isChanged = off > Math.min(MOST, Math.max(LEAST, TIMES_USUAL * usually));
      if (isChanged) changed++;
      mean[i] = before + (here - before) * Math.max(first, isChanged ? FOLLOW.changedMean : FOLLOW.mean);
      const learnt = Math.max(first, isChanged ? FOLLOW.changedUsual : FOLLOW.usual);
      usual[i] = usually + (Math.min(off, MOST) - usually) * learnt;
    }
    return changed;
  }
}
