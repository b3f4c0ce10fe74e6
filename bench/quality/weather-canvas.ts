/** Draws on an I420 picture in place: light, noise, blobs, streaks, movement. Used by weather.ts. */
import { i420Bytes, type PictureSize } from '../../pipelines/frame.js';

/** Luma of black and white, BT.601 limited range, and chroma of grey. */
const [BLACK, WHITE, GREY] = [16, 235, 128];
const NOISE_TABLE = 1 << 16;

/** Uniform in [0, 1), always the same for the same numbers. */
export function chance(...of: number[]): number {
  let state = 0x9e3779b9;
  for (const n of of) {
    state = Math.imul(state ^ (n | 0), 0x85ebca6b);
    state ^= state >>> 13;
    state = Math.imul(state, 0xc2b2ae35);
    state ^= state >>> 16;
  }
  return (state >>> 0) / 2 ** 32;
}

/** Of about a normal distribution, deviation 1. */
const noiseTable = Float32Array.from({ length: NOISE_TABLE }, (_, i) => {
  let sum = 0;
  for (let n = 0; n < 6; n++) sum += chance(i, n);
  return (sum - 3) * Math.SQRT2;
});

/** Something soft and round, pixels. */
export interface Blob {
  x: number;
  y: number;
  /** to where half of it is gone */
  radius: number;
  luma: number;
  /** share of the picture behind it that it hides in its middle */
  cover: number;
}

export class Canvas {
  readonly #luma: Uint8Array;
  readonly #chroma: Uint8Array;

  constructor(
    frame: Buffer,
    readonly size: PictureSize,
    private readonly seed: number,
  ) {
    const { width, height } = size;
    const bytes = new Uint8Array(frame.buffer, frame.byteOffset, i420Bytes(size));
    this.#luma = bytes.subarray(0, width * height);
    this.#chroma = bytes.subarray(width * height);
  }

  /** Luma times `gain` plus `offset`, colour times `colour`. */
  light({ gain, offset = 0, colour = 1 }: { gain: number; offset?: number; colour?: number }): void {
    const luma = Uint8Array.from({ length: 256 }, (_, y) => held((y - BLACK) * gain + BLACK + offset));
    const chroma = Uint8Array.from({ length: 256 }, (_, c) => Math.round((c - GREY) * colour + GREY));
    for (let i = 0; i < this.#luma.length; i++) this.#luma[i] = luma[this.#luma[i] as number] as number;
    if (colour === 1) return;
    for (let i = 0; i < this.#chroma.length; i++)
      this.#chroma[i] = chroma[this.#chroma[i] as number] as number;
  }

  /** Gain by place, shares of the picture; computed for every eighth pixel. */
  field(gainAt: (x: number, y: number) => number): void {
    const { width, height } = this.size;
    for (let y = 0; y < height; y += 8) {
      for (let x = 0; x < width; x += 8) this.#scale(x, y, 8, gainAt(x / width, y / height));
    }
  }

  #scale(left: number, top: number, side: number, gain: number): void {
    const { width, height } = this.size;
    for (let y = top; y < Math.min(top + side, height); y++) {
      for (let at = y * width + left; at < y * width + Math.min(left + side, width); at++)
        this.#luma[at] = held(((this.#luma[at] as number) - BLACK) * gain + BLACK);
    }
  }

  /** Light on the ground: `gain` more in its middle, nothing at about twice its radius (a share of the width). */
  lamp({ x, y, radius, gain }: { x: number; y: number; radius: number; gain: number }): void {
    const aspect = this.size.height / this.size.width;
    this.field((atX, atY) => {
      const far = ((atX - x) ** 2 + ((atY - y) * aspect) ** 2) / radius ** 2;
      return far > 6 ? 1 : 1 + gain * Math.exp(-far * Math.LN2 * 1.5);
    });
  }

  /** @param deviation levels of luma */
  noise(deviation: number, seconds: number): void {
    const { width, height } = this.size;
    const moment = Math.round(seconds * 1000);
    for (let y = 0; y < height; y++) {
      let from = Math.floor(chance(this.seed, moment, y) * NOISE_TABLE);
      for (let at = y * width; at < (y + 1) * width; at++) {
        from = (from + 1) & (NOISE_TABLE - 1);
        this.#luma[at] = held((this.#luma[at] as number) + deviation * (noiseTable[from] as number));
      }
    }
  }

  blob({ x, y, radius, luma, cover }: Blob): void {
    const { width, height } = this.size;
    const reach = Math.max(1, 2.2 * radius);
    const [left, right] = [Math.max(0, Math.ceil(x - reach)), Math.min(width - 1, Math.floor(x + reach))];
    const [top, bottom] = [Math.max(0, Math.ceil(y - reach)), Math.min(height - 1, Math.floor(y + reach))];
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const far = ((column - x) ** 2 + (row - y) ** 2) / Math.max(0.5, radius) ** 2;
        if (far >= 5) continue;
        const share = Math.min(1, cover * 2 ** -(far * far));
        this.#mix(row * width + column, luma, share);
        if (row % 2 === 0 && column % 2 === 0) this.#grey((row >> 1) * (width >> 1) + (column >> 1), share);
      }
    }
  }

  streak(
    of: { x: number; y: number; length: number; slant: number; thick: number } & Omit<Blob, 'radius'>,
  ): void {
    const { width, height } = this.size;
    for (let n = 0; n < of.length; n++) {
      const row = Math.round(of.y + n);
      const left = Math.round(of.x + n * of.slant);
      if (row < 0 || row >= height) continue;
      for (let column = Math.max(0, left); column < Math.min(width, left + of.thick); column++)
        this.#mix(row * width + column, of.luma, of.cover);
    }
  }

  /** A dark strip with soft sides, shares of the picture. */
  shadow(of: { x: number; y: number; length: number; slant: number; width: number; gain: number }): void {
    const { width, height } = this.size;
    const half = of.width * width;
    for (let row = Math.floor(of.y * height); row < Math.min(height, (of.y + of.length) * height); row++) {
      const middle = (of.x + of.slant * (row / height - of.y)) * width;
      for (let x = Math.max(0, Math.ceil(middle - half)); x < Math.min(width, middle + half); x++) {
        const gain = 1 - (1 - of.gain) * Math.min(1, 2 * (1 - Math.abs(x - middle) / half));
        const at = row * width + x;
        this.#luma[at] = held(((this.#luma[at] as number) - BLACK) * gain + BLACK);
      }
    }
  }

  /** Shifts the picture by whole pixels; its borders are drawn out. */
  move(byX: number, byY: number): void {
    const { width, height } = this.size;
    const planes = [
      { plane: this.#luma, width, height, x: byX, y: byY },
      ...[0, 1].map((n) => {
        const [w, h] = [width >> 1, height >> 1];
        const plane = this.#chroma.subarray(n * w * h, (n + 1) * w * h);
        return { plane, width: w, height: h, x: Math.round(byX / 2), y: Math.round(byY / 2) };
      }),
    ];
    for (const { plane, x, y, ...size } of planes) {
      const before = plane.slice();
      for (let row = 0; row < size.height; row++) {
        const from = Math.min(size.height - 1, Math.max(0, row - y)) * size.width;
        const line = plane.subarray(row * size.width, (row + 1) * size.width);
        const first = before[from] as number;
        const last = before[from + size.width - 1] as number;
        if (x >= 0) line.fill(first, 0, x).set(before.subarray(from, from + size.width - x), x);
        else line.fill(last, size.width + x).set(before.subarray(from - x, from + size.width), 0);
      }
    }
  }

  #grey(at: number, share: number): void {
    for (const plane of [0, this.#chroma.length >> 1]) {
      const here = this.#chroma[plane + at] as number;
      this.#chroma[plane + at] = Math.round(here + (GREY - here) * share);
    }
  }

  #mix(at: number, luma: number, cover: number): void {
    const here = this.#luma[at] as number;
    this.#luma[at] = held(here + (luma - here) * cover);
  }
}

function held(luma: number): number {
  return Math.max(BLACK, Math.min(WHITE, Math.round(luma)));
}
