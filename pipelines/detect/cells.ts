/**
 * The luma of a masked picture as the means of square cells, and the exposure step between two such grids. Read by motion.ts
 * and background.ts. Takes nothing but masked frames and holds means, never a picture.
 */
import type { MaskedFrame, PictureSize } from '../frame.js';
import type { Box } from '../messages.js';

/** Picture elements of a cell that are read, each way: noise averages out, and the cost does not grow with the picture. */
const SAMPLES = 4;
/** Luma of black and white, BT.601 limited range. */
const [BLACK, WHITE] = [16, 235];
/** A gain outside this is no exposure step. */
const GAIN = { least: 0.4, most: 2.5 };
/** In the second fit, what is further off than this is left out, levels of luma: something that passes must not bend it. */
const WITHIN = 16;

/** luma now = gain × luma before + offset */
export interface Exposure {
  gain: number;
  offset: number;
}

/** Columns and rows, from and to, the latter not included. */
export interface CellRange {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export class CellGrid {
  readonly columns: number;
  readonly rows: number;
  /** mean luma of each cell at the last read, row by row */
  readonly now: Float32Array;
  readonly #cell: number;
  readonly #size: PictureSize;

  /** @param cells how many, about */
  constructor(size: PictureSize, cells: number) {
    this.#size = size;
    this.#cell = Math.max(1, Math.round(Math.sqrt((size.width * size.height) / cells)));
    this.columns = Math.floor(size.width / this.#cell);
    this.rows = Math.floor(size.height / this.#cell);
    this.now = new Float32Array(this.columns * this.rows);
  }

  read({ data: luma }: MaskedFrame): void {
    const cell = this.#cell;
    const { width } = this.#size;
    const step = Math.max(1, Math.floor(cell / SAMPLES));
    const each = Math.ceil(cell / step);
    let at = 0;
    for (let row = 0; row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++) {
        const corner = row * cell * width + column * cell;
        let sum = 0;
        for (let y = 0; y < cell; y += step) {
          const line = corner + y * width;
          for (let x = 0; x < cell; x += step) sum += luma[line + x] as number;
        }
        this.now[at++] = sum / (each * each);
      }
    }
  }

  /** The cells whose centres lie in a box of shares of the picture. */
  cellsIn({ x, y, width, height }: Box): CellRange {
    const across = this.#size.width / this.#cell;
    const down = this.#size.height / this.#cell;
    const within = (value: number, most: number): number =>
      Math.min(most, Math.max(0, Number.isFinite(value) ? Math.round(value) : 0));
    return {
      left: within(x * across, this.columns),
      right: within((x + width) * across, this.columns),
      top: within(y * down, this.rows),
      bottom: within((y + height) * down, this.rows),
    };
  }

  /** The box of a range of cells, shares of the picture. */
  boxOf({ left, right, top, bottom }: CellRange): Box {
    const across = this.#cell / this.#size.width;
    const down = this.#cell / this.#size.height;
    return { x: left * across, y: top * down, width: (right - left) * across, height: (bottom - top) * down };
  }
}

/** The exposure step from `before` to `now`: over everything first, then once more without what fits badly. */
export function exposureStep(before: Float32Array, now: Float32Array): Exposure {
  const first = fit(before, now, { gain: 1, offset: 0 }, Number.POSITIVE_INFINITY);
  return fit(before, now, first, WITHIN);
}

/** What a cell of that mean is expected to be after the step. */
export function expected(before: number, { gain, offset }: Exposure): number {
  return Math.min(WHITE, Math.max(BLACK, gain * before + offset));
}

function fit(before: Float32Array, now: Float32Array, guess: Exposure, within: number): Exposure {
  let [n, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0];
  for (let i = 0; i < now.length; i++) {
    const x = before[i] as number;
    const y = now[i] as number;
    // What is black or white, or masked, stays so at any exposure.
    if (x <= BLACK + 1 || y <= BLACK + 1 || x >= WHITE - 1 || y >= WHITE - 1) continue;
    if (Math.abs(y - expected(x, guess)) > within) continue;
    n++;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumXY += x * y;
  }
  if (n < now.length / 8) return guess;
  const spread = sumXX - (sumX * sumX) / n;
  const gain = spread > n ? (sumXY - (sumX * sumY) / n) / spread : 1;
  if (gain < GAIN.least || gain > GAIN.most) return { gain: 1, offset: 0 };
  return { gain, offset: (sumY - gain * sumX) / n };
}
