/**
 * How an update stands: the state, moved only along ota/table.ts, and what is known beside it. Kept by ota/updater/updater.ts; whoever
 * watches is told of every change.
 */
import type { Clock } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import type { Vital } from '../launcher/slot-state.js';
import type { SlotsStatus } from '../slots/backend.js';
import { nextState, type UpdateEvent } from '../table.js';
import type { UpdateProgress, UpdateState, UpdateStatus } from '../update.js';
import type { Plan } from './obtaining.js';
import type { Problem } from './problems.js';
import { Watchers } from './watchers.js';

/** A version that this camera takes. */
export interface Offer {
  plan: Plan;
  /** not by itself */
  onlyByOrder: boolean;
}

export interface StandingOptions {
  backend: UpdateStatus['backend'];
  running: UpdateStatus['running'];
  channel: UpdateStatus['channel'];
}

export class Standing {
  slots: SlotsStatus | null = null;
  offer: Offer | null = null;
  problem: Problem | null = null;
  checkedMs: number | null = null;
  waitsFor: readonly Vital[] = [];
  readonly watchers: Watchers;
  readonly #windowOpen: () => boolean;
  #state: UpdateState = 'idle';
  #progress: UpdateProgress | null = null;

  constructor(
    deps: { clock: Clock; windowOpen: () => boolean },
    private readonly options: StandingOptions,
  ) {
    this.#windowOpen = deps.windowOpen;
    this.watchers = new Watchers({ clock: deps.clock, status: () => this.status() });
  }

  get state(): UpdateState {
    return this.#state;
  }

  /** @throws VigieError `internal` when the event has no place in this state */
  follow(event: UpdateEvent): void {
    const next = nextState(this.#state, event);
    if (next === null)
      throw new VigieError('internal', `update: ${event} has no place in ${this.#state}`, 'Report this');
    this.#state = next;
    this.#progress = null;
    this.watchers.changed();
  }

  progress(progress: UpdateProgress): void {
    this.#progress = progress;
    this.watchers.changed();
  }

  status(): UpdateStatus {
    const { slots, offer, problem } = this;
    const state = this.#state;
    const trial = state === 'trial' ? (slots?.trial ?? null) : null;
    return {
      state,
      ...this.options,
      other: slots?.other?.condition === 'good' ? { version: slots.other.version } : null,
      offer: offer && offerOf(offer),
      progress: this.#progress,
      trial: trial && { triesLeft: trial.triesLeft, waitsFor: this.waitsFor },
      checkedMs: this.checkedMs,
      problem: problem && { fr: problem.fr, en: problem.en },
      windowOpen: this.#windowOpen(),
    };
  }
}

function offerOf({ plan: { found, file, from } }: Offer): UpdateStatus['offer'] {
  const { version, notes } = found.release;
  return { version, notes, bytes: file.bytes, delta: from !== null };
}
