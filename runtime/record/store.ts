/**
 * The circular store: fed by recorder.ts one GOP at a time, read by control/ for playback while it records, its state
 * shown in health. Never acknowledges a GOP that is not on the device; never crashes because the card does.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { CardPort, Clock, KeyVault, Log } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import { type Listing, listing } from './coverage.js';
import {
  createRing,
  type OnProgress,
  type RingShape,
  removeCutCreation,
  writeDescription,
} from './create.js';
import { describeRing, lockFile, ringDirectory } from './description.js';
import type { Gop, StoredGop } from './gop.js';
import { type RecordClass, recordClasses } from './key-sector.js';
import type { KeySlots, KeyState, LiveKey } from './key-slots.js';
import { maxPayloadBytes } from './layout.js';
import { believeTimes } from './load-times.js';
import { openKeys } from './open-keys.js';
import { type RangeOptions, type RingAccess, readOne, readRange } from './read.js';
import { type LoadedRing, loadRing } from './ring.js';
import { type SegmentSummary, summaryOf } from './ring-index.js';
import { refuseOther, ringShape } from './ring-shape.js';
import type { OnSegment } from './segment-events.js';
import { type OpenSegment, onCard, openSegment } from './segment-file.js';
import { SegmentMaker } from './segment-maker.js';
import { type StoreStats, statsOf } from './store-stats.js';
import type { ClockPoint, Corrected } from './time-corrections.js';
import { TimeTelling } from './time-telling.js';
import { RingWriter } from './writer.js';

export type { StoreStats } from './store-stats.js';

/** Pictures of one segment lie within this by default. */
const usualSpanMs = 60_000;

export interface StoreDeps {
  card: CardPort;
  clock: Clock;
  log: Log;
  /** seals the keys of the segments */
  vault: KeyVault;
  /** whether the wall clock is known to be right, noted with each key; default: it is */
  clockTrusted?: () => boolean;
  /** told of each segment begun, sealed and overwritten, in order; the writer waits for it */
  onSegment?: OnSegment;
  /** whether a requisition holds this segment: the writer then passes it over; default: none is held */
  held?: (segment: SegmentSummary) => boolean;
  /** hex, 8 bytes: this boot, in which monotonic times compare; default: random, of this start */
  run?: string;
  /** for tests that put a failing card behind the store */
  open?: OpenSegment;
  /** and a failing device behind the key slots */
  openKeys?: OpenSegment;
}

export interface StoreOptions {
  /** absolute path; made when missing, mode 0700 */
  directory: string;
  /** absolute path of the directory of the key slots, apart from the card; made when missing, mode 0700 */
  keysDirectory: string;
  /** space the ring takes; rounded down to whole segments */
  capacityBytes: number;
  segmentBytes: number;
  /** at most 32 bytes */
  cameraId: string;
  /** pictures of one segment lie within this; its key is destroyed when the first reaches its term; default 60 s */
  maxSpanMs?: number;
}

interface Running {
  unlock: () => Promise<void>;
  loaded: LoadedRing;
  keys: KeySlots;
  maker: SegmentMaker;
  writer: RingWriter;
  times: TimeTelling;
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
      const keys = await openKeys(this.deps, this.options.keysDirectory, loaded);
      const refused = await believeTimes(this.#ring(loaded, keys));
      if (refused > 0) this.deps.log.warn(`Store: ${refused} time correction(s) do not hold and are ignored`);
      this.#running = { unlock, loaded, ...this.#writing(loaded, keys) };
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
    return this.#inTurn(async ({ writer, times }) => {
      await times.keepTold();
      const record = await writer.append(gop);
      return times.keepTold().then(() => record);
    });
  }

  /**
   * Keeps a recorded GOP a second time, under `terminus`. In turn with `append`.
   * @param record what `append` returned
   * @returns sequence of the copy; null when the record is gone, destroyed or damaged
   * @throws VigieError `store` when the copy cannot be written
   */
  keep(record: number): Promise<number | null> {
    return this.#inTurn(async ({ loaded, keys, writer, times }) => {
      const entry = loaded.index.find(record);
      const gop = entry && (await readOne(this.#ring(loaded, keys), entry));
      if (gop) await times.keepFor(gop);
      return gop ? writer.append({ ...gop, class: 'terminus' }, record, gop.run) : null;
    });
  }

  /** The wall clock is right and showed this: P-time. In turn with `append`; to be called again and again. */
  correctTimes(point: ClockPoint): Promise<void> {
    return this.#inTurn(({ times }) => times.correct(point));
  }

  /** What is corrected, as far as anything of it can still be opened. */
  corrected(): Corrected[] {
    const { loaded, keys } = this.#must();
    const open = ({ sequence }: { sequence: number }): boolean =>
      recordClasses.some((of) => keys.stateOf(sequence, of) === 'live');
    return loaded.index.corrected(open);
  }

  /** Every segment of the ring, oldest first. */
  segments(): SegmentSummary[] {
    return this.#must().loaded.index.segments().map(summaryOf);
  }

  /** Keys that may still open recordings, also of segments that the ring no longer knows. */
  liveKeys(): LiveKey[] {
    return this.#must().keys.live();
  }

  keyState(segment: number, of: RecordClass): KeyState {
    return this.#must().keys.stateOf(segment, of);
  }

  /** hex, 16 bytes */
  get storeId(): string {
    return this.#must().loaded.description.storeId;
  }

  /**
   * Destroys the key of a class of a segment (docs/store.md, P6). A segment that is being written is left first.
   * @returns true when the key was there, or may have been, and now verifiably is not; false when there was none
   * @throws VigieError `store` when it could not be verified; the key counts as live, call again
   */
  destroy(segment: number, of: RecordClass): Promise<boolean> {
    return this.#inTurn(async ({ maker, keys }) => {
      if (segment === maker.sequence) await maker.leave();
      return keys.destroy(segment, of);
    });
  }

  /** Writes what was handed over, closes, releases the lock. */
  stop(): Promise<void> {
    this.#stopping ??= this.#tail.then(async () => {
      const running = this.#running;
      this.#running = null;
      await running?.maker.close();
      await running?.keys.stop();
      await running?.unlock();
    });
    return this.#stopping;
  }

  /**
   * GOPs that overlap this interval of wall-clock time, in the order in which they were recorded; the first ones may
   * begin before it, because a GOP is only whole. Does not hold the writer up.
   */
  range(fromMs: number, toMs: number, options: RangeOptions = {}): AsyncGenerator<StoredGop> {
    const { loaded, keys } = this.#must();
    const onDamage =
      options.onDamage ??
      ((entry) => this.deps.log.warn(`Record ${entry.record} cannot be read: it is damaged`));
    return readRange(this.#ring(loaded, keys), fromMs, toMs, { ...options, onDamage });
  }

  /** Segments, coverage and gaps. */
  list(): Listing {
    const { loaded, keys } = this.#must();
    return listing(loaded.description, loaded.index, keys);
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
    const { loaded, writer } = this.#running ?? {};
    return statsOf(ringShape(this.options), loaded?.index ?? null, writer ?? null);
  }

  #ring({ index }: LoadedRing, keys: KeySlots): RingAccess {
    return { index, keys, path: ringDirectory(this.options.directory), open: this.#open };
  }

  #writing(
    { description, index, end }: LoadedRing,
    keys: KeySlots,
  ): Pick<Running, 'keys' | 'maker' | 'writer' | 'times'> {
    const { card, clock, log, onSegment = () => {}, held = () => false } = this.deps;
    const { segmentBytes } = description;
    const maker = new SegmentMaker(
      { card, clock, log, open: this.#open, keys, index, onSegment, held },
      {
        path: ringDirectory(this.options.directory),
        description,
        end,
        maxSpanMs: this.options.maxSpanMs ?? usualSpanMs,
      },
    );
    const run = this.deps.run ?? randomBytes(8).toString('hex');
    const writer = new RingWriter({ clock, log, maker, keys }, { run, segmentBytes, end });
    return { keys, maker, writer, times: new TimeTelling({ index, maker, writer, log, run }) };
  }

  /** One after another: appending, copying and destroying all change the segment that is being written. */
  #inTurn<T>(operation: (running: Running) => Promise<T>): Promise<T> {
    const done = this.#tail.then(() => operation(this.#must()));
    this.#tail = done.catch(() => {});
    return done;
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
    if (this.#running) return this.#running;
    throw new VigieError('store', 'The store is not running', 'Start the camera');
  }
}
