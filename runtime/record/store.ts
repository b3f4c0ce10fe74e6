/**
 * The circular store: fed by recorder.ts one GOP at a time, read by control/ for playback while it records, its state
 * shown in health. Never acknowledges a GOP that is not on the device; never crashes because the card does.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { CardPort, Clock, Log } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import type { Health } from '../health/health.js';
import { type Listing, listing } from './coverage.js';
import {
  createRing,
  type OnProgress,
  type RingShape,
  removeCutCreation,
  writeDescription,
} from './create.js';
import { type Description, describeRing, lockFile, ringDirectory } from './description.js';
import type { Gop, StoredGop } from './gop.js';
import { maxCameraIdBytes, maxPayloadBytes } from './layout.js';
import { type RangeOptions, readRange } from './read.js';
import { type LoadedRing, loadRing } from './ring.js';
import { type OpenSegment, onCard, openSegment } from './segment-file.js';
import { RingWriter } from './writer.js';

/** The card, and the lock that keeps a second writer out. */
export interface StoreCard extends CardPort {
  /** exclusive, gone with the process; rejects when held; resolves to what releases it */
  lock(path: string): Promise<() => Promise<void>>;
}

export interface StoreDeps {
  card: StoreCard;
  clock: Clock;
  log: Log;
  /** for tests that put a failing card behind the store */
  open?: OpenSegment;
}

export interface StoreOptions {
  /** absolute path; made when missing, mode 0700 */
  directory: string;
  /** space the ring takes; rounded down to whole segments */
  capacityBytes: number;
  segmentBytes: number;
  /** at most 32 bytes */
  cameraId: string;
}

export type StoreStats = Health['store'];

interface Running {
  unlock: () => Promise<void>;
  loaded: LoadedRing;
  writer: RingWriter;
}

export class Store {
  readonly #open: OpenSegment;
  #running: Running | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  #stopping: Promise<void> | null = null;

  constructor(
    private readonly deps: StoreDeps,
    private readonly options: StoreOptions,
  ) {
    this.#open = deps.open ?? openSegment;
  }

  /**
   * Makes the ring at the first start, else rebuilds its index.
   * @throws VigieError `store`: no room, another writer, another camera's store, another shape, a card that fails;
   *   `config` for a capacity below two segments
   */
  async start(signal: AbortSignal, { onProgress }: { onProgress?: OnProgress } = {}): Promise<void> {
    signal.throwIfAborted();
    const shape = ringShape(this.options);
    const { directory } = this.options;
    await onCard(`Cannot make ${directory}`, () => mkdir(directory, { recursive: true, mode: 0o700 }));
    const unlock = await this.deps.card.lock(lockFile(directory));
    try {
      const loaded = await this.#load(shape, signal, onProgress ?? (() => {}));
      const run = randomBytes(8).toString('hex');
      const ring = { path: ringDirectory(directory), description: loaded.description, run };
      const writer = new RingWriter({ ...this.deps, open: this.#open }, ring, loaded.index, loaded.end);
      this.#running = { unlock, loaded, writer };
    } catch (error) {
      await unlock();
      throw error;
    }
    this.#stopping = null;
    signal.addEventListener('abort', () => void this.stop(), { once: true });
  }

  /**
   * Resolves when the GOP is on the device. GOPs are written in the order of the calls.
   * @returns its record sequence
   * @throws VigieError `store`; the GOP is then lost and counted
   */
  append(gop: Gop): Promise<number> {
    const written = this.#tail.then(() => {
      if (!this.#running) throw notRunning();
      return this.#running.writer.append(gop);
    });
    this.#tail = written.catch(() => {});
    return written;
  }

  /** Writes what was handed over, closes, releases the lock. */
  stop(): Promise<void> {
    this.#stopping ??= this.#tail.then(async () => {
      const running = this.#running;
      this.#running = null;
      await running?.writer.close();
      await running?.unlock();
    });
    return this.#stopping;
  }

  /**
   * GOPs that overlap this interval of wall-clock time, in the order in which they were recorded; the first ones may
   * begin before it, because a GOP is only whole. Does not hold the writer up.
   */
  range(fromMs: number, toMs: number, options: RangeOptions = {}): AsyncGenerator<StoredGop> {
    const { loaded } = this.#must();
    const onDamage =
      options.onDamage ??
      ((entry) => this.deps.log.warn(`Record ${entry.record} cannot be read: it is damaged`));
    const path = ringDirectory(this.options.directory);
    return readRange(loaded.index, path, this.#open, fromMs, toMs, { ...options, onDamage });
  }

  /** Segments, coverage and gaps. */
  list(): Listing {
    const { description, index } = this.#must().loaded;
    return listing(description, index);
  }

  /** Why nothing can be recorded now, in words; null when the card accepts. */
  get failure(): VigieError | null {
    return this.#running?.writer.failure ?? null;
  }

  /** Bytes of the largest GOP that `append` takes, tables included. */
  get maxGopBytes(): number {
    return maxPayloadBytes(this.options.segmentBytes) - 16;
  }

  /** Segments given up after a failed write since the start. */
  get segmentsAbandoned(): number {
    return this.#running?.writer.segmentsAbandoned ?? 0;
  }

  /** `gops`, `gopsLost` and `bytesWritten` count since the start; the rest is what the ring holds. */
  stats(): StoreStats {
    const { segmentBytes, segmentCount } = ringShape(this.options);
    const held = this.#running?.loaded.index.segments().filter((entries) => entries.length > 0) ?? [];
    const first = held[0]?.at(0);
    const newest = held.at(-1);
    const last = newest?.at(newest.length - 1);
    const writer = this.#running?.writer;
    return {
      state: !writer ? 'off' : writer.failure ? 'failed' : 'recording',
      segments: segmentCount,
      segmentsUsed: held.length,
      capacityBytes: segmentCount * segmentBytes,
      usedBytes: held.reduce((sum, entries) => sum + entries.usedBytes, 0),
      bytesWritten: writer?.bytesWritten ?? 0,
      gops: writer?.gops ?? 0,
      gopsLost: writer?.gopsLost ?? 0,
      oldestMs: first ? first.wallFirstUs / 1000 : null,
      newestMs: last ? last.wallLastUs / 1000 : null,
    };
  }

  async #load(shape: RingShape, signal: AbortSignal, onProgress: OnProgress): Promise<LoadedRing> {
    const { directory } = this.options;
    const { log, card } = this.deps;
    await removeCutCreation(directory);
    const found = (await describeRing(directory, this.#open)) ?? {
      description: await createRing(card, directory, shape, signal, onProgress),
      rebuilt: false,
    };
    refuseOther(found.description, shape, directory);
    const loaded = await loadRing(directory, found, this.#open, signal);
    for (const remark of loaded.remarks) log.warn(`Store: ${remark}`);
    if (loaded.tornTail) log.warn('Store: the last GOP was cut short and is left out');
    if (loaded.descriptionRebuilt) {
      log.warn('Store: its description was missing or damaged, and is written again');
      await writeDescription(ringDirectory(directory), loaded.description);
    }
    return loaded;
  }

  #must(): Running {
    if (!this.#running) throw notRunning();
    return this.#running;
  }
}

function notRunning(): VigieError {
  return new VigieError('store', 'The store is not running', 'Start the camera');
}

function ringShape({ capacityBytes, segmentBytes, cameraId }: StoreOptions): RingShape {
  const segmentCount = Math.floor(capacityBytes / segmentBytes);
  if (segmentCount < 2) {
    throw new VigieError(
      'config',
      'The store has room for less than two segments',
      'Raise record.capacityMiB, or lower record.segmentMiB',
    );
  }
  if (Buffer.byteLength(cameraId) > maxCameraIdBytes) {
    throw new VigieError('config', 'The camera id is longer than 32 bytes', 'Shorten camera.id');
  }
  return { cameraId, segmentBytes, segmentCount };
}

function refuseOther(found: Description, wanted: RingShape, directory: string): void {
  const keep = 'or move the directory away to begin a new store';
  const mib = (bytes: number): number => bytes / 1024 / 1024;
  if (found.cameraId !== wanted.cameraId) {
    throw new VigieError(
      'store',
      `The store in ${directory} belongs to camera ${found.cameraId}, not ${wanted.cameraId}`,
      `Put the right card in, ${keep}`,
    );
  }
  if (found.segmentBytes !== wanted.segmentBytes) {
    throw new VigieError(
      'store',
      `The store in ${directory} has segments of ${mib(found.segmentBytes)} MiB, not ${mib(wanted.segmentBytes)}`,
      `Set record.segmentMiB to ${mib(found.segmentBytes)}, ${keep}`,
    );
  }
  if (found.segmentCount !== wanted.segmentCount) {
    const has = mib(found.segmentCount * found.segmentBytes);
    throw new VigieError(
      'store',
      `The store in ${directory} takes ${has} MiB, not ${mib(wanted.segmentCount * wanted.segmentBytes)}`,
      `Set record.capacityMiB to ${has}, ${keep}`,
    );
  }
}
