/**
 * The version on trial, looked at about once a second until it is well for long enough. Used by ota/updater/updater.ts. Asks this machine
 * only (docs/updates.md, invariant 5).
 */
import type { Clock, Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import type { Vital } from '../launcher/slot-state.js';
import { Confirmation, type Vitals } from './confirm.js';

export interface TrialOptions {
  /** all must hold for so long without a break */
  confirmSeconds: number;
  /** how long a trial may last; null: the launcher sees to that */
  trialSeconds: number | null;
}

export class TrialWatch {
  #confirmation: Confirmation | null = null;
  #sinceUs = 0;
  #looking = false;

  constructor(
    private readonly deps: { clock: Clock; log: Log; vitals: () => Promise<Vitals> },
    private readonly options: TrialOptions,
  ) {}

  /** What it waits for. */
  get missing(): readonly Vital[] {
    return this.#confirmation?.missing ?? [];
  }

  begin(asked: readonly Vital[]): void {
    this.#confirmation = new Confirmation(this.deps, { asked, seconds: this.options.confirmSeconds });
    this.#sinceUs = this.deps.clock.monoUs();
  }

  /** `late`: it was not well in time. Never rejects. */
  async look(): Promise<'well' | 'not-yet' | 'late'> {
    if (this.#looking || !this.#confirmation) return 'not-yet';
    this.#looking = true;
    try {
      if (this.#confirmation.take(await this.deps.vitals())) return 'well';
    } catch (error) {
      this.deps.log.warn(`update: the camera could not be looked at: ${errorLine(error)}`);
    } finally {
      this.#looking = false;
    }
    const { trialSeconds } = this.options;
    const lastsUs = this.deps.clock.monoUs() - this.#sinceUs;
    return trialSeconds !== null && lastsUs > trialSeconds * 1e6 ? 'late' : 'not-yet';
  }
}
