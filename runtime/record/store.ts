/**
 * The circular store: fed by recorder.ts one GOP at a time, read by control/ for playback while it records, its state
 * shown in health. Never acknowledges a GOP that is not on the device; never crashes because the card does.
 */
import { randomBytes } from 'node:crypto';
import { VigieError } from '../../errors.js';
import { mayComeBack } from './card-refusal.js';
import { type Listing, listing } from './coverage.js';
import type { OnProgress } from './create.js';
import { ringDirectory } from './description.js';
import type { Gop, StoredGop } from './gop.js';
import type { RecordClass } from './key-sector.js';
import type { KeyState, LiveKey } from './key-slots.js';
import { maxPayloadBytes } from './layout.js';
import { openRing, type Running } from './opening.js';
import { type RangeOptions, type RingAccess, readOne, readRange } from './read.js';
import type { RecordEntry, SegmentSummary } from './ring-index.js';
import { ringShape } from './ring-shape.js';
import { cardError, type OpenSegment, openSegment } from './segment-file.js';
import type { StoreDeps, StoreOptions, StoreStart } from './store-options.js';
import { type StoreStats, statsOf } from './store-stats.js';
import type { ClockPoint, Corrected } from './time-corrections.js';
import type { WriterCounts } from './writer.js';

export type { StoreDeps, StoreOptions } from './store-options.js';
export type { StoreStats } from './store-stats.js';

/** A card that was let go is tried again after this. */
const retryUs = 5_000_000;

export class Store {
  /** Why nothing can be recorded now; null when the card accepts. */
  failure: VigieError | null = null;

  readonly #open: OpenSegment;
  readonly #run: string;
  readonly #counts: WriterCounts = { bytesWritten: 0, gops: 0, gopsLost: 0, copies: 0, segmentsAbandoned: 0 };
  /** also while its card is away: what was known of it, and its keys */
  #running: Running | null = null;
  #retryAtUs = 0;
  #tail: Promise<unknown> = Promise.resolve();
  /** ends what is under way at a stop; null while not started */
  #ending: AbortController | null = null;
  #stopping: Promise<void> | null = null;

  constructor(
    private readonly deps: StoreDeps,
    private readonly options: StoreOptions,
  ) {
    this.#open = deps.open ?? openSegment;
    this.#run = deps.run ?? randomBytes(8).toString('hex');
  }

  /**
   * Makes the ring at the first start, else rebuilds its index.
   * @returns false when the card fails, or is not there, and `withoutCard` was given
   * @throws VigieError `store`: no room, another writer, another camera's store, another shape, a card that fails;
   *   `config` for a capacity below two segments
   */
  async start(signal: AbortSignal, { onProgress, withoutCard = false }: StoreStart = {}): Promise<boolean> {
    signal.throwIfAborted();
    this.#ending = new AbortController();
    this.#stopping = null;
    try {
      await this.#openCard(AbortSignal.any([signal, this.#ending.signal]), onProgress);
    } catch (error) {
      if (!withoutCard || !mayComeBack(error)) {
        this.#ending = null;
        throw error;
      }
      this.#fail(error);
    }
    signal.addEventListener('abort', () => void this.stop(), { once: true });
    return this.failure === null;
  }

  /**
   * Resolves when the GOP is on the device. GOPs are written in the order of the calls. A card that was let go is opened
   * again first, at most every 5 s (docs/store.md, P8).
   * @param lost GOPs that were lost since the last one: each leaves a hole of one number
   * @returns its record sequence
   * @throws VigieError `store`: with `failure` set the card refuses, and the GOP may be handed over again; otherwise
   *   nothing can be made of it, and it is counted as lost
   */
  append(gop: Gop, lost = 0): Promise<number> {
    return this.#inTurn(async () => {
      const running = await this.#accepting();
      const { writer, times } = running;
      return this.#write(running, async () => {
        await times.keepTold();
        if (writer.failure) throw writer.failure;
        const record = await writer.append(gop, { lost });
        return times.keepTold().then(() => record);
      });
    });
  }

  /**
   * Keeps a recorded GOP a second time, under `terminus`. In turn with `append`.
   * @param record what `append` returned
   * @returns sequence of the copy; null when the record is gone, destroyed or damaged
   * @throws VigieError `store` when the copy cannot be written
   */
  keep(record: number): Promise<number | null> {
    return this.#inTurn(async () => {
      if (this.failure) throw this.failure;
      const running = this.#must();
      const { loaded, writer, times } = running;
      const entry = loaded.index.find(record);
      const gop = entry && (await readOne(this.#ring(running), entry));
      if (!gop) return null;
      return this.#write(running, async () => {
        await times.keepFor(gop);
        if (writer.failure) throw writer.failure;
        return writer.append({ ...gop, class: 'terminus' }, { copyOf: record, run: gop.run });
      });
    });
  }

  /** The wall clock is right and showed this: P-time. In turn with `append`; to be called again and again. */
  correctTimes(point: ClockPoint): Promise<void> {
    return this.#inTurn(async () => {
      const running = this.#running;
      if (!running) return;
      // While the card is away only what is in memory is corrected.
      if (this.failure) await running.times.correct(point);
      else await this.#write(running, () => running.times.correct(point));
    });
  }

  /** What is corrected, as far as anything of it can still be opened. */
  corrected(): Corrected[] {
    const { loaded, keys } = this.#must();
    return loaded.index.corrected(({ sequence }) => keys.opens(sequence));
  }

  /** Every segment of the ring, oldest first. */
  segments(): SegmentSummary[] {
    return [...this.eachSegment()];
  }

  eachSegment(): Iterable<SegmentSummary> {
    return this.#must().loaded.index.summaries();
  }

  /** The newest records, oldest first. */
  newest(count: number): RecordEntry[] {
    return this.#must().loaded.index.newest(count);
  }

  /** Keys that may still open recordings, also of segments that the ring no longer knows. */
  liveKeys(): Iterable<LiveKey> {
    return this.#must().keys.live();
  }

  keyState(segment: number, of: RecordClass): KeyState {
    return this.#must().keys.stateOf(segment, of);
  }

  /** hex, 16 bytes; null while it was never opened */
  get storeId(): string | null {
    return this.#running?.loaded.description.storeId ?? null;
  }

  /**
   * Destroys the key of a class of a segment (docs/store.md, P6). A segment that is being written is left first.
   * @returns true when the key was there, or may have been, and now verifiably is not; false when there was none
   * @throws VigieError `store` when it could not be verified; the key counts as live, call again
   */
  destroy(segment: number, of: RecordClass): Promise<boolean> {
    return this.#inTurn(async () => {
      const { maker, keys } = this.#must();
      if (segment === maker.sequence) await maker.leave();
      return keys.destroy(segment, of);
    });
  }

  /** Writes what was handed over, closes, releases the lock. */
  stop(): Promise<void> {
    // A card that is being opened again is not waited for.
    if (this.failure) this.#ending?.abort();
    this.#stopping ??= this.#tail.then(async () => {
      const running = this.#running;
      this.#running = null;
      this.#ending = null;
      this.failure = null;
      await running?.maker.close();
      await running?.keys.stop();
      await running?.unlock?.();
    });
    return this.#stopping;
  }

  /**
   * GOPs that overlap this interval of wall-clock time, in the order in which they were recorded; the first ones may
   * begin before it, because a GOP is only whole. Does not hold the writer up.
   */
  range(fromMs: number, toMs: number, options: RangeOptions = {}): AsyncGenerator<StoredGop> {
    const running = this.#must();
    const onDamage =
      options.onDamage ??
      ((entry) => this.deps.log.warn(`Record ${entry.record} cannot be read: it is damaged`));
    return readRange(this.#ring(running), fromMs, toMs, { ...options, onDamage });
  }

  /** Segments, coverage and gaps. */
  list(): Listing {
    const { loaded, keys } = this.#must();
    return listing(loaded.description, loaded.index, keys);
  }

  /** Bytes of the largest GOP that `append` takes, tables included. */
  get maxGopBytes(): number {
    return maxPayloadBytes(this.options.segmentBytes) - 16;
  }

  get segmentsAbandoned(): number {
    return this.#counts.segmentsAbandoned;
  }

  /** `gops`, `gopsLost` and `bytesWritten` count since the start; the rest is what the ring holds. */
  stats(): StoreStats {
    const state = this.#ending === null ? 'off' : this.failure ? 'failed' : 'recording';
    return statsOf(state, ringShape(this.options), this.#running?.loaded.index ?? null, this.#counts);
  }

  #ring({ loaded, keys }: Running): RingAccess {
    return { index: loaded.index, keys, path: ringDirectory(this.options.directory), open: this.#open };
  }

  /** One after another: appending, copying and destroying all change the segment that is being written. */
  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(operation);
    this.#tail = done.catch(() => {});
    return done;
  }

  /** Opens the card again when it was let go and it is time to. */
  async #accepting(): Promise<Running> {
    if (!this.failure || this.#running?.unlock) return this.#must();
    const ending = this.#ending?.signal;
    if (!ending || this.deps.clock.monoUs() < this.#retryAtUs) throw this.failure;
    try {
      await this.#openCard(ending);
    } catch (error) {
      this.#fail(error);
      throw this.failure ?? error;
    }
    return this.#must();
  }

  async #openCard(signal: AbortSignal, onProgress: OnProgress = () => {}): Promise<void> {
    const former = this.#running;
    const again = this.failure !== null;
    const { deps, options } = this;
    this.#running = await openRing(
      { ...deps, open: this.#open, counts: this.#counts },
      { ...options, shape: ringShape(options), run: this.#run, former, again, signal, onProgress },
    );
    if (former && former.keys !== this.#running.keys) await former.keys.stop();
    deps.onOpened?.();
  }

  /** P2.4 and P8.1. A time correction that the card refuses is told in the writer's failure alone. */
  async #write<T>(running: Running, write: () => Promise<T>): Promise<T> {
    try {
      const done = await write();
      if (running.writer.failure) await this.#letGo(running, running.writer.failure);
      else this.#accepted();
      return done;
    } catch (error) {
      if (running.writer.failure) await this.#letGo(running, error);
      throw error;
    }
  }

  #accepted(): void {
    if (this.failure) this.deps.log.info('The card accepts recordings again');
    this.failure = null;
  }

  async #letGo(running: Running, error: unknown): Promise<void> {
    this.#fail(error);
    await running.maker.close();
    await running.unlock?.().catch(() => {});
    running.unlock = null;
  }

  #fail(error: unknown): void {
    const failure = cardError('Cannot record', error);
    if (!this.failure) this.deps.log.error(`Recording failed. ${failure.message}`);
    this.failure = failure;
    this.#retryAtUs = this.deps.clock.monoUs() + retryUs;
  }

  #must(): Running {
    if (this.#running) return this.#running;
    throw this.failure ?? new VigieError('store', 'The store is not running', 'Start the camera');
  }
}
