/**
 * Appends GOPs to the ring (docs/store.md, P2). Owned by store.ts, which calls it one GOP at a time and holds the lock.
 * Never acknowledges what is not synced, and never writes again into a segment whose content is unknown.
 */
import type { Log } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import type { Gop } from './gop.js';
import type { KeySlots } from './key-slots.js';
import { maxPayloadBytes } from './layout.js';
import { payloadBytesOf } from './payload.js';
import { type LaidRecord, layOutRecord, sealRecord } from './record.js';
import { recordBytes, timeKind } from './record-header.js';
import { layOutTime } from './record-time.js';
import { essentialsOf, timeRowOf } from './segment-entries.js';
import { cardError } from './segment-file.js';
import type { SegmentMaker } from './segment-maker.js';
import type { ClockPoint } from './time-corrections.js';

/** Segments tried for one GOP before the store lets go of the card. */
const attempts = 3;

/** What was written since the store was started, however often its card was opened again. */
export interface WriterCounts {
  /** bytes handed to the card: records, end marks, headers and indexes */
  bytesWritten: number;
  gops: number;
  gopsLost: number;
  /** GOPs kept a second time, under `terminus` */
  copies: number;
  segmentsAbandoned: number;
}

export interface WriterDeps {
  log: Log;
  /** where segments come from */
  maker: SegmentMaker;
  /** seals time corrections */
  keys: Pick<KeySlots, 'sealTime'>;
  counts: WriterCounts;
}

export interface WriterOptions {
  /** hex, 8 bytes: this boot */
  run: string;
  segmentBytes: number;
  /** sequence of the next record */
  nextRecord: number;
  /** the card has failed lately: one attempt, until it has taken a record */
  wary: boolean;
}

/** What comes with a GOP. */
export interface AppendOptions {
  /** record that it repeats; 0 for none */
  copyOf?: number;
  /** hex, 8 bytes: the boot in which it was recorded; default: this one */
  run?: string;
  /** GOPs that were lost since the last one, each of which leaves a hole of one number */
  lost?: number;
}

export class RingWriter {
  /** why it gave up; it is not used again then */
  failure: VigieError | null = null;

  #nextRecord: number;
  #wary: boolean;

  constructor(
    private readonly deps: WriterDeps,
    private readonly options: WriterOptions,
  ) {
    this.#nextRecord = options.nextRecord;
    this.#wary = options.wary;
  }

  /** Sequence that the next record gets when nothing is lost before it. */
  get nextRecord(): number {
    return this.#nextRecord;
  }

  /** Whether the card took a record, or was never doubted. */
  get accepted(): boolean {
    return !this.#wary;
  }

  /**
   * Resolves when the GOP is on the device.
   * @returns its record sequence
   * @throws VigieError `store`: with `failure` set the card refused it, and it may be handed over again; otherwise
   *   nothing can be made of it, and it is counted as lost
   */
  async append(gop: Gop, options: AppendOptions = {}): Promise<number> {
    const { copyOf = 0, lost = 0, run = this.options.run } = options;
    const { counts } = this.deps;
    try {
      this.#refuseTooLarge(gop);
      const laid = layOutRecord(gop, this.#nextRecord + lost, run, copyOf);
      await this.#appendSomewhere(laid);
      this.#nextRecord = laid.header.record + 1;
      counts.gopsLost += lost;
      if (copyOf > 0) counts.copies += 1;
      else counts.gops += 1;
      return laid.header.record;
    } catch (error) {
      if (!this.failure && copyOf === 0) {
        // A hole tells a reader that a GOP is missing.
        this.#nextRecord += lost + 1;
        counts.gopsLost += lost + 1;
      }
      throw error;
    }
  }

  /**
   * Appends a time correction (P-time 3).
   * @param run hex, 8 bytes: the boot that it speaks of
   * @throws VigieError `store`
   */
  async appendTime(run: string, point: ClockPoint): Promise<void> {
    const seal = (digest: Buffer): Promise<Buffer> => this.deps.keys.sealTime(digest);
    const record = this.#nextRecord;
    await this.#appendSomewhere(await layOutTime(run, point, record, seal));
    // Until it is there its number is nobody's: no hole tells a reader that a recording is missing.
    this.#nextRecord = record + 1;
  }

  #refuseTooLarge(gop: Gop): void {
    const bytes = payloadBytesOf(gop.units);
    if (bytes <= maxPayloadBytes(this.options.segmentBytes)) return;
    throw new VigieError(
      'store',
      `A GOP of ${bytes} bytes does not fit in a segment`,
      'Raise record.segmentMiB for a new store, or lower encode.bitrateKbps',
    );
  }

  async #appendSomewhere(laid: LaidRecord): Promise<void> {
    for (let left = this.#wary ? 1 : attempts; ; ) {
      try {
        await this.#write(laid);
        this.#wary = false;
        return;
      } catch (error) {
        const failure = cardError('Cannot record', error);
        left -= 1;
        await this.#abandon(failure, left > 0);
        if (left > 0) continue;
        this.failure = failure;
        throw failure;
      }
    }
  }

  /** P2.1 to P2.3 */
  async #write(laid: LaidRecord): Promise<void> {
    const { header, bytes: length } = laid;
    const before = this.deps.maker.bytesWritten;
    const segment = await this.deps.maker.segmentFor(header, length);
    const bytes = sealRecord(laid, segment.sequence, segment.keys[header.class]);
    await segment.file.write(bytes, segment.offset);
    await segment.file.datasync();
    if (header.kind === timeKind) {
      segment.entries.pushTime({ ...timeRowOf(segment.offset, header), believed: true });
    } else segment.entries.push(essentialsOf(segment.offset, header));
    segment.offset += recordBytes(header);
    segment.endMarked = true;
    this.deps.counts.bytesWritten += length + this.deps.maker.bytesWritten - before;
  }

  /** P2.4: what the segment holds beyond its last acknowledged record is unknown from here on. */
  async #abandon(failure: VigieError, goOn: boolean): Promise<void> {
    const { maker, counts } = this.deps;
    if (await maker.giveUp(goOn)) return;
    counts.segmentsAbandoned += 1;
    this.deps.log.warn(`Segment ${maker.sequence} given up. ${failure.message}`);
  }
}
