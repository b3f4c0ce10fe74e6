/**
 * Compares decoded pictures with what their stamps say must be hidden (docs/mask-log.md). Fed by runtime/cli/mask.ts with what
 * the decoder gives. Believes the stamp and the kept tables only.
 */
import type { MaskStamp, PictureSize } from '../../pipelines/frame.js';
import type { Findings, PixelBox } from './findings.js';
import { type HiddenZone, hiddenPixels } from './hidden-pixels.js';
import { type KeptTable, lensAt } from './tables.js';

/** Luma of black is 16; above this a pixel counts as seen (docs/mask.md, "The codec's margin"). */
const brightestBlack = 26;
/** Distance of U and V from no colour; above this a pixel counts as seen. */
const strongestGrey = 10;

/** One picture that was recorded, without its content. */
export interface Recorded {
  wallMs: number;
  mask: MaskStamp;
}

export class MaskCheck {
  pictures = 0;
  /** samples that were looked at */
  pixels = 0;
  #known: { key: string; zones: HiddenZone[] | null } | null = null;
  readonly #everything: Int32Array;

  /** @param tables by digest */
  constructor(
    private readonly tables: ReadonlyMap<string, KeptTable>,
    private readonly size: PictureSize,
  ) {
    this.#everything = Int32Array.from({ length: size.width * size.height }, (_, i) => i);
  }

  /**
   * Looks at one picture.
   * @param picture I420, no row padding
   * @param findings where what is found goes
   */
  look(picture: Uint8Array, recorded: Recorded, findings: Findings): void {
    this.pictures += 1;
    const { wallMs: atMs, mask } = recorded;
    const { digest } = mask;
    const found = { atMs, pictures: 1, digest, zone: null, pixels: 0, box: null };
    if (mask.state === 'full') {
      const seen = this.#seen(picture, this.#everything);
      if (seen) findings.add({ ...found, ...seen, kind: 'not-full' });
      return;
    }
    const kept = this.tables.get(digest);
    if (!kept || kept.table.version !== mask.version) return findings.add({ ...found, kind: 'no-table' });
    const zones = this.#zones(kept, recorded);
    if (!zones) return findings.add({ ...found, kind: 'no-view' });
    for (const { name, pixels } of zones) {
      const seen = this.#seen(picture, pixels);
      if (seen) findings.add({ ...found, ...seen, zone: name, kind: 'leak' });
    }
  }

  /** The last answer is kept: pictures of a camera that stands still share it. */
  #zones(kept: KeptTable, { wallMs, mask: { view } }: Recorded): HiddenZone[] | null {
    const lens = lensAt(kept, wallMs);
    const looked = view && lens ? { view, lens } : null;
    const key = JSON.stringify([kept.digest, looked]);
    if (this.#known?.key !== key) this.#known = { key, zones: hiddenPixels(kept.table, looked, this.size) };
    return this.#known.zones;
  }

  #seen(picture: Uint8Array, pixels: Int32Array): { pixels: number; box: PixelBox } | null {
    const { width, height } = this.size;
    const half = width >> 1;
    const u = width * height;
    const v = u + half * (height >> 1);
    let count = 0;
    let [left, top, right, bottom] = [width, height, 0, 0];
    for (const index of pixels) {
      const x = index % width;
      const y = (index - x) / width;
      const chroma = (y >> 1) * half + (x >> 1);
      const colour = Math.max(
        Math.abs((picture[u + chroma] ?? 0) - 128),
        Math.abs((picture[v + chroma] ?? 0) - 128),
      );
      if ((picture[index] ?? 255) <= brightestBlack && colour <= strongestGrey) continue;
      count += 1;
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
    }
    this.pixels += pixels.length;
    if (count === 0) return null;
    return { pixels: count, box: { x: left, y: top, width: right - left, height: bottom - top } };
  }
}
