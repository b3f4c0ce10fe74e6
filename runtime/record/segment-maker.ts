import { errorLine, VigieError } from '../../errors.js';
import { type Description, segmentPath } from './description.js';
import { recordClasses } from './key-sector.js';
import type { SegmentKeys } from './key-slots.js';
import {
  encodeHeaderBlock,
  endMarkBytes,
  headerBlockBytes,
  indexBytes,
  segmentHeaderBytes,
  writeEndMark,
} from './layout.js';
import { type RecordHeader, timeKind } from './record-header.js';
import { SegmentEntries, type SegmentSummary, summaryOf } from './ring-index.js';
import type { SegmentEvent } from './segment-events.js';
import type { SegmentFile } from './segment-file.js';
import { encodeSealedIndex } from './segment-index.js';
import type { OpenedSegment, SegmentMakerDeps, SegmentMakerOptions } from './segment-maker-options.js';
import { openSlot } from './slot-file.js';

export class SegmentMaker {
  /** headers and indexes handed to the card since the start */
  bytesWritten = 0;

  #current: OpenedSegment | null = null;
  #sequence: number;
  /** byte where the newest segment goes on; null when it does not */
  #resumeAt: number | null;
  #lastBorn = 0;
  /** a number is taken, its header is not yet on the card */
  #begun = false;
  /** the card has just refused something */
  #doubtful = false;
  /** the newest number of which a header may be on the card */
  #headed: number | null = null;
  /** begun, with what their slots held destroyed, since a segment took a record */
  readonly #begunSince = new Set<number>();

  constructor(
    private readonly deps: SegmentMakerDeps,
    private readonly options: SegmentMakerOptions,
  ) {
    const { sequence, offset, sealed } = options.end;
    this.#sequence = sequence;
    this.#resumeAt = sequence > 0 && !sealed ? offset : null;
    this.#lastBorn = sequence;
    this.#doubtful = options.wary === true;
  }

  /** Of the newest segment. */
  get sequence(): number {
    return this.#sequence;
  }

  get slots(): number {
    return this.options.description.segmentCount;
  }

  /** Where to go on after a failure: behind the last segment that holds records, and never below a header on the card. */
  get startOver(): number {
    const { sequence } = this.options.end;
    const headed = this.#headed ?? sequence;
    const entries = this.deps.index.get(headed);
    if (this.#headed === null && !entries) return sequence + 1;
    return (entries?.rows ?? 0) > 0 ? headed + 1 : headed;
  }

  /** Segments begun in vain since one took a record. */
  get spent(): number[] {
    return [...this.#begunSince].filter((sequence) => (this.deps.index.get(sequence)?.rows ?? 0) === 0);
  }

  /** The numbers from here on, one for each slot, whose slots hold nothing that a requisition keeps. */
  free(from: number): number[] {
    return Array.from({ length: this.slots }, (_, n) => from + n).filter((at) => this.#heldAt(at) === null);
  }

  /** The segment that this record goes into: the current one while it fits by bytes and by time, else the next. */
  async segmentFor(header: RecordHeader, bytes: number): Promise<OpenedSegment> {
    const current = this.#current ?? (await this.#resume());
    if (current && this.#fits(current, header, bytes)) return current;
    await this.leave();
    return this.#begin(header.clockTrusted);
  }

  /**
   * P7: writes the index behind the records and closes. A segment that cannot be sealed is read record by record at the
   * next start. Nothing more is written into the newest segment after this.
   */
  async leave(): Promise<void> {
    const current = this.#current ?? (await this.#resume().catch(() => null));
    if (!current) {
      this.#resumeAt = null;
      return;
    }
    const { entries, offset: endByte, file } = current;
    const index = encodeSealedIndex({ entries, endByte });
    let sealed = false;
    try {
      if (!current.endMarked) {
        await file.write(endMarkOf(current), endByte);
        await file.datasync();
      }
      await file.write(index, this.options.description.segmentBytes - index.length);
      await file.datasync();
      this.bytesWritten += index.length;
      sealed = true;
    } catch (error) {
      this.deps.log.warn(`Segment ${current.sequence} is left without its index. ${errorLine(error)}`);
    }
    await this.#close();
    this.#resumeAt = null;
    entries.trim();
    await this.#tellSealed(entries, sealed);
  }

  /** Closes the file; writing may go on in it after the next start. */
  async close(): Promise<void> {
    await this.#close();
  }

  /**
   * After a failed write or sync: closes the segment for good.
   * @param goOn another segment is tried at once; else an empty one may be tried again from its header
   * @returns whether it will be tried again
   */
  async giveUp(goOn: boolean): Promise<boolean> {
    this.#doubtful = true;
    const filled = this.#current?.entries ?? (this.#resumeAt === null ? undefined : this.#newest());
    const begun = this.#begun;
    await this.#close();
    this.#resumeAt = null;
    this.#begun = false;
    if (filled && filled.rows > 0) {
      await this.#tellSealed(filled, false);
      return false;
    }
    // Nothing was begun: there was no slot to begin in.
    if (!begun && !filled) return true;
    // Trying the same segment again, from its header: the next #begin takes this number once more.
    if (!goOn) this.#sequence -= 1;
    return !goOn;
  }

  #newest(): SegmentEntries | undefined {
    return this.deps.index.get(this.#sequence);
  }

  async #close(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    if (!current) return;
    this.#resumeAt = current.offset;
    for (const of of recordClasses) current.keys[of].fill(0);
    await current.file.close().catch(() => {});
  }

  #fits({ offset, entries, sequence }: OpenedSegment, header: RecordHeader, bytes: number): boolean {
    const { description, maxSpanMs } = this.options;
    if (offset + bytes + indexBytes(entries.rows + 1) > description.segmentBytes) return false;
    if (recordClasses.some((of) => this.deps.keys.stateOf(sequence, of) !== 'live')) return false;
    if (entries.length === 0 || header.kind === timeKind) return true;
    return Math.abs(header.wallFirstUs - entries.recorded(0).wallFirstUs) <= maxSpanMs * 1000;
  }

  /** P4.5 */
  async #resume(): Promise<OpenedSegment | null> {
    const entries = this.#newest();
    if (!entries || this.#resumeAt === null) return null;
    const { slot, sequence } = entries;
    const live = recordClasses.every((of) => this.deps.keys.stateOf(sequence, of) === 'live');
    const keys = live ? await this.deps.keys.begin(slot, sequence).catch(() => null) : null;
    // Without its keys nothing can be added; its index is still written.
    const none = { communal: Buffer.alloc(0), terminus: Buffer.alloc(0) };
    const file = await this.deps.open(segmentPath(this.options.path, slot), 'write');
    const place = { sequence, slot, file, offset: this.#resumeAt };
    this.#current = { ...place, endMarked: false, entries, keys: keys ?? none };
    if (keys) return this.#current;
    await this.leave();
    return null;
  }

  /** P3 */
  async #begin(clockTrusted: boolean): Promise<OpenedSegment> {
    const { description, path } = this.options;
    const { clock, index } = this.deps;
    if (this.#newest()?.rows) this.#begunSince.clear();
    const sequence = await this.#nextFree();
    const slot = sequence % description.segmentCount;
    // From here on the number is taken: a failure below gives the segment up, and giveUp decides what follows.
    this.#sequence = sequence;
    this.#begun = true;
    const file = await openSlot(this.deps, path, slot, description.segmentBytes);
    const keys = await this.#prepare(file, sequence, slot).catch(async (error: unknown) => {
      await file.close();
      throw error;
    });
    const entries = new SegmentEntries(sequence, slot);
    this.#current = { sequence, slot, file, offset: headerBlockBytes, endMarked: false, entries, keys };
    const atMs = clock.wallMs();
    const created = { createdWallMs: atMs, createdMonoUs: clock.monoUs(), clockTrusted };
    const block = encodeHeaderBlock({ ...description, sequence, slot, ...created });
    this.#headed = sequence;
    await file.write(block, 0);
    await file.datasync();
    this.bytesWritten += block.length;
    this.#doubtful = false;
    this.#begun = false;
    index.add(entries);
    if (sequence !== this.#lastBorn) {
      this.#lastBorn = sequence;
      await this.#tell({ kind: 'born', segment: sequence, storeId: description.storeId, atMs, clockTrusted });
    }
    return this.#current;
  }

  /** What the ring overwrites when the next segments are begun, this many of them, in this order. */
  overwritesNext(count: number): SegmentEntries[] {
    const [next, { segmentCount }]: [SegmentEntries[], Description] = [[], this.options.description];
    for (let n = 1, left = count; n < segmentCount && left > 0; n++) {
      if (this.#heldAt(this.#sequence + n)) continue;
      left -= 1;
      const old = this.deps.index.inSlot((this.#sequence + n) % segmentCount);
      if (old) next.push(old);
    }
    return next;
  }

  /** What a requisition keeps in the slot of this sequence. */
  #heldAt(sequence: number): SegmentSummary | null {
    const old = this.deps.index.inSlot(sequence % this.options.description.segmentCount);
    const summary = old && old.length > 0 ? summaryOf(old) : null;
    return summary && this.deps.held(summary) ? summary : null;
  }

  /** P3.1: the next number whose slot holds nothing that a requisition keeps. */
  async #nextFree(): Promise<number> {
    const { segmentCount, storeId } = this.options.description;
    for (let sequence = this.#sequence + 1; sequence <= this.#sequence + segmentCount; sequence++) {
      const summary = this.#heldAt(sequence);
      if (!summary) return sequence;
      await this.#tell({ kind: 'skipped', segment: summary.sequence, storeId, summary });
    }
    throw new VigieError(
      'store',
      'Every segment of the store is held for a requisition',
      'Export what is held and release it, or use a larger card',
    );
  }

  /** P3.2 to P3.4. A card that has just failed must take a write first: keys are not destroyed for nothing. */
  async #prepare(file: SegmentFile, sequence: number, slot: number): Promise<SegmentKeys> {
    if (this.#doubtful) {
      await file.write(Buffer.alloc(segmentHeaderBytes), segmentHeaderBytes);
      await file.datasync();
    }
    this.#begunSince.add(sequence);
    await this.#vacate(sequence, slot);
    return this.deps.keys.begin(slot, sequence);
  }

  async #vacate(sequence: number, slot: number): Promise<void> {
    const { storeId } = this.options.description;
    const old = this.deps.index.inSlot(slot);
    for (const destroyed of await this.deps.keys.vacate(sequence)) {
      const segment = destroyed.segmentSequence;
      const summary = old?.sequence === segment ? summaryOf(old) : null;
      await this.#tell({ kind: 'overwritten', segment, storeId, class: destroyed.class, summary });
    }
  }

  async #tellSealed(entries: SegmentEntries, index: boolean): Promise<void> {
    const { storeId } = this.options.description;
    const summary = summaryOf(entries);
    await this.#tell({ kind: 'sealed', segment: entries.sequence, storeId, summary, index });
  }

  async #tell(event: SegmentEvent): Promise<void> {
    try {
      await this.deps.onSegment(event);
    } catch (error) {
      this.deps.log.error(`Not in the register: segment ${event.segment} ${event.kind}. ${errorLine(error)}`);
    }
  }
}

function endMarkOf({ sequence, entries }: OpenedSegment): Buffer {
  const mark = Buffer.alloc(endMarkBytes);
  writeEndMark(mark, 0, sequence, entries.last()?.record ?? 0);
  return mark;
}
