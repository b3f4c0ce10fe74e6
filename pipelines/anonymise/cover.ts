/**
 * Covers boxes in an I420 picture, in place: black, or coarse blocks of one colour each. Fed by anonymiser.ts. What is
 * covered cannot be had back from the picture (docs/anonymity.md, "What a block lets through"). It always rounds
 * outwards, to whole blocks or whole 2x2 groups of pixels.
 */
import type { PictureSize } from '../frame.js';
import type { Box } from '../messages.js';

/** Black without colour, BT.601 limited range: what mask/ lays, so that a cover never looks like a hole in a zone. */
const BLACK = 16;
const NO_CHROMA = 128;
const NOTHING: Colour = [BLACK, NO_CHROMA, NO_CHROMA];
/** Blocks in the height of what is covered, of which a head is an eighth, or less than a third: smaller than one. */
const BLOCKS_DOWN = { bodies: 6, heads: 2 };
/** Least side of a block, pixels; even. */
const LEAST_BLOCK = 16;
/** Pixels read of a block, each way. */
const SAMPLES = 4;
/** Luma and colour of a block are rounded to the middle of steps of this: three bits of each are left. */
const STEP = 32;

/** Luma, U, V. */
type Colour = [number, number, number];

/** A rectangle of pixels, all four even. */
interface Rectangle {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export class Cover {
  readonly #size: PictureSize;
  readonly #manner: 'solid' | 'blocks';
  readonly #blocksDown: number;

  constructor(
    size: PictureSize,
    { manner, cover }: { manner: 'solid' | 'blocks'; cover: 'bodies' | 'heads' },
  ) {
    this.#size = size;
    this.#manner = manner;
    this.#blocksDown = BLOCKS_DOWN[cover];
  }

  /** Covers these boxes (shares of the picture; what lies outside it is left out). */
  boxes(data: Buffer, boxes: readonly Box[]): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
    for (const box of boxes) {
      if (this.#manner === 'solid') this.#solid(bytes, this.#rectangle(box, 2));
      else this.#blocks(bytes, box);
    }
  }

  /** Runs of bytes, as mask/ makes them of a polygon. */
  runs(data: Buffer, { luma, chroma }: { luma: Int32Array; chroma: Int32Array }): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
    for (let i = 0; i < luma.length; i += 2) bytes.fill(BLACK, luma[i], luma[i + 1]);
    for (let i = 0; i < chroma.length; i += 2) bytes.fill(NO_CHROMA, chroma[i], chroma[i + 1]);
  }

  /** The box in pixels, rounded outwards to multiples of `grid`, within the picture. */
  #rectangle({ x, y, width, height }: Box, grid: number): Rectangle {
    const { width: across, height: down } = this.#size;
    const least = (share: number, pixels: number): number =>
      Math.min(pixels, Math.max(0, Math.floor((share * pixels) / grid) * grid));
    const most = (share: number, pixels: number): number =>
      Math.min(pixels, Math.max(0, Math.ceil((share * pixels) / grid) * grid));
    return {
      left: least(x, across),
      top: least(y, down),
      right: most(x + width, across),
      bottom: most(y + height, down),
    };
  }

  #solid(bytes: Uint8Array, area: Rectangle): void {
    this.#paint(bytes, area, NOTHING);
  }

  #blocks(bytes: Uint8Array, box: Box): void {
    const pixels = box.height * this.#size.height;
    const side = Math.max(LEAST_BLOCK, 2 * Math.ceil(pixels / this.#blocksDown / 2));
    const { left, top, right, bottom } = this.#rectangle(box, side);
    for (let y = top; y < bottom; y += side) {
      const row = { left, top: y, right, bottom: Math.min(bottom, y + side) };
      for (let x = left; x < right; x += side) {
        const block = { ...row, left: x, right: Math.min(right, x + side) };
        const colour = this.#touchesZone(bytes, block) ? NOTHING : this.#colour(bytes, block);
        this.#paint(bytes, { ...block, bottom: y + 2 }, colour);
      }
      this.#repeat(bytes, row);
    }
  }

  /** Lays the first two lines of a rectangle, which have their colours, over the others. */
  #repeat(bytes: Uint8Array, { left, top, right, bottom }: Rectangle): void {
    const { width, height } = this.#size;
    const [halfWidth, plane] = [width >> 1, (width >> 1) * (height >> 1)];
    const first = top * width;
    for (let y = top + 2; y < bottom; y++) bytes.copyWithin(y * width + left, first + left, first + right);
    const firstU = width * height + (top >> 1) * halfWidth;
    const [from, to] = [left >> 1, right >> 1];
    for (let y = (top >> 1) + 1; y < bottom >> 1; y++) {
      const u = width * height + y * halfWidth;
      bytes.copyWithin(u + from, firstU + from, firstU + to);
      bytes.copyWithin(u + plane + from, firstU + plane + from, firstU + plane + to);
    }
  }

  /**
   * Whether any pixel of it is black without colour, as a zone leaves it. The colour is asked first: mask/ takes it from
   * every 2x2 group that holds a hidden pixel, and there are fewer of them.
   */
  #touchesZone(bytes: Uint8Array, { left, top, right, bottom }: Rectangle): boolean {
    const { width, height } = this.#size;
    const [halfWidth, plane] = [width >> 1, (width >> 1) * (height >> 1)];
    for (let y = top; y < bottom; y += 2) {
      const row = width * height + (y >> 1) * halfWidth;
      for (let at = row + (left >> 1); at < row + (right >> 1); at++) {
        if (bytes[at] !== NO_CHROMA || bytes[at + plane] !== NO_CHROMA) continue;
        const luma = y * width + 2 * (at - row);
        if (bytes[luma] === BLACK || bytes[luma + 1] === BLACK) return true;
        if (bytes[luma + width] === BLACK || bytes[luma + width + 1] === BLACK) return true;
      }
    }
    return false;
  }

  /** Mean of a few pixels, rounded far. */
  #colour(bytes: Uint8Array, { left, top, right, bottom }: Rectangle): Colour {
    const { width, height } = this.#size;
    const [halfWidth, plane] = [width >> 1, (width >> 1) * (height >> 1)];
    const sum = [0, 0, 0];
    for (let j = 0; j < SAMPLES; j++) {
      const y = top + Math.floor(((bottom - top - 1) * j) / (SAMPLES - 1));
      for (let i = 0; i < SAMPLES; i++) {
        const x = left + Math.floor(((right - left - 1) * i) / (SAMPLES - 1));
        const chromaAt = width * height + (y >> 1) * halfWidth + (x >> 1);
        const [luma, u, v] = [bytes[y * width + x], bytes[chromaAt], bytes[chromaAt + plane]];
        sum[0] += luma;
        sum[1] += u;
        sum[2] += v;
      }
    }
    return [rounded(sum[0]), roundedColour(sum[1]), roundedColour(sum[2])];
  }

  #paint(bytes: Uint8Array, { left, top, right, bottom }: Rectangle, [luma, u, v]: Colour): void {
    const { width, height } = this.#size;
    const [halfWidth, plane] = [width >> 1, (width >> 1) * (height >> 1)];
    for (let y = top; y < bottom; y++) bytes.fill(luma, y * width + left, y * width + right);
    for (let y = top >> 1; y < bottom >> 1; y++) {
      const row = width * height + y * halfWidth;
      bytes.fill(u, row + (left >> 1), row + (right >> 1));
      bytes.fill(v, row + plane + (left >> 1), row + plane + (right >> 1));
    }
  }
}

function rounded(sum: number): number {
  const mean = sum / (SAMPLES * SAMPLES);
  return Math.min(235, Math.floor(mean / STEP) * STEP + STEP / 2);
}

/** No colour stays no colour. */
function roundedColour(sum: number): number {
  const mean = sum / (SAMPLES * SAMPLES);
  return Math.min(240, NO_CHROMA + Math.round((mean - NO_CHROMA) / STEP) * STEP);
}
