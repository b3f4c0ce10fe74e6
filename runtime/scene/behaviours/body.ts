/**
 * How a person's box was before a fall, and whether it is low now. Fed by fall.ts with the looks that see a track; read by
 * it alone. Lengths are in heights of the picture. It must never keep more than the last seconds of a track.
 */
import type { Box, Track } from '../../../pipelines/messages.js';

/** A person's own usual size while upright, and when they were last seen like that. */
export interface Stance {
  /** heights of the picture */
  height: number;
  /** height over width, both in heights of the picture */
  shape: number;
  /** when they were last seen upright, microseconds, and where */
  us: number;
  box: Box;
  /** score of the looks that saw them upright, mean */
  score: number;
}

/** Looks kept of one track's upright time, seconds; samples nearer to each other than the other figure add nothing. */
const KEPT_US = 4e6;
const APART_US = 90_000;
/** Less than this, height over width, is nobody upright: an animal, a bag, somebody who already lies. */
const LEAST_SHAPE = 1.3;
/** Of their own usual height, and of their own usual shape: still upright. */
const UPRIGHT = { height: 0.8, shape: 0.45 };
/** The same for who is low: by height alone, or by the shape and some height. */
const LOW = { height: 0.55, shape: 0.45, heightWithShape: 0.68 };
/** The foot point of somebody who falls goes no higher than this, in their own height: else a wall hides their legs. */
const MOST_RISE = 0.15;
/** The middle of the box goes down by this much at least, in their own height. */
const LEAST_DROP = 0.12;
/** A box whose lower side is lower than this is cut by the border of the picture: somebody may be walking out there... */
const BORDER = 0.99;
/** ...unless it is this many times as wide as they were upright. */
const ACROSS = 1.4;

interface Sample {
  us: number;
  box: Box;
  shape: number;
  score: number;
}

/** The upright looks of one track. */
export class Body {
  #samples: Sample[] = [];
  #stance: Stance | null = null;
  /** when it was last seen at all, microseconds */
  seenUs = 0;

  /** @param uprightSeconds how long somebody must have been seen upright before they can fall */
  constructor(readonly uprightSeconds: number) {}

  /** Takes in a look that sees the track. */
  observe({ box, score }: Track, monoUs: number, aspect: number): void {
    const before = this.#stance;
    this.seenUs = monoUs;
    const shape = shapeOf(box, aspect);
    const upright = before
      ? box.height >= UPRIGHT.height * before.height && shape >= UPRIGHT.shape * before.shape
      : shape >= LEAST_SHAPE;
    if (upright) this.#add({ us: monoUs, box, shape, score });
  }

  /** Null until it was upright for long enough. */
  get stance(): Stance | null {
    return this.#stance;
  }

  /** Somebody who has been low for long without a fall has another usual size. */
  forget(): void {
    this.#samples = [];
    this.#stance = null;
  }

  #add(sample: Sample): void {
    const last = this.#samples.at(-1);
    if (last && sample.us - last.us < APART_US) {
      if (this.#stance) this.#stance = { ...this.#stance, us: sample.us, box: sample.box };
      return;
    }
    this.#samples = [...this.#samples.filter(({ us }) => sample.us - us <= KEPT_US), sample];
    const first = this.#samples[0] as Sample;
    if (!this.#stance && sample.us - first.us < this.uprightSeconds * 1e6) return;
    const of = (value: (s: Sample) => number): number => median(this.#samples.map(value));
    const score = this.#samples.reduce((sum, s) => sum + s.score, 0) / this.#samples.length;
    const { us, box } = sample;
    this.#stance = { height: of((s) => s.box.height), shape: of((s) => s.shape), us, box, score };
  }
}

/** How low a box is against a stance: `low` begins a fall, `lowish` goes on with one, `cut` cannot be told. */
export type Lowness = 'low' | 'lowish' | 'cut' | 'no';

export function lownessOf(track: Track, stance: Stance, aspect: number): Lowness {
  const { box } = track;
  const across = box.width * aspect >= (ACROSS * stance.height) / stance.shape;
  if (bottom(box) > BORDER && !across) return 'cut';
  // As high above wide as somebody who stands: half hidden, or somebody else further away.
  if (shapeOf(box, aspect) >= LEAST_SHAPE) return 'no';
  const height = box.height / stance.height;
  const turned = shapeOf(box, aspect) <= LOW.shape * stance.shape;
  if (height <= LOW.height || (turned && height <= LOW.heightWithShape)) return 'low';
  return height <= LOW.heightWithShape ? 'lowish' : 'no';
}

/** Whether somebody who stood like this could lie like that: down, and not only hidden from below. */
export function wentDown(stance: Stance, { box }: Track): boolean {
  const { height } = stance;
  const rise = Math.min(1, bottom(stance.box)) - bottom(box);
  return rise <= MOST_RISE * height && middle(box) - middle(stance.box) >= LEAST_DROP * height;
}

export function isUpright({ box }: Track, stance: Stance): boolean {
  return box.height >= UPRIGHT.height * stance.height;
}

/** Distance between two boxes' middles, heights of the picture. */
export function apart(a: Box, b: Box, aspect: number): number {
  return Math.hypot((a.x + a.width / 2 - b.x - b.width / 2) * aspect, middle(a) - middle(b));
}

/** Height over width as the eye sees it. */
function shapeOf({ width, height }: Box, aspect: number): number {
  return height / Math.max(1e-6, width * aspect);
}

function bottom({ y, height }: Box): number {
  return y + height;
}

function middle({ y, height }: Box): number {
  return y + height / 2;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
