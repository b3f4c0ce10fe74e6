/**
 * Lays zones drawn by directions on one frame. Fed by masker.ts with the camera as it looked at that frame. Always rounds
 * outwards: a pixel that the projected zone, grown by the margin, touches at all is hidden. Allocates nothing for a frame.
 */
import type { PictureSize } from '../frame.js';
import type { Direction } from '../messages.js';
import type { Camera } from './lens.js';
import { cutZone, type Piece } from './pieces.js';
import { BLACK_LUMA, NO_CHROMA } from './spans.js';

/** Corners of a piece, and one more for each side of the picture that cuts it. */
const MOST_CORNERS = 256 + 8;
/** Pixels that a side drawn as chords may be off by; the margin grows by it. */
const CHORD_PIXELS = 0.25;
const MOST_CHORDS = 4096;
const LEAST_DEPTH = 1e-12;

export class WorldZones {
  readonly #size: PictureSize;
  readonly #pieces: Piece[] = [];
  /** a zone that cannot be placed hides everything */
  readonly #everything: boolean;
  #from = new Float64Array(3 * MOST_CORNERS);
  #to = new Float64Array(3 * MOST_CORNERS);
  /** for each row the columns that a piece touches: [left, right) once the margin is in */
  readonly #left: Float64Array;
  readonly #right: Float64Array;
  #top = 0;
  #bottom = -1;

  constructor(zones: readonly (readonly Direction[])[], size: PictureSize) {
    this.#size = size;
    this.#left = new Float64Array(size.height).fill(Number.POSITIVE_INFINITY);
    this.#right = new Float64Array(size.height).fill(Number.NEGATIVE_INFINITY);
    let everything = false;
    for (const zone of zones) {
      const cut = cutZone(zone);
      if (typeof cut === 'string') everything = true;
      else this.#pieces.push(...cut);
    }
    this.#everything = everything;
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0 && !this.#everything;
  }

  /** @returns false when it could not be done and the whole picture must be hidden */
  blank(bytes: Uint8Array, camera: Camera, marginPixels: number): boolean {
    if (this.#everything) return false;
    const margin = marginPixels + (camera.distorts ? CHORD_PIXELS : 0);
    const view = Math.atan(
      Math.hypot(Math.max(camera.reach[0], camera.reach[1]), Math.max(camera.reach[2], camera.reach[3])),
    );
    for (const piece of this.#pieces) {
      if (isOutside(piece, camera, view)) continue;
      const corners = this.#clip(piece.corners, camera);
      if (corners === 0) continue;
      if (!this.#scan(corners, camera, margin)) return false;
      this.#fill(bytes, margin);
    }
    return true;
  }

  /** Cuts a piece with the four planes through the eye and the sides of the picture: nothing behind the eye is left. */
  #clip(corners: Float64Array, { rotation: m, reach }: Camera): number {
    let count = corners.length / 3;
    for (let i = 0; i < corners.length; i += 3) {
      const [x, y, z] = [corners[i], corners[i + 1], corners[i + 2]];
      this.#from[i] = m[0] * x + m[1] * y + m[2] * z;
      this.#from[i + 1] = m[3] * x + m[4] * y + m[5] * z;
      this.#from[i + 2] = m[6] * x + m[7] * y + m[8] * z;
    }
    count = this.#cut(count, 1, 0, reach[0]);
    count = this.#cut(count, -1, 0, reach[1]);
    count = this.#cut(count, 0, 1, reach[2]);
    return this.#cut(count, 0, -1, reach[3]);
  }

  /** Keeps what is on the side a X + b Y + c Z >= 0. */
  #cut(count: number, a: number, b: number, c: number): number {
    const [from, to] = [this.#from, this.#to];
    let kept = 0;
    let p = 3 * (count - 1);
    let before = count > 0 ? a * from[p] + b * from[p + 1] + c * from[p + 2] : 0;
    for (let i = 0; i < 3 * count; i += 3) {
      const here = a * from[i] + b * from[i + 1] + c * from[i + 2];
      if (before >= 0 !== here >= 0) {
        const t = before / (before - here);
        for (let j = 0; j < 3; j++) to[kept + j] = from[p + j] + t * (from[i + j] - from[p + j]);
        kept += 3;
      }
      if (here >= 0) {
        for (let j = 0; j < 3; j++) to[kept + j] = from[i + j];
        kept += 3;
      }
      p = i;
      before = here;
    }
    this.#from = to;
    this.#to = from;
    return kept / 3;
  }

  #scan(count: number, camera: Camera, margin: number): boolean {
    const v = this.#from;
    const bow = camera.distorts ? Math.sqrt(camera.bowPixels() / CHORD_PIXELS) : 0;
    this.#top = this.#size.height;
    this.#bottom = -1;
    for (let i = 0; i < count; i++) {
      const a = 3 * i;
      const b = 3 * ((i + 1) % count);
      if (v[a + 2] < LEAST_DEPTH || v[b + 2] < LEAST_DEPTH) return false;
      const [ax, ay] = [v[a] / v[a + 2], v[a + 1] / v[a + 2]];
      const [dx, dy] = [v[b] / v[b + 2] - ax, v[b + 1] / v[b + 2] - ay];
      const chords = Math.max(1, Math.ceil(bow * Math.hypot(dx, dy)));
      if (chords > MOST_CHORDS) return false;
      let factor = camera.factor(ax, ay);
      let [x, y] = [camera.xOf(ax, factor), camera.yOf(ay, factor)];
      for (let n = 1; n <= chords; n++) {
        const [px, py] = [ax + (dx * n) / chords, ay + (dy * n) / chords];
        factor = camera.factor(px, py);
        const [nextX, nextY] = [camera.xOf(px, factor), camera.yOf(py, factor)];
        this.#side(x, y, nextX, nextY, margin);
        [x, y] = [nextX, nextY];
      }
    }
    return true;
  }

  /**
   * Widens each row by the part of a side that is within the margin above and below of it. The farthest columns of a
   * convex piece in such a band are always on its sides.
   */
  #side(ax: number, ay: number, bx: number, by: number, margin: number): void {
    const down = ay <= by;
    const [x0, y0, x1, y1] = down ? [ax, ay, bx, by] : [bx, by, ax, ay];
    const first = Math.max(0, Math.ceil(y0 - 1 - margin));
    const last = Math.min(this.#size.height - 1, Math.floor(y1 + margin));
    if (first > last) return;
    if (first < this.#top) this.#top = first;
    if (last > this.#bottom) this.#bottom = last;
    const slope = y1 > y0 ? (x1 - x0) / (y1 - y0) : 0;
    const [left, right] = [this.#left, this.#right];
    for (let row = first; row <= last; row++) {
      const from = row - margin <= y0 ? x0 : x0 + (row - margin - y0) * slope;
      const to = row + 1 + margin >= y1 ? x1 : x0 + (row + 1 + margin - y0) * slope;
      const least = Math.min(from, to);
      const most = Math.max(from, to);
      if (least < left[row]) left[row] = least;
      if (most > right[row]) right[row] = most;
    }
  }

  #fill(bytes: Uint8Array, margin: number): void {
    const { width, height } = this.#size;
    const [left, right] = [this.#left, this.#right];
    const [halfWidth, plane] = [width >> 1, (width >> 1) * (height >> 1)];
    for (let row = this.#top & ~1; row <= this.#bottom; row += 2) {
      let [least, most] = [width, 0];
      for (let y = row; y < row + 2; y++) {
        const from = Math.max(0, Math.floor(left[y] - margin));
        const to = Math.min(width, Math.ceil(right[y] + margin));
        left[y] = Number.POSITIVE_INFINITY;
        right[y] = Number.NEGATIVE_INFINITY;
        if (!(from < to)) continue;
        bytes.fill(BLACK_LUMA, y * width + from, y * width + to);
        if (from < least) least = from;
        if (to > most) most = to;
      }
      if (least >= most) continue;
      const start = width * height + (row >> 1) * halfWidth;
      bytes.fill(NO_CHROMA, start + (least >> 1), start + ((most + 1) >> 1));
      bytes.fill(NO_CHROMA, start + plane + (least >> 1), start + plane + ((most + 1) >> 1));
    }
  }
}

/** Whether the cones of a piece and of the view are apart. */
function isOutside({ middle, radius }: Piece, { rotation: m }: Camera, view: number): boolean {
  const cos = m[6] * middle[0] + m[7] * middle[1] + m[8] * middle[2];
  return Math.acos(Math.min(1, Math.max(-1, cos))) > radius + view + 1e-6;
}
