/**
 * The ground from people of known height. Used by calibration.ts. People are vertical poles (Lv, Zhao, Nevatia, "Camera
 * Calibration from Video of a Walking Human", PAMI 2006; Liu, Collins, Liu, "Surveillance Camera Autocalibration based on
 * Pedestrian Height Distributions", BMVC 2011): focal length, tilt and height of a camera that stands upright are those that
 * put each head where it was marked. Square pixels, axis in the middle of the picture, no distortion.
 */
import type { Point } from '../../pipelines/messages.js';
import type { PictureSize } from './ground.js';
import type { Fault } from './ground-points.js';
import type { Homography } from './homography.js';
import { type Fit, fitLeastSquares } from './least-squares.js';

export interface KnownPerson {
  /** shares of the picture */
  feet: Point;
  head: Point;
  metres: number;
}

/** A camera that stands upright above a plane. */
export interface Camera {
  focalPixels: number;
  /** of its axis below the horizontal, radians */
  tilt: number;
  heightMetres: number;
}

export interface FromPeople {
  camera: Camera;
  toGround: Homography;
  /** of each head from where it should be, pixels */
  residualPixels: number[];
}

/** Somebody who marks feet and heads by hand is taken to be that far off, pixels. */
const MARKING_PIXELS = 2;
/** How far off a focal length that is known may be, as a share of it. */
const FOCAL_DEVIATION = 0.02;
/** How uncertain the distance between the nearest and the farthest of the people may be, as a share of it. */
const MOST_UNCERTAIN = 0.25;
/** A head may be that far from its place, as a share of the height of its person in the picture. */
const MOST_OFF = 0.15;

const FOCALS = [0.4, 0.6, 0.9, 1.4, 2.2, 3.5, 6];
const TILTS = [2, 6, 12, 20, 30, 42, 55, 70].map((degrees) => (degrees * Math.PI) / 180);

/** @param hfovDeg field of view across; null: not known */
export function groundFromPeople(
  people: readonly KnownPerson[],
  size: PictureSize,
  hfovDeg: number | null = null,
): FromPeople | Fault {
  const marked = people.map((person) => inPixels(person, size));
  const upsideDown = marked.findIndex(({ feet, head }) => feet[1] - head[1] < 4);
  if (upsideDown >= 0) {
    const hint = 'Mark the feet below the head, and somebody who is taller in the picture';
    return { index: upsideDown, text: 'is less than 4 pixels tall', hint };
  }
  const known = hfovDeg === null ? null : Math.log(size.width / 2 / Math.tan((hfovDeg * Math.PI) / 360));
  const residuals = (x: readonly number[]): number[] | null => {
    const heads = headResiduals(marked, cameraOf(x));
    if (heads === null || known === null) return heads;
    return [...heads, ((x[0] as number) - known) * (MARKING_PIXELS / FOCAL_DEVIATION)];
  };
  const fits = starts(marked, size, known)
    .map((start) => fitLeastSquares(residuals, start))
    .filter((fit) => fit !== null)
    .sort((p, q) => p.cost - q.cost);
  const [best] = fits;
  if (!best || best.values.some((value) => !Number.isFinite(value))) return unlike;
  const camera = cameraOf(best.values);
  const residualPixels = offBy(marked, camera);
  const odd = worst(residualPixels, marked);
  if (odd !== null) {
    const hint = 'Mark feet and head again, and check the height; everybody must stand upright, on one level';
    return { index: odd, text: 'does not fit the others: the head is far from where it should be', hint };
  }
  if (!sane(camera, size) || !(uncertainty(fits, marked) <= MOST_UNCERTAIN)) return unlike;
  return { camera, toGround: homographyOf(camera, size), residualPixels };
}

/** No street camera sees wider than 110 degrees without a distortion of its own, nor stands lower than a tall person. */
function sane({ focalPixels, tilt, heightMetres }: Camera, { width }: PictureSize): boolean {
  return heightMetres > 2 && heightMetres < 200 && focalPixels > 0.35 * width && Math.abs(tilt) < 1.57;
}

const unlike: Fault = {
  index: null,
  text: 'they stand too much alike to tell how the ground lies',
  hint: 'Let one come close to the camera and one go far from it, or mark more of them; measured marks on the ground say more',
};

interface Pole {
  /** pixels from the middle of the picture, to the right and down */
  feet: Point;
  head: Point;
  metres: number;
}

function inPixels({ feet, head, metres }: KnownPerson, { width, height }: PictureSize): Pole {
  const place = ([x, y]: Point): Point => [(x - 0.5) * width, (y - 0.5) * height];
  return { feet: place(feet), head: place(head), metres };
}

/** The logarithms keep both lengths above 0. */
function cameraOf(x: readonly number[]): Camera {
  const [focal, tilt, height] = x as [number, number, number];
  return { focalPixels: Math.exp(focal), tilt, heightMetres: Math.exp(height) };
}

/** For each focal length and tilt the height follows: that which the people, one by one, give in the middle. */
function starts(marked: readonly Pole[], { width }: PictureSize, known: number | null): number[][] {
  const focals = known === null ? FOCALS.map((share) => share * width) : [Math.exp(known)];
  const found = focals.flatMap((focal) =>
    TILTS.flatMap((tilt) => {
      const down = ([, y]: Point): number => Math.tan(tilt + Math.atan(y / focal));
      const heights = marked.map(({ feet, head, metres }) => metres / (1 - down(head) / down(feet)));
      const height = heights.sort((p, q) => p - q)[Math.floor(heights.length / 2)] as number;
      const start = [Math.log(focal), tilt, Math.log(height)];
      const left = height > 0 ? headResiduals(marked, cameraOf(start)) : null;
      return left ? [{ start, cost: left.reduce((sum, r) => sum + r * r, 0) }] : [];
    }),
  );
  return found
    .sort((p, q) => p.cost - q.cost)
    .slice(0, 6)
    .map(({ start }) => start);
}

/** Two for each person, pixels; null when the feet of one would be above the horizon. */
function headResiduals(marked: readonly Pole[], camera: Camera): number[] | null {
  const all: number[] = [];
  for (const { feet, head, metres } of marked) {
    const top = headAt(feet, metres, camera);
    if (!top) return null;
    all.push(top[0] - head[0], top[1] - head[1]);
  }
  return all.every(Number.isFinite) ? all : null;
}

function headAt([u, v]: Point, metres: number, { focalPixels, tilt, heightMetres }: Camera): Point | null {
  const [x, y] = [u / focalPixels, v / focalPixels];
  const [sine, cosine] = [Math.sin(tilt), Math.cos(tilt)];
  const down = sine + y * cosine;
  if (!(down > 1e-6)) return null;
  const scale = heightMetres / down;
  const [across, ahead] = [scale * x, scale * (cosine - y * sine)];
  const below = heightMetres - metres;
  const distance = ahead * cosine + below * sine;
  if (!(distance > 1e-6)) return null;
  return [(focalPixels * across) / distance, (focalPixels * (below * cosine - ahead * sine)) / distance];
}

function offBy(marked: readonly Pole[], camera: Camera): number[] {
  return marked.map(({ feet, head, metres }) => {
    const top = headAt(feet, metres, camera);
    return top ? Math.hypot(top[0] - head[0], top[1] - head[1]) : Number.POSITIVE_INFINITY;
  });
}

function worst(residualPixels: readonly number[], marked: readonly Pole[]): number | null {
  const shares = residualPixels.map((off, i) => {
    const { feet, head } = marked[i] as Pole;
    return off <= 4 * MARKING_PIXELS ? 0 : off / Math.hypot(feet[0] - head[0], feet[1] - head[1]);
  });
  const most = Math.max(...shares);
  return most > MOST_OFF ? shares.indexOf(most) : null;
}

/**
 * How far off distances may be, as shares: that between the nearest and the farthest feet, and one away from the camera amid
 * them. By its standard deviation, and by other cameras that would put the heads almost as well.
 */
function uncertainty(fits: readonly Fit[], marked: readonly Pole[]): number {
  const [best] = fits;
  if (!best?.covariance) return Number.POSITIVE_INFINITY;
  const { values, covariance } = best;
  const feet = marked.map((person) => person.feet).sort((p, q) => p[1] - q[1]);
  const middle = feet[Math.floor(feet.length / 2)] as Point;
  const spans: [Point, Point][] = [
    [feet[0] as Point, feet.at(-1) as Point],
    [middle, [middle[0], middle[1] + MARKING_PIXELS]],
  ];
  const likely = fits.filter(({ cost }) => cost <= best.cost + (2 * MARKING_PIXELS) ** 2);
  return Math.max(
    ...spans.map((span) => deviation(values, covariance, span)),
    ...spans.flatMap((span) =>
      likely.map((fit) => Math.abs(spanOf(fit.values, span) / spanOf(values, span) - 1)),
    ),
  );
}

function spanOf(x: readonly number[], [from, to]: [Point, Point]): number {
  const [p, q] = [from, to].map((at) => onGround(at, cameraOf(x))) as [Point, Point];
  return Math.hypot(p[0] - q[0], p[1] - q[1]);
}

function deviation(x: readonly number[], covariance: number[][], span: [Point, Point]): number {
  const length = (values: readonly number[]): number => spanOf(values, span);
  const here = length(x);
  const slope = x.map((value, j) => (length(x.map((o, k) => (k === j ? value + 1e-6 : o))) - here) / 1e-6);
  const variance = slope.reduce(
    (sum, s, j) => sum + slope.reduce((inner, t, k) => inner + s * t * (covariance[j]?.[k] as number), 0),
    0,
  );
  return (MARKING_PIXELS * Math.sqrt(Math.max(0, variance))) / here;
}

function onGround([u, v]: Point, { focalPixels, tilt, heightMetres }: Camera): Point {
  const down = Math.sin(tilt) * focalPixels + v * Math.cos(tilt);
  return [
    (heightMetres * u) / down,
    (heightMetres * (focalPixels * Math.cos(tilt) - v * Math.sin(tilt))) / down,
  ];
}

/** The same, of pixels from the top left. */
export function homographyOf(camera: Camera, { width, height }: PictureSize): Homography {
  const { focalPixels: f, tilt, heightMetres: h } = camera;
  const [sine, cosine] = [Math.sin(tilt), Math.cos(tilt)];
  const [cx, cy] = [width / 2, height / 2];
  const ahead = h * (f * cosine + cy * sine);
  return [h, 0, -h * cx, 0, -h * sine, ahead, 0, cosine, f * sine - cy * cosine];
}
