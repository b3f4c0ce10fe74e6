/**
 * Whether a zone given by directions can be a mask: sides are arcs of great circles, which must be short enough to have
 * one way, and may not cross. Read by config/checks.ts; it changes nothing.
 */
import type { Direction } from '../../pipelines/messages.js';

type Vector = readonly [number, number, number];

/** Beyond, it is not sure on which side of the globe a side lies (docs/mask.md, "Directions and the lens"). */
const longestSideDeg = 170;
/** Least area, twice that in the solid angle: about a third of a degree by a third of a degree. */
const leastArea = 6e-5;

/** What is wrong with a zone, and what to do about it; null when nothing is. */
export function wrongDirections(directions: readonly Direction[]): { text: string; hint: string } | null {
  const corners = directions.map(vectorOf);
  const sides = corners.map((from, index) => ({ from, to: corners[(index + 1) % corners.length] as Vector }));
  const long = sides.findIndex(({ from, to }) => dot(from, to) < Math.cos((longestSideDeg * Math.PI) / 180));
  if (long >= 0) {
    const text = `the side from corner ${long} is longer than ${longestSideDeg} degrees`;
    return { text, hint: 'Put a corner between the two' };
  }
  for (const [first, a] of sides.entries())
    for (const [second, b] of sides.entries()) {
      const neighbours = second - first <= 1 || (first === 0 && second === sides.length - 1);
      if (neighbours || !cross(a.from, a.to, b.from, b.to)) continue;
      const text = `the side from corner ${first} and the side from corner ${second} cross or touch`;
      return { text, hint: 'List the corners in the order in which one walks around the zone, each once' };
    }
  const sum = sides.map(({ from, to }) => normal(from, to)).reduce(add, [0, 0, 0]);
  // Seen from the middle of the zone: arcs of one circle enclose nothing, although their chords do.
  const middle = corners.reduce(add, [0, 0, 0]);
  if (length(middle) < 0.1 || Math.abs(dot(sum, middle)) / length(middle) >= leastArea) return null;
  const text = 'the zone has no area, or next to none: it would hide nothing';
  return { text, hint: 'Draw it larger, or remove it' };
}

function vectorOf([panDeg, tiltDeg]: Direction): Vector {
  const pan = (panDeg * Math.PI) / 180;
  const tilt = (tiltDeg * Math.PI) / 180;
  return [Math.cos(tilt) * Math.sin(pan), Math.sin(tilt), Math.cos(tilt) * Math.cos(pan)];
}

/** Whether the arcs ab and cd meet: each has its ends on both sides of the other's circle, on the same half of the globe. */
function cross(a: Vector, b: Vector, c: Vector, d: Vector): boolean {
  const ab = normal(a, b);
  const cd = normal(c, d);
  const meet = normal(ab, cd);
  const within = (p: Vector): boolean =>
    dot(normal(a, p), ab) >= 0 &&
    dot(normal(p, b), ab) >= 0 &&
    dot(normal(c, p), cd) >= 0 &&
    dot(normal(p, d), cd) >= 0;
  if (length(meet) < 1e-12) return onArc(a, b, ab, c) || onArc(a, b, ab, d) || onArc(c, d, cd, a);
  return within(meet) || within([-meet[0], -meet[1], -meet[2]]);
}

/** For arcs of one circle. */
function onArc(a: Vector, b: Vector, ab: Vector, p: Vector): boolean {
  return (
    Math.abs(dot(ab, p)) < 1e-9 &&
    dot(normal(a, p), ab) >= 0 &&
    dot(normal(p, b), ab) >= 0 &&
    dot(a, p) > -0.99
  );
}

function normal([ax, ay, az]: Vector, [bx, by, bz]: Vector): Vector {
  return [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
}

function add(a: Vector, b: Vector): Vector {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function length(a: Vector): number {
  return Math.sqrt(dot(a, a));
}
