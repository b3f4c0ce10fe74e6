/** What a recorder writes to: a Store, two of them (store-pair.ts), or what stands for one in a test. */
import type { VigieError } from '../../errors.js';
import type { Gop } from './gop.js';
import type { StoreStats } from './store-stats.js';

/** What the recorder writes to. */
export interface RecordingStore<Stored> {
  /**
   * @param lost GOPs that were lost since the last one that was stored
   * @returns what the store calls the record; only the store knows what it means
   */
  append(gop: Gop, lost: number): Promise<Stored>;
  /** keeps a stored GOP a second time, under `terminus`; null when it is gone */
  keep(record: Stored): Promise<number | null>;
  stats(): StoreStats;
  /** why it refuses now: what it refused may be handed over again; null when it accepts */
  readonly failure: VigieError | null;
  /** bytes of the largest record it takes */
  readonly maxGopBytes: number;
}
