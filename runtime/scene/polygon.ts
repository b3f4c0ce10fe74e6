/**
 * Plane geometry of zones, in shares of the picture. Fed by zone.ts and by the check of the configuration;
 * pure functions, no state. It must never depend on the order in which corners turn.
 *
 * Everything nearer than 1e-9 of the picture counts as touching: a thousandth of a pixel of any sensor,
 * and far above what rounding in doubles can shift a cross product of shares by.
 */
import type { Point } from '../../pipelines/messages.js';

const TOUCH = 1e-9;

interface Side {
  /** index of its first corner in the polygon as it was given */
  index: number;
  a: Point;
  b: Point;
}

/**
 * Area enclosed by the corners, as a share of the picture (0..1), whichever way they turn.
 * Shoelace formula: of a polygon that crosses itself it says nothing useful, so check firstCrossing too.
 */
export function polygonArea(points: readonly Point[]): number {
  let twice = 0;
  points.forEach((p, i) => {
    const q = points[(i + 1) % points.length] as Point;
    twice += p[0] * q[1] - q[0] * p[1];
  });
  return Math.abs(twice) / 2;
}

/**
 * The first two sides that meet where they should not, as [i, j] with i < j (side i goes from corner i to
 * corner i + 1), or null for a simple polygon. Sides that touch, overlap, or fold back on their neighbour
 * count. A corner repeated next to itself, or the first corner repeated as the last one, does not.
 */
export function firstCrossing(points: readonly Point[]): [number, number] | null {
  const sides = realSides(points);
  for (let i = 0; i < sides.length; i++) {
    for (let j = i + 1; j < sides.length; j++) {
      const s = sides[i] as Side;
      const t = sides[j] as Side;
      const wraps = i === 0 && j === sides.length - 1;
      const neighbours = j === i + 1 || wraps;
      const bad = neighbours ? foldsBack(j === i + 1 ? [s, t] : [t, s]) : meets(s, t);
      if (bad || (sides.length === 2 && neighbours)) return [s.index, t.index];
    }
  }
  return null;
}

/**
 * Whether the point lies in the polygon. A point on a side or on a corner is inside: where two zones share a
 * border, what stands on it is in both. Elsewhere the even-odd rule decides.
 */
export function contains(points: readonly Point[], p: Point): boolean {
  let inside = false;
  for (let i = 0; i < points.length; i++) {
    const a = points[i] as Point;
    const b = points[(i + 1) % points.length] as Point;
    if (distanceToSide(a, b, p) <= TOUCH) return true;
    // Half-open in y, so that a ray through a corner meets exactly one of its two sides.
    if (a[1] > p[1] !== b[1] > p[1]) {
      const x = a[0] + ((p[1] - a[1]) / (b[1] - a[1])) * (b[0] - a[0]);
      if (x > p[0]) inside = !inside;
    }
  }
  return inside;
}

function realSides(points: readonly Point[]): Side[] {
  const corners: { index: number; p: Point }[] = [];
  points.forEach((p, index) => {
    const last = corners.at(-1);
    if (!last || !same(last.p, p)) corners.push({ index, p });
    else last.index = index;
  });
  // Closed by hand: the last corner is the first one again.
  if (corners.length > 1 && same((corners[0] as { p: Point }).p, (corners.at(-1) as { p: Point }).p))
    corners.pop();
  if (corners.length < 2) return [];
  return corners.map(({ index, p }, i) => ({
    index,
    a: p,
    b: (corners[(i + 1) % corners.length] as { p: Point }).p,
  }));
}

/** Two sides in a row whose angle is zero: the end of the shorter one lies on the longer one. */
function foldsBack([s, t]: [Side, Side]): boolean {
  return distanceToSide(s.a, s.b, t.b) <= TOUCH || distanceToSide(t.a, t.b, s.a) <= TOUCH;
}

/** Two sides that are not neighbours have a point in common. */
function meets(s: Side, t: Side): boolean {
  if (turn(s.a, s.b, t.a) * turn(s.a, s.b, t.b) < 0 && turn(t.a, t.b, s.a) * turn(t.a, t.b, s.b) < 0)
    return true;
  return (
    distanceToSide(s.a, s.b, t.a) <= TOUCH ||
    distanceToSide(s.a, s.b, t.b) <= TOUCH ||
    distanceToSide(t.a, t.b, s.a) <= TOUCH ||
    distanceToSide(t.a, t.b, s.b) <= TOUCH
  );
}

/** Which side of the line a-b the point is on: -1, 1, or 0 when it is on it. */
function turn(a: Point, b: Point, p: Point): number {
  const cross = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
  return Math.abs(cross) <= TOUCH * Math.hypot(b[0] - a[0], b[1] - a[1]) ? 0 : Math.sign(cross);
}

function distanceToSide(a: Point, b: Point, p: Point): number {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const lengthSquared = dx * dx + dy * dy;
  const along = lengthSquared === 0 ? 0 : ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / lengthSquared;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(p[0] - (a[0] + t * dx), p[1] - (a[1] + t * dy));
}

function same(p: Point, q: Point): boolean {
  return Math.hypot(p[0] - q[0], p[1] - q[1]) <= TOUCH;
}
