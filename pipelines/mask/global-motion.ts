/**
 * Holds what the head says against what the picture shows (docs/mask.md, "The picture as a witness"). Fed by placement.ts
 * with every raw frame and its view; sees luma, keeps profiles. Its word can only hide more, never less.
 */
import type { PictureSize } from '../frame.js';
import type { Lens } from '../messages.js';
import { Camera, type Look, type Vector } from './lens.js';
import { type Profile, Profiles } from './profiles.js';

/** What the picture says of a view. */
export type Verdict = 'agrees' | 'unclear' | 'disagrees';

/** Frames that must disagree before it counts, and agree before it no longer does. */
const DISAGREE_FRAMES = 2;
const AGREE_FRAMES = 12;
/** Frames for which one reference serves: what turns slowly adds up. */
const REFERENCE_FRAMES = 8;
/** Pictures further apart than these are not compared: share of the width or height, and ratio of the scales. */
const FARTHEST = 0.25;
const MOST_SCALE = 1.15;
/** Up to here the two show nearly the same: not to find the one in the other means something. Beyond, a new reference. */
const NEAR = { share: 0.06, scale: 1.1 };
/** A change of scale that can be told from none. */
const SCALE_SEEN = 0.02;
/** How far from where it is expected the picture is looked for, elements of a profile. */
const SEARCH = 24;
/** Elements that an estimate may be off by itself. */
const OWN_ERROR = 1.5;
/** Correlations: a place is where the picture is; it is not; so much better than the expected place. */
const CLEAR = 0.7;
const LOST = 0.4;
const BETTER = 0.2;
/** Scales besides the expected one that are tried, when the head zooms or says so. */
const OTHER_SCALES = [0.96, 1.04];
const GRID = [0.2, 0.5, 0.8];

/** Where things went between two views: moved by x and y, and grown about the axis. */
interface Expected {
  x: number;
  y: number;
  scale: number;
  /** pixels by which single points differ from that */
  spread: number;
  /** hardly anything of the one is not in the other */
  isNear: boolean;
}

export class GlobalMotion {
  readonly #size: PictureSize;
  readonly #lens: Lens;
  readonly #camera: Camera;
  #now: Profiles;
  #reference: Profiles;
  #view: Look | null = null;
  readonly #points: { at: [number, number]; to: Vector }[] = [];
  #age = 0;
  #against = 0;
  #for = 0;
  #hides = false;

  constructor(size: PictureSize, lens: Lens) {
    this.#size = size;
    this.#lens = lens;
    this.#camera = new Camera(size, lens);
    this.#now = new Profiles(size);
    this.#reference = new Profiles(size);
  }

  /** The head found its zero again: what was seen before says nothing. */
  forget(): void {
    this.#view = null;
    this.#against = 0;
    this.#hides = false;
  }

  /**
   * Judges one frame; frames in order.
   * @param tolerance pixels that the view may be off by anyway
   */
  judge(luma: Uint8Array, view: Look, tolerance: number): Verdict {
    this.#now.read(luma);
    const expected = this.#expected(view);
    const seen = expected ? this.#compare(expected, tolerance) : 'unclear';
    this.#count(seen);
    // While it disagrees, the last picture that was believed stays what others are held against.
    if (!this.#hides && this.#against === 0 && (!expected || ++this.#age >= REFERENCE_FRAMES))
      this.#keep(view);
    return this.#hides ? 'disagrees' : seen === 'disagrees' ? 'unclear' : seen;
  }

  #count(seen: Verdict): void {
    this.#against = seen === 'disagrees' ? this.#against + 1 : 0;
    this.#for = seen === 'agrees' ? this.#for + 1 : 0;
    if (this.#against >= DISAGREE_FRAMES) this.#hides = true;
    else if (this.#for >= AGREE_FRAMES) this.#hides = false;
  }

  #keep(view: Look): void {
    [this.#now, this.#reference] = [this.#reference, this.#now];
    this.#view = { panDeg: view.panDeg, tiltDeg: view.tiltDeg, hfovDeg: view.hfovDeg };
    this.#age = 0;
    this.#points.length = 0;
    if (!this.#camera.look(view, 0)) return;
    for (const x of GRID) {
      for (const y of GRID) {
        const at: [number, number] = [x * this.#size.width, y * this.#size.height];
        const to = this.#camera.unproject(...at);
        if (to) this.#points.push({ at, to });
      }
    }
  }

  /** What the head says has happened since the reference; null when the two pictures have too little in common. */
  #expected(view: Look): Expected | null {
    if (!this.#view || !this.#camera.look(view, 0)) return null;
    const scale = Math.tan((this.#view.hfovDeg * Math.PI) / 360) / Math.tan((view.hfovDeg * Math.PI) / 360);
    if (scale > MOST_SCALE || scale < 1 / MOST_SCALE) return null;
    const [cx, cy] = [
      this.#lens.principal[0] * this.#size.width,
      this.#lens.principal[1] * this.#size.height,
    ];
    const moves: [number, number][] = [];
    for (const { at, to } of this.#points) {
      const here = this.#camera.project(to);
      if (!here) return null;
      moves.push([here[0] - cx - scale * (at[0] - cx), here[1] - cy - scale * (at[1] - cy)]);
    }
    if (moves.length === 0) return null;
    const x = moves.reduce((sum, move) => sum + move[0], 0) / moves.length;
    const y = moves.reduce((sum, move) => sum + move[1], 0) / moves.length;
    if (Math.abs(x) > FARTHEST * this.#size.width || Math.abs(y) > FARTHEST * this.#size.height) return null;
    const spread = Math.max(...moves.map((move) => Math.max(Math.abs(move[0] - x), Math.abs(move[1] - y))));
    const share = Math.max(Math.abs(x) / this.#size.width, Math.abs(y) / this.#size.height);
    const isNear = share <= NEAR.share && Math.max(scale, 1 / scale) <= NEAR.scale;
    return { x, y, scale, spread, isNear };
  }

  #compare({ x, y, scale, spread, isNear }: Expected, tolerance: number): Verdict {
    const [cx, cy] = this.#lens.principal;
    const within = tolerance + spread;
    const common = { scale, within, isNear };
    const across = { ...common, moved: x, centre: cx * this.#size.width };
    const down = { ...common, moved: y, centre: cy * this.#size.height };
    const verdicts = [
      axis(this.#now.across, this.#reference.across, across),
      axis(this.#now.down, this.#reference.down, down),
    ];
    if (verdicts.includes('disagrees')) return 'disagrees';
    return verdicts.every((verdict) => verdict === 'agrees') ? 'agrees' : 'unclear';
  }
}

/** What is expected of one axis, pixels. */
interface ExpectedAxis {
  moved: number;
  scale: number;
  centre: number;
  /** give or take */
  within: number;
  isNear: boolean;
}

/** Whether one axis of the picture is where it is expected. */
function axis(now: Profile, old: Profile, { moved, scale, centre, within, isNear }: ExpectedAxis): Verdict {
  if (!now.textured || !old.textured) return 'unclear';
  const near = Math.min(SEARCH, Math.ceil(within / now.pixels + OWN_ERROR));
  let [here, elsewhere] = [0, 0];
  for (let n = -SEARCH; n <= SEARCH; n++) {
    const fit = now.fit(old, moved + n * now.pixels, scale, centre);
    if (Math.abs(n) <= near) here = Math.max(here, fit);
    else elsewhere = Math.max(elsewhere, fit);
  }
  // Where it would be had it stood still is looked at too: a head that says it turns and does not.
  const turns = Math.abs(moved) > near * now.pixels;
  if (turns || Math.abs(scale - 1) > SCALE_SEEN) elsewhere = Math.max(elsewhere, now.fit(old, 0, 1, centre));
  if (scale !== 1 || here < CLEAR)
    for (const other of OTHER_SCALES)
      elsewhere = Math.max(elsewhere, now.fit(old, moved, scale * other, centre));
  if (elsewhere >= CLEAR && elsewhere > here + BETTER) return 'disagrees';
  if (here < LOST) return isNear && now.strong && old.strong ? 'disagrees' : 'unclear';
  return here >= CLEAR ? 'agrees' : 'unclear';
}
