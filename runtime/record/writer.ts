/**
 * Appends GOPs to the ring (docs/store.md, P2). Owned by store.ts, which calls it one GOP at a time and holds the lock.
 * Never acknowledges what is not synced, and never writes again into a segment whose content is unknown.
 */
import type { Clock, Log } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import type { Gop } from './gop.js';
import type { KeySlots } from './key-slots.js';
import { maxPayloadBytes } from './layout.js';
import { payloadBytesOf } from './payload.js';
import { type LaidRecord, layOutRecord, sealRecord } from './record.js';
import { recordBytes, timeKind } from './record-header.js';
import { layOutTime } from './record-time.js';
import type { RingEnd } from './ring.js';
import { essentialsOf, timeRowOf } from './segment-entries.js';
import { cardError } from './segment-file.js';
import type { SegmentMaker } from './segment-maker.js';
import type { ClockPoint } from './time-corrections.js';

/** Segments tried for one GOP before the state is `failed`. */
const attempts = 3;
const retryUs = 5_000_000;

export interface WriterDeps {
  clock: Clock;
  log: Log;
  /** where segments come from */
  maker: SegmentMaker;
  /** seals time corrections */
  keys: Pick<KeySlots, 'sealTime'>;
}

export class RingWriter {
  /** bytes handed to the card since the start: records, end marks, headers and indexes */
  bytesWritten = 0;
  gops = 0;
  gopsLost = 0;
  /** GOPs kept a second time, under `terminus` */
  copies = 0;
  segmentsAbandoned = 0;
  /** why nothing can be written now; null when all is well */
  failure: VigieError | null = null;

  #nextRecord: number;
  #retryAtUs = 0;

  /** @param options.run hex, 8 bytes: this boot */
  constructor(
    private readonly deps: WriterDeps,
    private readonly options: { run: string; segmentBytes: number; end: RingEnd },
  ) {
    this.#nextRecord = options.end.nextRecord;
  }

  /**
   * Resolves when the GOP is on the device.
   * @param copyOf record that it repeats; 0 for none
   * @param run of what it repeats
   * @returns its record sequence
   * @throws VigieError `store`; the GOP is then lost and counted
   */
  async append(gop: Gop, copyOf = 0, run = this.options.run): Promise<number> {
    try {
      this.#refuseTooLarge(gop);
      // The number is used up whatever the card does: a hole tells a reader that a GOP is missing.
      const laid = layOutRecord(gop, this.#nextRecord++, run, copyOf);
      await this.#appendSomewhere(laid);
      if (copyOf > 0) this.copies += 1;
      else this.gops += 1;
      return laid.header.record;
    } catch (error) {
      if (copyOf === 0) this.gopsLost += 1;
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
    const record = this.#nextRecord++;
    try {
      await this.#appendSomewhere(await layOutTime(run, point, record, seal));
    } catch (error) {
      // No recording is missing: no hole tells a reader of one.
      this.#nextRecord = record;
      throw error;
    }
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
    if (this.failure && this.deps.clock.monoUs() < this.#retryAtUs) throw this.failure;
    let left = this.failure ? 1 : attempts;
    for (;;) {
      try {
        await this.#write(laid);
        if (this.failure) this.deps.log.info('The card accepts recordings again');
        this.failure = null;
        return;
      } catch (error) {
        const failure = cardError('Cannot record', error);
        left -= 1;
        await this.#abandon(failure, left > 0);
        if (left > 0) continue;
        if (!this.failure) this.deps.log.error(`Recording failed. ${failure.message}`);
        this.failure = failure;
        this.#retryAtUs = this.deps.clock.monoUs() + retryUs;
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
    this.bytesWritten += length + this.deps.maker.bytesWritten - before;
  }

  /** P2.4: what the segment holds beyond its last acknowledged record is unknown from here on. */
  async #abandon(failure: VigieError, goOn: boolean): Promise<void> {
    const { maker } = this.deps;
    if (await maker.giveUp(goOn)) return;
    this.segmentsAbandoned += 1;
    this.deps.log.warn(`Segment ${maker.sequence} given up. ${failure.message}`);
  }
}
