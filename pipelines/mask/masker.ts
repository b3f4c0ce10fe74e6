/**
 * The first stage after the sensor, and the only place where a MaskedFrame is made. Fed by capture/, read by
 * detect/ and encode/. It works in place: after `mask` no copy of the clear picture exists on this side.
 * It must never let a frame through clearer than the last table that both processes agreed on.
 */
import { VigieError } from '../../errors.js';
import { i420Bytes, type MaskedFrame, type MaskStamp, type PictureSize, type RawFrame } from '../frame.js';
import type { MaskTable, Point } from '../messages.js';
import { BLACK_LUMA, NO_CHROMA, type Spans, spansOf } from './spans.js';
import { maskDigest } from './table.js';

/**
 * Pixels by which every zone is grown. The codec may smear what lies just outside a zone over its border;
 * with this margin the smear stays outside the zone that the city drew.
 */
export const MASK_MARGIN_PIXELS = 2;

interface LoadedTable {
  version: number;
  digest: string;
  spans: Spans;
}

export class Masker {
  readonly #size: PictureSize;
  #open: LoadedTable | null = null;
  #next: LoadedTable | null = null;

  constructor(size: PictureSize) {
    this.#size = size;
  }

  /** Prepares a table; until `open`, frames carry the old table and this one together. Returns its digest. */
  load(table: MaskTable): string {
    // Directions ask for a view, which nothing gives yet: what cannot be placed hides the whole picture.
    const everything: Point[] = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ];
    const spans = spansOf(
      table.zones.map((zone) => ('points' in zone ? zone.points : everything)),
      this.#size,
      MASK_MARGIN_PIXELS,
    );
    this.#next = { version: table.version, digest: maskDigest(table), spans };
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

  /** Hides what must be hidden, in place. The raw frame must not be used after this. */
  mask(frame: RawFrame): MaskedFrame {
    if (frame.data.length !== i420Bytes(this.#size)) {
      throw new VigieError(
        'mask',
        'A frame has another size than the mask',
        'Check the sensor and the picture size',
      );
    }
    const stamp = this.#stamp();
    // The plain view is filled by V8 itself; Buffer's own fill crosses into native code for each run.
    const bytes = new Uint8Array(frame.data.buffer, frame.data.byteOffset, frame.data.length);
    if (stamp.state === 'full') blankAll(bytes, this.#size);
    else {
      if (this.#open) blank(bytes, this.#open.spans);
      if (this.#next) blank(bytes, this.#next.spans);
    }
    return { ...frame, kind: 'masked', mask: stamp } as MaskedFrame;
  }

  #stamp(): MaskStamp {
    if (!this.#open) return { version: 0, digest: '', state: 'full' };
    const { version, digest } = this.#open;
    return { version, digest, state: this.#next ? 'both' : 'zones' };
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
