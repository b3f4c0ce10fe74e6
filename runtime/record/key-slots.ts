/**
 * Makes, keeps and destroys the keys of the segments (docs/store.md, "Key slots", P3 and P6). Called by writer.ts and
 * store.ts, which hold the lock. Never says that a key is destroyed before the device gave the overwritten
 * slot back, and never gives out a key of which it is not sure.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock, KeyVault, Log } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import { replaceWhole } from '../../whole-file.js';
import {
  encodeKeySector,
  type KeySector,
  keySectorBytes,
  type RecordClass,
  recordClasses,
} from './key-sector.js';
import {
  type KeyPlace,
  type KeyState,
  KeyTable,
  keyContext,
  type LiveKey,
  type RecordKeys,
  readKeySlot,
  timeContext,
  vouchedBy,
} from './key-table.js';
import { type OpenSegment, onCard, openSegment, type SegmentFile } from './segment-file.js';

export type { KeyState, LiveKey } from './key-table.js';

/** One key for each class of a segment, 32 bytes each. */
export type SegmentKeys = Record<RecordClass, Buffer>;

export interface KeySlotsDeps {
  vault: KeyVault;
  clock: Clock;
  log: Log;
  /** whether the wall clock is known to be right; default: it is */
  clockTrusted?: () => boolean;
  /** for tests that put a failing device behind the slots */
  open?: OpenSegment;
}

export interface KeySlotsOptions extends KeyPlace {
  /** absolute path; the file is made when missing, mode 0600 */
  file: string;
}

export class KeySlots implements RecordKeys {
  readonly #table: KeyTable;
  #file: SegmentFile | null = null;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly deps: KeySlotsDeps,
    private readonly options: KeySlotsOptions,
  ) {
    this.#table = new KeyTable(options);
  }

  /**
   * Opens the slots and reads them; makes them at the first start.
   * @returns whether they were made now
   * @throws VigieError `store` when they cannot be made or read
   */
  async start(): Promise<{ made: boolean }> {
    const made = await makeSlots(this.options.file, this.options.slots * recordClasses.length);
    this.#file = await (this.deps.open ?? openSegment)(this.options.file, 'write');
    await this.#table.load(this.#file);
    return { made };
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.#tail;
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  stateOf(segment: number, of: RecordClass): KeyState {
    return this.#table.stateOf(segment, of);
  }

  /** Whether something of this segment can be opened. */
  opens(segment: number): boolean {
    return recordClasses.some((of) => this.stateOf(segment, of) === 'live');
  }

  /** Keys that may still open recordings, whether or not the ring still knows their segment. */
  live(): Iterable<LiveKey> {
    return this.#table.live();
  }

  async keyOf(segmentSequence: number, of: RecordClass): Promise<Buffer | null> {
    if (this.stateOf(segmentSequence, of) !== 'live') return null;
    const sector = await readKeySlot(this.#must(), this.#table, segmentSequence, of);
    if (sector?.state !== 'live') return null;
    return this.deps.vault.unwrap(sector.wrapped, keyContext(this.options.storeId, segmentSequence, of));
  }

  vouches(wrapped: Buffer, digest: Buffer): Promise<boolean> {
    return vouchedBy(this.deps.vault, this.options.storeId, wrapped, digest);
  }

  /** What `vouches` knows again. @throws VigieError `store` when the device key cannot be used */
  sealTime(digest: Buffer): Promise<Buffer> {
    return this.deps.vault.wrap(digest, timeContext(this.options.storeId));
  }

  /**
   * P3.3: destroys what keys other segments still have in the slot of this one.
   * @returns those that were live
   * @throws VigieError `store`; nothing may then be said to be destroyed
   */
  vacate(segmentSequence: number): Promise<{ segmentSequence: number; class: RecordClass }[]> {
    return this.#inTurn(async () => {
      const destroyed: { segmentSequence: number; class: RecordClass }[] = [];
      for (const of of recordClasses) {
        const index = this.#table.indexOf(segmentSequence, of);
        const old = this.#table.segmentAt(index);
        const state = this.#table.stateAt(index);
        if (old === segmentSequence || (state !== 'live' && state !== 'unsure')) continue;
        await this.#overwrite(index, old, of);
        destroyed.push({ segmentSequence: old, class: of });
      }
      return destroyed;
    });
  }

  /**
   * P3.4: the keys of a new segment, on the device when this resolves. A segment that is begun again keeps its keys.
   * @throws VigieError `store`; the segment must not be begun
   */
  begin(ringSlot: number, segmentSequence: number): Promise<SegmentKeys> {
    return this.#inTurn(async () => {
      const again = await this.#keysOf(segmentSequence);
      if (again) return again;
      const keys: SegmentKeys = { communal: randomBytes(32), terminus: randomBytes(32) };
      const sectors = await Promise.all(
        recordClasses.map((of) => this.#liveSector(segmentSequence, of, keys[of])),
      );
      const first = ringSlot * recordClasses.length;
      await this.#write(first, sectors);
      return keys;
    });
  }

  /**
   * P6: overwrites the key, syncs, reads back.
   * @returns true when it was there, or may have been, and now verifiably is not; false when there was none
   * @throws VigieError `store` when that cannot be verified: the key counts as live until a later call succeeds
   */
  destroy(segmentSequence: number, of: RecordClass): Promise<boolean> {
    return this.#inTurn(async () => {
      const state = this.stateOf(segmentSequence, of);
      if (state !== 'live' && state !== 'unsure') return false;
      await this.#overwrite(this.#table.indexOf(segmentSequence, of), segmentSequence, of);
      return true;
    });
  }

  async #keysOf(segment: number): Promise<SegmentKeys | null> {
    if (recordClasses.some((of) => this.stateOf(segment, of) !== 'live')) return null;
    const [communal, terminus] = await Promise.all(recordClasses.map((of) => this.keyOf(segment, of)));
    return communal && terminus ? { communal, terminus } : null;
  }

  async #liveSector(segment: number, of: RecordClass, key: Buffer): Promise<KeySector> {
    const context = keyContext(this.options.storeId, segment, of);
    return { ...this.#sector(segment, of), state: 'live', wrapped: await this.deps.vault.wrap(key, context) };
  }

  #sector(segment: number, of: RecordClass): Omit<KeySector, 'state' | 'wrapped'> {
    const clockTrusted = this.deps.clockTrusted?.() ?? true;
    return {
      class: of,
      segment,
      storeId: this.options.storeId,
      atMs: this.deps.clock.wallMs(),
      clockTrusted,
    };
  }

  async #overwrite(index: number, segment: number, of: RecordClass): Promise<void> {
    await this.#write(index, [
      { ...this.#sector(segment, of), state: 'destroyed', wrapped: Buffer.alloc(0) },
    ]);
  }

  /** One write, one sync, and the bytes read back. On any failure the slots are doubtful until they are written again. */
  async #write(first: number, sectors: readonly KeySector[]): Promise<void> {
    const file = this.#must();
    const bytes = Buffer.concat(sectors.map(encodeKeySector));
    const position = first * keySectorBytes;
    for (const [i, sector] of sectors.entries()) this.#table.doubt(first + i, sector.segment);
    await file.write(bytes, position);
    await file.datasync();
    const back = Buffer.alloc(bytes.length);
    await file.read(back, position);
    if (!back.equals(bytes)) {
      throw new VigieError(
        'store',
        'The key slots do not give back what was written',
        'The storage of the state directory fails: replace it',
      );
    }
    for (const [i, sector] of sectors.entries()) this.#table.enter(first + i, sector);
  }

  /** Writer and retention both write slots: one after the other. */
  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(operation);
    this.#tail = done.catch(() => {});
    return done;
  }

  #must(): SegmentFile {
    if (this.#file) return this.#file;
    throw new VigieError('store', 'The key slots are not open', 'Start the camera');
  }
}

/** Makes the file where there is none of this size, with what there was. It is whole and synced, or not there. */
async function makeSlots(file: string, count: number): Promise<boolean> {
  const bytes = count * keySectorBytes;
  const found = await readFile(file).catch(() => Buffer.alloc(0));
  if (found.length === bytes) return false;
  const whole = Buffer.alloc(bytes);
  found.copy(whole);
  await onCard('Cannot make the key slots', () => replaceWhole(file, whole, { makeDirectory: true }));
  return true;
}
