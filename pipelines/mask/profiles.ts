/**
 * A picture as two rows of numbers: how luma changes across its columns and down its rows. Used by global-motion.ts. It
 * keeps sums, never a picture.
 */
import type { PictureSize } from '../frame.js';

/** Columns and rows of elements that are read of a picture. */
const [ACROSS, DOWN] = [320, 180];
/** Root mean square of a profile, levels of luma, from which there is something to be seen. */
const TEXTURE = 1.2;
/** From here it is more than twice what the noise of a dark picture makes: such a profile has to be found again. */
const STRONG_TEXTURE = 2.4;
/** Least share of a profile that two of them must have in common. */
const LEAST_COMMON = 0.5;

/** One axis of a picture: differences of neighbouring means, and how many pixels one of them stands for. */
export class Profile {
  readonly steps: Float64Array;
  readonly pixels: number;
  textured = false;
  strong = false;

  constructor(count: number, pixels: number) {
    this.steps = new Float64Array(count);
    this.pixels = pixels;
  }

  take(sums: Float64Array, each: number): void {
    const n = this.steps.length;
    let energy = 0;
    for (let i = 0; i < n; i++) {
      const step = i === 0 || i === n - 1 ? 0 : (sums[i + 1] - sums[i - 1]) / each;
      this.steps[i] = step;
      energy += step * step;
    }
    const usual = Math.sqrt(energy / n);
    this.textured = usual >= TEXTURE;
    this.strong = usual >= STRONG_TEXTURE;
    // The two sharp ends of something large that passes must not outweigh the street behind it.
    for (let i = 0; i < n; i++) this.steps[i] = Math.max(-usual, Math.min(usual, this.steps[i]));
  }

  /**
   * How well `before` fits here when it is scaled about `centre` (pixels) and moved by `shift` (pixels).
   * @returns correlation, -1 to 1; 0 when too little is common to both
   */
  fit(before: Profile, shift: number, scale: number, centre: number): number {
    const n = this.steps.length;
    const [now, old] = [this.steps, before.steps];
    // before = centre + (now - shift - centre) / scale, in elements
    const middle = centre / this.pixels - 0.5;
    const start = middle + (0 - shift / this.pixels - middle) / scale;
    const each = 1 / scale;
    const first = Math.max(0, Math.ceil(-start / each));
    const last = Math.min(n - 1, Math.floor((n - 1.000001 - start) / each));
    if (last - first + 1 < LEAST_COMMON * n) return 0;
    let [both, a, b] = [0, 0, 0];
    let at = start + first * each;
    for (let i = first; i <= last; i++, at += each) {
      const whole = at | 0;
      const part = at - whole;
      const y = old[whole] + (old[whole + 1] - old[whole]) * part;
      const x = now[i];
      both += x * y;
      a += x * x;
      b += y * y;
    }
    return a > 0 && b > 0 ? both / Math.sqrt(a * b) : 0;
  }
}

/** Both axes of one picture. */
export class Profiles {
  readonly across: Profile;
  readonly down: Profile;
  readonly #size: PictureSize;
  readonly #step: PictureSize;
  readonly #columns: Float64Array;
  readonly #rows: Float64Array;

  constructor(size: PictureSize) {
    this.#size = size;
    this.#step = {
      width: Math.max(1, Math.floor(size.width / ACROSS)),
      height: Math.max(1, Math.floor(size.height / DOWN)),
    };
    this.#columns = new Float64Array(Math.floor(size.width / this.#step.width));
    this.#rows = new Float64Array(Math.floor(size.height / this.#step.height));
    this.across = new Profile(this.#columns.length, this.#step.width);
    this.down = new Profile(this.#rows.length, this.#step.height);
  }

  /** Reads a picture's luma, one element of each cell. */
  read(luma: Uint8Array): void {
    const [columns, rows] = [this.#columns, this.#rows];
    const { width: stepX, height: stepY } = this.#step;
    columns.fill(0);
    for (let row = 0; row < rows.length; row++) {
      let at = row * stepY * this.#size.width;
      let sum = 0;
      for (let column = 0; column < columns.length; column++, at += stepX) {
        const value = luma[at];
        columns[column] += value;
        sum += value;
      }
      rows[row] = sum;
    }
    this.across.take(columns, rows.length);
    this.down.take(rows, columns.length);
  }
}
