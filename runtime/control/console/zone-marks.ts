/**
 * Tripwires and common directions as they are drawn over the live picture. Used by zones-view.ts; pure. Places are shares of the
 * picture; what is given back is in hundredths of its height, both across and down, so that nothing is stretched.
 */
import type { Point, WatchedZone } from './messages.js';

/** Width of the band on the forbidden side, length of an arrow's head, hundredths of the picture's height. */
const bandWidth = 2.2;
const headLength = 3;

export const drawn = ([x, y]: Point, aspect: number): Point => [100 * aspect * x, 100 * y];

/** The sides of the tripwire that nobody may cross to, each as the corners of a band along it: one, or both. */
export function forbiddenBands({ line, towards }: WatchedZone, aspect: number): Point[][] {
  if (!line) return [];
  const [a, b] = line.map((end) => drawn(end, aspect)) as [Point, Point];
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  const aside: Point = [(-(b[1] - a[1]) * bandWidth) / length, ((b[0] - a[0]) * bandWidth) / length];
  const band = (sign: number): Point[] => [
    a,
    b,
    [b[0] + sign * aside[0], b[1] + sign * aside[1]],
    [a[0] + sign * aside[0], a[1] + sign * aside[1]],
  ];
  if (!towards) return [band(1), band(-1)];
  const [x, y] = drawn(towards, aspect);
  return [band(Math.sign((x - a[0]) * aside[0] + (y - a[1]) * aside[1]))];
}

/** An arrow: its shaft, then its head from one end over the tip to the other. */
export function directionArrow({ from, to }: WatchedZone, aspect: number): Point[][] {
  if (!from || !to) return [];
  const [a, b] = [drawn(from, aspect), drawn(to, aspect)];
  const back = Math.atan2(a[1] - b[1], a[0] - b[0]);
  const barb = (turn: number): Point => [
    b[0] + headLength * Math.cos(back + turn),
    b[1] + headLength * Math.sin(back + turn),
  ];
  return [
    [a, b],
    [barb(0.5), b, barb(-0.5)],
  ];
}
