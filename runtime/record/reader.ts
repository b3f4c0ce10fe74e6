/**
 * The store as the commands see it: opened beside a camera that may be writing, without its lock. Used by
 * runtime/cli/store.ts. Writes nothing (docs/store.md, I10).
 */
import { VigieError } from '../../errors.js';
import { type CheckReport, check } from './check.js';
import { type Listing, listing } from './coverage.js';
import { type Description, describeRing, ringDirectory } from './description.js';
import type { StoredGop } from './gop.js';
import { type RangeOptions, readRange, selectRecords } from './read.js';
import { type LoadedRing, loadRing } from './ring.js';
import type { RecordEntry } from './ring-index.js';
import { openSegment } from './segment-file.js';

export class StoreReader {
  private constructor(
    private readonly directory: string,
    private readonly loaded: LoadedRing,
  ) {}

  /** @throws VigieError `store` when there is no store, or none that can be read */
  static async open(directory: string, signal?: AbortSignal): Promise<StoreReader> {
    const found = await describeRing(directory, openSegment);
    if (!found) throw noStore(directory);
    return new StoreReader(directory, await loadRing(directory, found, openSegment, signal));
  }

  get description(): Description {
    return this.loaded.description;
  }

  /** Segments, coverage and gaps, as they were when it was opened. */
  list(): Listing {
    return listing(this.loaded.description, this.loaded.index);
  }

  /** What `range` will try to read, in order. */
  select(fromMs: number, toMs: number): RecordEntry[] {
    return selectRecords(this.loaded.index, fromMs, toMs);
  }

  /** As Store.range. */
  range(fromMs: number, toMs: number, options: RangeOptions = {}): AsyncGenerator<StoredGop> {
    return readRange(this.loaded.index, ringDirectory(this.directory), openSegment, fromMs, toMs, options);
  }

  /** Verifies everything (docs/store.md, P5). Reads the whole ring. */
  check(onProgress?: (progress: { segments: number; of: number }) => void): Promise<CheckReport> {
    return check(this.directory, openSegment, onProgress);
  }
}

function noStore(directory: string): VigieError {
  return new VigieError(
    'store',
    `There is no store in ${directory}`,
    'Give the directory with --directory: the one that holds ring/',
  );
}
