/**
 * Who and what stood where in the last seconds, and how far that is from a place. Fed by abandoned.ts with every look.
 * Metres come from the calibrated ground; without one a person is taken for 1.7 m tall. It keeps boxes of the last seconds
 * and nothing of anybody who has been gone for longer.
 */
import type { Box, ObjectClass, Point } from '../../../pipelines/messages.js';
import type { SceneLook } from '../behaviour.js';
import { footPoint, USUAL_ASPECT } from '../zone.js';
import { PERSON_METRES } from '../zone-sight.js';

/** A camera that looks down at some 30 degrees shows a metre of depth half as long as a metre of height. */
const DEPTH = 2;
/** A height shrinks no faster than this a second: somebody who bends down does not make the place larger. */
const SHRINK = 0.9;
const KEPT_US = 20e6;
/** Moments nearer to each other than this replace one another. */
const APART_US = 200_000;
const MOST_PEOPLE = 128;
const vehicles: readonly ObjectClass[] = ['car', 'bus', 'truck', 'motorcycle', 'bicycle'];

/** A person at one look, as far as distances go. */
export interface Person {
  id: string;
  bornUs: number;
  box: Box;
  foot: Point;
  ground: Point | null;
  /** their height in the picture, also while they bend down */
  height: number;
}

/** One look, as far as things that are left go. */
export interface Moment {
  us: number;
  people: Person[];
  vehicles: Box[];
}

export class Nearby {
  #moments: Moment[] = [];
  #keptUs = Number.NEGATIVE_INFINITY;
  #heights = new Map<string, { value: number; us: number }>();

  /** Takes in a look, those only predicted too: nobody who is hidden for a moment has gone. */
  observe({ subjects, monoUs }: SceneLook): Moment {
    const people = subjects.filter(({ track }) => track.class === 'person').slice(0, MOST_PEOPLE);
    this.#heights = new Map(
      people.map(({ track }) => [track.id, { value: this.#height(track, monoUs), us: monoUs }]),
    );
    const moment: Moment = {
      us: monoUs,
      people: people.map(({ track: { id, bornUs, box }, foot, ground }) => {
        return { id, bornUs, box, foot, ground, height: this.#heights.get(id)?.value ?? box.height };
      }),
      vehicles: subjects
        .filter(({ track }) => track.seen && vehicles.includes(track.class))
        .slice(0, MOST_PEOPLE)
        .map(({ track }) => track.box),
    };
    if (monoUs - this.#keptUs >= APART_US) {
      this.#keptUs = monoUs;
      this.#moments = [...this.#moments.filter(({ us }) => monoUs - us <= KEPT_US), moment];
    }
    return moment;
  }

  /** Moments from `fromUs` to `toUs`, both included, as far as they are kept, the oldest first. */
  between(fromUs: number, toUs: number): Moment[] {
    return this.#moments.filter(({ us }) => us >= fromUs && us <= toUs);
  }

  reset(): void {
    this.#moments = [];
    this.#heights.clear();
    this.#keptUs = Number.NEGATIVE_INFINITY;
  }

  #height({ id, box }: { id: string; box: Box }, monoUs: number): number {
    const before = this.#heights.get(id);
    const kept = before ? before.value * SHRINK ** ((monoUs - before.us) / 1e6) : 0;
    return Math.max(0.01, box.height, kept);
  }
}

/** Metres on the ground between a person and a thing with this box. */
export function metresTo(box: Box, { foot, ground, height }: Person, look: SceneLook): number {
  const place = footPoint(box);
  const there = look.ground?.metresAt(place) ?? null;
  if (ground && there) return Math.hypot(there[0] - ground[0], there[1] - ground[1]);
  const scale = PERSON_METRES / height;
  const across = Math.max(0, Math.abs(foot[0] - place[0]) - box.width / 2) * (look.aspect ?? USUAL_ASPECT);
  return Math.hypot(across, Math.abs(foot[1] - place[1]) * DEPTH) * scale;
}

/** The longer side of a thing in metres, when a person beside it is `personHeight` tall in the picture. */
export function sizeOf(box: Box, personHeight: number, { ground, aspect = USUAL_ASPECT }: SceneLook): number {
  const bottom = Math.min(1, box.y + box.height);
  const left = ground?.metresAt([Math.max(0, box.x), bottom]);
  const right = ground?.metresAt([Math.min(1, box.x + box.width), bottom]);
  const wide = Math.max(1e-6, box.width * aspect);
  const across =
    left && right
      ? Math.hypot(left[0] - right[0], left[1] - right[1])
      : (wide * PERSON_METRES) / personHeight;
  return Math.max(across, (across / wide) * box.height);
}

/** Share of `inner` that lies in `outer`, 0..1. */
export function shareInside(inner: Box, outer: Box): number {
  return shared(inner, outer) / Math.max(1e-12, inner.width * inner.height);
}

/** Intersection over union, 0..1. */
export function overlap(a: Box, b: Box): number {
  const both = shared(a, b);
  return both / Math.max(1e-12, a.width * a.height + b.width * b.height - both);
}

function shared(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}
