/**
 * Says for every frame where the camera looked and by how much zones must grow for what is not known of it, or why the
 * whole picture must be hidden (docs/mask.md). Fed by frame-path.ts with the head's positions; read by masker.ts.
 */
import type { HiddenBecause, MaskedFrame, PictureSize, RawFrame, View } from '../frame.js';
import type { HeadOptions, Pose } from '../messages.js';
import { GlobalMotion } from './global-motion.js';
import { Camera } from './lens.js';
import { type Placed, Poses } from './poses.js';

/**
 * Pixels by which every zone is grown. The codec may smear what lies just outside a zone over its border;
 * with this margin the smear stays outside the zone that the city drew.
 */
export const MASK_MARGIN_PIXELS = 2;

/** A position that may be further off than this is none. */
const MOST_ERROR_DEG = 10;
/** Pan and tilt may both be off, at right angles to each other. */
const BOTH_AXES = Math.SQRT2;
/** Where the picture says nothing, what is not known counts twice, and no less than this many pixels more. */
const UNWITNESSED = { times: 2, pixels: 4 };
const RADIANS = Math.PI / 180;

/** How a frame is to be masked. */
export type FrameView = { view: View } | { why: HiddenBecause };

export class Placement {
  readonly #poses = new Poses();
  readonly #motion: GlobalMotion;
  readonly #camera: Camera;
  readonly #delayUs: number;
  readonly #most: number;

  constructor(size: PictureSize, { lens, frameDelayMs }: HeadOptions) {
    this.#motion = new GlobalMotion(size, lens);
    this.#camera = new Camera(size, lens);
    this.#delayUs = frameDelayMs * 1000;
    this.#most = Math.max(size.width, size.height);
  }

  add(pose: Pose): void {
    this.#poses.add(pose);
  }

  /** Whether `place` has all it can get for a frame of this time. */
  isKnown(monoUs: number): boolean {
    return this.#poses.at(monoUs - this.#delayUs) !== null;
  }

  /** Each frame once, in order. What has not come by now is late. */
  place({ monoUs, timeErrorUs, data }: RawFrame): FrameView {
    if (timeErrorUs === undefined) return { why: 'late' };
    const placed = this.#poses.at(monoUs - this.#delayUs, timeErrorUs) ?? 'late';
    if (typeof placed === 'string') {
      if (placed === 'homing' || placed === 'power') this.#motion.forget();
      return { why: placed };
    }
    if (placed.errorDeg > MOST_ERROR_DEG) return { why: 'late' };
    if (!this.#camera.look(placed, 0)) return { why: 'zoom-unknown' };
    const unsure = this.#unsurePixels(placed);
    const verdict = this.#motion.judge(data, placed, unsure);
    if (verdict === 'disagrees') return { why: 'disagrees' };
    const grown = verdict === 'agrees' ? unsure : this.#unwitnessed(unsure, placed);
    const { panDeg, tiltDeg, hfovDeg } = placed;
    return {
      view: { panDeg, tiltDeg, hfovDeg, marginPixels: Math.min(this.#most, MASK_MARGIN_PIXELS + grown) },
    };
  }

  /** What the mask left of the frame that was placed last: where the next ones are looked for. */
  remember({ data, mask }: MaskedFrame): void {
    if (mask.state === 'zones' && mask.view) this.#motion.remember(data, mask.view);
  }

  #unwitnessed(unsure: number, { doubtDeg }: Placed): number {
    const { times, pixels } = UNWITNESSED;
    return Math.max(times * unsure, unsure + this.#pixelsOf(doubtDeg)) + pixels;
  }

  /** Pixels that angles in both axes are worth at the most. */
  #pixelsOf(deg: number): number {
    return BOTH_AXES * deg * RADIANS * this.#camera.pixelsPerRadian();
  }

  #unsurePixels({ errorDeg, errorZoom, hfovDeg }: Placed): number {
    return this.#pixelsOf(errorDeg) + errorZoom * this.#camera.pixelsPerZoom(hfovDeg);
  }
}
