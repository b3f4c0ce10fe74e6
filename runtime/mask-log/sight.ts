/**
 * From a pixel to the direction that it shows (docs/mask.md, "Directions and the lens"). Used by hidden-pixels.ts for the check
 * of recordings. Shares nothing with pipelines/mask/, which goes the other way: an error in one of them shows.
 */
import type { PictureSize, View } from '../../pipelines/frame.js';
import type { Direction, Lens } from '../../pipelines/messages.js';

/** Unit vector: x to the right of the head's zero, y up, z where pan and tilt are 0. */
export type Ray = readonly [number, number, number];

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const solveSteps = 100;
/** Tangent of an angle: far below a millionth of a pixel. */
const solvedTo = 1e-12;

export function rayOf([panDeg, tiltDeg]: Direction): Ray {
  const [p, t] = [radians(panDeg), radians(tiltDeg)];
  return [Math.cos(t) * Math.sin(p), Math.sin(t), Math.cos(t) * Math.cos(p)];
}

export const dot = (a: Ray, b: Ray): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Ray, b: Ray): Ray => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const normal = (a: Ray): Ray => {
  const length = Math.sqrt(dot(a, a)) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
};
export const angleBetween = (a: Ray, b: Ray): number => {
  const across = cross(a, b);
  return Math.atan2(Math.sqrt(dot(across, across)), dot(a, b));
};

/** What a camera that looks in one direction sees where. */
export class Sight {
  readonly #right: Ray;
  readonly #up: Ray;
  readonly #ahead: Ray;
  readonly #roll: { cos: number; sin: number };
  readonly #centre: { x: number; y: number };
  readonly #focalPixels: number;
  /** tangent of the angle from the axis at which the distorted radius stops growing */
  readonly #lastRadius: number;
  /** that distorted radius */
  readonly #lastSeen: number;

  constructor(
    private readonly lens: Lens,
    { panDeg, tiltDeg, hfovDeg }: View,
    { width, height }: PictureSize,
  ) {
    const [p, t, roll] = [radians(panDeg), radians(tiltDeg), radians(lens.rollDeg)];
    this.#ahead = rayOf([panDeg, tiltDeg]);
    this.#right = [Math.cos(p), 0, -Math.sin(p)];
    this.#up = [-Math.sin(t) * Math.sin(p), Math.cos(t), -Math.sin(t) * Math.cos(p)];
    this.#roll = { cos: Math.cos(roll), sin: Math.sin(roll) };
    this.#centre = { x: lens.principal[0] * width, y: lens.principal[1] * height };
    this.#focalPixels = width / 2 / Math.tan(radians(hfovDeg) / 2);
    this.#lastRadius = lastGrowing(lens);
    this.#lastSeen = Number.isFinite(this.#lastRadius) ? this.#distorted(this.#lastRadius) : Infinity;
  }

  /** @returns null where the lens shows nothing new: no direction is seen there */
  rayAt(x: number, y: number): Ray | null {
    const dx = (x - this.#centre.x) / this.#focalPixels;
    const dy = (y - this.#centre.y) / this.#focalPixels;
    const seen = Math.sqrt(dx * dx + dy * dy);
    if (seen > this.#lastSeen) return null;
    const scale = seen === 0 ? 1 : this.#undistorted(seen) / seen;
    const { cos, sin } = this.#roll;
    const right = (dx * cos + dy * sin) * scale;
    const up = (dx * sin - dy * cos) * scale;
    const along = (i: 0 | 1 | 2): number => this.#ahead[i] + right * this.#right[i] + up * this.#up[i];
    return normal([along(0), along(1), along(2)]);
  }

  #distorted(r: number): number {
    const { k1, k2 } = this.lens;
    const r2 = r * r;
    return r * (1 + k1 * r2 + k2 * r2 * r2);
  }

  #undistorted(seen: number): number {
    if (this.lens.k1 === 0 && this.lens.k2 === 0) return seen;
    let low = 0;
    let high = this.#lastRadius;
    if (!Number.isFinite(high)) for (high = seen + 1; this.#distorted(high) < seen; ) high *= 2;
    let r = Math.min(seen, high);
    for (let i = 0; i < solveSteps; i++) {
      const over = this.#distorted(r) - seen;
      const next = r - over / this.#slope(r);
      if (Math.abs(next - r) < solvedTo) return next;
      if (over < 0) low = r;
      else high = r;
      // Where the curve is nearly level its slope leads astray: then by halves.
      r = next > low && next < high ? next : (low + high) / 2;
    }
    return r;
  }

  #slope(r: number): number {
    const { k1, k2 } = this.lens;
    const r2 = r * r;
    return 1 + 3 * k1 * r2 + 5 * k2 * r2 * r2;
  }
}

/** The smallest positive root of 1 + 3 k1 r² + 5 k2 r⁴, or infinity. */
function lastGrowing({ k1, k2 }: Lens): number {
  const [a, b] = [5 * k2, 3 * k1];
  if (a === 0) return b < 0 ? Math.sqrt(-1 / b) : Infinity;
  const under = b * b - 4 * a;
  if (under < 0) return Infinity;
  const roots = [(-b - Math.sqrt(under)) / (2 * a), (-b + Math.sqrt(under)) / (2 * a)].filter((u) => u > 0);
  return roots.length > 0 ? Math.sqrt(Math.min(...roots)) : Infinity;
}
