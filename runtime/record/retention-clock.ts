/**
 * The time by which terms are counted (docs/retention.md, "Time"): a wall clock that was known to be right, carried on by the
 * monotonic one. Asked by retention.ts and by the register. Never follows a jump before it is confirmed.
 */
import type { Clock } from '../../board/ports.js';

/** A step larger than this is a jump. Corrections of a running clock are far smaller. */
export const jumpMs = 5 * 60_000;
/** Checks after the one that saw the jump. */
const confirmations = 2;

export interface TermTime {
  /** milliseconds since 1970 */
  ms: number;
  /** false until the clock was once known to be right: nothing may then be judged by its age */
  sure: boolean;
}

interface Point {
  wallMs: number;
  monoUs: number;
}

export class TermClock {
  #anchor: Point | null = null;
  #pending: (Point & { agreed: number }) | null = null;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  /** @param deps.trusted whether the machine says that its wall clock is right */
  constructor(private readonly deps: { clock: Clock; trusted: () => boolean }) {}

  /** A time that is known to have passed: a clock that shows less, at the start, has to be confirmed too. */
  notBefore(ms: number): void {
    this.#notBeforeMs = Math.max(this.#notBeforeMs, ms);
  }

  /** Looks at the clocks; to be called at steady intervals, because a jump is confirmed by the looks that follow it. */
  check(): TermTime {
    const here = this.#here();
    if (!this.deps.trusted()) this.#pending = null;
    else if (this.#fits(here)) this.#settle(here);
    else if (this.#pending && near(this.#pending, here)) {
      this.#pending.agreed += 1;
      if (this.#pending.agreed >= confirmations) this.#settle(here);
    } else this.#pending = { ...here, agreed: 0 };
    return this.now();
  }

  /** The time, without a look that counts. */
  now(): TermTime {
    const here = this.#here();
    if (!this.#anchor) return { ms: here.wallMs, sure: false };
    const sure = this.deps.trusted() && near(this.#anchor, here);
    return { ms: sure ? here.wallMs : expectedMs(this.#anchor, here), sure: true };
  }

  #here(): Point {
    return { wallMs: this.deps.clock.wallMs(), monoUs: this.deps.clock.monoUs() };
  }

  #fits(here: Point): boolean {
    return this.#anchor ? near(this.#anchor, here) : here.wallMs >= this.#notBeforeMs - jumpMs;
  }

  #settle(here: Point): void {
    this.#anchor = here;
    this.#pending = null;
  }
}

function expectedMs(from: Point, here: Point): number {
  return from.wallMs + (here.monoUs - from.monoUs) / 1000;
}

function near(from: Point, here: Point): boolean {
  return Math.abs(here.wallMs - expectedMs(from, here)) <= jumpMs;
}
