/**
 * Wires what watches the card: the machine's word for its health, the pace of writing, and the watch over both and over
 * the store. Made by runtime/main.ts. Decides nothing itself.
 */
import { LinuxCardHealth } from '../board/linux/card-health.js';
import type { CardPort, Clock, Log } from '../board/ports.js';
import { AppendPace } from './health/append-pace.js';
import { CardWatch } from './health/card-watch.js';
import type { RecorderDeps } from './record/recorder.js';
import type { Store } from './record/store.js';

export class CardCare {
  readonly watch: CardWatch;
  /** the store as the recorder is to write to it: timed */
  readonly store: RecorderDeps['store'];

  /** @param options.directory absolute path of the store */
  constructor(
    { store, ...deps }: { clock: Clock; log: Log; card: Pick<CardPort, 'space'>; store: Store },
    options: { directory: string },
  ) {
    const pace = new AppendPace(deps);
    this.store = pace.timed(store);
    this.watch = new CardWatch({ ...deps, card: new LinuxCardHealth(deps, options), store, pace });
  }
}
