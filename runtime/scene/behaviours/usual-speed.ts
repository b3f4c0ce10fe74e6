/**
 * How fast people usually are in a zone: the median of about the last hour in which there were any. Used by crowd.ts. Kept are
 * a few hundred numbers, none of them tied to anybody.
 */
const SAMPLE_US = 5e6;
const LEAST_SAMPLES = 60;
const MOST_SAMPLES = 720;

export class UsualSpeed {
  readonly #samples: number[] = [];
  #sampleUs = Number.NEGATIVE_INFINITY;
  #median: number | null = null;

  /** @param speed median of those who are there at this look, metres per second */
  add(speed: number, monoUs: number): void {
    if (monoUs - this.#sampleUs < SAMPLE_US || !Number.isFinite(speed)) return;
    this.#sampleUs = monoUs;
    this.#samples.push(speed);
    if (this.#samples.length > MOST_SAMPLES) this.#samples.shift();
    if (this.#samples.length < LEAST_SAMPLES) return;
    const sorted = [...this.#samples].sort((p, q) => p - q);
    this.#median = sorted[Math.floor(sorted.length / 2)] as number;
  }

  /** Metres per second; null until enough is known. */
  get median(): number | null {
    return this.#median;
  }
}
