/**
 * From the tracks of one look to subjects on the ground, with their speed. Used by scene.ts; keeps nothing of a track that is
 * gone. Speed is the slope of a line through the places of about the last second: the lower side of a box trembles too much
 * for the difference of two looks. Only looks that saw the track count.
 */
import type { Point, Track } from '../../pipelines/messages.js';
import type { Subject } from './behaviour.js';
import type { Ground } from './ground.js';
import { footPoint, USUAL_ASPECT } from './zone.js';
import { PERSON_METRES } from './zone-sight.js';

/** Looks of this long ago still count; where that is fewer than three, the last three, if they are not older than that. */
const WINDOW_US = 1e6;
const LONGEST_US = 3e6;
const LEAST_LOOKS = 3;
/** Shortest stretch that tells a speed. */
const LEAST_SPAN_US = 4e5;
const MOST_PLACES = 40;

interface Place {
  monoUs: number;
  foot: Point;
  ground: Point | null;
  /** of the box, share of the picture */
  height: number;
}

export class Subjects {
  readonly #ground: Ground | null;
  readonly #aspect: number;
  #places = new Map<string, Place[]>();

  /** @param aspect width of the picture over its height */
  constructor(ground: Ground | null, aspect = USUAL_ASPECT) {
    this.#ground = ground;
    this.#aspect = aspect;
  }

  /** @param tracks of one look, later than the one before */
  of(tracks: readonly Track[], monoUs: number): Subject[] {
    const before = this.#places;
    this.#places = new Map();
    return tracks.map((track) => {
      const foot = footPoint(track.box);
      const ground = this.#ground?.metresAt(foot) ?? null;
      const place = { monoUs, foot, ground, height: track.box.height };
      const kept = [...(before.get(track.id) ?? []), ...(track.seen ? [place] : [])];
      const places = recent(kept, monoUs);
      this.#places.set(track.id, places);
      return { track, foot, ground, ...this.#motion(track, places) };
    });
  }

  reset(): void {
    this.#places.clear();
  }

  #motion(track: Track, places: readonly Place[]): Pick<Subject, 'speed' | 'velocity' | 'speedFrom'> {
    if (this.#ground) {
      const onGround = places.filter(({ ground }) => ground !== null);
      const velocity = slope(onGround, ({ ground }) => ground as Point);
      return { velocity, speed: velocity && Math.hypot(...velocity), speedFrom: 'ground' };
    }
    const velocity = slope(places, ({ foot }) => foot);
    const height = places.reduce((sum, place) => sum + place.height, 0) / places.length;
    const heights = velocity && Math.hypot(velocity[0] * this.#aspect, velocity[1]) / height;
    const known = track.class === 'person' && heights !== null && Number.isFinite(heights);
    return { velocity, speed: known ? heights * PERSON_METRES : null, speedFrom: 'height' };
  }
}

function recent(places: readonly Place[], nowUs: number): Place[] {
  const window = places.filter(({ monoUs }) => nowUs - monoUs <= WINDOW_US);
  const last = places.filter(({ monoUs }) => nowUs - monoUs <= LONGEST_US).slice(-LEAST_LOOKS);
  return (window.length >= last.length ? window : last).slice(-MOST_PLACES);
}

/** Least squares through the places over time; null while there are too few, or too close together in time. */
function slope(places: readonly Place[], of: (place: Place) => Point): Point | null {
  const [first, last] = [places[0], places.at(-1)];
  if (!first || !last || places.length < LEAST_LOOKS || last.monoUs - first.monoUs < LEAST_SPAN_US)
    return null;
  const seconds = places.map(({ monoUs }) => (monoUs - first.monoUs) / 1e6);
  const mean = seconds.reduce((sum, t) => sum + t, 0) / seconds.length;
  let [spread, x, y] = [0, 0, 0];
  for (const [i, place] of places.entries()) {
    const t = (seconds[i] as number) - mean;
    const at = of(place);
    spread += t * t;
    x += t * at[0];
    y += t * at[1];
  }
  const velocity: Point = [x / spread, y / spread];
  return velocity.every(Number.isFinite) ? velocity : null;
}
