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
/** Rows that a zone has at the least. */
const ZONE_ROWS = 4;
const NOTHING: Colour = [BLACK, NO_CHROMA, NO_CHROMA];
/** Blocks in the height of what is covered, of which a head is an eighth, or less than a third: smaller than one. */
const BLOCKS_DOWN = { bodies: 6, heads: 2 };
/** Least side of a block, pixels; a multiple of four, as all sides are. */
const LEAST_BLOCK = 16;
/** Pixels read of a block, each way. */
const SAMPLES = 4;
/** Luma and colour of a block are rounded to the middle of steps of this: three bits of each are left. */
const STEP = 32;

/** Luma, U, V. */
type Colour = [number, number, number];

/** The bytes of a picture by fours or pairs, as far as its memory and its rows begin at such; else one by one. */
interface Units {
  of: Int32Array | Uint16Array | Uint8Array;
  /** a place in bytes, shifted right by this, is one in units */
  shift: number;
  /** a unit whose bytes are all 1 */
  ones: number;
}

interface Picture {
  bytes: Uint8Array;
  luma: Units;
  /** rows of it are half as long */
  chroma: Units;
}

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
    const luma = unitsOf(data, this.#size.width % 4 === 0 ? 4 : 1);
    const chroma = unitsOf(data, this.#size.width % 4 === 0 ? 2 : 1);
    for (const box of boxes) {
      if (this.#manner === 'solid') this.#paint(bytes, this.#rectangle(box, 2), NOTHING);
      else this.#blocks({ bytes, luma, chroma }, box);
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

  #blocks(picture: Picture, box: Box): void {
    const pixels = box.height * this.#size.height;
    const side = Math.max(LEAST_BLOCK, 4 * Math.ceil(pixels / this.#blocksDown / 4));
    const { left, top, right, bottom } = this.#rectangle(box, side);
    for (let y = top; y < bottom; y += side) {
      for (let x = left; x < right; x += side) {
        const block = {
          left: x,
          top: y,
          right: Math.min(right, x + side),
          bottom: Math.min(bottom, y + side),
        };
        const touches = this.#touchesZone(picture, block);
        this.#layBlock(picture, block, touches ? NOTHING : this.#colour(picture.bytes, block));
      }
    }
  }

  /** As #paint, unit by unit: many rows of few bytes, which a call for each would make dear. */
  #layBlock(picture: Picture, block: Rectangle, [y, u, v]: Colour): void {
    const { luma, chroma } = picture;
    this.#layLuma(luma, block, (y * luma.ones) | 0);
    this.#layChroma(chroma, block, (u * chroma.ones) | 0, (v * chroma.ones) | 0);
  }

  #layLuma({ of, shift }: Units, { left, top, right, bottom }: Rectangle, filled: number): void {
    const { width } = this.#size;
    for (let y = top; y < bottom; y++) {
      const end = (y * width + right) >> shift;
      for (let unit = (y * width + left) >> shift; unit < end; unit++) of[unit] = filled;
    }
  }

  #layChroma({ of, shift }: Units, { left, top, right, bottom }: Rectangle, u: number, v: number): void {
    const { width, height } = this.#size;
    const [halfWidth, plane] = [width >> 1, ((width >> 1) * (height >> 1)) >> shift];
    for (let y = top >> 1; y < bottom >> 1; y++) {
      const row = width * height + y * halfWidth;
      const end = (row + (right >> 1)) >> shift;
      for (let unit = (row + (left >> 1)) >> shift; unit < end; unit++) {
        of[unit] = u;
        of[unit + plane] = v;
      }
    }
  }

  /**
   * Whether any pixel of it is black without colour, as a zone leaves it. A zone is grown by two pixels on every side (M8), so
   * that whatever of it lies in the block meets the block's border, or reaches over four of its rows.
   */
  #touchesZone(picture: Picture, { left, top, right, bottom }: Rectangle): boolean {
    for (let y = top; y < bottom; y += ZONE_ROWS)
      if (this.#rowMeetsZone(picture, y, left, right)) return true;
    if (this.#rowMeetsZone(picture, bottom - 1, left, right)) return true;
    const { bytes } = picture;
    for (let y = top; y < bottom; y++) {
      if (this.#isHidden(bytes, left, y) || this.#isHidden(bytes, right - 1, y)) return true;
    }
    return false;
  }

  /** The same of a piece of a row, which begins and ends where a unit does. */
  #rowMeetsZone({ bytes, luma }: Picture, y: number, left: number, right: number): boolean {
    const { of, shift, ones } = luma;
    const row = y * this.#size.width;
    const [black, highest] = [(BLACK * ones) | 0, (0x80 * ones) | 0];
    const end = (row + right) >> shift;
    for (let unit = (row + left) >> shift; unit < end; unit++) {
      const differs = of[unit] ^ black;
      // The highest bit of a byte of this is set where that byte of `differs` is zero, which is the luma of black.
      if (((differs - ones) & ~differs & highest) === 0) continue;
      const x = (unit << shift) - row;
      for (let i = x; i < x + (1 << shift); i++) if (this.#isHidden(bytes, i, y)) return true;
    }
    return false;
  }

  #isHidden(bytes: Uint8Array, x: number, y: number): boolean {
    const { width, height } = this.#size;
    if (bytes[y * width + x] !== BLACK) return false;
    const chromaAt = width * height + (y >> 1) * (width >> 1) + (x >> 1);
    return bytes[chromaAt] === NO_CHROMA && bytes[chromaAt + (width >> 1) * (height >> 1)] === NO_CHROMA;
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

function unitsOf({ buffer, byteOffset, length }: Buffer, most: number): Units {
  if (most >= 4 && byteOffset % 4 === 0)
    return { of: new Int32Array(buffer, byteOffset, length >> 2), shift: 2, ones: 0x01010101 };
  if (most >= 2 && byteOffset % 2 === 0)
    return { of: new Uint16Array(buffer, byteOffset, length >> 1), shift: 1, ones: 0x0101 };
  return { of: new Uint8Array(buffer, byteOffset, length), shift: 0, ones: 1 };
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
