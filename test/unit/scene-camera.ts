/** A street camera that stands upright above a flat ground, for the tests of the ground: everything about it is known. */
import type { Point } from '../../pipelines/messages.js';
import type { Camera } from '../../runtime/scene/ground-people.js';
import { seeded } from '../random.js';

export const size = { width: 1280, height: 720 };

const degrees = Math.PI / 180;

/** What street cameras are like: low and high, wide and long. */
export const cameras: Record<string, Camera> = {
  'on a lamp post': { focalPixels: 1000, tilt: 20 * degrees, heightMetres: 6 },
  'wide and high': { focalPixels: 700, tilt: 34 * degrees, heightMetres: 8 },
  'long and low': { focalPixels: 1600, tilt: 11 * degrees, heightMetres: 5 },
  'looking steeply down': { focalPixels: 900, tilt: 63 * degrees, heightMetres: 10 },
};

export const lampPost = cameras['on a lamp post'] as Camera;

/** Pixels of a place on the ground (metres to the right, metres ahead), or above it. */
export function seenAt(
  { focalPixels, tilt, heightMetres }: Camera,
  [across, ahead]: Point,
  above = 0,
): Point {
  const [sine, cosine] = [Math.sin(tilt), Math.cos(tilt)];
  const below = heightMetres - above;
  const depth = ahead * cosine + below * sine;
  const x = (focalPixels * across) / depth;
  const y = (focalPixels * (below * cosine - ahead * sine)) / depth;
  return [size.width / 2 + x, size.height / 2 + y];
}

export const share = ([u, v]: Point): Point => [u / size.width, v / size.height];

/** Places on the ground where a person stands wholly in the picture, the same ones for the same seed. */
export function placesIn(camera: Camera, count: number, seed: number): Point[] {
  const random = seeded(seed);
  const found: Point[] = [];
  while (found.length < count) {
    const place: Point = [(random() - 0.5) * 40, random() * 45];
    const [feet, head] = [share(seenAt(camera, place)), share(seenAt(camera, place, 1.7))];
    const visible = [...feet, ...head].every((value) => value > 0.02 && value < 0.98);
    if (visible && feet[1] - head[1] > 0.05) found.push(place);
  }
  return found;
}

/** Moves a point by up to `pixels` each way, as a hand does. */
export function shaken([u, v]: Point, pixels: number, random: () => number): Point {
  return [u + (2 * random() - 1) * pixels, v + (2 * random() - 1) * pixels];
}
