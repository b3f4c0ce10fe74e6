/**
 * The store as the commands see it: opened beside a camera that may be writing, without its lock. Used by
 * runtime/cli/store.ts. Writes nothing (docs/store.md, I10).
 */
import type { KeyVault } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import { type CheckReport, check } from './check.js';
import { type Listing, listing } from './coverage.js';
import { type Description, describeRing, keySlotsFile, ringDirectory } from './description.js';
import type { StoredGop } from './gop.js';
import { KeyReader, type RecordKeys } from './key-table.js';
import { believeTimes } from './load-times.js';
import { type RangeOptions, readRange } from './read.js';
import { type LoadedRing, loadRing } from './ring.js';
import type { RecordEntry } from './ring-index.js';
import { openSegment } from './segment-file.js';
import { selectRecords } from './selection.js';

/** Where the keys of a store are, and what opens them. */
export interface KeyAccess {
  vault: KeyVault;
  /** directory of the key slots */
  directory: string;
}

/** Stands for keys that were not given: everything is there, and nothing opens it. */
const closed: RecordKeys = {
  stateOf: () => 'live',
  keyOf: async () => null,
  vouches: async () => false,
};

export class StoreReader {
  private constructor(
    private readonly directory: string,
    private readonly loaded: LoadedRing,
    private readonly keys: KeyReader | null,
  ) {}

  /**
   * @param options.keys null: what is there can be listed and its checksums verified, nothing can be read
   * @throws VigieError `store` when there is no store, or none that can be read
   */
  static async open(
    directory: string,
    { keys, signal }: { keys: KeyAccess | null; signal?: AbortSignal },
  ): Promise<StoreReader> {
    const found = await describeRing(directory, openSegment);
    if (!found) throw noStore(directory);
    const loaded = await loadRing(directory, found, openSegment, signal);
    const { storeId, segmentCount: slots } = found.description;
    const file = keys && keySlotsFile(keys.directory, storeId);
    const reader = file && (await KeyReader.load(file, openSegment, keys.vault, { storeId, slots }));
    const path = ringDirectory(directory);
    await believeTimes({ index: loaded.index, keys: reader || closed, path, open: openSegment });
    return new StoreReader(directory, loaded, reader || null);
  }

  /** Whether there are key slots of this store where they were looked for. */
  get keysFound(): boolean {
    return this.keys?.found ?? false;
  }

  get description(): Description {
    return this.loaded.description;
  }

  /** Segments, coverage and gaps, as they were when it was opened. */
  list(): Listing {
    return listing(this.loaded.description, this.loaded.index, this.keys ?? closed);
  }

  /** What `range` will try to read, in order. */
  select(fromMs: number, toMs: number): RecordEntry[] {
    return selectRecords(this.loaded.index, this.keys ?? closed, fromMs, toMs).readable;
  }

  /** As Store.range. */
  range(fromMs: number, toMs: number, options: RangeOptions = {}): AsyncGenerator<StoredGop> {
    const { index } = this.loaded;
    const path = ringDirectory(this.directory);
    return readRange({ index, keys: this.keys ?? closed, path, open: openSegment }, fromMs, toMs, options);
  }

  /** Verifies everything (docs/store.md, P5). Reads the whole ring. */
  check(onProgress?: (progress: { segments: number; of: number }) => void): Promise<CheckReport> {
    return check(this.directory, openSegment, this.keysFound ? this.keys : null, onProgress);
  }
}

function noStore(directory: string): VigieError {
  return new VigieError(
    'store',
    `There is no store in ${directory}`,
    'Give the directory with --directory: the one that holds ring/',
  );
}
