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
import { type OpenSegment, openSegment } from './segment-file.js';
import { selectRecords } from './selection.js';

/** Where the keys of a store are, and what opens them. */
export interface KeyAccess {
  vault: KeyVault;
  /** directory of the key slots */
  directory: string;
}

/** Where a reader finds the files. */
export interface RingFiles {
  open: OpenSegment;
  /** names of the files in a directory */
  list?: (directory: string) => Promise<string[]>;
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
    private readonly files: RingFiles,
  ) {}

  /**
   * @param options.keys null: what is there can be listed and its checksums verified, nothing can be read
   * @param options.files for tests that keep the files in memory
   * @throws VigieError `store` when there is no store, or none that can be read
   */
  static async open(
    directory: string,
    {
      keys,
      signal,
      files = { open: openSegment },
    }: { keys: KeyAccess | null; signal?: AbortSignal; files?: RingFiles },
  ): Promise<StoreReader> {
    const { open, list } = files;
    const found = await describeRing(directory, open, list);
    if (!found) throw noStore(directory);
    const loaded = await loadRing(directory, found, open, signal);
    const { storeId, segmentCount: slots } = found.description;
    const file = keys && keySlotsFile(keys.directory, storeId);
    const reader = file && (await KeyReader.load(file, open, keys.vault, { storeId, slots }));
    const path = ringDirectory(directory);
    await believeTimes({ index: loaded.index, keys: reader || closed, path, open });
    return new StoreReader(directory, loaded, reader || null, files);
  }

  /** Whether there are key slots of this store where they were looked for. */
  get keysFound(): boolean {
    return this.keys?.found ?? false;
  }

  get description(): Description {
    return this.loaded.description;
  }

  /** store.json was missing or unreadable: what it says is taken from a segment. */
  get rebuilt(): boolean {
    return this.loaded.descriptionRebuilt;
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
    const { open } = this.files;
    return readRange({ index, keys: this.keys ?? closed, path, open }, fromMs, toMs, options);
  }

  /** Verifies everything (docs/store.md, P5). Reads the whole ring. */
  check(onProgress?: (progress: { segments: number; of: number }) => void): Promise<CheckReport> {
    return check(this.directory, this.files, this.keysFound ? this.keys : null, onProgress);
  }
}

function noStore(directory: string): VigieError {
  return new VigieError(
    'store',
    `There is no store in ${directory}`,
    'Give the directory with --directory: the one that holds ring/',
  );
}
