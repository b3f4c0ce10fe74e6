/**
 * The first stage after the sensor, and the only place where a MaskedFrame is made. Fed by capture/, read by
 * detect/ and encode/. It works in place: after `mask` no copy of the clear picture exists on this side.
 * It must never let a frame through clearer than the last table that both processes agreed on.
 */
import { VigieError } from '../../errors.js';
import {
  type HiddenBecause,
  i420Bytes,
  type MaskedFrame,
  type MaskStamp,
  type PictureSize,
  type RawFrame,
  type View,
} from '../frame.js';
import type { Lens, MaskTable } from '../messages.js';
import { Camera } from './lens.js';
import { type FrameView, MASK_MARGIN_PIXELS } from './placement.js';
import { BLACK_LUMA, NO_CHROMA, type Spans, spansOf } from './spans.js';
import { maskDigest } from './table.js';
import { WorldZones } from './world-zones.js';

interface LoadedTable {
  version: number;
  digest: string;
  /** zones fixed in the picture */
  spans: Spans;
  /** zones fixed in the world */
  world: WorldZones;
}

export class Masker {
  readonly #size: PictureSize;
  #open: LoadedTable | null = null;
  #next: LoadedTable | null = null;
  readonly #camera: Camera | null;

  /** @param lens of a camera on a head; null for one that does not move */
  constructor(size: PictureSize, lens: Lens | null = null) {
    this.#size = size;
    this.#camera = lens && new Camera(size, lens);
  }

  /** Whether zones are in force, or about to be, that can only be placed when it is known where the camera looks. */
  get needsView(): boolean {
    return [this.#open, this.#next].some((table) => table !== null && !table.world.isEmpty);
  }

  /** Prepares a table; until `open`, frames carry the old table and this one together. Returns its digest. */
  load(table: MaskTable): string {
    const spans = spansOf(
      table.zones.flatMap((zone) => ('points' in zone ? [zone.points] : [])),
      this.#size,
      MASK_MARGIN_PIXELS,
    );
    const world = new WorldZones(
      table.zones.flatMap((zone) => ('directions' in zone ? [zone.directions] : [])),
      this.#size,
    );
    this.#next = { version: table.version, digest: maskDigest(table), spans, world };
    return this.#next.digest;
  }

  /**
   * Puts the prepared table in force from the next frame on.
   * @throws VigieError `mask` when it is not the one prepared; from then on the whole picture is hidden
   */
  open(version: number, digest: string): void {
    const next = this.#next;
    this.#next = null;
    if (!next || next.version !== version || next.digest !== digest) {
      this.#open = null;
      throw new VigieError(
        'mask',
        'The mask to open is not the mask that was loaded',
        'The picture stays hidden',
      );
    }
    this.#open = next;
  }

  /**
   * Hides what must be hidden, in place. The raw frame must not be used after this.
   * @param where where the camera looked; without it, zones by directions hide the whole picture
   */
  mask(frame: RawFrame, where: FrameView | null = null): MaskedFrame {
    if (frame.data.length !== i420Bytes(this.#size)) {
      throw new VigieError(
        'mask',
        'A frame has another size than the mask',
        'Check the sensor and the picture size',
      );
    }
    // The plain view is filled by V8 itself; Buffer's own fill crosses into native code for each run.
    const bytes = new Uint8Array(frame.data.buffer, frame.data.byteOffset, frame.data.length);
    return { ...frame, kind: 'masked', mask: this.#lay(bytes, where) } as MaskedFrame;
  }

  #lay(bytes: Uint8Array, where: FrameView | null): MaskStamp {
    const { needsView } = this;
    const why = needsView ? this.#aim(where) : null;
    if (!this.#open || why) {
      blankAll(bytes, this.#size);
      if (!this.#open || !why) return { version: 0, digest: '', state: 'full' };
      return { version: this.#open.version, digest: this.#open.digest, state: 'full', why };
    }
    // Told even when no zone needs it: a first zone is drawn on a picture whose view is known.
    const view = where && 'view' in where ? where.view : null;
    for (const table of [this.#open, this.#next]) if (table) this.#blank(bytes, table, view);
    const { version, digest } = this.#open;
    return { version, digest, state: this.#next ? 'both' : 'zones', ...(view && { view }) };
  }

  /** Turns the camera to where it looked; says why not when that is not known. */
  #aim(where: FrameView | null): HiddenBecause | null {
    if (!where) return 'late';
    if ('why' in where) return where.why;
    return this.#camera?.look(where.view, where.view.marginPixels) ? null : 'zoom-unknown';
  }

  #blank(bytes: Uint8Array, { spans, world }: LoadedTable, view: View | null): void {
    blank(bytes, spans);
    if (world.isEmpty) return;
    if (!view || !this.#camera || !world.blank(bytes, this.#camera, view.marginPixels))
      blankAll(bytes, this.#size);
  }
}

function blank(bytes: Uint8Array, { luma, chroma }: Spans): void {
  for (let i = 0; i < luma.length; i += 2) bytes.fill(BLACK_LUMA, luma[i], luma[i + 1]);
  for (let i = 0; i < chroma.length; i += 2) bytes.fill(NO_CHROMA, chroma[i], chroma[i + 1]);
}

function blankAll(bytes: Uint8Array, { width, height }: PictureSize): void {
  bytes.fill(BLACK_LUMA, 0, width * height);
  bytes.fill(NO_CHROMA, width * height);
}
