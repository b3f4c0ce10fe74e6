/**
 * Grows a polygon in the plane by a distance on every side. Used by drawing.ts, in pixels. The result covers everything within the
 * distance of what was given: where mitred corners would not, it is the convex hull.
 */
export type Flat = [x: number, y: number];

const LEAST_LENGTH = 1e-6;
/** Below this 1 + cosine between the normals of two sides, a mitre would reach farther than twice the distance. */
const SHARP = 0.5;
const CLOSE = 1e-6;

/** @param by above 0 */
export function grown(given: readonly Flat[], by: number): Flat[] {
  const corners = given.filter((p, i) => distance(p, given[(i + 1) % given.length]) > LEAST_LENGTH);
  const mitred = corners.length < 3 ? null : mitre(corners, by);
  return mitred && coversBy(mitred, corners, by - CLOSE) ? mitred : hull(squares(given, by));
}

/** Sides moved outwards; a sharp corner is cut off square. Null where a corner points sharply inwards. */
function mitre(corners: readonly Flat[], by: number): Flat[] | null {
  const turn = Math.sign(area(corners)) || 1;
  const made: Flat[] = [];
  for (const [i, p] of corners.entries()) {
    const [before, after] = [
      corners[(i + corners.length - 1) % corners.length],
      corners[(i + 1) % corners.length],
    ];
    const [d1, d2] = [way(before, p), way(p, after)];
    const [n1, n2]: Flat[] = [
      [turn * d1[1], -turn * d1[0]],
      [turn * d2[1], -turn * d2[0]],
    ];
    const cos = n1[0] * n2[0] + n1[1] * n2[1];
    if (1 + cos >= SHARP) {
      const long = by / (1 + cos);
      made.push([p[0] + long * (n1[0] + n2[0]), p[1] + long * (n1[1] + n2[1])]);
      continue;
    }
    if (turn * (d1[0] * d2[1] - d1[1] * d2[0]) <= 0) return null;
    made.push(
      [p[0] + by * (n1[0] + d1[0]), p[1] + by * (n1[1] + d1[1])],
      [p[0] + by * (n2[0] - d2[0]), p[1] + by * (n2[1] - d2[1])],
    );
  }
  return made;
}

/** Whether the outer one, which must be simple, holds everything within a distance of the inner one. */
export function coversBy(outer: readonly Flat[], inner: readonly Flat[], by: number): boolean {
  const [around, within] = [sidesOf(outer), sidesOf(inner)];
  const simple = around.every((s, i) =>
    around.every((t, j) => j <= i + 1 || (i === 0 && j === around.length - 1) || !meet(s, t)),
  );
  if (!simple || around.some((s) => within.some((t) => meet(s, t)))) return false;
  if (!inner.every((p) => contains(outer, p))) return false;
  const far = (points: readonly Flat[], sides: readonly Side[]): boolean =>
    points.every((p) => sides.every((side) => distanceTo(side, p) >= by));
  return far(inner, around) && far(outer, within);
}

type Side = readonly [Flat, Flat];

function sidesOf(corners: readonly Flat[]): Side[] {
  return corners.map((p, i) => [p, corners[(i + 1) % corners.length]]);
}

function squares(corners: readonly Flat[], by: number): Flat[] {
  return corners.flatMap(([x, y]): Flat[] => [
    [x - by, y - by],
    [x + by, y - by],
    [x + by, y + by],
    [x - by, y + by],
  ]);
}

/** Convex hull, by the monotone chain. */
function hull(points: readonly Flat[]): Flat[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (of: readonly Flat[]): Flat[] => {
    const kept: Flat[] = [];
    for (const p of of) {
      while (kept.length > 1 && left(kept[kept.length - 2], kept[kept.length - 1], p) <= 0) kept.pop();
      kept.push(p);
    }
    return kept.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

function left(a: Flat, b: Flat, c: Flat): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

function area(corners: readonly Flat[]): number {
  return sidesOf(corners).reduce((sum, [a, b]) => sum + (a[0] * b[1] - b[0] * a[1]) / 2, 0);
}

function distance(a: Flat, b: Flat): number {
  return Math.hypot(b[0] - a[0], b[1] - a[1]);
}

function way(a: Flat, b: Flat): Flat {
  const length = distance(a, b);
  return [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
}

function meet([a, b]: Side, [c, d]: Side): boolean {
  return left(a, b, c) * left(a, b, d) <= 0 && left(c, d, a) * left(c, d, b) <= 0 && !apart(a, b, c, d);
}

/** Boxes that do not touch: sides on one line meet nowhere then. */
function apart(a: Flat, b: Flat, c: Flat, d: Flat): boolean {
  return [0, 1].some(
    (i) => Math.max(a[i], b[i]) < Math.min(c[i], d[i]) || Math.max(c[i], d[i]) < Math.min(a[i], b[i]),
  );
}

function distanceTo([a, b]: Side, p: Flat): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const squared = dx * dx + dy * dy;
  const t = squared > 0 ? Math.min(1, Math.max(0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared)) : 0;
  return Math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

function contains(corners: readonly Flat[], [x, y]: Flat): boolean {
  let inside = false;
  for (const [[ax, ay], [bx, by]] of sidesOf(corners))
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  return inside;
}
