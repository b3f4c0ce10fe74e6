/**
 * How much of a masked picture changed (docs/recording.md, "Motion"). Fed by main.ts with masked frames, some of which it
 * measures; the runtime decides what that means. Takes nothing but masked frames, keeps means of cells, never a picture.
 */
import type { MaskedFrame, PictureSize } from '../frame.js';
import type { MotionOptions } from '../messages.js';

/** Cells of the grid, about. */
const CELLS = 2304;
/** Picture elements of a cell that are read, each way. */
const SAMPLES = 4;
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
/** Luma of black and white, BT.601 limited range. */
const [BLACK, WHITE] = [16, 235];
/** A gain outside this is no exposure step. */
const GAIN = { least: 0.4, most: 2.5 };

/** luma now = gain × luma before + offset */
interface Exposure {
  gain: number;
  offset: number;
}

export class Motion {
  readonly #width: number;
  readonly #cell: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #now: Float32Array;
  readonly #mean: Float32Array;
  readonly #usual: Float32Array;
  readonly #everyUs: number;
  #mask: string | null = null;
  #learnt = 0;
  #nextDueUs = 0;

  constructor({ width, height }: PictureSize, { ratePerSecond }: MotionOptions) {
    this.#width = width;
    this.#cell = Math.max(1, Math.round(Math.sqrt((width * height) / CELLS)));
    this.#columns = Math.floor(width / this.#cell);
    this.#rows = Math.floor(height / this.#cell);
    const cells = this.#columns * this.#rows;
    this.#now = new Float32Array(cells);
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
  measure({ data, mask }: MaskedFrame): number | null {
    this.#read(data);
    const stamp = `${mask.version} ${mask.state} ${mask.digest}`;
    if (stamp !== this.#mask) {
      this.#mask = stamp;
      this.#mean.set(this.#now);
      this.#usual.fill(0);
      this.#learnt = 0;
      return null;
    }
    const changed = this.#compare(this.#exposure());
    this.#learnt++;
    return this.#learnt < LEARNING ? null : changed / this.#now.length;
  }

  /** Sixteen elements of each cell are enough: noise averages out, and the cost does not grow with the picture. */
  #read(luma: Buffer): void {
    const cell = this.#cell;
    const step = Math.max(1, Math.floor(cell / SAMPLES));
    const each = Math.ceil(cell / step);
    let at = 0;
    for (let row = 0; row < this.#rows; row++) {
      for (let column = 0; column < this.#columns; column++) {
        const corner = row * cell * this.#width + column * cell;
        let sum = 0;
        for (let y = 0; y < cell; y += step) {
          const line = corner + y * this.#width;
          for (let x = 0; x < cell; x += step) sum += luma[line + x] as number;
        }
        this.#now[at++] = sum / (each * each);
      }
    }
  }

  /** Fits the whole picture, then once more without what fits badly: something large that passes must not bend it. */
  #exposure(): Exposure {
    const first = this.#fit({ gain: 1, offset: 0 }, Number.POSITIVE_INFINITY);
    return this.#fit(first, 2 * LEAST);
  }

  #fit(guess: Exposure, within: number): Exposure {
    let [n, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0];
    for (let i = 0; i < this.#now.length; i++) {
      const x = this.#mean[i] as number;
      const y = this.#now[i] as number;
      // What is black or white, or masked, stays so at any exposure.
      if (x <= BLACK + 1 || y <= BLACK + 1 || x >= WHITE - 1 || y >= WHITE - 1) continue;
      if (Math.abs(y - expected(x, guess)) > within) continue;
      n++;
      sumX += x;
      sumY += y;
      sumXX += x * x;
      sumXY += x * y;
    }
    if (n < this.#now.length / 8) return guess;
    const spread = sumXX - (sumX * sumX) / n;
    const gain = spread > n ? (sumXY - (sumX * sumY) / n) / spread : 1;
    if (gain < GAIN.least || gain > GAIN.most) return { gain: 1, offset: 0 };
    return { gain, offset: (sumY - gain * sumX) / n };
  }

  /** Counts the cells that changed; what is usual follows. */
  #compare(exposure: Exposure): number {
    const [now, mean, usual] = [this.#now, this.#mean, this.#usual];
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

function expected(before: number, { gain, offset }: Exposure): number {
  return Math.min(WHITE, Math.max(BLACK, gain * before + offset));
}
