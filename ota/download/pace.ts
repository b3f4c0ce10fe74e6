/**
 * How fast a download goes, on the injected clock: not faster than the limit, not slower than the minimum, and the rate for
 * whoever watches. Used by download.ts.
 */
import type { Clock } from '../../board/ports.js';
import { DownloadError } from './ending.js';

export interface PaceOptions {
  minimumBytesPerSecond: number;
  /** the minimum is asked of each so many seconds of waiting for the network */
  overSeconds: number;
  /** null: none */
  limitBytesPerSecond: number | null;
}

const rateOverUs = 5_000_000;

export class Pace {
  #waitedUs = 0;
  #cameBytes = 0;
  /** when the limit lets the next byte through */
  #dueUs = 0;
  /** bytes that came, and when, over the last seconds */
  #recent: { atUs: number; bytes: number }[] = [];

  constructor(
    private readonly deps: { clock: Clock },
    private readonly options: PaceOptions,
  ) {}

  /**
   * @param waitedUs how long the network took for these bytes; what the limit took is not its fault
   * @returns milliseconds to wait before the next are read
   * @throws DownloadError `slow`
   */
  came(bytes: number, waitedUs: number): number {
    const { minimumBytesPerSecond, overSeconds, limitBytesPerSecond } = this.options;
    const nowUs = this.deps.clock.monoUs();
    this.#waitedUs += waitedUs;
    this.#cameBytes += bytes;
    this.#recent.push({ atUs: nowUs, bytes });
    while ((this.#recent[0]?.atUs ?? nowUs) < nowUs - rateOverUs) this.#recent.shift();
    if (this.#waitedUs >= overSeconds * 1_000_000) {
      const enough = this.#cameBytes >= (minimumBytesPerSecond * this.#waitedUs) / 1_000_000;
      this.begin();
      if (!enough) throw new DownloadError('slow', `Less than ${minimumBytesPerSecond} bytes a second came`);
    }
    if (limitBytesPerSecond === null) return 0;
    this.#dueUs = Math.max(nowUs, this.#dueUs) + (bytes / limitBytesPerSecond) * 1_000_000;
    return Math.max(0, this.#dueUs - nowUs) / 1000;
  }

  /** A new connection, or the next span: the minimum is asked anew. */
  begin(): void {
    this.#waitedUs = 0;
    this.#cameBytes = 0;
  }

  /** Bytes a second over the last seconds; null while they say nothing. */
  rate(): number | null {
    const first = this.#recent[0];
    const overUs = first ? this.deps.clock.monoUs() - first.atUs : 0;
    if (overUs < 500_000) return null;
    // The first only marks when the span begins.
    const bytes = this.#recent.slice(1).reduce((sum, one) => sum + one.bytes, 0);
    return (bytes / overUs) * 1_000_000;
  }
}
