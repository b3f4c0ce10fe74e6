/**
 * The lens: from directions in the world to pixels and back (docs/mask.md, "Directions and the lens"). Fed by placement.ts
 * and masker.ts with where the camera looks, read by world-zones.ts and global-motion.ts. Pure arithmetic on numbers it
 * holds; it allocates nothing once made.
 */
import type { PictureSize } from '../frame.js';
import type { Direction, Lens } from '../messages.js';

const RADIANS = Math.PI / 180;
/** A field of view beyond this is no picture that a plane can take. */
const WIDEST_DEG = 160;
/** Radii at which a bound over the picture is looked up. */
const STEPS = 16;
/** On top of such a bound, for what lies between two radii. */
const BETWEEN = 1.02;
/** To invert the model: Newton's steps, halving where they leave the part in which it grows. */
const MOST_STEPS = 100;
const CLOSE = 1e-14;
/** A tangent that no picture reaches. */
const LARGEST = 1e4;

export interface Look {
  panDeg: number;
  tiltDeg: number;
  hfovDeg: number;
}

/** Unit vector: x to pan 90, y up, z to pan 0. */
export type Vector = [x: number, y: number, z: number];

export function vectorOf([panDeg, tiltDeg]: Direction): Vector {
  const [p, t] = [panDeg * RADIANS, tiltDeg * RADIANS];
  return [Math.cos(t) * Math.sin(p), Math.sin(t), Math.cos(t) * Math.cos(p)];
}

export function directionOf([x, y, z]: Vector): Direction {
  return [Math.atan2(x, z) / RADIANS, Math.atan2(y, Math.hypot(x, z)) / RADIANS];
}

/** One view through one lens. `look` comes first; its other numbers hold until the next `look`. */
export class Camera {
  readonly size: PictureSize;
  readonly #lens: Lens;
  /** pixels of the axis */
  readonly #cx: number;
  readonly #cy: number;
  /** rows of the rotation from the world to the camera: X right, Y down, Z forward */
  readonly rotation = new Float64Array(9);
  /** pixels of a tangent of one */
  focalPixels = 1;
  /** tangents left, right, up and down of the axis that hold the picture and its margin */
  readonly reach = new Float64Array(4);
  /** largest tangent that the picture and its margin show, where the model ends */
  #end = 1;
  #endDistorted = 1;
  #endSlope = 1;

  constructor(size: PictureSize, lens: Lens) {
    this.size = size;
    this.#lens = lens;
    this.#cx = lens.principal[0] * size.width;
    this.#cy = lens.principal[1] * size.height;
  }

  get distorts(): boolean {
    return this.#lens.k1 !== 0 || this.#lens.k2 !== 0;
  }

  /**
   * Turns the camera.
   * @returns false when the lens is not known for this field of view: none, or its model folds inside the picture
   */
  look({ panDeg, tiltDeg, hfovDeg }: Look, marginPixels: number): boolean {
    if (!(hfovDeg > 0 && hfovDeg <= WIDEST_DEG && Number.isFinite(panDeg + tiltDeg))) return false;
    this.focalPixels = this.size.width / 2 / Math.tan((hfovDeg * RADIANS) / 2);
    this.#turn(panDeg * RADIANS, tiltDeg * RADIANS, this.#lens.rollDeg * RADIANS);
    return this.#bound(marginPixels + 1);
  }

  #turn(p: number, t: number, roll: number): void {
    const [cp, sp, ct, st] = [Math.cos(p), Math.sin(p), Math.cos(t), Math.sin(t)];
    const [cr, sr] = [Math.cos(roll), Math.sin(roll)];
    const m = this.rotation;
    const right = [cp, 0, -sp];
    const down = [st * sp, -ct, st * cp];
    for (let i = 0; i < 3; i++) {
      m[i] = right[i] * cr - down[i] * sr;
      m[3 + i] = right[i] * sr + down[i] * cr;
    }
    m[6] = ct * sp;
    m[7] = st;
    m[8] = ct * cp;
  }

  #bound(grown: number): boolean {
    const { width, height } = this.size;
    const f = this.focalPixels;
    const sides = [this.#cx, width - this.#cx, this.#cy, height - this.#cy];
    const farthest =
      Math.hypot(Math.max(sides[0], sides[1]) + grown, Math.max(sides[2], sides[3]) + grown) / f;
    const end = this.#undistorted(farthest);
    if (end === null) return false;
    this.#end = end;
    this.#endDistorted = farthest;
    this.#endSlope = this.#slope(end);
    let stretch = 1;
    for (let i = 1; i <= STEPS; i++) stretch = Math.max(stretch, 1 / this.#scale((end * i) / STEPS));
    if (this.distorts) stretch *= BETWEEN;
    for (let i = 0; i < 4; i++) this.reach[i] = ((sides[i] + grown) / f) * stretch;
    return true;
  }

  /** By how much a tangent is lengthened. */
  #scale(r: number): number {
    const { k1, k2 } = this.#lens;
    return 1 + r * r * (k1 + k2 * r * r);
  }

  #slope(r: number): number {
    const { k1, k2 } = this.#lens;
    return 1 + r * r * (3 * k1 + 5 * k2 * r * r);
  }

  /** The tangent that the lens shows at this one; null beyond where it stops growing. */
  #undistorted(distorted: number): number | null {
    if (!this.distorts) return distorted;
    let low = 0;
    let high = Math.min(this.#turningPoint(), LARGEST);
    if (high * this.#scale(high) < distorted) return null;
    let r = Math.min(distorted, high);
    for (let i = 0; i < MOST_STEPS; i++) {
      const off = r * this.#scale(r) - distorted;
      const newton = r - off / this.#slope(r);
      if (Math.abs(newton - r) <= CLOSE * (1 + r)) return r;
      if (off > 0) high = r;
      else low = r;
      r = newton > low && newton < high ? newton : (low + high) / 2;
    }
    return r;
  }

  /** Where the distorted radius stops growing: the first root of 1 + 3 k1 u + 5 k2 u^2, u = r^2. */
  #turningPoint(): number {
    const [a, b] = [5 * this.#lens.k2, 3 * this.#lens.k1];
    let u = Number.POSITIVE_INFINITY;
    if (a === 0) u = b < 0 ? -1 / b : u;
    else {
      const under = b * b - 4 * a;
      if (under >= 0) {
        for (const root of [(-b - Math.sqrt(under)) / (2 * a), (-b + Math.sqrt(under)) / (2 * a)])
          if (root > 0 && root < u) u = root;
      }
    }
    return Math.sqrt(u);
  }

  /** x of a point of the plane Z = 1, pixels; past the picture it goes on outwards. Likewise `yOf`. */
  factor(x: number, y: number): number {
    if (!this.distorts) return this.focalPixels;
    const r = Math.hypot(x, y);
    if (r <= this.#end) return this.focalPixels * this.#scale(r);
    return (this.focalPixels * (this.#endDistorted + this.#endSlope * (r - this.#end))) / r;
  }

  xOf(x: number, factor: number): number {
    return this.#cx + x * factor;
  }

  yOf(y: number, factor: number): number {
    return this.#cy + y * factor;
  }

  /** Pixels that an arc's chord may be off by, for each squared tangent of its length. */
  bowPixels(): number {
    const { k1, k2 } = this.#lens;
    const r = this.#end;
    return (this.focalPixels * (6 * Math.abs(k1) * r + 20 * Math.abs(k2) * r ** 3)) / 8;
  }

  /** The most pixels that a direction can move for each radian that the camera is off, anywhere in the picture. */
  pixelsPerRadian(): number {
    let most = 1;
    for (let i = 0; i <= STEPS; i++) {
      const r = (this.#end * i) / STEPS;
      const along = Math.abs(this.#slope(r)) * (1 + r * r);
      const across = Math.abs(this.#scale(r)) * Math.sqrt(1 + r * r);
      most = Math.max(most, along, across);
    }
    return most * this.focalPixels * (this.distorts ? BETWEEN : 1);
  }

  /** The most pixels that a direction can move for each share that the field of view is off. */
  pixelsPerZoom(hfovDeg: number): number {
    const h = hfovDeg * RADIANS;
    return (this.#endDistorted * this.focalPixels * h) / Math.sin(h);
  }

  /** Pixel of a direction; null behind the camera. */
  project([x, y, z]: Vector): [x: number, y: number] | null {
    const m = this.rotation;
    const depth = m[6] * x + m[7] * y + m[8] * z;
    if (depth <= 1e-9) return null;
    const px = (m[0] * x + m[1] * y + m[2] * z) / depth;
    const py = (m[3] * x + m[4] * y + m[5] * z) / depth;
    const factor = this.factor(px, py);
    return [this.xOf(px, factor), this.yOf(py, factor)];
  }

  /** Direction that a pixel shows; null where the model of the lens has none. */
  unproject(x: number, y: number): Vector | null {
    const [dx, dy] = [(x - this.#cx) / this.focalPixels, (y - this.#cy) / this.focalPixels];
    const distorted = Math.hypot(dx, dy);
    const r = this.#undistorted(distorted);
    if (r === null) return null;
    const scale = distorted > 0 ? r / distorted : 1;
    const [px, py] = [dx * scale, dy * scale];
    const m = this.rotation;
    const length = Math.hypot(px, py, 1);
    return [0, 1, 2].map((i) => (m[i] * px + m[3 + i] * py + m[6 + i]) / length) as Vector;
  }
}
