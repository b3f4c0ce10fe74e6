/**
 * The street as the sensor sees it: samples the panorama at a view, through the lens. The way from a pixel back to a
 * direction is written here on its own, from docs/mask.md ("Directions and the lens"), and takes nothing from
 * pipelines/mask/, which goes the other way: an error in one of them shows as a leak. Read by panorama-sensor.ts and by tests.
 */
import { i420Bytes, type PictureSize } from '../../pipelines/frame.js';
import type { Lens } from '../../pipelines/messages.js';
import { mapHeight, mapWidth, type Palette, type Panorama, paletteOf } from './panorama.js';
import type { TrueView } from './true-view.js';

/** Pixels between two directions that are computed exactly; between them, straight lines. */
const GRID = 8;
/** Map coordinates are kept as integers with this many binary places. */
const PLACES = 16;
const ONE = 1 << PLACES;
const RADIANS = Math.PI / 180;

export class PanoramaView {
  readonly #colours: Uint8Array;
  readonly #palette: Palette = paletteOf();
  readonly #size: PictureSize;
  readonly #lens: Lens;
  readonly #columns: number;
  /** map coordinates of the grid's points */
  readonly #gridX: Int32Array;
  readonly #gridY: Int32Array;
  readonly #seen: Uint8Array;

  constructor(panorama: Panorama, size: PictureSize, lens: Lens) {
    this.#colours = panorama.colours;
    this.#size = size;
    this.#lens = lens;
    this.#columns = Math.ceil(size.width / GRID) + 1;
    const points = this.#columns * (Math.ceil(size.height / GRID) + 1);
    this.#gridX = new Int32Array(points);
    this.#gridY = new Int32Array(points);
    this.#seen = new Uint8Array(size.width * size.height);
  }

  /** The palette's colour at every pixel, row by row. The same memory each time. */
  colours(view: TrueView): Uint8Array {
    this.#aim(view);
    const { width, height } = this.#size;
    for (let y = 0; y < height; y++) this.#row(y, width);
    return this.#seen;
  }

  /** An I420 picture of the view, written into `picture` (frame.ts says its planes). */
  render(view: TrueView, picture: Uint8Array): void {
    const { width, height } = this.#size;
    if (picture.length !== i420Bytes(this.#size)) throw new RangeError('The picture has another size');
    const seen = this.colours(view);
    const { luma, u, v } = this.#palette;
    const halfWidth = width >> 1;
    const startU = width * height;
    const startV = startU + halfWidth * (height >> 1);
    for (let i = 0; i < startU; i++) picture[i] = luma[seen[i]];
    for (let y = 0; y < height; y += 2) {
      const half = (y >> 1) * halfWidth;
      for (let x = 0; x < width; x += 2) {
        const colour = seen[y * width + x];
        picture[startU + half + (x >> 1)] = u[colour];
        picture[startV + half + (x >> 1)] = v[colour];
      }
    }
  }

  #aim(view: TrueView): void {
    const { width, height } = this.#size;
    const focal = width / 2 / Math.tan((view.hfovDeg * RADIANS) / 2);
    const [centreX, centreY] = this.#lens.principal;
    for (let i = 0; i < this.#gridX.length; i++) {
      // Pixel (0, 0) covers 0 to 1: its middle is what is sampled.
      const x = ((i % this.#columns) * GRID + 0.5 - centreX * width) / focal;
      const y = (Math.floor(i / this.#columns) * GRID + 0.5 - centreY * height) / focal;
      const straight = this.#straighten(Math.hypot(x, y));
      const [panDeg, tiltDeg] = directionOf(x * straight, y * straight, view, this.#lens.rollDeg);
      this.#gridX[i] = Math.round(((panDeg + 180) / 360) * mapWidth * ONE);
      this.#gridY[i] = Math.round(((90 - tiltDeg) / 180) * mapHeight * ONE);
    }
  }

  /** By how much a point at this distance from the axis is to be moved outwards to undo the lens. Newton's method. */
  #straighten(distorted: number): number {
    const { k1, k2 } = this.#lens;
    if (distorted === 0 || (k1 === 0 && k2 === 0)) return 1;
    let r = distorted;
    for (let i = 0; i < 12; i++) {
      const r2 = r * r;
      const slope = 1 + 3 * k1 * r2 + 5 * k2 * r2 * r2;
      // Beyond where the lens turns back there is no direction; the last one that is stands for it.
      if (slope <= 0.05) break;
      r -= (r * (1 + k1 * r2 + k2 * r2 * r2) - distorted) / slope;
    }
    return r / distorted;
  }

  #row(y: number, width: number): void {
    const [colours, seen] = [this.#colours, this.#seen];
    const above = Math.floor(y / GRID) * this.#columns;
    const share = (y % GRID) / GRID;
    const wrap = mapWidth * ONE;
    const bottom = mapHeight - 1;
    for (let cell = 0, at = y * width; cell * GRID < width; cell++) {
      const i = above + cell;
      let mapX = between(this.#gridX[i], this.#gridX[i + this.#columns], share, wrap);
      let mapY = between(this.#gridY[i], this.#gridY[i + this.#columns], share, 0);
      const nextX = between(this.#gridX[i + 1], this.#gridX[i + 1 + this.#columns], share, wrap);
      const nextY = between(this.#gridY[i + 1], this.#gridY[i + 1 + this.#columns], share, 0);
      const stepX = (near(nextX, mapX, wrap) - mapX) / GRID;
      const stepY = (nextY - mapY) / GRID;
      const end = Math.min(at + GRID, (y + 1) * width);
      for (; at < end; at++) {
        const row = Math.min(bottom, mapY >> PLACES);
        seen[at] = colours[row * mapWidth + ((mapX >> PLACES) & (mapWidth - 1))];
        mapX += stepX;
        mapY += stepY;
      }
    }
  }
}

/** Degrees of what a camera at this view sees at (x, y): tangents from its axis, to the right and down. */
function directionOf(x: number, y: number, view: TrueView, rollDeg: number): [number, number] {
  const [sinRoll, cosRoll] = [Math.sin(rollDeg * RADIANS), Math.cos(rollDeg * RADIANS)];
  const [sinTilt, cosTilt] = [Math.sin(view.tiltDeg * RADIANS), Math.cos(view.tiltDeg * RADIANS)];
  // The picture was turned clockwise: back again.
  const right = x * cosRoll + y * sinRoll;
  const up = x * sinRoll - y * cosRoll;
  const [height, ahead] = [sinTilt + up * cosTilt, cosTilt - up * sinTilt];
  const tiltDeg = Math.atan2(height, Math.hypot(right, ahead)) / RADIANS;
  return [view.panDeg + Math.atan2(right, ahead) / RADIANS, tiltDeg];
}

/** Of two values on a circle, the first moved next to the second. `wrap` 0: a line. */
function near(value: number, to: number, wrap: number): number {
  if (value - to > wrap / 2) return value - wrap;
  return value - to < -wrap / 2 ? value + wrap : value;
}

function between(from: number, to: number, share: number, wrap: number): number {
  return from + ((wrap === 0 ? to : near(to, from, wrap)) - from) * share;
}
