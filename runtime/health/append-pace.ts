/**
 * How busy the card is: times what the recorder hands to the store, between the two. Read by card-watch.ts. One append
 * is under way at a time: when that is so for nearly all of the last seconds, the camera makes more than the card takes.
 */
import type { Clock } from '../../board/ports.js';
import type { PairedStore } from '../record/store-pair.js';

export interface Pace {
  /** share of the last seconds in which something was being written, 0 to 1 */
  busyShare: number;
  /** longest write of the last seconds, the one under way included, milliseconds */
  slowestMs: number;
}

export class AppendPace {
  readonly #windowUs: number;
  /** ended writes, oldest first */
  #spells: { fromUs: number; toUs: number }[] = [];
  #underWay = 0;
  #sinceUs = 0;

  /** @param options.windowMs how far back it looks; default 3 s */
  constructor(
    private readonly deps: { clock: Clock },
    options: { windowMs?: number } = {},
  ) {
    this.#windowUs = (options.windowMs ?? 3000) * 1000;
  }

  /** The same store, with every write timed. */
  timed(store: PairedStore): PairedStore {
    return {
      append: (gop, lost) => this.#time(() => store.append(gop, lost)),
      keep: (record) => this.#time(() => store.keep(record)),
      stats: () => store.stats(),
      get failure() {
        return store.failure;
      },
      get storeId() {
        return store.storeId;
      },
      get maxGopBytes() {
        return store.maxGopBytes;
      },
    };
  }

  now(): Pace {
    const nowUs = this.deps.clock.monoUs();
    this.#forget(nowUs);
    const spells = [...this.#spells];
    if (this.#underWay > 0) spells.push({ fromUs: this.#sinceUs, toUs: nowUs });
    const windowFromUs = nowUs - this.#windowUs;
    let busyUs = 0;
    let slowestUs = 0;
    for (const { fromUs, toUs } of spells) {
      busyUs += toUs - Math.max(fromUs, windowFromUs);
      slowestUs = Math.max(slowestUs, toUs - fromUs);
    }
    return { busyShare: busyUs / this.#windowUs, slowestMs: slowestUs / 1000 };
  }

  async #time<T>(write: () => Promise<T>): Promise<T> {
    if (this.#underWay++ === 0) this.#sinceUs = this.deps.clock.monoUs();
    try {
      return await write();
    } finally {
      if (--this.#underWay === 0) this.#ended(this.deps.clock.monoUs());
    }
  }

  #ended(nowUs: number): void {
    this.#forget(nowUs);
    this.#spells.push({ fromUs: this.#sinceUs, toUs: nowUs });
  }

  #forget(nowUs: number): void {
    this.#spells = this.#spells.filter(({ toUs }) => toUs > nowUs - this.#windowUs);
  }
}
