/**
 * Gathers the encoder's access units into GOPs and hands them to the store. Fed by runtime/main.ts with every unit of
 * the pipeline process. Never blocks it, never holds more than its queue, records nothing while its gate is shut.
 */
import type { Clock, Log } from '../../board/ports.js';
import { errorLine, VigieError } from '../../errors.js';
import type { PictureSize } from '../../pipelines/frame.js';
import type { Motion, Tracks, Unit } from '../../pipelines/messages.js';
import { type GatheredGop, Gathering } from './gathering.js';
import type { Gop, GopUnit } from './gop.js';
import type { Occasions } from './occasions.js';
import type { StoreStats } from './store.js';
import { TerminusWindows } from './terminus.js';
import type { Resumed, TerminusWindow } from './terminus-file.js';

/** Why the gate is shut until it is opened. */
const neverOpened = 'not authorised yet';

export interface RecorderDeps {
  /** a Store, or what stands for one */
  store: {
    append(gop: Gop): Promise<number>;
    /** keeps a stored GOP a second time, under `terminus` */
    keep(record: number): Promise<number | null>;
    stats(): StoreStats;
    /** bytes of the largest record it takes */
    readonly maxGopBytes: number;
  };
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
  /** records that wait for the card; beyond, the oldest is dropped; default 8 */
  queueRecords?: number;
  /** and their bytes; default 32 MiB */
  queueBytes?: number;
  /** what an alert keeps under `terminus`; default 10 s before it and 30 s after */
  terminus?: { beforeMs: number; afterMs: number };
}

interface Waiting {
  gop: Gop;
  /** which GOP it is of, when a GOP is in several pieces */
  of: number;
  bytes: number;
}

export class Recorder {
  /** units whose record is on the device, since the start */
  framesRecorded = 0;
  /** units seen but not recorded: gate shut, no keyframe yet, or lost with their GOP */
  framesDropped = 0;

  readonly #gathering: Gathering;
  readonly #queueRecords: number;
  readonly #queueBytes: number;
  #shutBecause: string | null = neverOpened;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #droppedInQueue = 0;
  readonly #windows: TerminusWindows;
  /** the last GOP that has a piece under `terminus`: so have its further pieces */
  #terminusGop = 0;
  /** records to be kept a second time */
  #copies: number[] = [];
  #copyFailed = false;
  /** open windows are being written down */
  #remembering: Promise<void> | undefined;
  /** GOPs of which a piece is lost: their further pieces are worth nothing */
  readonly #broken = new Set<number>();
  /** a GOP was lost since the last one that was stored */
  #lossBefore = false;
  #draining: Promise<void> | null = null;
  #failing = false;

  constructor(
    private readonly deps: RecorderDeps,
    options: RecorderOptions,
  ) {
    this.#gathering = new Gathering(options, {
      picture: options.picture,
      maxRecordUs: (options.maxRecordMs ?? 1200) * 1000,
      maxRecordBytes: Math.min(options.maxRecordBytes ?? 8 * 1024 * 1024, deps.store.maxGopBytes),
    });
    this.#queueRecords = options.queueRecords ?? 8;
    this.#queueBytes = options.queueBytes ?? 32 * 1024 * 1024;
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
    this.#copies.push(...this.#windows.alert(atMonoUs));
    this.#remembering = this.deps.remember?.(this.#windows.open);
    for (const { gop } of this.#queue) if (this.#covered(gop.units)) gop.class = 'terminus';
    for (const gop of this.deps.occasions?.alert(atMonoUs) ?? []) this.#hand(gop);
    if (this.#copies.length > 0) this.#draining ??= this.#drain();
  }

  /** Goes on with the alerts of the run before. */
  resume({ windows, pieces }: Resumed): void {
    this.#copies.push(...this.#windows.resume(windows, pieces));
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
  }

  /** Resolves when nothing waits for the card any more. */
  async flushed(): Promise<void> {
    while (this.#draining) await this.#draining;
  }

  /** The store's own, with what was lost on the way to it; `off` while the gate is shut; what the occasions say. */
  stats(): StoreStats {
    const stats = this.deps.store.stats();
    const wanted = this.#shutBecause !== null ? 'off' : (this.deps.occasions?.state ?? 'recording');
    const state = stats.state === 'recording' ? wanted : stats.state;
    return { ...stats, state, gopsLost: stats.gopsLost + this.#droppedInQueue };
  }

  /** Only what is to be recorded now goes on. */
  #pass(gathered: GatheredGop | null): void {
    if (!gathered) return;
    for (const piece of this.deps.occasions?.take(gathered) ?? [gathered]) this.#hand(piece);
  }

  /** Gives a piece its class and its place in the queue. */
  #hand({ gop, of, bytes }: GatheredGop): void {
    if (this.#covered(gop.units)) this.#terminusGop = of;
    const kept = this.#terminusGop === of ? 'terminus' : 'communal';
    this.#queue.push({ gop: { ...gop, class: kept }, of, bytes });
    this.#queuedBytes += bytes;
    this.#makeRoom();
    this.#draining ??= this.#drain();
  }

  #covered(units: readonly GopUnit[]): boolean {
    const [first, last] = [units[0], units.at(-1)];
    return first !== undefined && last !== undefined && this.#windows.covers(first.monoUs, last.monoUs);
  }

  /** The card is slower than the camera: the oldest that waits goes, with the pieces that need it. */
  #makeRoom(): void {
    while (this.#queue.length > this.#queueRecords || this.#queuedBytes > this.#queueBytes) {
      const oldest = this.#shift();
      if (!oldest) return;
      if (this.#droppedInQueue === 0) this.deps.log.warn('The card is too slow: GOPs are being lost');
      this.#lose(oldest);
    }
  }

  #lose(waiting: Waiting): void {
    this.#droppedInQueue += 1;
    this.framesDropped += waiting.gop.units.length;
    this.#broken.add(waiting.of);
    this.#lossBefore = true;
  }

  #shift(): Waiting | undefined {
    const waiting = this.#queue.shift();
    this.#queuedBytes -= waiting?.bytes ?? 0;
    return waiting;
  }

  async #drain(): Promise<void> {
    // Let the caller go on first: onUnit must not wait for the card, not even for its first system call.
    await Promise.resolve();
    for (;;) {
      const waiting = this.#shift();
      if (waiting) {
        for (const gop of this.#broken) if (gop < waiting.of) this.#broken.delete(gop);
        if (waiting.gop.continues && this.#broken.has(waiting.of)) this.#lose(waiting);
        else await this.#store(waiting);
      }
      // What is recorded now goes before what is recorded already: one copy after each GOP.
      if (!(await this.#copyOne()) && !waiting) break;
    }
    this.#draining = null;
  }

  /** Returns whether there was one, and it was dealt with. A copy that fails waits for the card to accept a GOP again. */
  async #copyOne(): Promise<boolean> {
    const record = this.#copyFailed ? undefined : this.#copies[0];
    if (record === undefined) return false;
    try {
      const copy = await this.deps.store.keep(record);
      if (copy === null) this.deps.log.warn(`Record ${record} is gone: it cannot be kept for the alert`);
      this.#copies.shift();
    } catch (error) {
      this.#copyFailed = true;
      this.deps.log.warn(`Record ${record} is not yet kept for the alert. ${errorLine(error)}`);
    }
    return true;
  }

  async #store(waiting: Waiting): Promise<void> {
    const { units } = waiting.gop;
    // What is missing before it is then not only what was left out.
    if (this.#lossBefore) delete waiting.gop.afterPause;
    try {
      const record = await this.deps.store.append(waiting.gop);
      this.#lossBefore = false;
      this.framesRecorded += units.length;
      this.#failing = false;
      this.#copyFailed = false;
      const [firstUs, lastUs] = [units[0]?.monoUs ?? 0, units.at(-1)?.monoUs ?? 0];
      const piece = { record, of: waiting.of, firstUs, lastUs, class: waiting.gop.class };
      this.#copies.push(...this.#windows.stored(piece));
    } catch (error) {
      // The store counts the GOP as lost, and knows when to try the card again.
      this.framesDropped += units.length;
      this.#broken.add(waiting.of);
      this.#lossBefore = true;
      if (!this.#failing) this.deps.log.error(`Not recorded. ${errorLine(error)}`);
      this.#failing = true;
      if (!(error instanceof VigieError)) this.deps.log.error('Unexpected error from the store');
    }
  }
}
