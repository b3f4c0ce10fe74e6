/**
 * Compares decoded pictures with what their stamps say must be hidden (docs/mask-log.md). Fed by runtime/cli/mask.ts with what
 * the decoder gives. Believes the stamp and the kept tables only.
 */
import type { MaskStamp, PictureSize } from '../../pipelines/frame.js';
import type { PeopleDemand } from './demand.js';
import type { Findings, PixelBox } from './findings.js';
import { type HiddenZone, hiddenPixels } from './hidden-pixels.js';
import { type KeptTable, lensAt, tableNamed } from './tables.js';

/** From where on a pixel counts as seen: its luma (of black it is 16), and the distance of U and V from no colour. */
interface Limits {
  luma: number;
  colour: number;
}
/** docs/mask.md, "The codec's margin". */
const still: Limits = { luma: 26, colour: 10 };
/** A black that has just come to a place keeps a trace of what was there before, until the codec draws the place anew. */
const moving: Limits = { luma: 44, colour: 24 };
/** A keyframe comes each second. */
const TRACE_MS = 1000;

/** Tables of which the pixels are kept: the two of a change. */
const mostKnown = 2;

/** One picture that was recorded, without its content. */
export interface Recorded {
  wallMs: number;
  mask: MaskStamp;
}

export class MaskCheck {
  pictures = 0;
  /** samples that were looked at */
  pixels = 0;
  /** by table: what it hides at the view that was last asked for */
  readonly #known = new Map<string, { key: string; zones: HiddenZone[] | null }>();
  readonly #everything: Int32Array;
  /** what was hidden in the picture before, of a camera on a head, and when that was last another */
  #before = { hidden: '', movedMs: Number.NEGATIVE_INFINITY };

  /**
   * @param tables by digest
   * @param demand when people must be covered; null when nothing says so
   */
  constructor(
    private readonly tables: ReadonlyMap<string, KeptTable>,
    private readonly size: PictureSize,
    private readonly demand: PeopleDemand | null = null,
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
    this.#follow(recorded);
    if (mask.state === 'full') {
      const seen = this.#seen(picture, this.#everything, this.#limitsAt(atMs));
      if (seen) findings.add({ ...found, ...seen, kind: 'not-full' });
      return;
    }
    if (this.#showsPeople(recorded)) findings.add({ ...found, kind: 'people-shown' });
    for (const named of mask.next ? [mask, mask.next] : [mask]) {
      this.#lookFor(named, picture, recorded, findings);
    }
  }

  /** Looks for what one of the tables in force hides. */
  #lookFor(
    { version, digest }: { version: number; digest: string },
    picture: Uint8Array,
    recorded: Recorded,
    findings: Findings,
  ): void {
    const found = { atMs: recorded.wallMs, pictures: 1, digest, zone: null, pixels: 0, box: null };
    const kept = tableNamed(this.tables, digest);
    if (!kept || kept.table.version !== version) return findings.add({ ...found, kind: 'no-table' });
    const zones = this.#zones(kept, recorded);
    if (!zones) return findings.add({ ...found, kind: 'no-view' });
    for (const { name, pixels } of zones) {
      const seen = this.#seen(picture, pixels, this.#limitsAt(recorded.wallMs));
      if (seen) findings.add({ ...found, ...seen, zone: name, kind: 'leak' });
    }
  }

  #showsPeople({ wallMs, mask }: Recorded): boolean {
    const { demand } = this;
    return demand !== null && wallMs >= demand.fromMs && wallMs < demand.untilMs && !mask.people;
  }

  /** The last answer is kept: pictures of a camera that stands still share it. */
  #zones(kept: KeptTable, { wallMs, mask: { view } }: Recorded): HiddenZone[] | null {
    const lens = lensAt(kept, wallMs);
    const looked = view && lens ? { view, lens } : null;
    const key = JSON.stringify(looked);
    const known = this.#known.get(kept.digest);
    if (known?.key === key) return known.zones;
    const zones = hiddenPixels(kept.table, looked, this.size);
    if (this.#known.size >= mostKnown) this.#known.clear();
    this.#known.set(kept.digest, { key, zones });
    return zones;
  }

  /** Only where a camera moves does the black come to other places. */
  #follow({ wallMs, mask: { state, why, view, digest } }: Recorded): void {
    if (!view && !why) return;
    const hidden = JSON.stringify([state, view, digest]);
    if (hidden !== this.#before.hidden) this.#before = { hidden, movedMs: wallMs };
  }

  #limitsAt(wallMs: number): Limits {
    return Math.abs(wallMs - this.#before.movedMs) <= TRACE_MS ? moving : still;
  }

  #seen(
    picture: Uint8Array,
    pixels: Int32Array,
    { luma, colour: most }: Limits,
  ): { pixels: number; box: PixelBox } | null {
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
      if ((picture[index] ?? 255) <= luma && colour <= most) continue;
      count += 1;
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
    }
    this.pixels += pixels.length;
    if (count === 0) return null;
    return { pixels: count, box: { x: left, y: top, width: right - left, height: bottom - top } };
  }
}
