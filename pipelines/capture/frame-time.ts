/**
 * When a frame came from the sensor, on the clock that both processes share. JavaScript takes a frame when it has time: a
 * backlog at the start, or a stop of the event loop, makes that later than the frame. The sensor's own stamps are even, but
 * nobody says when they began to count. So the frame that was taken soonest after its stamp sets the two clocks against
 * each other (docs/mask.md, "The time of a frame"). Used by capture.ts, once for each frame, in order.
 */

/** Nothing is sure before so long, and before so many frames were on time. */
const LEARN_US = 1_000_000;
const ON_TIME_FRAMES = 5;
/** A frame that was taken no later than this after the soonest is on time. */
const ON_TIME_US = 15_000;
/** Nothing is sure when no frame was on time for so long: the stamps may have jumped. */
const DOUBT_US = 2_000_000;
/** So late that the stamp must have jumped. */
const MOST_LATE_US = 250_000;
/** After so long without a frame on time, everything is learnt anew. */
const FORGET_US = 10_000_000;
/** Frames whose lateness says how far off the time may be. */
const LATELY = 25;
const LEAST_STEP_US = 1000;

export interface Timed {
  monoUs: number;
  /** by how much `monoUs` may be too late; null when nothing can be said */
  errorUs: number | null;
}

export class FrameTime {
  #startUs: number | null = null;
  #leastUs = Number.POSITIVE_INFINITY;
  #onTime = 0;
  #onTimeUs = 0;
  #lately: number[] = [];
  #lastUs = Number.NEGATIVE_INFINITY;

  /**
   * @param stampUs the sensor's stamp of the frame; null when it has none
   * @param takenUs when it was taken, CLOCK_MONOTONIC
   */
  of(stampUs: number | null, takenUs: number): Timed {
    const timed = stampUs === null ? { monoUs: takenUs, errorUs: null } : this.#from(stampUs, takenUs);
    // Time only goes on: what is corrected backwards waits until it has been reached again.
    const earliest = this.#lastUs + LEAST_STEP_US;
    const monoUs = Math.max(timed.monoUs, earliest);
    this.#lastUs = monoUs;
    return { monoUs, errorUs: monoUs === timed.monoUs ? timed.errorUs : null };
  }

  #from(stampUs: number, takenUs: number): Timed {
    if (this.#startUs !== null && takenUs - this.#onTimeUs > FORGET_US) this.#forget();
    this.#startUs ??= takenUs;
    const leadUs = takenUs - stampUs;
    // That much sooner than all before: they were late, and what was learnt from them is wrong.
    if (leadUs < this.#leastUs - ON_TIME_US) this.#onTime = 0;
    this.#leastUs = Math.min(this.#leastUs, leadUs);
    const lateUs = leadUs - this.#leastUs;
    if (lateUs <= ON_TIME_US) {
      this.#onTime++;
      this.#onTimeUs = takenUs;
    }
    this.#lately.push(leadUs);
    if (this.#lately.length > LATELY) this.#lately.shift();
    const isSure =
      takenUs - this.#startUs >= LEARN_US &&
      this.#onTime >= ON_TIME_FRAMES &&
      takenUs - this.#onTimeUs <= DOUBT_US &&
      lateUs <= MOST_LATE_US;
    return { monoUs: takenUs - lateUs, errorUs: isSure ? this.#spread() : null };
  }

  /** On a machine that is busy all the time even the soonest frame is late: the usual one says by how much, about. */
  #spread(): number {
    const sorted = this.#lately.toSorted((a, b) => a - b);
    return sorted[sorted.length >> 1] - this.#leastUs;
  }

  #forget(): void {
    this.#startUs = null;
    this.#leastUs = Number.POSITIVE_INFINITY;
    this.#onTime = 0;
    this.#lately = [];
  }
}
