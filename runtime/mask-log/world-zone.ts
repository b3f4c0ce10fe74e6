/**
 * A zone that is fixed in the world: whether a direction lies in it, and how far from its sides. Used by hidden-pixels.ts.
 * Its sides are arcs of great circles; of the two parts that they make of the sphere it is the smaller one.
 */
import type { Direction } from '../../pipelines/messages.js';
import { angleBetween, cross, dot, normal, type Ray, rayOf } from './sight.js';

interface Side {
  from: Ray;
  to: Ray;
  /** of the plane through both and the camera; null when they are one point */
  pole: Ray | null;
}

export class WorldZone {
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
