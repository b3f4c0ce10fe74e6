/** A street of grey blocks as masked frames, on a clock moved by hand: for the tests of what moves, stays and is looked at. */
import { Background } from '../../pipelines/detect/background.js';
import { i420Bytes, type MaskedFrame, type PictureSize, type View } from '../../pipelines/frame.js';
import { Masker } from '../../pipelines/mask/masker.js';
import type { Box, Point } from '../../pipelines/messages.js';
import { seeded } from '../random.js';

/** A patch of the picture, in picture elements. */
export interface Patch {
  x: number;
  y: number;
  width: number;
  height: number;
  luma: number;
}

export interface Sight {
  noise?: number;
  gain?: number;
  patches?: readonly Patch[];
  /** the light on everything left of this column, as a gain */
  lamp?: { until: number; gain: number };
  /** laid over the picture before the mask */
  over?: (data: Buffer, size: PictureSize) => void;
}

export class Street {
  readonly size: PictureSize;
  readonly background: Background;
  readonly #masker: Masker;
  readonly #random = seeded(5);
  #seq = 0;
  atUs = 1_000_000;
  view: View | null = null;

  constructor(size: PictureSize = { width: 640, height: 360 }) {
    this.size = size;
    this.background = new Background(size);
    this.#masker = new Masker(size);
    this.mask(1, []);
  }

  mask(version: number, zones: { name: string; points: Point[] }[]): void {
    this.#masker.open(version, this.#masker.load({ version, zones }));
  }

  frame({ noise = 2, gain = 1, patches = [], lamp, over }: Sight = {}): MaskedFrame {
    const { width, height } = this.size;
    const data = Buffer.alloc(i420Bytes(this.size), 128);
    const luma = (x: number, y: number): number => {
      const patch = patches.findLast((p) => x >= p.x && x < p.x + p.width && y >= p.y && y < p.y + p.height);
      return patch ? patch.luma : 60 + (((x >> 5) * 37 + (y >> 5) * 53) % 80);
    };
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const light = lamp && x < lamp.until ? gain * lamp.gain : gain;
        const noisy = (this.#random() + this.#random() - 1) * noise;
        data[y * width + x] = Math.max(16, Math.min(235, (luma(x, y) - 16) * light + 16 + noisy));
      }
    }
    over?.(data, this.size);
    const raw = { kind: 'raw' as const, seq: this.#seq++, monoUs: this.atUs, wallMs: 0, ...this.size };
    const frame = this.#masker.mask({ ...raw, data });
    return this.view ? { ...frame, mask: { ...frame.mask, view: this.view } } : frame;
  }

  /** The background takes in a frame every `everyS` for `seconds`; `each` is called after every one. */
  watch(seconds: number, sight: Sight | ((second: number) => Sight) = {}, options: Watching = {}): void {
    const { everyS = 0.2, known = [], each } = options;
    const looks = Math.round(seconds / everyS);
    for (let n = 0; n < looks; n++) {
      this.atUs += Math.round(everyS * 1e6);
      this.background.update(this.frame(typeof sight === 'function' ? sight(n * everyS) : sight), known);
      each?.();
    }
  }

  box({ x, y, width, height }: Omit<Patch, 'luma'>): Box {
    const { width: across, height: down } = this.size;
    return { x: x / across, y: y / down, width: width / across, height: height / down };
  }
}

export interface Watching {
  everyS?: number;
  known?: readonly Box[];
  each?(): void;
}
