/**
 * Counters over every life of the pipeline process: each life counts from zero, the camera does not.
 * Fed by supervisor.ts with heartbeats, read for health and the report.
 */
import type { Beat } from '../../pipelines/messages.js';

const counted = ['captured', 'masked', 'encoded', 'dropped', 'lookedAt', 'detections', 'tracksBorn'] as const;
type Counts = Record<(typeof counted)[number], number>;

function zero(): Counts {
  return { captured: 0, masked: 0, encoded: 0, dropped: 0, lookedAt: 0, detections: 0, tracksBorn: 0 };
}

export class RunningTotals {
  #past = zero();
  #life = zero();
  #units = 0;
  #restarts = 0;
  #last: Beat | null = null;

  /** Takes a heartbeat in. */
  add(beat: Beat): void {
    for (const key of counted) this.#life[key] = Math.max(this.#life[key], beat[key]);
    this.#last = beat;
  }

  /** Takes an access unit in: a life that is cut short sends no last heartbeat. */
  unit(seq: number): void {
    this.#life.encoded = ++this.#units;
    this.#life.captured = Math.max(this.#life.captured, seq + 1);
    this.#life.masked = Math.max(this.#life.masked, this.#units);
  }

  endOfLife(): void {
    for (const key of counted) this.#past[key] += this.#life[key];
    this.#life = zero();
    this.#units = 0;
    this.#restarts++;
  }

  get counts(): Counts {
    const sum = zero();
    for (const key of counted) sum[key] = this.#past[key] + this.#life[key];
    return sum;
  }

  /** How often the process was replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /** The newest heartbeat, null before the first. */
  get last(): Beat | null {
    return this.#last;
  }
}
