/** A clock that a test moves by hand. Timers fire in order of their due time while it moves. */
import type { Clock } from '../ports.js';

export class ManualClock implements Clock {
  #nowUs = 1_000_000;
  #wallOffsetMs: number;
  #timers = new Set<{ dueUs: number; everyUs: number | null; call: () => void }>();

  constructor(startWallMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = startWallMs - this.#nowUs / 1000;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#nowUs / 1000;
  }

  monoUs(): number {
    return this.#nowUs;
  }

  after(ms: number, call: () => void): () => void {
    return this.#arm(ms, null, call);
  }

  every(ms: number, call: () => void): () => void {
    return this.#arm(ms, ms * 1000, call);
  }

  /** Moves both clocks forward and fires what falls due on the way. */
  advance(ms: number): void {
    const end = this.#nowUs + Math.round(ms * 1000);
    for (;;) {
      const next = [...this.#timers].filter((t) => t.dueUs <= end).sort((a, b) => a.dueUs - b.dueUs)[0];
      if (!next) break;
      this.#nowUs = Math.max(this.#nowUs, next.dueUs);
      if (next.everyUs === null) this.#timers.delete(next);
      else next.dueUs += next.everyUs;
      next.call();
    }
    this.#nowUs = end;
  }

  /** The wall clock jumps (NTP arrives, or somebody sets it back); the monotonic one does not. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  #arm(ms: number, everyUs: number | null, call: () => void): () => void {
    const timer = { dueUs: this.#nowUs + Math.round(ms * 1000), everyUs, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}
