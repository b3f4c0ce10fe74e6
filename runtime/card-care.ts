/**
 * Wires what watches a card: the machine's word for its health, the pace of writing, and the watch over both and over
 * the store on it. Made by runtime/archive.ts, for each store. Decides nothing itself.
 */
import { LinuxCardHealth } from '../board/linux/card-health.js';
import type { CardPort, Clock, Log } from '../board/ports.js';
import { AppendPace } from './health/append-pace.js';
import { ofSecondCard } from './health/buffer-notices.js';
import { CardWatch } from './health/card-watch.js';
import type { Notice } from './health/health.js';
import type { Store } from './record/store.js';
import type { PairedStore } from './record/store-pair.js';

export class CardCare {
  readonly watch: CardWatch;
  /** the store as the recorder is to write to it: timed */
  readonly timed: PairedStore;

  /**
   * @param options.directory absolute path of the store
   * @param options.second it is the card of the second store
   */
  constructor(
    { store, ...deps }: { clock: Clock; log: Log; card: Pick<CardPort, 'space'>; store: Store },
    private readonly options: { directory: string; second: boolean },
  ) {
    const pace = new AppendPace(deps);
    this.timed = pace.timed(store);
    this.watch = new CardWatch({ ...deps, card: new LinuxCardHealth(deps, options), store, pace });
  }

  notices(): Notice[] {
    const notices = this.watch.notices();
    return this.options.second ? notices.map(ofSecondCard) : notices;
  }
}
