/**
 * One object followed from its first detection to its end: tentative, then confirmed, lost while no detection
 * supports it. Owned by tracker.ts. It must never be given a name that outlives it: the id is random.
 */
import type { Box, Detection, ObjectClass, Track } from '../messages.js';
import { family } from './association.js';
import { BoxFilter } from './box-filter.js';

/** How much of a class's weight is left after each further detection. */
const VOTE_DECAY = 0.9;
/** Who was found for certain where nothing moves is believed to stand there for this long without being so again. */
const STANDS_US = 10e6;

export class TrackState {
  readonly bornUs: number;
  readonly family: string;
  confirmed = false;
  /** a detection supported it at the last look */
  seen = true;
  /** monotonic time of the last supporting detection, microseconds */
  seenUs: number;
  hits = 1;
  #filter: BoxFilter;
  #score: number;
  #votes = new Map<ObjectClass, number>();
  /** last time a detection that needs no motion supported it */
  #stoodUs: number | null;

  /** Starts tentative, from its first detection at `monoUs`. */
  constructor(
    readonly id: string,
    detection: Detection,
    monoUs: number,
    aspect: number,
    stands = false,
  ) {
    this.#stoodUs = stands ? monoUs : null;
    this.bornUs = monoUs;
    this.seenUs = monoUs;
    this.family = family(detection.class);
    this.#filter = new BoxFilter(detection.box, aspect);
    this.#score = detection.score;
    this.#votes.set(detection.class, detection.score);
  }

  get box(): Box {
    return this.#filter.box;
  }

  /** How sure the place is: standard deviation over the longer side of the box. */
  get doubt(): { x: number; y: number } {
    return this.#filter.doubt;
  }

  /** Moves on by `seconds` to the next look. */
  predict(seconds: number): void {
    this.#filter.predict(seconds, !this.seen);
  }

  /** Whether it was found for certain, and not long ago, where nothing moves. */
  stands(nowUs: number): boolean {
    return this.#stoodUs !== null && nowUs - this.#stoodUs <= STANDS_US;
  }

  /**
   * A detection of the same family supports it at `monoUs`.
   * @param standingScore score from which it also tells that something stands there; null: something moves
   */
  support(detection: Detection, monoUs: number, standingScore: number | null = null): void {
    if (standingScore !== null && detection.score >= standingScore) this.#stoodUs = monoUs;
    this.#filter.correct(detection.box);
    this.seen = true;
    this.seenUs = monoUs;
    this.hits++;
    this.#score = detection.score;
    for (const [name, votes] of this.#votes) this.#votes.set(name, votes * VOTE_DECAY);
    this.#votes.set(detection.class, (this.#votes.get(detection.class) ?? 0) + detection.score);
  }

  /** What leaves the tracker, as the object stands at the last look. */
  report(): Track {
    return this.#reportOf(this.#filter, this.seen);
  }

  /** The same, `seconds` after the last look; leaves the state as it is. */
  reportAfter(seconds: number): Track {
    const ahead = this.#filter.copy();
    ahead.predict(seconds, !this.seen);
    return this.#reportOf(ahead, false);
  }

  #reportOf(filter: BoxFilter, seen: boolean): Track {
    const { id, hits, bornUs } = this;
    const { box, velocity } = filter;
    return { id, class: this.#class(), score: this.#score, box, velocity, hits, bornUs, seen };
  }

  /** The class with the most weight: one look at a van does not turn a car into a truck and back. */
  #class(): ObjectClass {
    const [first] = [...this.#votes].sort((a, b) => b[1] - a[1]);
    return (first as [ObjectClass, number])[0];
  }
}
