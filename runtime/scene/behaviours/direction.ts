/**
 * The behaviour "direction": somebody goes against the common direction of a zone (docs/events.md, "Direction", D1 to D6).
 * Fed by scene.ts with one look after the other. It must never find anything on a place that was only predicted.
 */
import type { ObjectClass, Point } from '../../../pipelines/messages.js';
import type { Behaviour, SceneLook, Sighting, Subject } from '../behaviour.js';
import type { Ground } from '../ground.js';
import { directionReason } from '../words/direction.js';
import { USUAL_ASPECT, type Zone } from '../zone.js';

export interface DirectionOptions {
  classes: readonly ObjectClass[];
  /** the common direction, from this point of the picture to that */
  from: Point;
  to: Point;
  /** how long it must go against it */
  seconds: number;
  /** how far, in lengths of the longer side of its own box */
  lengths: number;
  cooldownSeconds: number;
  /** lowest mean score of the looks that saw the track, 0..1 */
  minScore: number;
}

/** Within 60 degrees of the opposite of the common direction (cosine). */
const AGAINST = 0.5;
/** Who went back by this many lengths has turned round. */
const TURNED_LENGTHS = 0.5;
/** Who has not come on by `STANDS_LENGTHS` for so long stands. */
const STANDS_US = 3_000_000;
const STANDS_LENGTHS = 0.1;
const LONGEST_GAP_US = 3_000_000;

/** A place, in the units of what it is measured on, and in heights of the picture. */
interface Place {
  picture: Point;
  ground: Point | null;
}

/** One object on its way against the direction. */
interface Run {
  startUs: number;
  start: Place;
  /** lengths of its own it has come so far at most, and when it last came on */
  most: number;
  cameOn: { lengths: number; us: number };
}

interface Followed {
  seenUs: number;
  scores: { sum: number; looks: number };
  run: Run | null;
}

export class Direction implements Behaviour {
  readonly event = 'direction';
  readonly name = 'direction';
  readonly #followed = new Map<string, Followed>();
  /** width of the picture over its height */
  #aspect = 1;
  /** against the common direction, of length 1, in the picture; and on the ground, where that can be told */
  #against: { picture: Point; ground: Point | null } = { picture: [0, 0], ground: null };

  constructor(
    readonly zone: Zone,
    readonly options: DirectionOptions,
  ) {}

  get cooldownSeconds(): number {
    return this.options.cooldownSeconds;
  }

  observe(
    { subjects, monoUs, aspect = USUAL_ASPECT, ground = null }: SceneLook,
    sensitivity: number,
  ): Sighting[] {
    this.#lay(aspect, ground);
    const alive = new Set(subjects.map(({ track }) => track.id));
    for (const id of this.#followed.keys()) if (!alive.has(id)) this.#followed.delete(id);
    const watched = subjects.filter(({ track }) => track.seen && this.options.classes.includes(track.class));
    return watched
      .map((subject) => this.#follow(subject, monoUs, this.options.seconds / sensitivity))
      .filter((found) => found !== null);
  }

  reset(): void {
    this.#followed.clear();
  }

  #lay(aspect: number, ground: Ground | null): void {
    this.#aspect = aspect;
    const { from, to } = this.options;
    const [near, far] = [ground?.metresAt(to) ?? null, ground?.metresAt(from) ?? null];
    this.#against = {
      picture: unit(this.#heights(to), this.#heights(from)),
      ground: near && far ? unit(near, far) : null,
    };
  }

  #follow(subject: Subject, monoUs: number, leastSeconds: number): Sighting | null {
    const { track } = subject;
    const followed = this.#of(track.id, monoUs);
    followed.seenUs = monoUs;
    followed.scores.sum += track.score;
    followed.scores.looks += 1;
    if (!this.zone.holds(track.box)) {
      followed.run = null;
      return null;
    }
    const place = this.#place(subject);
    const size = Math.max(track.box.width * this.#aspect, track.box.height);
    followed.run ??= begun(place, monoUs);
    const lengths = size > 0 ? this.#way(followed.run, place) / size : 0;
    const run = followed.run;
    if (!Number.isFinite(lengths) || lengths < 0 || lengths < run.most - TURNED_LENGTHS) {
      // Backwards from where it began, or turned round: what comes counts from here.
      followed.run = begun(place, monoUs);
      return null;
    }
    run.most = Math.max(run.most, lengths);
    if (lengths - run.cameOn.lengths >= STANDS_LENGTHS) run.cameOn = { lengths, us: monoUs };
    else if (monoUs - run.cameOn.us > STANDS_US) {
      followed.run = begun(place, monoUs);
      return null;
    }
    const seconds = (monoUs - run.startUs) / 1e6;
    const score = followed.scores.sum / followed.scores.looks;
    const enough = lengths >= this.options.lengths && seconds >= leastSeconds;
    if (!enough || score < this.options.minScore || !this.#isAgainst(run, place)) return null;
    return this.#sighting(subject, { seconds, lengths, score, leastSeconds });
  }

  #of(id: string, monoUs: number): Followed {
    const found = this.#followed.get(id);
    if (found && monoUs - found.seenUs <= LONGEST_GAP_US) return found;
    const followed = { seenUs: monoUs, scores: found?.scores ?? { sum: 0, looks: 0 }, run: null };
    this.#followed.set(id, followed);
    return followed;
  }

  #heights([x, y]: Point): Point {
    return [x * this.#aspect, y];
  }

  /** The middle of the box: legs that are hidden and seen again move the foot point, and half as much the middle. */
  #place({ track: { box }, ground }: Subject): Place {
    return { picture: this.#heights([box.x + box.width / 2, box.y + box.height / 2]), ground };
  }

  /** How far it has come against the direction in the picture, heights of the picture. */
  #way({ start }: Run, { picture }: Place): number {
    const [ux, uy] = this.#against.picture;
    return (picture[0] - start.picture[0]) * ux + (picture[1] - start.picture[1]) * uy;
  }

  /** Against it rather than across: on the ground where that is known, else in the picture. */
  #isAgainst({ start }: Run, place: Place): boolean {
    const { ground, picture } = this.#against;
    if (ground && start.ground && place.ground) return cosine(start.ground, place.ground, ground) >= AGAINST;
    return cosine(start.picture, place.picture, picture) >= AGAINST;
  }

  #sighting(
    subject: Subject,
    {
      seconds,
      lengths,
      score,
      leastSeconds,
    }: Record<'seconds' | 'lengths' | 'score' | 'leastSeconds', number>,
  ): Sighting {
    const { track, speed } = subject;
    const thresholds = { seconds: leastSeconds, lengths: this.options.lengths };
    return {
      key: track.id,
      subjects: [subject],
      box: track.box,
      score,
      measured: [
        { name: 'against', value: seconds, threshold: leastSeconds, unit: 's' },
        { name: 'way', value: lengths, threshold: thresholds.lengths, unit: 'of its size' },
        ...(speed === null ? [] : [{ name: 'speed', value: speed, threshold: null, unit: 'm/s' }]),
      ],
      reason: directionReason(track.class, this.zone.name, seconds, lengths, thresholds),
    };
  }
}

function begun(start: Place, us: number): Run {
  return { startUs: us, start, most: 0, cameOn: { lengths: 0, us } };
}

function unit(from: Point, to: Point): Point {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy);
  return [dx / length, dy / length];
}

/** Of the angle between the way from one point to the other and a direction of length 1. */
function cosine(from: Point, to: Point, [ux, uy]: Point): number {
  const [dx, dy] = unit(from, to);
  return dx * ux + dy * uy;
}
