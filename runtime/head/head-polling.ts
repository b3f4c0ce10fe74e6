/**
 * Asks the head where it is, about twenty times a second, and passes what the watch makes of it on. Made by
 * runtime/head-parts.ts; every pose goes to the supervisor, every position to head-control.ts. One question at a time;
 * it never gives the head an order.
 */
import type { Clock, HeadPort } from '../../board/ports.js';
import type { Pose } from '../../pipelines/messages.js';
import type { PoseWatch } from './pose-watch.js';

/** After a slow answer, for an order that waits. */
const PAUSE_MS = 2;

export interface PollingDeps {
  clock: Clock;
  head: Pick<HeadPort, 'position'>;
  watch: PoseWatch;
  send: (pose: Pose) => void;
  /** after each question that was answered or failed */
  asked: () => void;
}

export class HeadPolling {
  readonly #deps: PollingDeps;
  readonly #options: { everyMs: number; lateMs: number };
  #cancel: (() => void) | null = null;
  #askedUs: number | null = null;
  #saidLate = false;

  constructor(deps: PollingDeps, options: { everyMs: number; lateMs: number }) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Begins to ask. Stops by itself when the signal aborts. */
  start(signal: AbortSignal): void {
    this.#cancel ??= this.#deps.clock.every(this.#options.everyMs, () => this.#tick());
    signal.addEventListener('abort', () => this.stop(), { once: true });
  }

  /** Asks no more; an answer under way is left out. Idempotent. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #tick(): void {
    const nowUs = this.#deps.clock.monoUs();
    if (this.#askedUs === null) void this.#ask(nowUs);
    else if (!this.#saidLate && nowUs - this.#askedUs > this.#options.lateMs * 1000) {
      this.#saidLate = true;
      this.#pass(this.#deps.watch.missing(nowUs, { final: false }));
    }
  }

  async #ask(nowUs: number): Promise<void> {
    const { clock, head, watch } = this.#deps;
    this.#askedUs = nowUs;
    this.#saidLate = false;
    let poses: Pose[];
    try {
      poses = watch.reading(await head.position());
    } catch {
      // What failed is in the head's own words in its log; here it only counts that no position came.
      poses = watch.missing(clock.monoUs(), { final: true });
    }
    this.#askedUs = null;
    if (!this.#cancel) return;
    this.#pass(poses);
    this.#deps.asked();
    // An answer that took longer than the beat would cost a whole beat more: the margin grows with the square of the time.
    if (clock.monoUs() - nowUs >= this.#options.everyMs * 1000)
      clock.after(PAUSE_MS, () => this.#cancel && this.#tick());
  }

  #pass(poses: readonly Pose[]): void {
    for (const pose of poses) this.#deps.send(pose);
  }
}
