/**
 * A zone that is fixed in the world: whether a direction lies in it, and how far from its sides. Used by hidden-pixels.ts.
 * Its sides are arcs of great circles; of the two parts that they make of the sphere it is the smaller one.
 */
import type { Direction } from '../../pipelines/messages.js';
import { angleBetween, cross, dot, normal, type Ray, rayOf } from './sight.js';

/** One side, and what of it is asked for every direction. */
export interface Side {
  from: Ray;
  to: Ray;
  /** of the plane through both and the camera; null when they are one point */
  pole: Ray | null;
  /** across the two planes between which a direction lies beside the side */
  after: Ray;
  until: Ray;
  across: Ray;
  turn: number;
}

export class WorldZone {
  readonly sides: readonly Side[];
  readonly #middle: Ray;
  /** radians; every point of the zone is nearer to the middle than this */
  readonly #radius: number;

  constructor(directions: readonly Direction[]) {
    const corners = directions.map(rayOf);
    this.sides = corners.map((from, i) => sideOf(from, corners[(i + 1) % corners.length] ?? from));
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

  /** Whether a direction is on the zone's half of the world; on the other one it is not in the zone. */
  isAhead(ray: Ray): boolean {
    return dot(ray, this.#middle) > 0;
  }

  /** By the sum of the angles under which the sides are seen from there; a zone behind is wound around the opposite. */
  holds(ray: Ray): boolean {
    if (!this.isAhead(ray)) return false;
    let turned = 0;
    for (const { from, to, pole, across, turn } of this.sides)
      if (pole) turned += Math.atan2(dot(ray, across), turn - dot(ray, from) * dot(ray, to));
    return Math.abs(turned) > Math.PI;
  }

  /** Angle to the nearest point of any side, radians. */
  distanceTo(ray: Ray): number {
    return nearestOf(this.sides, ray);
  }

  /** The sides that may be the nearest one anywhere within an angle of this direction, which is `distance` from the nearest. */
  sidesNear(ray: Ray, distance: number, radius: number): Side[] {
    // What is nearest there is no farther from here than the nearest here and the way there and back.
    return this.sides.filter((side) => nearestOf([side], ray) <= distance + 2 * radius + 1e-9);
  }
}

/** Angle to the nearest point of any of these sides, radians. */
export function nearestOf(sides: readonly Side[], ray: Ray): number {
  let besides = Number.POSITIVE_INFINITY;
  let corner: Ray | null = null;
  let nearest = Number.POSITIVE_INFINITY;
  for (const { from, to, pole, after, until } of sides) {
    if (pole && dot(after, ray) >= 0 && dot(until, ray) >= 0) {
      besides = Math.min(besides, Math.abs(dot(ray, pole)));
      continue;
    }
    for (const end of [from, to]) {
      const [x, y, z] = [ray[0] - end[0], ray[1] - end[1], ray[2] - end[2]];
      const chord = x * x + y * y + z * z;
      if (chord >= nearest) continue;
      nearest = chord;
      corner = end;
    }
  }
  return Math.min(
    Math.PI,
    corner ? angleBetween(ray, corner) : Math.PI,
    besides <= 1 ? Math.asin(besides) : besides < 2 ? Math.PI / 2 : Math.PI,
  );
}

function sideOf(from: Ray, to: Ray): Side {
  const across = cross(from, to);
  const pole = Math.sqrt(dot(across, across)) < 1e-12 ? null : normal(across);
  const none: Ray = [0, 0, 0];
  const [after, until] = pole ? [cross(pole, from), cross(to, pole)] : [none, none];
  return { from, to, pole, after, until, across, turn: dot(from, to) };
}
