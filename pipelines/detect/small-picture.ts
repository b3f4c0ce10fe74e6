/**
 * The small picture that the detector looks at. Made from a masked frame by crop.ts, read by
 * detector.ts. There is no way to make one without a MaskedFrame in hand: the brand has no value that
 * other code could write, so a picture that was not masked does not compile into the detector.
 */
import { VigieError } from '../../errors.js';
import type { MaskedFrame } from '../frame.js';

declare const smallBrand: unique symbol;

export interface SmallPicture {
  /** of the frame it was made from */
  readonly seq: number;
  /** of that frame's capture, CLOCK_MONOTONIC microseconds */
  readonly monoUs: number;
  /** of that frame's capture, milliseconds since 1970 */
  readonly wallMs: number;
  readonly width: number;
  readonly height: number;
  /** height * width * 3 bytes, row by row, no padding; the picture owns its whole buffer */
  readonly rgb: Uint8Array<ArrayBuffer>;
  readonly [smallBrand]: true;
}

/**
 * The small picture of a masked frame. Copies the bytes: they then belong to the picture alone and can be
 * handed to the detector's thread, whatever memory the scaler took them from.
 * @param frame the frame that was scaled
 * @param rgb width * height * 3 bytes
 * @throws VigieError `internal` when the bytes do not fit the size
 */
export function smallPictureOf(
  frame: MaskedFrame,
  width: number,
  height: number,
  rgb: Uint8Array,
): SmallPicture {
  if (rgb.length !== width * height * 3) {
    const hint = 'This is a defect: report it with the log';
    throw new VigieError(
      'internal',
      `A small picture of ${width}x${height} came with ${rgb.length} bytes`,
      hint,
    );
  }
  const { seq, monoUs, wallMs } = frame;
  const own = new Uint8Array(rgb);
  return { seq, monoUs, wallMs, width, height, rgb: own } as SmallPicture;
}
