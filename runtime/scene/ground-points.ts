/**
 * The ground from marks whose places on it are known. Used by calibration.ts. The homography is the normalised direct linear
 * transform (Hartley, "In Defense of the Eight-Point Algorithm", 1997), from the ground to the picture, because it is in the
 * picture that marks are set by hand.
 */
import type { Point } from '../../pipelines/messages.js';
import type { PictureSize } from './ground.js';
import { type Homography, invert, multiply } from './homography.js';
import { normalMatrix, symmetricEigen } from './least-squares.js';

export interface GroundMark {
  /** shares of the picture */
  at: Point;
  /** metres on the ground */
  metres: Point;
}

/** Why marks give no ground: which one (null: all of them), and what to do. */
export interface Fault {
  index: number | null;
  text: string;
  hint: string;
}

/** Share of the largest singular value below which the equations are satisfied by more than one answer. */
const LEAST_CONDITION = 2e-3;

/** @returns from picture pixels to metres, or why there is none */
export function groundFromMarks(marks: readonly GroundMark[], size: PictureSize): Homography | Fault {
  const pixels = marks.map(({ at: [x, y] }): Point => [x * size.width, y * size.height]);
  const metres = marks.map((mark) => mark.metres);
  const toPicture = directLinear(metres, pixels);
  const back = toPicture && invert(toPicture);
  if (!back) {
    const hint =
      'Mark four places of which no three are in a line, in the picture and on the ground, far from each other';
    return {
      index: null,
      text: 'three of the marks are in a line, or next to it: the ground cannot be told',
      hint,
    };
  }
  const sides = pixels.map(([u, v]) => depth(back, u, v));
  const sign = sides.reduce((sum, w) => sum + Math.sign(w), 0) < 0 ? -1 : 1;
  const odd = sides.findIndex((w) => !(w * sign > 0));
  if (odd >= 0) {
    const hint = 'Were two marks confused, or is it on a wall? Measure it again';
    return { index: odd, text: 'would be above the horizon that the other marks give', hint };
  }
  const toGround = back.map((value) => value * sign) as unknown as Homography;
  const middle = pixels.reduce((sum, [u]) => sum + u, 0) / pixels.length;
  if (!(depth(toGround, middle, size.height) > 0)) {
    const hint = 'Were two marks confused? The lower border of the picture must be nearer than they are';
    return { index: null, text: 'the horizon would be below the marks', hint };
  }
  return toGround;
}

function depth([, , , , , , g, h, i]: Homography, u: number, v: number): number {
  return g * u + h * v + i;
}

function directLinear(from: readonly Point[], to: readonly Point[]): Homography | null {
  const [source, target] = [normalised(from), normalised(to)];
  if (!source || !target) return null;
  const rows = source.points.flatMap(([x, y], k) => {
    const [u, v] = target.points[k] as Point;
    return [
      [x, y, 1, 0, 0, 0, -u * x, -u * y, -u],
      [0, 0, 0, x, y, 1, -v * x, -v * y, -v],
    ];
  });
  const { values, vectors } = symmetricEigen(normalMatrix(rows));
  const least = Math.sqrt(Math.max(0, values[1] as number) / (values[8] as number));
  if (!(least > LEAST_CONDITION)) return null;
  const back: Homography = [target.scale, 0, target.x, 0, target.scale, target.y, 0, 0, 1];
  const [s, tx, ty] = [1 / source.scale, -source.x / source.scale, -source.y / source.scale];
  const there: Homography = [s, 0, tx, 0, s, ty, 0, 0, 1];
  return multiply(multiply(back, vectors[0] as unknown as Homography), there);
}

/** The points around 0, at a mean distance of the square root of 2; null when they are all in one place. */
function normalised(
  points: readonly Point[],
): { points: Point[]; x: number; y: number; scale: number } | null {
  const x = points.reduce((sum, p) => sum + p[0], 0) / points.length;
  const y = points.reduce((sum, p) => sum + p[1], 0) / points.length;
  const scale =
    points.reduce((sum, p) => sum + Math.hypot(p[0] - x, p[1] - y), 0) / points.length / Math.SQRT2;
  if (!(scale > 1e-9) || !Number.isFinite(scale)) return null;
  return { points: points.map((p): Point => [(p[0] - x) / scale, (p[1] - y) / scale]), x, y, scale };
}
