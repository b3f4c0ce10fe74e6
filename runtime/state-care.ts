/**
 * Wires the watch over what holds the state directory: keys, register, alerts. Made by runtime/archive.ts. Where that is the
 * card's own file system it says nothing: the card's watch then speaks for both (docs/card.md, W6).
 */
import { LinuxCardHealth } from '../board/linux/card-health.js';
import type { CardPort, CardReading, Clock, Log } from '../board/ports.js';
import type { VigieError } from '../errors.js';
import { CardWatch, type CardWatchDeps } from './health/card-watch.js';
import type { Health, Notice } from './health/health.js';
import { KeyFaults } from './health/key-faults.js';
import { storageHealthOf } from './health/storage-health.js';

/** Nobody times what is written to the state directory. */
const untimed = { now: () => ({ busyShare: 0, slowestMs: 0 }) };

export interface StateCareDeps {
  clock: Clock;
  log: Log;
  card: Pick<CardPort, 'space'>;
  register: { readonly failure: VigieError | null };
  /** what the first card's watch read last */
  cardReading: () => CardReading | null;
}

export class StateCare {
  /** between the stores and their key slots */
  readonly keyFaults = new KeyFaults();
  readonly #watch: CardWatch;

  /** @param options.stateDirectory absolute */
  constructor(
    private readonly deps: StateCareDeps,
    { stateDirectory }: { stateDirectory: string },
  ) {
    const { keyFaults } = this;
    const { register } = deps;
    const written = {
      get failure() {
        return keyFaults.failure ?? register.failure;
      },
      segmentsAbandoned: 0,
    };
    this.#watch = new CardWatch(
      {
        ...deps,
        card: new LinuxCardHealth(deps, { directory: stateDirectory }),
        store: written,
        pace: untimed,
      },
      { subject: 'state', mayTell: () => this.#apart },
    );
  }

  /** Failures of a store that are this storage's, and not its card's. */
  get elsewhere(): NonNullable<CardWatchDeps['elsewhere']> {
    const { keyFaults } = this;
    return {
      causedBy: (failure) => this.#apart && keyFaults.causedBy(failure),
      get count() {
        return keyFaults.count;
      },
    };
  }

  start(signal: AbortSignal): void {
    this.#watch.start(signal);
  }

  notices(): Notice[] {
    return this.#watch.notices();
  }

  health(): Health['stateStorage'] {
    return this.#apart ? storageHealthOf({ ...this.#watch.vitals(), pace: null }) : null;
  }

  /** Idempotent. */
  stop(): void {
    this.#watch.stop();
  }

  /** It lies on another file system than the first store: what ails the one says nothing of the other. */
  get #apart(): boolean {
    const [card, state] = [this.deps.cardReading(), this.#watch.vitals().reading];
    return card !== null && state !== null && card.device !== state.device;
  }
}
