/**
 * A picture on its way from the sensor to the encoder. Made by capture/, turned into a MaskedFrame by
 * mask/ and by nothing else (test/rules/masked-frame.test.ts), read by detect/ and encode/.
 */

/** How the mask stood when it was laid on a frame; recorded with every GOP. */
export interface MaskStamp {
  /** version of the mask table in force; 0 before any table was opened */
  version: number;
  /** SHA-256 (hex) of the table's canonical form; '' for version 0 */
  digest: string;
  /** `full`: the whole picture is hidden; `zones`: the table is; `both`: old and new table, during a change */
  state: 'full' | 'zones' | 'both';
  /** why the whole picture is hidden; absent unless it is, and while no table was opened */
  why?: HiddenBecause;
  /** where the camera looked, as far as the mask was laid by it; absent for a camera that does not move */
  view?: View;
  /** people were made anonymous: each of them `covered`, or the whole `area` while nobody looked; absent otherwise */
  people?: 'covered' | 'area';
}

/** Why a mask cannot be placed (docs/mask.md, "When the whole picture is hidden"). */
export const hiddenBecause = [
  /** no position of the head brackets the frame in time */
  'late',
  /** the head and the picture disagree, or the head does what it was not told */
  'disagrees',
  'homing',
  /** the head was without power */
  'power',
  'zoom-unknown',
  /** nothing comes from the head */
  'link',
] as const;
export type HiddenBecause = (typeof hiddenBecause)[number];

/** Where a camera looks. Degrees; pan clockwise seen from above, tilt upwards, from where the head's zero is. */
export interface View {
  panDeg: number;
  tiltDeg: number;
  /** of the whole width of the picture */
  hfovDeg: number;
  /** by how many pixels zones were grown: the codec's margin, and what was not known of the above */
  marginPixels: number;
}

/** Size of an I420 picture. Width and height are even. */
export interface PictureSize {
  width: number;
  height: number;
}

interface FrameBase extends PictureSize {
  /** counts up by one for each frame captured since the process started */
  seq: number;
  /** CLOCK_MONOTONIC at capture, integer microseconds (the same clock in both processes) */
  monoUs: number;
  /** by how much `monoUs` may be too late; absent when nothing is known of that (capture/frame-time.ts) */
  timeErrorUs?: number;
  /** wall clock at capture, milliseconds since 1970 */
  wallMs: number;
  /** planes Y (w*h), U (w/2*h/2), V (w/2*h/2), no row padding; BT.601 limited range */
  data: Buffer;
}

/** A picture that may show what nobody may see. Never leaves capture/ and mask/. */
export interface RawFrame extends FrameBase {
  readonly kind: 'raw';
}

declare const maskedBrand: unique symbol;

/** A picture after the mask. `mask/` alone makes one: the brand has no value that other code could write. */
export interface MaskedFrame extends FrameBase {
  readonly kind: 'masked';
  readonly [maskedBrand]: true;
  readonly mask: MaskStamp;
}

/** Bytes that may stand before a frame in its memory: its time, as gdppay writes it (capture/stamped.ts). */
export const STAMP_BYTES = 62;

/**
 * Gives a frame's memory back now, where the engine can (ECMAScript 2024, ArrayBuffer.prototype.transfer). Left to the
 * collector, frames at full rate make it mark the whole heap again and again (`npm run bench -- frame` shows the CPU).
 * The frame must not be used after this; its data is then empty.
 */
export function releaseFrame(frame: MaskedFrame): void {
  const buffer = frame.data.buffer as ArrayBuffer & { transfer?: (bytes: number) => ArrayBuffer };
  // A view into memory that others share is not ours to give back. Before a frame there may be its header.
  const { byteOffset, byteLength } = frame.data;
  if (byteOffset <= STAMP_BYTES && byteOffset + byteLength === buffer.byteLength) buffer.transfer?.(0);
}

/** Bytes of an I420 picture of this size. */
export function i420Bytes({ width, height }: PictureSize): number {
  return width * height + 2 * (width >> 1) * (height >> 1);
}
