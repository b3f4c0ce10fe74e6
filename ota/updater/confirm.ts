/**
 * Whether the version on trial is well (docs/updates.md, invariant 5). Fed by ota/updater/updater.ts with what was found of this
 * machine, about once a second; never asks the network, and ends nothing: when it never says yes, the launcher goes back.
 */
import type { Clock } from '../../board/ports.js';
import type { Vital } from '../launcher/slot-state.js';

/** Whether each holds now. */
export type Vitals = Record<Vital, boolean>;

/** A camera that was not looked at for so long was not seen to be well. */
const unseenUs = 5_000_000;

export class Confirmation {
  #missing: readonly Vital[];
  /** since when everything has held, monotonic */
  #sinceUs: number | null = null;
  #seenUs: number | null = null;

  /** @param options.asked what held before the update; @param options.seconds how long all of it must hold without a break */
  constructor(
    private readonly deps: { clock: Clock },
    private readonly options: { asked: readonly Vital[]; seconds: number },
  ) {
    this.#missing = options.asked;
  }

  /** What it waits for. */
  get missing(): readonly Vital[] {
    return this.#missing;
  }

  /** @returns true once all has held for long enough */
  take(found: Vitals): boolean {
    const nowUs = this.deps.clock.monoUs();
    if (this.#seenUs !== null && nowUs - this.#seenUs > unseenUs) this.#sinceUs = null;
    this.#seenUs = nowUs;
    this.#missing = this.options.asked.filter((vital) => !found[vital]);
    if (this.#missing.length > 0) {
      this.#sinceUs = null;
      return false;
    }
    this.#sinceUs ??= nowUs;
    return nowUs - this.#sinceUs >= this.options.seconds * 1e6;
  }
}
