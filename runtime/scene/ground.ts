/**
 * How the picture lies on the ground. Made from the calibration of the configuration, read by subjects.ts and by the check
 * of the designated zones. Pure: the same marks give the same metres. It must never answer for a place above the horizon.
 */
import type { Point } from '../../pipelines/messages.js';
import { focalOf, type Homography, invert, multiply } from './homography.js';

export interface Ground {
  /** metres on the ground of a place in the picture (shares); null above the horizon or too near it to be told */
  metresAt(place: Point): Point | null;
  /** picture pixels, across, that one metre on the ground takes at this place; null as above */
  pixelsPerMetre(place: Point): number | null;
}

/** Size of the recorded picture, pixels. */
export interface PictureSize {
  width: number;
  height: number;
}

/** Where one pixel is more of the ground than this, nothing is told of it: it is next to the horizon. */
const MOST_METRES_A_PIXEL = 2;

export class PlaneGround implements Ground {
  /** of the lens, pixels; null: not told */
  readonly #focal: number | null;

  /**
   * @param toGround from picture pixels to metres; its third row is above 0 below the horizon
   * @param size of the picture
   */
  constructor(
    readonly toGround: Homography,
    readonly size: PictureSize,
  ) {
    const toPicture = invert(toGround);
    const fromMiddle: Homography = [1, 0, -size.width / 2, 0, 1, -size.height / 2, 0, 0, 1];
    const focal = toPicture && focalOf(multiply(fromMiddle, toPicture));
    const { width } = size;
    // No lens of a street camera is outside of this: the marks are then too inexact, or too few, to tell it.
    this.#focal = focal !== null && focal > 0.25 * width && focal < 20 * width ? focal : null;
  }

  metresAt(place: Point): Point | null {
    return this.#scaleAt(place)?.at ?? null;
  }

  pixelsPerMetre(place: Point): number | null {
    const scale = this.#scaleAt(place);
    return scale && 1 / scale.across;
  }

  /**
   * Height in picture pixels of somebody who stands here. Where the marks do not tell the lens, the ground does: it looks
   * flattened by the sine of the angle at which it is seen, and who stands on it by the cosine.
   */
  personPixels(place: Point, metres: number): number | null {
    const scale = this.#scaleAt(place);
    if (!scale) return null;
    const sine = scale.least / scale.most;
    const flat = (metres / scale.least) * Math.sqrt(Math.max(0, 1 - sine * sine));
    return this.#focal === null ? flat : (this.#seen(place, metres, scale.across, this.#focal) ?? flat);
  }

  /** The camera is at 0 and looks along z; `down` points to the ground, one pixel across gives the scale. */
  #seen([x, y]: Point, metres: number, across: number, focal: number): number | null {
    const { width, height } = this.size;
    const [, , , , , , g, h, i] = this.toGround;
    const down = [g, h, (i + (g * width) / 2 + (h * height) / 2) / focal] as const;
    const length = Math.hypot(...down);
    const onPlane = (u: number, v: number): [number, number, number] => {
      const distance = (down[0] * u + down[1] * v + down[2] * focal) / length;
      return [u / distance, v / distance, focal / distance];
    };
    const [u, v] = [(x - 0.5) * width, (y - 0.5) * height];
    const [feet, beside] = [onPlane(u, v), onPlane(u + 1, v)];
    const unit = Math.hypot(beside[0] - feet[0], beside[1] - feet[1], beside[2] - feet[2]) / across;
    const head = feet.map((value, k) => value - (metres * unit * (down[k] as number)) / length);
    const [headX, headY, depth] = head as [number, number, number];
    if (!(depth > 0)) return null;
    const pixels = Math.hypot((focal * headX) / depth - u, (focal * headY) / depth - v);
    return Number.isFinite(pixels) ? pixels : null;
  }

  /** The place, and metres for one pixel: across, and in the directions in which that is least and most. */
  #scaleAt([x, y]: Point): { at: Point; across: number; least: number; most: number } | null {
    const [a, b, c, d, e, f, g, h, i] = this.toGround;
    const [u, v] = [x * this.size.width, y * this.size.height];
    const w = g * u + h * v + i;
    if (!(w > 0)) return null;
    const at: Point = [(a * u + b * v + c) / w, (d * u + e * v + f) / w];
    const [xu, xv] = [(a - at[0] * g) / w, (b - at[0] * h) / w];
    const [yu, yv] = [(d - at[1] * g) / w, (e - at[1] * h) / w];
    const sum = Math.hypot(xu + yv, yu - xv);
    const difference = Math.hypot(xu - yv, yu + xv);
    const [least, most] = [Math.abs(sum - difference) / 2, (sum + difference) / 2];
    const sane = at.every(Number.isFinite) && least > 0 && most <= MOST_METRES_A_PIXEL;
    return sane ? { at, across: Math.hypot(xu, yu), least, most } : null;
  }
}

/** Square metres of ground in a polygon of the picture; null when a corner is above the horizon or next to it. */
export function squareMetres(ground: Ground, points: readonly Point[]): number | null {
  let twice = 0;
  for (const [i, point] of points.entries()) {
    const p = ground.metresAt(point);
    const q = ground.metresAt(points[(i + 1) % points.length] as Point);
    if (!p || !q) return null;
    twice += p[0] * q[1] - q[0] * p[1];
  }
  return Math.abs(twice) / 2;
}
