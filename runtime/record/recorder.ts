/**
 * Gathers the encoder's access units into GOPs and hands them to the store, or keeps them in memory until a card accepts.
 * Fed by runtime/main.ts with every unit of the pipeline process. Never blocks it, never holds more than its buffer,
 * records nothing while its gate is shut.
 */
import type { Clock, Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import type { PictureSize } from '../../pipelines/frame.js';
import type { Motion, Tracks, Unit } from '../../pipelines/messages.js';
import { type GatheredGop, Gathering } from './gathering.js';
import type { Gop, GopUnit } from './gop.js';
import type { Occasions } from './occasions.js';
import type { RecordingStore } from './recording-store.js';
import type { StoreStats } from './store-stats.js';
import { TerminusWindows } from './terminus.js';
import { TerminusCopies } from './terminus-copies.js';
import type { Resumed, TerminusWindow } from './terminus-file.js';
import { type Waiting, WaitingGops } from './waiting.js';

/** Why the gate is shut until it is opened. */
const neverOpened = 'not authorised yet';

export interface RecorderDeps<Stored = number> {
  /** a Store, or what stands for one */
  store: RecordingStore<Stored>;
  clock: Clock;
  log: Log;
  /** which GOPs go on to the store; default: all */
  occasions?: Occasions;
  /** told the open windows at each alert: a restart goes on with them */
  remember?: (windows: readonly TerminusWindow[]) => Promise<void>;
}

export interface RecorderOptions {
  picture: PictureSize;
  /** whether the wall clock is known to be right, asked once a GOP */
  clockTrusted: () => boolean;
  /** a record is closed after this time even without a keyframe; default 1200 ms */
  maxRecordMs?: number;
  /** and at this size; default 8 MiB, or what a segment holds when that is less */
  maxRecordBytes?: number;
  /** memory for what waits while no card accepts; beyond, the oldest is lost; default 32 MiB */
  bufferBytes?: number;
  /** what an alert keeps under `terminus`; default 10 s before it and 30 s after */
  terminus?: { beforeMs: number; afterMs: number };
}

/** What waits in memory. */
export interface BufferState {
  bytes: number;
  capacityBytes: number;
  /** nothing has reached a card since then, wall clock, milliseconds; null while all is well */
  sinceMs: number | null;
  /** lost since then, because it was full */
  lost: number;
}

/** While a card refuses, what waits is offered this often, whether or not a further GOP comes. */
const offerMs = 1000;

export class Recorder<Stored = number> {
  /** units whose record is on the device, since the start */
  framesRecorded = 0;
  /** units seen but not recorded: gate shut, no keyframe yet, or lost with their GOP */
  framesDropped = 0;

  readonly #gathering: Gathering;
  #shutBecause: string | null = neverOpened;
  readonly #waiting: WaitingGops;
  /** lost on the way to the store, and not yet told to it */
  #lost = 0;
  readonly #windows: TerminusWindows<Stored>;
  /** the last GOP that has a piece under `terminus`: so have its further pieces */
  #terminusGop = 0;
  readonly #copies: TerminusCopies<Stored>;
  /** open windows are being written down */
  #remembering: Promise<void> | undefined;
  /** a GOP was lost since the last one that was stored */
  #lossBefore = false;
  #draining: Promise<void> | null = null;
  /** since when the store has refused everything, wall clock, milliseconds */
  #refusedSinceMs: number | null = null;
  #lostSince = 0;
  #cancelOffer = (): void => undefined;

  constructor(
    private readonly deps: RecorderDeps<Stored>,
    options: RecorderOptions,
  ) {
    this.#gathering = new Gathering(options, {
      picture: options.picture,
      maxRecordUs: (options.maxRecordMs ?? 1200) * 1000,
      maxRecordBytes: Math.min(options.maxRecordBytes ?? 8 * 1024 * 1024, deps.store.maxGopBytes),
    });
    const { log, store } = deps;
    this.#copies = new TerminusCopies({ log, keep: (record) => store.keep(record) });
    const capacityBytes = options.bufferBytes ?? 32 * 1024 * 1024;
    this.#waiting = new WaitingGops({ capacityBytes }, (lost, forRoom) => this.#onLost(lost, forRoom));
    const { beforeMs, afterMs } = options.terminus ?? { beforeMs: 10_000, afterMs: 30_000 };
    this.#windows = new TerminusWindows({ beforeUs: beforeMs * 1000, afterUs: afterMs * 1000 });
  }

  /** Why nothing is recorded; null while the gate is open. */
  get shutBecause(): string | null {
    return this.#shutBecause;
  }

  /** Units left out because nothing happened, or by the schedule. */
  get framesLeftOut(): number {
    return this.deps.occasions?.framesLeftOut ?? 0;
  }

  /** Opens the gate. Recording begins with the next keyframe. */
  open(): void {
    this.#shutBecause = null;
  }

  /** Shuts the gate. What was gathered until now is still stored: it was recorded under authority. */
  shut(reason: string): void {
    this.#pass(this.#gathering.end(false));
    this.deps.occasions?.clear();
    this.#shutBecause = reason;
  }

  /** Takes the next access unit. The buffer is kept until it is written: the caller must not reuse it. */
  onUnit(unit: Unit): void {
    if (this.#shutBecause !== null) {
      this.framesDropped += 1;
      return;
    }
    const { taken, closed } = this.#gathering.add(unit);
    if (!taken) this.framesDropped += 1;
    this.#pass(closed);
  }

  /** How much of a picture changed. */
  motion({ monoUs, share }: Motion): void {
    for (const gop of this.deps.occasions?.motion(monoUs, share) ?? []) this.#hand(gop);
  }

  /** What is tracked in a picture. */
  tracks(tracks: Tracks): void {
    for (const gop of this.deps.occasions?.tracks(tracks) ?? []) this.#hand(gop);
  }

  /**
   * An alert was told: what is around it is kept under `terminus`.
   * @param atMonoUs monotonic clock of its picture
   */
  alert(atMonoUs: number): void {
    this.#copies.add(this.#windows.alert(atMonoUs));
    this.#remembering = this.deps.remember?.(this.#windows.open);
    for (const { gop } of this.#waiting) if (this.#windows.coversUnits(gop.units)) gop.class = 'terminus';
    for (const gop of this.deps.occasions?.alert(atMonoUs) ?? []) this.#hand(gop);
    if (this.#copies.length > 0) this.#draining ??= this.#drain();
  }

  /** Goes on with the alerts of the run before. */
  resume({ windows, pieces }: Resumed<Stored>): void {
    this.#copies.add(this.#windows.resume(windows, pieces));
    this.deps.occasions?.resume(windows);
    if (this.#copies.length > 0) this.#draining ??= this.#drain();
  }

  /** The pipeline process died or stalled: what there is of the GOP is stored, marked as interrupted. */
  interrupt(): void {
    this.#pass(this.#gathering.end(true));
    this.deps.occasions?.interrupted();
  }

  /** Stores what was gathered; resolves when all of it is on the device, or lost and counted. */
  async stop(): Promise<void> {
    this.shut('stopped');
    await this.flushed();
    await this.#remembering;
    this.#cancelOffer();
    const { length } = this.#waiting;
    if (length > 0) this.deps.log.error(`The card did not come back: ${length} GOPs in memory are lost`);
    this.#waiting.loseAll();
  }

  /** Resolves when nothing is being written: all is on the device, or the card refuses and it waits. */
  async flushed(): Promise<void> {
    while (this.#draining) await this.#draining;
  }

  /** The store's own, with what was lost on the way to it; `off` while the gate is shut; what the occasions say. */
  stats(): StoreStats {
    const stats = this.deps.store.stats();
    const wanted = this.#shutBecause !== null ? 'off' : (this.deps.occasions?.state ?? 'recording');
    const state = stats.state === 'recording' ? wanted : stats.state;
    return { ...stats, state, gopsLost: stats.gopsLost + this.#lost };
  }

  /** What waits in memory now. */
  get buffer(): BufferState {
    const { bytes, capacityBytes } = this.#waiting;
    return { bytes, capacityBytes, sinceMs: this.#refusedSinceMs, lost: this.#lostSince };
  }

  /** Only what is to be recorded now goes on. */
  #pass(gathered: GatheredGop | null): void {
    if (!gathered) return;
    for (const piece of this.deps.occasions?.take(gathered) ?? [gathered]) this.#hand(piece);
  }

  /** Gives a piece its class and its place in the queue. */
  #hand({ gop, of, bytes }: GatheredGop): void {
    if (this.#windows.coversUnits(gop.units)) this.#terminusGop = of;
    const kept = this.#terminusGop === of ? 'terminus' : 'communal';
    // What may wait for long must not hold on to the larger pieces of memory that it came in.
    const units = this.#refusedSinceMs === null ? gop.units : gop.units.map(inOwnMemory);
    this.#waiting.add({ gop: { ...gop, units, class: kept }, of, bytes });
    this.#draining ??= this.#drain();
  }

  #onLost({ gop }: Waiting, forRoom: boolean): void {
    this.#lost += 1;
    if (forRoom && this.#lostSince++ === 0) {
      this.deps.log.warn('The memory for what waits is full: GOPs are being lost');
    }
    this.framesDropped += gop.units.length;
    this.#lossBefore = true;
  }

  async #drain(): Promise<void> {
    // Let the caller go on first: onUnit must not wait for the card, not even for its first system call.
    await Promise.resolve();
    for (;;) {
      const waiting = this.#waiting.take();
      if (waiting && !(await this.#store(waiting))) break;
      // What is recorded now goes before what is recorded already: one copy after each GOP.
      if (!(await this.#copies.copyOne()) && !waiting) break;
    }
    this.#draining = null;
  }

  /** The card is asked again although no further GOP may come. */
  #offerLater(): void {
    this.#cancelOffer();
    this.#cancelOffer = this.deps.clock.after(offerMs, () => {
      if (this.#waiting.length > 0) this.#draining ??= this.#drain();
    });
  }

  /** @returns false when the card refuses: what waits is offered again later */
  async #store(waiting: Waiting): Promise<boolean> {
    const { store, log, clock } = this.deps;
    // An alert may change the class of what waits while this is being written.
    const gop = { ...waiting.gop };
    // What is missing before it is then not only what was left out.
    if (this.#lossBefore) delete gop.afterPause;
    const lost = this.#lost;
    try {
      const record = await store.append(gop, lost);
      this.#waiting.done();
      this.#stored(record, gop, waiting.of, lost);
      return true;
    } catch (error) {
      if (store.failure) {
        this.#waiting.later();
        this.#refusedSinceMs ??= clock.wallMs();
        this.#offerLater();
        return false;
      }
      // Nothing can be made of it; the store has counted it, and what it was told of.
      log.error(`Not recorded. ${errorLine(error)}`);
      this.#waiting.lose();
      this.#lost -= lost + 1;
      this.#lossBefore = true;
      return true;
    }
  }

  #stored(record: Stored, gop: Gop, of: number, lost: number): void {
    const { units } = gop;
    this.framesRecorded += units.length;
    this.#lost -= lost;
    // Others may have been lost while it was being written.
    this.#lossBefore = this.#lost > 0;
    this.#lostSince = 0;
    this.#refusedSinceMs = null;
    this.#copies.retry();
    const [firstUs, lastUs] = [units[0]?.monoUs ?? 0, units.at(-1)?.monoUs ?? 0];
    this.#copies.add(this.#windows.stored({ record, of, firstUs, lastUs, class: gop.class }));
  }
}

function inOwnMemory(unit: GopUnit): GopUnit {
  return { ...unit, data: new Uint8Array(unit.data) };
}
