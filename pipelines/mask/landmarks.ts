/**
 * Small places of a picture that can be told from all around them (corners: Shi and Tomasi, "Good features to track", 1994),
 * and how much a picture looks like one of them somewhere. Used by global-motion.ts. They are taken from what the mask
 * has left of a picture, so that nothing private is ever kept.
 */
import type { PictureSize } from '../frame.js';
import type { Vector } from './lens.js';

/** A picture is looked at in elements, as many as this across. */
const ACROSS = 320;
/** Elements along each side of a landmark. */
const SIDE = 12;
const COUNT = SIDE * SIDE;
/** One landmark at the most is taken from each cell of so many elements, and so many from each region of 4 by 3. */
const CELL = 16;
const REGIONS = [4, 3] as const;
const MOST_IN_REGION = 3;
/** Mean square of the change from one element to the next, in the direction in which it is least, levels of luma. */
const LEAST_CORNER = 20;
/** What the mask leaves behind. */
const BLACK_LUMA = 16;

/** A place in the world that was seen. */
export interface Landmark {
  /** its middle, pixels of the picture in which it was taken */
  at: [x: number, y: number];
  /** where that lies in the world */
  to: Vector;
  /** luma, mean taken off, of length 1 as a vector */
  values: Float32Array;
}

/** How a landmark is compared: `whole` reads four pixels for each element, `quick` one, `coarse` one for every fourth. */
export type Reading = 'whole' | 'quick' | 'coarse';

export class Landmarks {
  readonly #size: PictureSize;
  /** pixels that one element stands for */
  readonly step: number;
  readonly #read = new Float32Array(COUNT);

  constructor(size: PictureSize) {
    this.#size = size;
    this.step = size.width / ACROSS;
  }

  /**
   * Picks what stands out, spread over the picture.
   * @param luma of a picture under its mask
   * @param unproject gives the direction of a pixel, null where there is none
   */
  pick(luma: Uint8Array, unproject: (x: number, y: number) => Vector | null): Landmark[] {
    const cell = CELL * this.step;
    const [across, down] = [Math.floor(this.#size.width / cell), Math.floor(this.#size.height / cell)];
    const regions = new Map<number, { x: number; y: number; corner: number }[]>();
    for (let row = 0; row < down; row++) {
      for (let column = 0; column < across; column++) {
        const [x, y] = [(column + 0.5) * cell, (row + 0.5) * cell];
        const corner = this.#corner(luma, x, y);
        if (corner < LEAST_CORNER) continue;
        const region =
          Math.floor((column * REGIONS[0]) / across) + REGIONS[0] * Math.floor((row * REGIONS[1]) / down);
        const found = regions.get(region) ?? [];
        found.push({ x, y, corner });
        regions.set(region, found);
      }
    }
    return [...regions.values()]
      .flatMap((found) => found.sort((a, b) => b.corner - a.corner).slice(0, MOST_IN_REGION))
      .flatMap(({ x, y }) => {
        const to = unproject(x, y);
        const values = to && this.#take(luma, x, y);
        return values ? [{ at: [x, y] as [number, number], to, values }] : [];
      });
  }

  /**
   * How much the picture around a pixel looks like a landmark.
   * @param scale of the picture against the one in which it was taken
   * @returns correlation, -1 to 1; 0 where it does not lie in the picture as a whole
   */
  likeness(
    { values }: Landmark,
    luma: Uint8Array,
    x: number,
    y: number,
    scale: number,
    how: Reading,
  ): number {
    const each = this.step * scale;
    if (!this.isWithin(x, y, scale)) return 0;
    const skip = how === 'coarse' ? 2 : 1;
    let [both, sum, squares, own, ownSum, n] = [0, 0, 0, 0, 0, 0];
    for (let row = 0; row < SIDE; row += skip) {
      const top = y + (row - (SIDE - 1) / 2) * each;
      for (let column = 0; column < SIDE; column += skip) {
        const left = x + (column - (SIDE - 1) / 2) * each;
        const value = how === 'whole' ? this.#four(luma, left, top) : this.#one(luma, left, top);
        const kept = values[row * SIDE + column];
        both += value * kept;
        sum += value;
        squares += value * value;
        own += kept * kept;
        ownSum += kept;
        n++;
      }
    }
    const spread = (squares - (sum * sum) / n) * (own - (ownSum * ownSum) / n);
    return spread <= 0 ? 0 : (both - (sum * ownSum) / n) / Math.sqrt(spread);
  }

  /** Whether a landmark there would lie in the picture as a whole. */
  isWithin(x: number, y: number, scale: number): boolean {
    const reach = (SIDE / 2 + 1) * this.step * scale;
    const { width, height } = this.#size;
    return x >= reach && y >= reach && x < width - reach && y < height - reach;
  }

  /** The lesser eigenvalue of the structure tensor; 0 where a part of it is hidden. */
  #corner(luma: Uint8Array, x: number, y: number): number {
    const each = Math.max(1, Math.round(this.step));
    const { width } = this.#size;
    const first = Math.round(y - (SIDE / 2) * this.step) * width + Math.round(x - (SIDE / 2) * this.step);
    let [xx, yy, xy] = [0, 0, 0];
    for (let row = 0; row < SIDE; row++) {
      let at = first + row * each * width;
      for (let column = 0; column < SIDE; column++, at += each) {
        const here = luma[at];
        if (here <= BLACK_LUMA) return 0;
        const dx = luma[at + each] - here;
        const dy = luma[at + each * width] - here;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
      }
    }
    const half = (xx + yy) / 2;
    return (half - Math.sqrt(((xx - yy) / 2) ** 2 + xy * xy)) / COUNT;
  }

  #take(luma: Uint8Array, x: number, y: number): Float32Array | null {
    let sum = 0;
    for (let i = 0; i < COUNT; i++) {
      const left = x + ((i % SIDE) - (SIDE - 1) / 2) * this.step;
      const top = y + (Math.floor(i / SIDE) - (SIDE - 1) / 2) * this.step;
      this.#read[i] = this.#four(luma, left, top);
      sum += this.#read[i];
    }
    const mean = sum / COUNT;
    const length = Math.sqrt(this.#read.reduce((squares, value) => squares + (value - mean) ** 2, 0));
    return length > 0 ? this.#read.map((value) => (value - mean) / length) : null;
  }

  /** Mean of four pixels within one element, so that fine texture does not flicker. */
  #four(luma: Uint8Array, x: number, y: number): number {
    const { width } = this.#size;
    const off = this.step / 4;
    const [left, right] = [(x - off) | 0, (x + off) | 0];
    const [top, bottom] = [((y - off) | 0) * width, ((y + off) | 0) * width];
    return luma[top + left] + luma[top + right] + luma[bottom + left] + luma[bottom + right];
  }

  #one(luma: Uint8Array, x: number, y: number): number {
    return 4 * luma[(y | 0) * this.#size.width + (x | 0)];
  }
}
