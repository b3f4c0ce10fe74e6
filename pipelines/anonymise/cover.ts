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
const FOUR_BLACK = 0x10101010;
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

/** The same bytes one by one, by pairs and by fours. */
interface Picture {
  bytes: Uint8Array;
  pairs: Uint16Array;
  words: Int32Array;
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
    const picture = this.#manner === 'blocks' ? this.#byFours(data, bytes) : null;
    for (const box of boxes) {
      if (picture) this.#blocks(picture, box);
      else this.#paint(bytes, this.#rectangle(box, 2), NOTHING);
    }
  }

  /** Null where memory or planes do not begin at a multiple of four: people are then covered in black. */
  #byFours({ buffer, byteOffset, length }: Buffer, bytes: Uint8Array): Picture | null {
    const { width, height } = this.#size;
    if (byteOffset % 4 !== 0 || width % 4 !== 0 || ((width >> 1) * (height >> 1)) % 2 !== 0) return null;
    const pairs = new Uint16Array(buffer, byteOffset, length >> 1);
    return { bytes, pairs, words: new Int32Array(buffer, byteOffset, length >> 2) };
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

  /** As #paint, by fours and pairs: many rows of few bytes, which a call for each would make dear. */
  #layBlock({ words, pairs }: Picture, { left, top, right, bottom }: Rectangle, [luma, u, v]: Colour): void {
    const { width, height } = this.#size;
    const [halfWidth, plane] = [width >> 1, ((width >> 1) * (height >> 1)) >> 1];
    for (let y = top; y < bottom; y++) {
      const end = (y * width + right) >> 2;
      for (let word = (y * width + left) >> 2; word < end; word++) words[word] = luma * 0x01010101;
    }
    for (let y = top >> 1; y < bottom >> 1; y++) {
      const row = width * height + y * halfWidth;
      const end = (row + (right >> 1)) >> 1;
      for (let pair = (row + (left >> 1)) >> 1; pair < end; pair++) {
        pairs[pair] = u * 0x0101;
        pairs[pair + plane] = v * 0x0101;
      }
    }
  }

  /**
   * Whether any pixel of it is black without colour, as a zone leaves it. A zone is grown by two pixels on every side (M8), so
   * that whatever of it lies in the block meets the block's border, or reaches over four of its rows.
   */
  #touchesZone(picture: Picture, { left, top, right, bottom }: Rectangle): boolean {
    for (let y = top; y < bottom; y++) {
      if ((y - top) % ZONE_ROWS === 0 || y === bottom - 1) {
        if (this.#meetsZone(picture, y, left, right)) return true;
      } else {
        if (this.#meetsZone(picture, y, left, left + 4)) return true;
        if (this.#meetsZone(picture, y, right - 4, right)) return true;
      }
    }
    return false;
  }

  /** The same of a piece of a row, from and to a multiple of four. */
  #meetsZone({ bytes, words }: Picture, y: number, left: number, right: number): boolean {
    const { width } = this.#size;
    const end = (y * width + right) >> 2;
    for (let word = (y * width + left) >> 2; word < end; word++) {
      const differs = words[word] ^ FOUR_BLACK;
      // Some byte of it is zero: one of the four has that luma.
      if (((differs - 0x01010101) & ~differs & 0x80808080) === 0) continue;
      const x = 4 * word - y * width;
      for (let i = x; i < x + 4; i++) if (this.#isHidden(bytes, i, y)) return true;
    }
    return false;
  }

  #isHidden(bytes: Uint8Array, x: number, y: number): boolean {
    const { width, height } = this.#size;
    const chromaAt = width * height + (y >> 1) * (width >> 1) + (x >> 1);
    const v = bytes[chromaAt + (width >> 1) * (height >> 1)];
    return bytes[y * width + x] === BLACK && bytes[chromaAt] === NO_CHROMA && v === NO_CHROMA;
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
