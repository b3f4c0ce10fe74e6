/**
 * Holds what the head says against what the picture shows (docs/mask.md, "The picture as a witness"). Fed by placement.ts
 * with every frame and its view, before the mask and after it. It keeps landmarks of masked pictures only; its word can
 * only hide more, never less.
 */
import type { PictureSize } from '../frame.js';
import type { Lens } from '../messages.js';
import { type Landmark, Landmarks } from './landmarks.js';
import { Camera, type Look } from './lens.js';

/** What the picture says of a view. */
export type Verdict = 'agrees' | 'unclear' | 'disagrees';

/** Frames that must disagree before it counts, and agree before it no longer does. */
const DISAGREE_FRAMES = 2;
const AGREE_FRAMES = 12;
/** Frames for which the same landmarks serve, and frames in which new ones must be found again to be taken for the street. */
const REFERENCE_FRAMES = 8;
const PROVING_FRAMES = 10;
/** Landmarks without which nothing is said, and without which a picture is not lost. */
const LEAST_LANDMARKS = 6;
const LEAST_TO_LOSE = 10;
/** Twelfths of the picture over which landmarks must be spread to speak against the head: people who leave together do not. */
const LEAST_REGIONS = 4;
/** Likeness at which a landmark is there, and at which it is elsewhere. */
const THERE = 0.75;
const ELSEWHERE = 0.85;
/** Shares of the landmarks in sight: so many there, the picture agrees; so many elsewhere together, it is there; so few, it is lost. */
const ENOUGH = 0.5;
const TOGETHER = 0.4;
const HARDLY_ANY = 0.15;
/** A lost picture means something only while the head hardly turns: movement blurs. Elements since the frame before. */
const HARDLY_TURNS = 2;
/** A larger change of scale is not compared. */
const MOST_SCALE = 1.15;
/** How far landmarks are looked for, elements: around their place at the most, and when they are not there. */
const NEAR = 5;
const FAR = 24;
/** Landmarks that are looked for far away. */
const SEARCHED = 14;
/** Elements that a landmark may be off by itself. */
const OWN_ERROR = 1;

/** A landmark and where it should be. */
interface Expected {
  landmark: Landmark;
  x: number;
  y: number;
}

/** Landmarks of one view. */
interface Reference {
  view: Look;
  landmarks: Landmark[];
  age: number;
}

export class GlobalMotion {
  readonly #camera: Camera;
  readonly #landmarks: Landmarks;
  readonly #size: PictureSize;
  /** proven, and held against every frame */
  #reference: Reference | null = null;
  /** has yet to be found again */
  #next: Reference | null = null;
  #before: Look | null = null;
  #against = 0;
  #for = 0;
  #hides = false;

  constructor(size: PictureSize, lens: Lens) {
    this.#size = size;
    this.#camera = new Camera(size, lens);
    this.#landmarks = new Landmarks(size);
  }

  /** The head found its zero again: what was seen before says nothing. */
  forget(): void {
    this.#reference = null;
    this.#next = null;
    this.#against = 0;
    this.#for = 0;
    this.#hides = false;
  }

  /**
   * Judges one frame; frames in order.
   * @param luma before the mask; nothing of it is kept
   * @param tolerance pixels that the view may be off by anyway
   */
  judge(luma: Uint8Array, view: Look, tolerance: number): Verdict {
    if (!this.#camera.look(view, 0)) return this.#hides ? 'disagrees' : 'unclear';
    const seen = this.#reference ? this.#compare(this.#reference, luma, view, tolerance) : 'unclear';
    this.#against = seen === 'disagrees' ? this.#against + 1 : 0;
    this.#for = seen === 'agrees' ? this.#for + 1 : 0;
    if (this.#against >= DISAGREE_FRAMES) this.#hides = true;
    else if (this.#for >= AGREE_FRAMES) this.#hides = false;
    // While it disagrees, what was last believed stays what pictures are held against.
    if (this.#hides || this.#against > 0) this.#next = null;
    else this.#prove(luma, view, tolerance);
    this.#before = view;
    if (this.#hides) return 'disagrees';
    return seen === 'disagrees' ? 'unclear' : seen;
  }

  /**
   * Looks for new landmarks when it is time to.
   * @param luma of the frame that was judged last, now under its mask
   */
  remember(luma: Uint8Array, view: Look): void {
    if (this.#hides || this.#against > 0 || this.#next) return;
    if (this.#reference && this.#reference.age < REFERENCE_FRAMES && this.#inSight(this.#reference, view))
      return;
    if (!this.#camera.look(view, 0)) return;
    const landmarks = this.#landmarks.pick(luma, (x, y) => this.#camera.unproject(x, y));
    const { panDeg, tiltDeg, hfovDeg } = view;
    this.#next = { view: { panDeg, tiltDeg, hfovDeg }, landmarks, age: 0 };
  }

  /** People who walk, noise and rain are not found again where they were: what is left is the street. */
  #prove(luma: Uint8Array, view: Look, tolerance: number): void {
    if (this.#reference) this.#reference.age++;
    const next = this.#next;
    if (!next) return;
    const scale = scaleOf(next.view, view);
    const found = this.#expected(next, view).flatMap(({ landmark, x, y }) => {
      const off = this.#offset({ landmark, x, y }, luma, scale, tolerance);
      return off ? [{ landmark, off }] : [];
    });
    const middle = [0, 1].map((axis) => median(found.map(({ off }) => off[axis])));
    next.landmarks = found
      .filter(({ off }) => off.every((value, axis) => Math.abs(value - middle[axis]) <= OWN_ERROR))
      .map(({ landmark }) => landmark);
    if (++next.age < PROVING_FRAMES) return;
    this.#next = null;
    const few = next.landmarks.length < LEAST_LANDMARKS;
    if (!few) this.#reference = next;
    else if (this.#reference && !this.#inSight(this.#reference, view)) this.#reference = null;
  }

  #compare(reference: Reference, luma: Uint8Array, view: Look, tolerance: number): Verdict {
    const scale = scaleOf(reference.view, view);
    if (scale > MOST_SCALE || scale < 1 / MOST_SCALE) return 'unclear';
    const expected = this.#expected(reference, view);
    const n = expected.length;
    if (n < LEAST_LANDMARKS) return 'unclear';
    const there = expected.filter((of) => this.#offset(of, luma, scale, tolerance) !== null).length;
    if (there >= ENOUGH * n) return 'agrees';
    if (this.#regions(expected) < LEAST_REGIONS) return 'unclear';
    // Not `near`: where the view may be off by more than is searched, being off is no contradiction.
    const within = Math.ceil(tolerance / this.#landmarks.step) + 2 * OWN_ERROR;
    if (this.#isElsewhere(expected, luma, { scale, within })) return 'disagrees';
    const lost =
      n >= LEAST_TO_LOSE &&
      there <= HARDLY_ANY * n &&
      this.#turned(view) <= HARDLY_TURNS * this.#landmarks.step;
    return lost ? 'disagrees' : 'unclear';
  }

  /** Landmarks that lie in the picture, and where. */
  #expected({ landmarks, view: old }: Reference, view: Look): Expected[] {
    const scale = scaleOf(old, view);
    return landmarks.flatMap((landmark) => {
      const at = this.#camera.project(landmark.to);
      return at && this.#landmarks.isWithin(at[0], at[1], scale) ? [{ landmark, x: at[0], y: at[1] }] : [];
    });
  }

  #inSight(reference: Reference, view: Look): boolean {
    const scale = scaleOf(reference.view, view);
    if (scale > MOST_SCALE || scale < 1 / MOST_SCALE || !this.#camera.look(view, 0)) return false;
    return this.#expected(reference, view).length >= LEAST_LANDMARKS;
  }

  #near(tolerance: number): number {
    return Math.min(NEAR, Math.ceil(tolerance / this.#landmarks.step + OWN_ERROR));
  }

  /** Where a landmark is, elements from its place; null when it is not there. */
  #offset(
    { landmark, x, y }: Expected,
    luma: Uint8Array,
    scale: number,
    tolerance: number,
  ): [number, number] | null {
    const { step } = this.#landmarks;
    const like = (dx: number, dy: number, how: 'whole' | 'quick'): number =>
      this.#landmarks.likeness(landmark, luma, x + dx * step, y + dy * step, scale, how);
    if (like(0, 0, 'whole') >= ELSEWHERE) return [0, 0];
    const near = this.#near(tolerance);
    let best = { dx: 0, dy: 0, like: 0 };
    for (let dy = -near; dy <= near; dy++) {
      for (let dx = -near; dx <= near; dx++) {
        const found = like(dx, dy, 'quick');
        if (found > best.like) best = { dx, dy, like: found };
      }
    }
    return best.like >= THERE ? [best.dx, best.dy] : null;
  }

  /** Twelfths of the picture in which there is a landmark. */
  #regions(expected: readonly Expected[]): number {
    const { width, height } = this.#size;
    return new Set(expected.map(({ x, y }) => Math.floor((4 * x) / width) + 4 * Math.floor((3 * y) / height)))
      .size;
  }

  /** Whether many landmarks are found in one other place, or where they would be had the head not turned or zoomed as it says. */
  #isElsewhere(
    expected: readonly Expected[],
    luma: Uint8Array,
    { scale, within }: { scale: number; within: number },
  ): boolean {
    const enough = Math.max(LEAST_LANDMARKS - 2, TOGETHER * expected.length);
    const { step } = this.#landmarks;
    const [cx, cy] = [this.#size.width / 2, this.#size.height / 2];
    const ways: ((of: Expected) => [x: number, y: number, scale: number])[] = [
      ({ landmark: { at } }) => [at[0], at[1], 1],
      ...[0.96, 1.04].map((by) => ({ x, y }: Expected): [number, number, number] => [
        cx + by * (x - cx),
        cy + by * (y - cy),
        scale * by,
      ]),
    ];
    for (const way of ways) {
      const found = expected.filter((of) => {
        const [x, y, by] = way(of);
        const off = Math.max(Math.abs(x - of.x), Math.abs(y - of.y)) / step;
        return off > within && this.#landmarks.likeness(of.landmark, luma, x, y, by, 'whole') >= ELSEWHERE;
      });
      if (found.length >= enough) return true;
    }
    const some = expected.filter((_, i) => i % Math.ceil(expected.length / SEARCHED) === 0);
    const places = some.flatMap((of) => this.#find(of, luma, { scale, within }) ?? []);
    const together = places.map(
      ([x, y]) => places.filter(([a, b]) => Math.max(Math.abs(a - x), Math.abs(b - y)) <= 2).length,
    );
    return Math.max(0, ...together) >= Math.max(4, TOGETHER * some.length);
  }

  /** Where a landmark is instead, elements from its place; null when it is nowhere near. */
  #find(
    { landmark, x, y }: Expected,
    luma: Uint8Array,
    { scale, within }: { scale: number; within: number },
  ): [dx: number, dy: number][] | null {
    const { step } = this.#landmarks;
    const like = (dx: number, dy: number, how: 'coarse' | 'quick'): number =>
      this.#landmarks.likeness(landmark, luma, x + dx * step, y + dy * step, scale, how);
    let best = { dx: 0, dy: 0, like: 0 };
    for (let dy = -FAR; dy <= FAR; dy += 2) {
      for (let dx = -FAR; dx <= FAR; dx += 2) {
        const found = like(dx, dy, 'coarse');
        if (found > best.like) best = { dx, dy, like: found };
      }
    }
    let fine = { dx: 0, dy: 0, like: 0 };
    for (let dy = best.dy - 1; dy <= best.dy + 1; dy++) {
      for (let dx = best.dx - 1; dx <= best.dx + 1; dx++) {
        const found = like(dx, dy, 'quick');
        if (found > fine.like) fine = { dx, dy, like: found };
      }
    }
    const isAway = Math.max(Math.abs(fine.dx), Math.abs(fine.dy)) > within;
    return isAway && fine.like >= ELSEWHERE ? [[fine.dx, fine.dy]] : null;
  }

  /** Pixels by which the head says that it turned the middle of the picture since the frame before. */
  #turned(view: Look): number {
    if (!this.#before) return Number.POSITIVE_INFINITY;
    const { panDeg, tiltDeg, hfovDeg } = this.#before;
    const turned = Math.hypot(view.panDeg - panDeg, view.tiltDeg - tiltDeg) / view.hfovDeg;
    return (turned + Math.abs(view.hfovDeg / hfovDeg - 1)) * this.#size.width;
  }
}

/** By how much things are larger at `view` than at `old`. */
function scaleOf(old: Look, view: Look): number {
  return Math.tan((old.hfovDeg * Math.PI) / 360) / Math.tan((view.hfovDeg * Math.PI) / 360);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
