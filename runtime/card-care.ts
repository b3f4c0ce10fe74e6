/**
 * Wires what watches the storage: the machine's word for its health, the pace of writing, and the watch over the card and,
 * where the state directory lies on another device, over that. Made by runtime/archive.ts. Decides nothing itself.
 */
import { LinuxCardHealth } from '../board/linux/card-health.js';
import type { CardPort, Clock, Log } from '../board/ports.js';
import type { VigieError } from '../errors.js';
import { AppendPace } from './health/append-pace.js';
import { CardWatch } from './health/card-watch.js';
import type { Health, Notice } from './health/health.js';
import type { KeyFaults } from './health/key-faults.js';
import { storageHealthOf } from './health/storage-health.js';
import type { RecorderDeps } from './record/recorder.js';
import type { Store } from './record/store.js';

/** Nobody times what is written to the state directory. */
const untimed = { now: () => ({ busyShare: 0, slowestMs: 0 }) };

export interface CardCareDeps {
  clock: Clock;
  log: Log;
  card: Pick<CardPort, 'space'>;
  store: Store;
  keyFaults: KeyFaults;
  register: { readonly failure: VigieError | null };
}

export class CardCare {
  /** the store as the recorder is to write to it: timed */
  readonly store: RecorderDeps['store'];
  readonly #card: CardWatch;
  readonly #state: CardWatch;

  /** @param options absolute paths of the store and of the state directory */
  constructor(
    { store, keyFaults, register, ...deps }: CardCareDeps,
    options: { directory: string; stateDirectory: string },
  ) {
    const pace = new AppendPace(deps);
    this.store = pace.timed(store);
    const { directory, stateDirectory } = options;
    const elsewhere = {
      causedBy: (failure: VigieError | null) => this.#apart && keyFaults.causedBy(failure),
      get count() {
        return keyFaults.count;
      },
    };
    const card = new LinuxCardHealth(deps, { directory });
    this.#card = new CardWatch({ ...deps, card, store, pace, elsewhere });
    const state = new LinuxCardHealth(deps, { directory: stateDirectory });
    const written = {
      get failure() {
        return keyFaults.failure ?? register.failure;
      },
      segmentsAbandoned: 0,
    };
    this.#state = new CardWatch(
      { ...deps, card: state, store: written, pace: untimed },
      { subject: 'state', mayTell: () => this.#apart },
    );
  }

  /** Begins to watch. */
  start(signal: AbortSignal): void {
    this.#card.start(signal);
    this.#state.start(signal);
  }

  notices(): Notice[] {
    return [...this.#card.notices(), ...this.#state.notices()];
  }

  health(): Pick<Health, 'card' | 'stateStorage'> {
    const card = storageHealthOf(this.#card.vitals());
    if (!this.#apart) return { card, stateStorage: null };
    return { card, stateStorage: storageHealthOf({ ...this.#state.vitals(), pace: null }) };
  }

  /** Idempotent. */
  stop(): void {
    this.#card.stop();
    this.#state.stop();
  }

  /** The state directory lies on another file system than the store: what ails the one says nothing of the other. */
  get #apart(): boolean {
    const [card, state] = [this.#card.vitals().reading, this.#state.vitals().reading];
    return card !== null && state !== null && card.device !== state.device;
  }
}
