/**
 * The pixels that a zone by directions must have made black, one pixel after the other and each from its definition: what
 * runtime/mask-log/hidden-pixels.ts did before it was made fast. mask-log-hidden.test.ts compares the two.
 */
import type { PictureSize, View } from '../../pipelines/frame.js';
import type { Direction, Lens } from '../../pipelines/messages.js';

/** Unit vector: x to the right of the head's zero, y up, z where pan and tilt are 0. */
type Ray = readonly [number, number, number];

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const solveSteps = 60;

function rayOf([panDeg, tiltDeg]: Direction): Ray {
  const [p, t] = [radians(panDeg), radians(tiltDeg)];
  return [Math.cos(t) * Math.sin(p), Math.sin(t), Math.cos(t) * Math.cos(p)];
}

const dot = (a: Ray, b: Ray): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Ray, b: Ray): Ray => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const normal = (a: Ray): Ray => {
  const length = Math.hypot(...a) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
};
const angleBetween = (a: Ray, b: Ray): number => Math.atan2(Math.hypot(...cross(a, b)), dot(a, b));

/** What a camera that looks in one direction sees where. */
class Sight {
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
    const seen = Math.hypot(dx, dy);
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
    return r * (1 + k1 * r ** 2 + k2 * r ** 4);
  }

  #undistorted(seen: number): number {
    if (this.lens.k1 === 0 && this.lens.k2 === 0) return seen;
    let low = 0;
    let high = this.#lastRadius;
    if (!Number.isFinite(high)) for (high = seen + 1; this.#distorted(high) < seen; ) high *= 2;
    for (let i = 0; i < solveSteps && high - low > 1e-10; i++) {
      const middle = (low + high) / 2;
      if (this.#distorted(middle) < seen) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
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

interface Side {
  from: Ray;
  to: Ray;
  /** of the plane through both and the camera; null when they are one point */
  pole: Ray | null;
}

class WorldZone {
  readonly #sides: Side[];
  readonly #middle: Ray;
  /** radians; every point of the zone is nearer to the middle than this */
  readonly #radius: number;

  constructor(directions: readonly Direction[]) {
    const corners = directions.map(rayOf);
    this.#sides = corners.map((from, i) => {
      const to = corners[(i + 1) % corners.length] ?? from;
      const across = cross(from, to);
      return { from, to, pole: Math.hypot(...across) < 1e-12 ? null : normal(across) };
    });
    const sum = (i: 0 | 1 | 2): number => corners.reduce((total, corner) => total + corner[i], 0);
    this.#middle = normal([sum(0), sum(1), sum(2)]);
    const farthest = Math.max(...corners.map((corner) => angleBetween(this.#middle, corner)));
    // Only within a quarter turn does a cap hold the sides between the corners that it holds.
    this.#radius = farthest < Math.PI / 2 ? farthest : Math.PI;
  }

  /** Whether it lies farther away than this angle for certain, radians. */
  isBeyond(ray: Ray, angle: number): boolean {
    return angleBetween(this.#middle, ray) > this.#radius + angle;
  }

  /** By the sum of the angles under which the sides are seen from there; a zone behind is wound around the opposite. */
  holds(ray: Ray): boolean {
    if (dot(ray, this.#middle) <= 0) return false;
    let turned = 0;
    for (const { from, to, pole } of this.#sides) {
      if (!pole) continue;
      turned += Math.atan2(dot(ray, cross(from, to)), dot(from, to) - dot(ray, from) * dot(ray, to));
    }
    return Math.abs(turned) > Math.PI;
  }

  /** Angle to the nearest point of any side, radians. */
  distanceTo(ray: Ray): number {
    let nearest = Math.PI;
    for (const { from, to, pole } of this.#sides) {
      const beside = pole && dot(cross(pole, from), ray) >= 0 && dot(cross(to, pole), ray) >= 0;
      const angle = beside
        ? Math.abs(Math.asin(Math.max(-1, Math.min(1, dot(ray, pole)))))
        : Math.min(angleBetween(ray, from), angleBetween(ray, to));
      nearest = Math.min(nearest, angle);
    }
    return nearest;
  }
}

/** A zone is grown by this at least, pixels (docs/mask.md, M8). */
const grownPixels = 2;
/** What is not looked at along the border of what was blackened: the codec's smear, and the rounding before it. */
const borderPixels = 4;
/** The distance to a border is an angle made pixels where it is measured; elsewhere on the way a pixel may be worth less. */
const sureShare = 0.9;
const tilePixels = 16;
/** What one pixel is worth may grow by this over a tile. */
const tileSlack = 1.5;

/** Where the camera looked, and through what. */
interface Looked {
  view: View;
  lens: Lens;
}

/** What one pixel is worth at a place, radians: across the way in which it is worth least, and most. */
interface PixelAngle {
  least: number;
  most: number;
}

/** Indexes of the samples, in no order. */
export function slowlyHidden(
  directions: readonly Direction[],
  { view, lens }: Looked,
  size: PictureSize,
): Int32Array {
  const zone = new WorldZone(directions);
  const sight = new Sight(lens, view, size);
  const margin = Math.max(grownPixels, view.marginPixels);
  const found: number[] = [];
  const put = (x: number, y: number): void => void found.push(y * size.width + x);
  for (let top = 0; top < size.height; top += tilePixels) {
    for (let left = 0; left < size.width; left += tilePixels) {
      const right = Math.min(size.width, left + tilePixels);
      const bottom = Math.min(size.height, top + tilePixels);
      const whole = tileOf(zone, sight, (left + right) / 2, (top + bottom) / 2, margin);
      if (whole === 'clear') continue;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          if (whole === 'hidden' || mustBeBlack(zone, sight, x + 0.5, y + 0.5, margin)) put(x, y);
        }
      }
    }
  }
  return Int32Array.from(found);
}

/** Most tiles are on one side of every border: their middle answers for all of their pixels. */
function tileOf(
  zone: WorldZone,
  sight: Sight,
  x: number,
  y: number,
  margin: number,
): 'hidden' | 'clear' | 'mixed' {
  const ray = sight.rayAt(x, y);
  const pixel = ray && pixelAngle(sight, ray, x, y);
  if (!pixel) return 'mixed';
  const reach = (tilePixels + Math.max(borderPixels, margin)) * pixel.most * tileSlack;
  if (zone.isBeyond(ray, reach)) return 'clear';
  if (zone.distanceTo(ray) < reach) return 'mixed';
  return zone.holds(ray) ? 'hidden' : 'clear';
}

function mustBeBlack(zone: WorldZone, sight: Sight, x: number, y: number, margin: number): boolean {
  const ray = sight.rayAt(x, y);
  const pixel = ray && pixelAngle(sight, ray, x, y);
  if (!pixel) return false;
  const distance = zone.distanceTo(ray);
  const outwards = margin - borderPixels;
  if (zone.holds(ray)) return outwards >= 0 || distance >= -outwards * pixel.most;
  return outwards > 0 && distance <= outwards * pixel.least * sureShare;
}

function pixelAngle(sight: Sight, ray: Ray, x: number, y: number): PixelAngle | null {
  const right = sight.rayAt(x + 1, y);
  const below = sight.rayAt(x, y + 1);
  if (!right || !below) return null;
  const across: Ray = [right[0] - ray[0], right[1] - ray[1], right[2] - ray[2]];
  const down: Ray = [below[0] - ray[0], below[1] - ray[1], below[2] - ray[2]];
  const [a, b] = [dot(across, across), dot(down, down)];
  const area = Math.hypot(...cross(across, down));
  // Singular values of the 3x2 matrix of both: their squares add up to a + b, their product is the area.
  const most = Math.sqrt((a + b + Math.sqrt(Math.max(0, (a + b) ** 2 - 4 * area ** 2))) / 2);
  return { least: area / most, most };
}
