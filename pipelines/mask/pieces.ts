/**
 * A zone drawn by directions, cut into convex pieces once, when its table is loaded, so that a frame has only convex ones
 * to project (world-zones.ts). Also says which zones cannot be placed; the configuration asks it too, through table.ts.
 */
import type { Direction } from '../messages.js';
import { type Vector, vectorOf } from './lens.js';

const LONGEST_SIDE_COS = Math.cos((170 * Math.PI) / 180);
/** Least cosine from the middle of a zone to its corners; below it, a zone is no part of half the world. */
const HALF = 1e-3;
const TRIES = 2000;
/** Area in the chart under which a zone has none: about 0.06 by 0.06 degrees. */
const NO_AREA = 1e-6;

type Flat = [u: number, w: number];

/** A convex part of a zone, with the cone that holds it. */
export interface Piece {
  /** corners as unit vectors, x, y, z after one another */
  corners: Float64Array;
  middle: Vector;
  /** from the middle to the farthest corner, radians */
  radius: number;
}

/** Why a zone cannot be placed, in words; null when it can. */
export function directionsFault(directions: readonly Direction[]): string | null {
  const cut = cutZone(directions);
  return typeof cut === 'string' ? cut : null;
}

/** The convex pieces of a zone, or why it has none. Sides are arcs of great circles, so straight in a central chart. */
export function cutZone(directions: readonly Direction[]): Piece[] | string {
  const vectors = directions.map(vectorOf);
  const sides = vectors.map((v, i) => dot(v, vectors[(i + 1) % vectors.length]));
  if (sides.some((cos) => cos <= LONGEST_SIDE_COS)) return 'has a side of 170 degrees or more';
  const middle = middleOf(vectors);
  if (!middle) return 'is larger than half of all directions';
  const flat = chart(vectors, middle);
  if (crosses(flat)) return 'crosses itself';
  const area = areaOf(flat);
  if (Math.abs(area) < NO_AREA) return 'has no area';
  const order = flat.map((_, i) => i);
  if (area < 0) order.reverse();
  const polygons = isConvex(order, flat) ? [order] : triangles(order, flat);
  if (!polygons) return 'cannot be cut into pieces';
  return polygons.map((corners) => pieceOf(corners.map((i) => vectors[i])));
}

function pieceOf(corners: Vector[]): Piece {
  const middle = middleOf(corners) ?? corners[0];
  const radius = Math.max(...corners.map((v) => Math.acos(Math.min(1, Math.max(-1, dot(v, middle))))));
  return { corners: Float64Array.from(corners.flat()), middle, radius };
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function unit([x, y, z]: Vector): Vector | null {
  const length = Math.hypot(x, y, z);
  return length < 1e-9 ? null : [x / length, y / length, z / length];
}

/** A direction less than a right angle from all of these, null when there is none (perceptron). */
function middleOf(vectors: readonly Vector[]): Vector | null {
  let sum: Vector = [0, 0, 0];
  for (const v of vectors) sum = [sum[0] + v[0], sum[1] + v[1], sum[2] + v[2]];
  for (let i = 0; i < TRIES; i++) {
    const middle = unit(sum);
    if (!middle) return null;
    const worst = vectors.reduce((least, v) => (dot(v, middle) < dot(least, middle) ? v : least));
    if (dot(worst, middle) > HALF) return middle;
    sum = [middle[0] + worst[0], middle[1] + worst[1], middle[2] + worst[2]];
  }
  return null;
}

/** The plane that touches the world at `middle`, seen from its centre: great circles are lines in it. */
function chart(vectors: readonly Vector[], middle: Vector): Flat[] {
  const away: Vector = Math.abs(middle[1]) < 0.7 ? [0, 1, 0] : [1, 0, 0];
  const across = unit(cross(away, middle)) as Vector;
  const up = cross(middle, across);
  return vectors.map((v) => [dot(v, across) / dot(v, middle), dot(v, up) / dot(v, middle)]);
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** Above 0 when c is to the left of the way from a to b. */
function turn(a: Flat, b: Flat, c: Flat): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

function areaOf(flat: readonly Flat[]): number {
  return flat.reduce((sum, [u, w], i) => {
    const [u2, w2] = flat[(i + 1) % flat.length];
    return sum + (u * w2 - u2 * w) / 2;
  }, 0);
}

function crosses(flat: readonly Flat[]): boolean {
  const n = flat.length;
  for (let i = 0; i < n; i++) {
    for (let j = i + 2; j < n; j++) {
      if (i === 0 && j === n - 1) continue;
      const [a, b, c, d] = [flat[i], flat[(i + 1) % n], flat[j], flat[(j + 1) % n]];
      if (turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0) return true;
    }
  }
  return false;
}

function isConvex(order: readonly number[], flat: readonly Flat[]): boolean {
  const n = order.length;
  return order.every((at, i) => turn(flat[at], flat[order[(i + 1) % n]], flat[order[(i + 2) % n]]) >= 0);
}

/** Ear clipping, corners anticlockwise. */
function triangles(order: readonly number[], flat: readonly Flat[]): number[][] | null {
  const left = [...order];
  const cut: number[][] = [];
  while (left.length > 3) {
    const n = left.length;
    const ear = left.findIndex((at, i) => {
      const [before, after] = [left[(i + n - 1) % n], left[(i + 1) % n]];
      if (turn(flat[before], flat[at], flat[after]) < 0) return false;
      return left.every(
        (other) =>
          other === before ||
          other === at ||
          other === after ||
          !within(flat[other], flat[before], flat[at], flat[after]),
      );
    });
    if (ear < 0) return null;
    cut.push([left[(ear + n - 1) % n], left[ear], left[(ear + 1) % n]]);
    left.splice(ear, 1);
  }
  return [...cut, left];
}

/** A corner on a side does not stand in an ear's way: what is cut off is inside all the same. */
function within(p: Flat, a: Flat, b: Flat, c: Flat): boolean {
  return turn(a, b, p) > 0 && turn(b, c, p) > 0 && turn(c, a, p) > 0;
}
