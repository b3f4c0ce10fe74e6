/**
 * How far a head can have turned that was told to and tells the place where it was: an answer may be stale, or the same for
 * ever. Asked by pose-watch.ts for every position; until the head is seen to do what it was told, or has done it, its
 * positions are off by that (docs/head.md, H6).
 */
import type { Speed } from './expected-motion.js';

export class UnseenMotion {
  #sinceUs = 0;
  #fromRest = true;

  /** An order goes out. A head that turns already may obey at its fastest at once. */
  told(monoUs: number, { atRest }: { atRest: boolean }): void {
    if (!atRest) return;
    this.#sinceUs = monoUs;
    this.#fromRest = true;
  }

  /** A position by which it is seen to turn, or to be where it is to be. */
  seen(monoUs: number): void {
    this.#sinceUs = monoUs;
    this.#fromRest = false;
  }

  /** Degrees. @param degPerS2 how fast its speed can change; absent: not known */
  unseenDeg(monoUs: number, { degPerS }: Speed, degPerS2: number | undefined): number {
    const seconds = Math.max(0, monoUs - this.#sinceUs) / 1e6;
    const farthest = degPerS * seconds;
    return this.#fromRest && degPerS2 !== undefined
      ? Math.min(farthest, (degPerS2 * seconds * seconds) / 2)
      : farthest;
  }
}
