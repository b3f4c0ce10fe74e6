/**
 * Whether a head that turns can have come from where it was to where it says it is: its speed changes only so fast. Asked by
 * pose-watch.ts for every position (docs/head.md, H20). A position that does not fit is a lie, or the ones before it were;
 * one that is wrong by less than can be told may be wrong by that.
 */
import type { HeadPosition } from '../../board/ports.js';

/** By how much two answers that took equally long may differ in age, microseconds. */
const JITTER_US = 2000;
/** Positions further apart say nothing of each other. */
const MOST_APART_US = 400_000;
/** What one position can be wrong by, those of so long after it may be too. */
const LIE_LASTS_US = 500_000;

export interface Smoothness {
  /** degrees by which a position can be wrong and still fit */
  unsureDeg: number;
  fits: boolean;
}

export class SmoothMotion {
  readonly #degPerS2: number | undefined;
  readonly #accuracyDeg: number;
  readonly #panEndless: boolean;
  #past: HeadPosition[] = [];
  #unsure: { monoUs: number; deg: number }[] = [];
  #quickestUs = Number.POSITIVE_INFINITY;

  /** @param degPerS2 how fast its speed can change; absent: not known, and everything fits */
  constructor({
    degPerS2,
    accuracyDeg,
    panEndless,
  }: { degPerS2: number | undefined; accuracyDeg: number; panEndless: boolean }) {
    this.#degPerS2 = degPerS2;
    this.#accuracyDeg = accuracyDeg;
    this.#panEndless = panEndless;
  }

  /** Every position once, in order, also those that are not believed. */
  judge(now: HeadPosition): Smoothness {
    const [a, b] = this.#past;
    const degPerS2 = this.#degPerS2;
    this.#past = [...this.#past.slice(-1), now];
    this.#quickestUs = Math.min(this.#quickestUs, now.roundTripUs);
    if (!a || !b || degPerS2 === undefined || now.monoUs - a.monoUs > MOST_APART_US)
      return { unsureDeg: 0, fits: true };
    const [first, then] = [(b.monoUs - a.monoUs) / 1e6, (now.monoUs - b.monoUs) / 1e6];
    const ways: [before: number, after: number][] = [
      [this.#turned(a.panDeg, b.panDeg), this.#turned(b.panDeg, now.panDeg)],
      [b.tiltDeg - a.tiltDeg, now.tiltDeg - b.tiltDeg],
    ];
    const ratio = then / first;
    const aged = this.#aged(now) + (1 + ratio) * this.#aged(b) + ratio * this.#aged(a);
    const bend = (degPerS2 * (then * then + then * first)) / 2;
    const found = ways.map(([before, after]) => {
      // A lie makes the way after it longer, never the speed that the head had.
      const speed = Math.abs(before) / first + degPerS2 * first;
      const unsureDeg = bend + speed * aged + (2 + 2 * ratio) * this.#accuracyDeg;
      const offDeg = Math.abs(after - ratio * before);
      // What is seen to be off is the lie and what the head did: the one is no more than both together.
      return { unsureDeg: unsureDeg + offDeg, fits: offDeg <= unsureDeg };
    });
    // A lie that could hide in one position may go on in those that follow.
    this.#unsure = this.#unsure.filter(({ monoUs }) => now.monoUs - monoUs < LIE_LASTS_US);
    this.#unsure.push({ monoUs: now.monoUs, deg: Math.max(...found.map(({ unsureDeg }) => unsureDeg)) });
    return {
      unsureDeg: Math.max(...this.#unsure.map(({ deg }) => deg)),
      fits: found.every(({ fits }) => fits),
    };
  }

  /** By how many seconds the time of a position may be off: answers that take longer than the quickest waited somewhere. */
  #aged({ roundTripUs }: HeadPosition): number {
    return ((roundTripUs - this.#quickestUs) / 2 + JITTER_US) / 1e6;
  }

  #turned(from: number, to: number): number {
    const turn = to - from;
    return this.#panEndless ? turn - 360 * Math.round(turn / 360) : turn;
  }
}
