/**
 * Which part of the picture the next look is at (docs/tracking.md, "Where a look is"). Fed by look.ts with what the background
 * tells and where tracks are expected; pure functions and one counter of time. It must never leave out a place where
 * something moves or is followed, nor go without a look at the whole for longer than it is told.
 */
import type { PictureSize } from '../frame.js';
import type { Box, Detection } from '../messages.js';
import type { Background } from './background.js';

/** Both sides of a model's input are multiples of this. */
const MULTIPLE = 32;
/** How much finer than in a look at the whole; the first that fits is taken. */
const SCALES = [2, 1.75, 1.5, 1.25];
/** Room around what moves, shares of the picture: a model sees little in a box cut close. */
const ROOM = 0.06;
/** And around what is followed, shares of its longer side. */
const TRACK_ROOM = 0.5;
/** Least side of an input: less shows a model too little of what is around. */
const LEAST_SIDE = 96;
/** Rounding. */
const INSIDE = 1e-6;
/** A box this near to an inner edge of the window is cut by it, input pixels. */
const EDGE_PIXELS = 3;

/** A part of the picture, and the size of the input it is shown at. */
export interface Window {
  /** shares of the picture */
  box: Box;
  input: PictureSize;
}

const full = { looked: 'full' } as const;

export type Plan = { looked: 'full' } | { looked: 'none' } | { looked: 'window'; window: Window };

export class Attention {
  readonly #everyUs: number;
  readonly #stepUs: number;
  #fullUs = Number.NEGATIVE_INFINITY;
  /** the look before, if it asked the model */
  #askedUs: number | null = null;
  /** from the last look that asked the model to the one after it: a slow model makes looks late */
  #slowUs = 0;

  /** @param fullLookSeconds longest time between two looks at the whole picture */
  constructor(
    readonly picture: PictureSize,
    readonly full: PictureSize,
    fullLookSeconds: number,
    ratePerSecond: number,
  ) {
    this.#everyUs = fullLookSeconds * 1e6;
    this.#stepUs = 1e6 / ratePerSecond;
  }

  /** What to look at in the frame that the background has just taken in. */
  plan(background: Background, expected: readonly Box[]): Plan {
    const { atUs, stable } = background;
    if (this.#askedUs !== null) this.#slowUs = Math.max(0, atUs - this.#askedUs);
    const wanted = stable && atUs >= this.#fullUs ? this.#plan(background, expected) : full;
    const nextUs = wanted.looked === 'none' ? this.#stepUs : Math.max(this.#stepUs, this.#slowUs);
    // The look after this one would come too late: this is the last that keeps the promise.
    const plan = atUs + nextUs - this.#fullUs >= this.#everyUs ? full : wanted;
    if (plan.looked === 'full') this.#fullUs = atUs;
    this.#askedUs = plan.looked === 'none' ? null : atUs;
    return plan;
  }

  #plan(background: Background, expected: readonly Box[]): Plan {
    const lively = [activeBox(background), ...expected.map(roomy)].filter((box) => box !== null);
    if (lively.length === 0) return { looked: 'none' };
    const window = windowAround(around(lively), this.picture, this.full);
    return window ? { looked: 'window', window } : { looked: 'full' };
  }
}

/** The box of everything that moves (a lone cell is rain, an insect or noise: the next full look is for it), with room around it; null when nothing does. */
function activeBox(background: Background): Box | null {
  const { columns, rows } = background.grid;
  let [left, right, top, bottom] = [columns, -1, rows, -1];
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      if (!background.isActive(i) || !hasNeighbours(background, row, column)) continue;
      left = Math.min(left, column);
      right = Math.max(right, column);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row);
    }
  }
  if (right < 0) return null;
  const box = background.grid.boxOf({ left, right: right + 1, top, bottom: bottom + 1 });
  return grown(box, ROOM, ROOM);
}

/** Whether a cell beside this one is lively too. */
function hasNeighbours(background: Background, row: number, column: number): boolean {
  const { columns, rows } = background.grid;
  for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
    for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
      if ((r !== row || c !== column) && background.isActive(r * columns + c)) return true;
    }
  }
  return false;
}

function roomy(box: Box): Box | null {
  if (![box.x, box.y, box.width, box.height].every(Number.isFinite)) return null;
  const room = TRACK_ROOM * Math.max(box.width, box.height);
  return grown(box, room, room);
}

function grown({ x, y, width, height }: Box, across: number, down: number): Box {
  return { x: x - across, y: y - down, width: width + 2 * across, height: height + 2 * down };
}

/** The box of all of them, cut at the edges of the picture. */
function around(boxes: readonly Box[]): Box {
  const inside = (value: number): number => Math.min(1, Math.max(0, value));
  const left = inside(Math.min(...boxes.map((b) => b.x)));
  const top = inside(Math.min(...boxes.map((b) => b.y)));
  const right = inside(Math.max(...boxes.map((b) => b.x + b.width)));
  const bottom = inside(Math.max(...boxes.map((b) => b.y + b.height)));
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/**
 * The finest window that holds the box, costs no more than a look at the whole and shows no picture element twice; null when
 * there is none finer than a look at the whole.
 */
export function windowAround(box: Box, picture: PictureSize, full: PictureSize): Window | null {
  for (const scale of SCALES) {
    const whole = { width: full.width * scale, height: full.height * scale };
    if (whole.width > picture.width || whole.height > picture.height) continue;
    const input = { width: multiple(box.width * whole.width), height: multiple(box.height * whole.height) };
    const width = input.width / whole.width;
    const height = input.height / whole.height;
    if (width > 1 || height > 1 || input.width * input.height > full.width * full.height) continue;
    const x = Math.min(1 - width, Math.max(0, box.x + (box.width - width) / 2));
    const y = Math.min(1 - height, Math.max(0, box.y + (box.height - height) / 2));
    return { box: { x, y, width, height }, input };
  }
  return null;
}

function multiple(pixels: number): number {
  return Math.max(LEAST_SIDE, Math.ceil(pixels / MULTIPLE - 1e-9) * MULTIPLE);
}

/** Detections in a window as ones in the picture. What an inner edge of the window cuts is left out. */
export function fromWindow(detections: readonly Detection[], { box, input }: Window): Detection[] {
  const near = { x: EDGE_PIXELS / input.width, y: EDGE_PIXELS / input.height };
  const isCut = ({ x, y, width, height }: Box): boolean =>
    (x < near.x && box.x > 0) ||
    (y < near.y && box.y > 0) ||
    (x + width > 1 - near.x && box.x + box.width < 1 - INSIDE) ||
    (y + height > 1 - near.y && box.y + box.height < 1 - INSIDE);
  return detections
    .filter((d) => !isCut(d.box))
    .map(({ box: b, ...rest }) => ({
      ...rest,
      box: {
        x: box.x + b.x * box.width,
        y: box.y + b.y * box.height,
        width: b.width * box.width,
        height: b.height * box.height,
      },
    }));
}
