/**
 * When a camera asks the repository: its own minute within the interval, so that a fleet whose power comes back does not ask
 * at once; sooner after a failure, further and further apart, never further than the interval. Used by ota/updater/updater.ts.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../board/ports.js';

const minuteMs = 60_000;
/** A camera that has just started has better things to do. */
const afterStartMs = minuteMs;
const spreadMs = 15 * minuteMs;
/** A window may be short. */
const openingSpreadMs = 5 * minuteMs;

export class Pace {
  readonly #share: number;
  readonly #everyMs: number;
  #dueUs: number;
  #failures = 0;

  constructor(
    private readonly deps: { clock: Clock },
    options: { everyMinutes: number; cameraId: string },
  ) {
    this.#everyMs = options.everyMinutes * minuteMs;
    this.#share = createHash('sha256').update(options.cameraId).digest().readUInt32BE() / 2 ** 32;
    this.#dueUs = this.#after(afterStartMs + this.#share * Math.min(this.#everyMs, spreadMs));
  }

  get due(): boolean {
    return this.deps.clock.monoUs() >= this.#dueUs;
  }

  worked(): void {
    this.#failures = 0;
    this.#dueUs = this.#after(this.#everyMs);
  }

  failed(): void {
    const waitMs = minuteMs * 2 ** Math.min(this.#failures++, 16) * (0.75 + this.#share / 2);
    this.#dueUs = this.#after(Math.min(this.#everyMs, waitMs));
  }

  /** The window opened: soon, but not all cameras at once. */
  sooner(): void {
    this.#dueUs = Math.min(this.#dueUs, this.#after(this.#share * openingSpreadMs));
  }

  #after(ms: number): number {
    return this.deps.clock.monoUs() + ms * 1000;
  }
}
