/** Counts and times of the frame path, read by frame-path.ts for the heartbeat. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const NS_PER_MS = 1e6;

/** Nearest-rank percentiles of what was measured last. */
export interface Percentiles {
  p50: number;
  p99: number;
}

/** So many new frames are waited for before what was read is read anew: each time sorts them all. */
const STALE_FRAMES = 25;

/** Latency of the last frames, milliseconds; what is read is never older than 25 frames. */
export class LatencyMeter {
  readonly #last = new Float64Array(512);
  #count = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #read: Percentiles = { p50: 0, p99: 0 };

  add(ms: number): void {
    this.#last[this.#count++ % this.#last.length] = ms;
  }

  read(): Percentiles {
    if (this.#count >= STALE_FRAMES && this.#count - this.#readAt < STALE_FRAMES) return this.#read;
    this.#readAt = this.#count;
    const sorted = this.#last.slice(0, Math.min(this.#count, this.#last.length)).sort();
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    this.#read = { p50: at(0.5), p99: at(0.99) };
    return this.#read;
  }
}

/** Delay of the event loop since it was read last, milliseconds. */
export class LoopMeter {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: 10 });

  start(): void {
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram.disable();
  }

  read(): Percentiles {
    const ms = (percentile: number): number =>
      Math.max(0, this.#histogram.percentile(percentile) / NS_PER_MS - 10);
    const read = { p50: ms(50), p99: ms(99) };
    this.#histogram.reset();
    return read;
  }
}
