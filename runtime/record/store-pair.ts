/**
 * Two stores as one: what the first refuses goes to the second, until the first accepts again (docs/store.md, "What waits").
 * Fed by recorder.ts; made by runtime/archive.ts. Never waits long for the first while there is a second.
 */
import type { Clock } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import type { Gop } from './gop.js';
import type { RecordingStore } from './recording-store.js';
import type { StoreStats } from './store-stats.js';

/** One of the two, as far as it is written to: a Store. */
export interface PairedStore extends RecordingStore<number> {
  /** null while it was never opened */
  readonly storeId: string | null;
}

/** Where a GOP was stored. */
export interface StoredAt {
  readonly storeId: string;
  readonly record: number;
}

/** A card that neither takes nor refuses within this is left alone until it answers. */
const silentMs = 5000;

export class StorePair implements RecordingStore<StoredAt> {
  /** the first was given something, and has not answered */
  #silent = false;
  /** GOPs that the first took after all, when the second had them already */
  #twice = 0;

  /** @param stores.second null when none is configured */
  constructor(private readonly stores: { first: PairedStore; second: PairedStore | null; clock: Clock }) {}

  /** The first is asked each time: it knows itself when it is to be tried again, and refuses at once until then. */
  async append(gop: Gop, lost: number): Promise<StoredAt> {
    const { first, second } = this.stores;
    if (!second) return appendTo(first, gop, lost);
    if (!this.#silent) {
      try {
        return await this.#answered(appendTo(first, gop, lost), () => {
          this.#twice += 1;
        });
      } catch (error) {
        if (!first.failure && !this.#silent) throw error;
      }
    }
    return appendTo(second, gop, lost);
  }

  /** In the store that has the record; rejects while that one is away. */
  async keep({ storeId, record }: StoredAt): Promise<number | null> {
    const { first, second } = this.stores;
    const place = [first, second].find((store) => store?.storeId === storeId);
    // Another card is in its place: the record is out of reach, and its terms run without it.
    if (!place) return null;
    if (place !== first || !second) return place.keep(record);
    if (this.#silent) throw silence();
    return this.#answered(place.keep(record), () => undefined);
  }

  /** Of the first, when both refuse. */
  get failure(): VigieError | null {
    const { first, second } = this.stores;
    return second && !second.failure ? null : first.failure;
  }

  /** The first refuses, and the second takes what is recorded. */
  get onSecond(): boolean {
    const { first, second } = this.stores;
    return (this.#silent || first.failure !== null) && second !== null && second.failure === null;
  }

  get maxGopBytes(): number {
    const { first, second } = this.stores;
    return Math.min(first.maxGopBytes, second?.maxGopBytes ?? Number.POSITIVE_INFINITY);
  }

  /** The ring of the first; what was written counts for both. */
  stats(): StoreStats {
    const [first, second] = [this.stores.first.stats(), this.stores.second?.stats()];
    if (!second) return first;
    return {
      ...first,
      state: this.onSecond ? second.state : first.state,
      bytesWritten: first.bytesWritten + second.bytesWritten,
      gops: first.gops + second.gops - this.#twice,
      gopsLost: first.gopsLost + second.gopsLost,
    };
  }

  /** @param late called when the answer comes after it was given up, and it is done */
  #answered<T>(work: Promise<T>, late: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.stores.clock.after(silentMs, () => {
        this.#silent = true;
        reject(silence());
      });
      const ended = (call: () => void): void => {
        cancel();
        if (this.#silent) call();
        this.#silent = false;
      };
      work.then(
        (value) => {
          ended(late);
          resolve(value);
        },
        (error: unknown) => {
          ended(() => undefined);
          reject(error);
        },
      );
    });
  }
}

function silence(): VigieError {
  return new VigieError('store', 'The first card does not answer', 'Replace it');
}

async function appendTo(store: PairedStore, gop: Gop, lost: number): Promise<StoredAt> {
  const record = await store.append(gop, lost);
  return { storeId: store.storeId ?? '', record };
}
