/**
 * Whether what is missing before a record was left out on purpose (docs/recording.md, O7). Owned by occasions.ts, which tells
 * it every piece that was seen, left out or passed. When in doubt it was not on purpose.
 */

/** Pictures further apart than this are a gap, as in coverage.ts. */
const gapUs = 2_000_000;

export class Pauses {
  #seenUs: number | null = null;
  #passedUs: number | null = null;
  /** where pictures went on after a gap, since the last piece that passed */
  #breaksUs: number[] = [];
  #anyLeftOut = false;

  /** A piece came, whatever becomes of it. */
  seen(firstUs: number, lastUs: number): void {
    if (this.#seenUs !== null && Math.abs(firstUs - this.#seenUs) > gapUs) this.#breaksUs.push(firstUs);
    // A break is a break: two say no more than the first and the last.
    if (this.#breaksUs.length > 2) this.#breaksUs.splice(1, 1);
    this.#seenUs = lastUs;
  }

  leftOut(): void {
    this.#anyLeftOut = true;
  }

  /**
   * A piece goes on to the card.
   * @returns whether all that is missing since the one before it was left out on purpose
   */
  passed(firstUs: number, lastUs: number): boolean {
    const whole = this.#passedUs !== null && !this.#breaksUs.some((us) => us <= firstUs);
    const afterPause = whole && this.#anyLeftOut;
    this.#passedUs = lastUs;
    this.#breaksUs = this.#breaksUs.filter((us) => us > firstUs);
    this.#anyLeftOut = false;
    return afterPause;
  }
}
