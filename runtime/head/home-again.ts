/**
 * Decides when a head that is contradicted for long is to find its zero again (docs/head.md, H17): after some seconds, then
 * after twice as long each time, and after so many times no more. Asked by runtime/head-parts.ts after each position. Never
 * orders anything itself.
 */
import type { Hidden } from './hidden-picture.js';

/** Homings in a row that did not help, after which a person has to look. */
export const mostHomings = 5;
/** A picture that was shown for so long ends the row. */
const calmMs = 60_000;

export class HomeAgain {
  readonly #afterMs: number;
  #tries = 0;
  #shownUs: number | null = null;

  constructor(options: { afterSeconds: number }) {
    this.#afterMs = options.afterSeconds * 1000;
  }

  /** It was sent home as often as makes sense, and is contradicted still. */
  get gaveUp(): boolean {
    return this.#tries >= mostHomings;
  }

  /**
   * Whether it is to be sent home now; each true counts.
   * @param obeys the head takes orders: otherwise it is lost, or on its way home already
   */
  due(hidden: Hidden | null, obeys: boolean, nowUs: number): boolean {
    this.#shownUs = hidden ? null : (this.#shownUs ?? nowUs);
    if (this.#shownUs !== null && nowUs - this.#shownUs >= calmMs * 1000) this.#tries = 0;
    if (hidden?.why !== 'disagrees' || !obeys || this.gaveUp) return false;
    if (hidden.whyForMs < this.#afterMs * 2 ** this.#tries) return false;
    this.#tries += 1;
    return true;
  }
}
