/**
 * Appends GOPs to the ring (docs/store.md, P2 and P3). Owned by store.ts, which calls it one GOP at a time and holds
 * the lock. Never acknowledges what is not synced, and never writes again into a segment whose content is unknown.
 */
import { rm } from 'node:fs/promises';
import type { CardPort, Clock, Log } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import { type Description, segmentName, segmentPath } from './description.js';
import type { Gop } from './gop.js';
import { encodeHeaderBlock, endMarkBytes, headerBlockBytes, maxPayloadBytes } from './layout.js';
import { type LaidRecord, layOutRecord, payloadBytesOf, stampRecord } from './record.js';
import type { RingEnd } from './ring.js';
import { type RingIndex, SegmentEntries } from './ring-index.js';
import { cardError, type OpenSegment, type SegmentFile } from './segment-file.js';

/** Segments tried for one GOP before the state is `failed`. */
const attempts = 3;
const retryUs = 5_000_000;

export interface WriterDeps {
  card: CardPort;
  clock: Clock;
  log: Log;
  open: OpenSegment;
}

interface Current {
  sequence: number;
  slot: number;
  file: SegmentFile;
  offset: number;
  entries: SegmentEntries;
}

export class RingWriter {
  /** bytes handed to the card since the start: records, end marks and headers */
  bytesWritten = 0;
  gops = 0;
  gopsLost = 0;
  segmentsAbandoned = 0;
  /** why nothing can be written now; null when all is well */
  failure: VigieError | null = null;

  #current: Current | null = null;
  #sequence: number;
  #resumeAt: number | null;
  #nextRecord: number;
  #retryAtUs = 0;

  constructor(
    private readonly deps: WriterDeps,
    private readonly ring: { path: string; description: Description; run: string },
    private readonly index: RingIndex,
    end: RingEnd,
  ) {
    this.#sequence = end.sequence;
    this.#resumeAt = end.sequence > 0 ? end.offset : null;
    this.#nextRecord = end.nextRecord;
  }

  /**
   * Resolves when the GOP is on the device.
   * @returns its record sequence
   * @throws VigieError `store`; the GOP is then lost and counted
   */
  async append(gop: Gop): Promise<number> {
    try {
      this.#refuseTooLarge(gop);
      // The number is used up whatever the card does: a hole tells a reader that a GOP is missing.
      const laid = layOutRecord(gop, this.#nextRecord++, this.ring.run);
      await this.#appendSomewhere(laid);
      this.gops += 1;
      return laid.header.record;
    } catch (error) {
      this.gopsLost += 1;
      throw error;
    }
  }

  /** Closes the open segment. Everything acknowledged is already on the device. */
  async close(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    await current?.file.close().catch(() => {});
  }

  #refuseTooLarge(gop: Gop): void {
    const bytes = payloadBytesOf(gop.units);
    if (bytes <= maxPayloadBytes(this.ring.description.segmentBytes)) return;
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
    const { segmentBytes } = this.ring.description;
    const { clockTrusted } = laid.header;
    let current = this.#current ?? (await this.#resume(clockTrusted));
    const { length } = laid.bytes;
    if (current.offset + length > segmentBytes) current = await this.#advance(clockTrusted);
    await current.file.write(stampRecord(laid, current.sequence), current.offset);
    await current.file.datasync();
    current.entries.push({ offset: current.offset, header: laid.header });
    current.offset += length - endMarkBytes;
    this.bytesWritten += length;
  }

  /** P4.5 */
  async #resume(clockTrusted: boolean): Promise<Current> {
    const entries = this.index.get(this.#sequence);
    if (!entries || this.#resumeAt === null) return this.#advance(clockTrusted);
    const { slot } = entries;
    const file = await this.deps.open(segmentPath(this.ring.path, slot), 'write');
    this.#current = { sequence: this.#sequence, slot, file, offset: this.#resumeAt, entries };
    return this.#current;
  }

  /** P3 */
  async #advance(clockTrusted: boolean): Promise<Current> {
    const { description } = this.ring;
    await this.close();
    const sequence = this.#sequence + 1;
    const slot = sequence % description.segmentCount;
    // From here on the number is taken: a failure below gives the segment up, and #abandon decides what follows.
    this.#sequence = sequence;
    this.#resumeAt = null;
    const file = await this.#openSlot(slot);
    const entries = new SegmentEntries(sequence, slot);
    this.#current = { sequence, slot, file, offset: headerBlockBytes, entries };
    const block = encodeHeaderBlock({
      ...description,
      sequence,
      slot,
      createdWallMs: this.deps.clock.wallMs(),
      createdMonoUs: this.deps.clock.monoUs(),
      clockTrusted,
    });
    await file.write(block, 0);
    await file.datasync();
    this.bytesWritten += block.length;
    this.index.add(entries);
    return this.#current;
  }

  /** P3.1 */
  async #openSlot(slot: number): Promise<SegmentFile> {
    const path = segmentPath(this.ring.path, slot);
    const { segmentBytes } = this.ring.description;
    const found = await this.deps.open(path, 'write').catch((error: VigieError) => {
      if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return null;
      throw error;
    });
    if (found && (await found.bytes()) === segmentBytes) return found;
    await found?.close();
    this.deps.log.warn(`Segment ${segmentName(slot)} was missing or had another size: made anew`);
    await rm(path, { force: true });
    await this.deps.card.preallocate(path, segmentBytes);
    return this.deps.open(path, 'write');
  }

  /** P2.4: what the segment holds beyond its last acknowledged record is unknown from here on. */
  async #abandon(failure: VigieError, goOn: boolean): Promise<void> {
    const entries = this.#current?.entries ?? this.index.get(this.#sequence);
    const empty = entries?.sequence !== this.#sequence || entries.length === 0;
    await this.close();
    this.#resumeAt = null;
    // Trying the same segment again, from its header: the next #advance takes this number once more.
    if (!goOn && empty && this.#sequence > 0) {
      this.#sequence -= 1;
      return;
    }
    this.segmentsAbandoned += 1;
    this.deps.log.warn(`Segment ${this.#sequence} given up. ${failure.message}`);
  }
}
