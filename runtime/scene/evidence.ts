/**
 * Evidence over time: how long something has held, with gaps. Used by the behaviours. Two thresholds keep it from
 * trembling: what holds goes on for as long as it is not clearly over (hysteresis).
 */

export interface EvidenceOptions {
  /** a stretch without it, up to this long, does not end it, seconds */
  gapSeconds: number;
}

/** `yes`: it holds; `no`: it does not; `weak`: enough to go on, not enough to begin; `unseen`: cannot be told. */
export type Sign = 'yes' | 'weak' | 'no' | 'unseen';

export class Evidence {
  readonly #gapUs: number;
  #sinceUs: number | null = null;
  #lastYesUs = 0;

  constructor({ gapSeconds }: EvidenceOptions) {
    this.#gapUs = Math.round(gapSeconds * 1e6);
  }

  /**
   * Takes in one look.
   * @returns seconds for which it has held up to this look; null when it does not hold at this look
   */
  observe(sign: Sign, monoUs: number): number | null {
    if (this.#sinceUs !== null && monoUs - this.#lastYesUs > this.#gapUs) this.#sinceUs = null;
    if (sign === 'yes' || (sign === 'weak' && this.#sinceUs !== null)) {
      this.#sinceUs ??= monoUs;
      this.#lastYesUs = monoUs;
      return (monoUs - this.#sinceUs) / 1e6;
    }
    return null;
  }

  /** Monotonic time at which it began, microseconds; null while nothing holds. */
  get sinceUs(): number | null {
    return this.#sinceUs;
  }

  reset(): void {
    this.#sinceUs = null;
  }
}
