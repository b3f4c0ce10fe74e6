/**
 * Two stores as one: what the first refuses goes to the second, until the first accepts again (docs/store.md, "What waits").
 * Fed by recorder.ts; made by runtime/archive.ts. Every GOP is acknowledged by one of the two only.
 */
import type { VigieError } from '../../errors.js';
import type { Gop } from './gop.js';
import type { RecordingStore } from './recorder.js';
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

export class StorePair implements RecordingStore<StoredAt> {
  /** @param stores.second null when none is configured */
  constructor(private readonly stores: { first: PairedStore; second: PairedStore | null }) {}

  /** The first is asked each time: it knows itself when it is to be tried again, and refuses at once until then. */
  async append(gop: Gop, lost: number): Promise<StoredAt> {
    const { first, second } = this.stores;
    try {
      return await appendTo(first, gop, lost);
    } catch (error) {
      if (!second || !first.failure) throw error;
      return appendTo(second, gop, lost);
    }
  }

  /** In the store that has the record; rejects while that one is away. */
  async keep({ storeId, record }: StoredAt): Promise<number | null> {
    const { first, second } = this.stores;
    const place = [first, second].find((store) => store?.storeId === storeId);
    // Another card is in its place: the record is out of reach, and its terms run without it.
    return place ? place.keep(record) : null;
  }

  /** Of the first, when both refuse. */
  get failure(): VigieError | null {
    const { first, second } = this.stores;
    return second && !second.failure ? null : first.failure;
  }

  /** The first refuses, and the second takes what is recorded. */
  get onSecond(): boolean {
    const { first, second } = this.stores;
    return first.failure !== null && second !== null && second.failure === null;
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
      gops: first.gops + second.gops,
      gopsLost: first.gopsLost + second.gopsLost,
    };
  }
}

async function appendTo(store: PairedStore, gop: Gop, lost: number): Promise<StoredAt> {
  const record = await store.append(gop, lost);
  return { storeId: store.storeId ?? '', record };
}
