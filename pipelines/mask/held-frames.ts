/**
 * Frames that wait for the position of the head that follows them. Fed by frame-path.ts, which also takes them out again: in
 * order, each once. Bounded in time and in number: what waits too long, or too many, goes on as it is and is then hidden.
 */
import type { Clock } from '../../board/ports.js';
import type { RawFrame } from '../frame.js';

/** Frames that wait at the most: half a second at 25 a second, and some. */
export const MOST_HELD = 16;

export interface HeldFramesEvents {
  /** whether a frame needs to wait no longer */
  isKnown(frame: RawFrame): boolean;
  /** whether what follows can take a frame now */
  canPass(): boolean;
  pass(frame: RawFrame): void;
}

export class HeldFrames {
  readonly #clock: Clock;
  readonly #events: HeldFramesEvents;
  readonly #holdMs: number;
  readonly #held: { frame: RawFrame; untilUs: number }[] = [];
  #cancel: (() => void) | null = null;

  constructor(deps: { clock: Clock; events: HeldFramesEvents }, { holdMs }: { holdMs: number }) {
    this.#clock = deps.clock;
    this.#events = deps.events;
    this.#holdMs = holdMs;
  }

  get count(): number {
    return this.#held.length;
  }

  offer(frame: RawFrame): void {
    this.#held.push({ frame, untilUs: this.#clock.monoUs() + this.#holdMs * 1000 });
    this.drain();
  }

  /** Lets go what can go. To be called whenever a position came or what follows has room again. */
  drain(): void {
    this.#cancel?.();
    this.#cancel = null;
    for (let first = this.#held[0]; first; first = this.#held[0]) {
      const waitUs = first.untilUs - this.#clock.monoUs();
      const full = this.#held.length > MOST_HELD;
      if (!full && waitUs > 0 && !this.#events.isKnown(first.frame)) {
        this.#cancel = this.#clock.after(Math.ceil(waitUs / 1000), () => this.drain());
        return;
      }
      if (!full && !this.#events.canPass()) return;
      this.#held.shift();
      this.#events.pass(first.frame);
    }
  }

  /** Nothing more comes: everything goes on as it is. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    for (let first = this.#held.shift(); first; first = this.#held.shift()) this.#events.pass(first.frame);
  }
}
