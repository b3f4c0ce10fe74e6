/**
 * How long the card may last, from what it says of its wear and what is written to it. Fed and read by card-watch.ts.
 * Gives a lower bound only: the card tells its wear in tenths, and the end is not to come earlier than was said.
 */
import type { CardReading } from '../../board/ports.js';

/** Below this the rate of writing says little. */
const leastUs = 600_000_000;

export class CardLife {
  #first: { bytes: number; atUs: number } | null = null;
  #last: { bytes: number; atUs: number } | null = null;
  #reading: CardReading | null = null;

  /** @param options.leastMs time below which no rate is told; default ten minutes */
  constructor(private readonly options: { leastMs?: number } = {}) {}

  /** @param atUs monotonic clock of the reading, microseconds */
  add(reading: CardReading, atUs: number): void {
    this.#reading = reading;
    const bytes = reading.deviceBytesWritten;
    if (bytes === null) return;
    // A counter that runs backwards is that of another device, or of the same one found again.
    if (!this.#first || !this.#last || bytes < this.#last.bytes) this.#first = { bytes, atUs };
    this.#last = { bytes, atUs };
  }

  /** Bytes a second since the card was found; null before the least time. */
  get writeRate(): number | null {
    if (!this.#first || !this.#last) return null;
    const passedUs = this.#last.atUs - this.#first.atUs;
    const least = this.options.leastMs === undefined ? leastUs : this.options.leastMs * 1000;
    return passedUs < least ? null : ((this.#last.bytes - this.#first.bytes) * 1e6) / passedUs;
  }

  /**
   * Seconds of recording at this rate that are left at least. It counts what the file system wrote since it was made as all
   * that has worn the card: with earlier wear the true value is higher. Null when the card tells too little.
   */
  get secondsLeft(): number | null {
    const lifeTime = this.#reading?.wear?.lifeTime ?? null;
    const written = this.#reading?.fileSystemBytesWritten ?? null;
    const rate = this.writeRate;
    if (lifeTime === null || written === null || rate === null || rate === 0) return null;
    // Step n is a use of more than n-1 and at most n tenths.
    return (written * Math.max(0, 10 - lifeTime)) / lifeTime / rate;
  }
}
