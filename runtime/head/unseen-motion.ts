/**
 * How far a head can have turned that was told to and tells the place where it was: an answer may be stale, or the same for
 * ever. Asked by pose-watch.ts for every position; until the head is seen to do what it was told, or has done it, its
 * positions are off by that (docs/head.md, H6).
 */
import type { HeadPosition } from '../../board/ports.js';
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
  unseenDeg(monoUs: number, { axisDegPerS }: Speed, degPerS2: number | undefined): number {
    const seconds = Math.max(0, monoUs - this.#sinceUs) / 1e6;
    const farthest = axisDegPerS * seconds;
    return this.#fromRest && degPerS2 !== undefined
      ? Math.min(farthest, (degPerS2 * seconds * seconds) / 2)
      : farthest;
  }
}

/**
 * How fast each axis can have been at a position, from the way since the one before: at some time between the two it was as
 * fast as on average, and since then it can only have become so much faster. Never more than `most`.
 * @param way.turned degrees between the two
 */
export function fastestAt(
  { before, now, turned }: { before: HeadPosition; now: HeadPosition; turned: number },
  { degPerS2, zoomPerS2 }: { degPerS2?: number; zoomPerS2?: number },
  most: Speed,
  { accuracyDeg, stillZoom }: { accuracyDeg: number; stillZoom: number },
): Pick<Speed, 'axisDegPerS' | 'zoomPerS'> {
  const told = (before.roundTripUs + now.roundTripUs) / 2;
  const least = (now.monoUs - before.monoUs - told) / 1e6;
  const longest = (now.monoUs - before.monoUs + told) / 1e6;
  if (least <= 0) return most;
  const fastest = (way: number, perS2: number | undefined, bound: number): number =>
    perS2 === undefined ? bound : Math.min(bound, way / least + perS2 * longest);
  const zoomed =
    before.hfovDeg && now.hfovDeg ? Math.abs(Math.log(now.hfovDeg / before.hfovDeg)) + stillZoom / 4 : 10;
  return {
    axisDegPerS: fastest(turned + 2 * accuracyDeg, degPerS2, most.axisDegPerS),
    zoomPerS: fastest(zoomed, zoomPerS2, most.zoomPerS),
  };
}
