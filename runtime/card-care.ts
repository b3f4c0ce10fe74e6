/**
 * Wires what watches a card: the machine's word for its health, the pace of writing, and the watch over both and over
 * the store on it. Made by runtime/archive.ts, for each store. Decides nothing itself.
 */
import { LinuxCardHealth } from '../board/linux/card-health.js';
import type { CardPort, Clock, Log } from '../board/ports.js';
import { AppendPace } from './health/append-pace.js';
import { ofSecondCard } from './health/buffer-notices.js';
import { CardWatch, type CardWatchDeps } from './health/card-watch.js';
import type { Notice } from './health/health.js';
import type { Store } from './record/store.js';
import type { PairedStore } from './record/store-pair.js';

export interface CardCareDeps {
  clock: Clock;
  log: Log;
  card: Pick<CardPort, 'space'>;
  store: Store;
  /** failures of the store that are not the card's */
  elsewhere: NonNullable<CardWatchDeps['elsewhere']>;
}

export class CardCare {
  readonly watch: CardWatch;
  /** the store as the recorder is to write to it: timed */
  readonly timed: PairedStore;

  /**
   * @param options.directory absolute path of the store
   * @param options.second it is the card of the second store
   */
  constructor(
    { store, elsewhere, ...deps }: CardCareDeps,
    private readonly options: { directory: string; second: boolean },
  ) {
    const pace = new AppendPace(deps);
    this.timed = pace.timed(store);
    const card = new LinuxCardHealth(deps, options);
    this.watch = new CardWatch({ ...deps, card, store, pace, elsewhere });
  }

  notices(): Notice[] {
    const notices = this.watch.notices();
    return this.options.second ? notices.map(ofSecondCard) : notices;
  }
}
