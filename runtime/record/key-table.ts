/**
 * The states of all key slots of a store, in memory, and the keys themselves on demand. Kept by key-slots.ts in the
 * process that writes; opened by reader.ts beside it. Holds no key, and gives none out that is not live on the card.
 */
import { timingSafeEqual } from 'node:crypto';
import type { KeyVault } from '../../board/ports.js';
import {
  classCode,
  decodeKeySector,
  type KeySector,
  keySectorBytes,
  type RecordClass,
  recordClasses,
} from './key-sector.js';
import type { OpenSegment, SegmentFile } from './segment-file.js';

/**
 * `live`: the key is there. `destroyed`: it was, and verifiably is not. `unsure`: a write failed, what is on the device
 * is not known; the key is not used any more. `missing`: the slot was lost or damaged.
 */
export type KeyState = 'live' | 'destroyed' | 'unsure' | 'missing';

/** A key that may still open recordings. */
export interface LiveKey {
  segmentSequence: number;
  ringSlot: number;
  class: RecordClass;
  /**
   * wall clock when the key was made, milliseconds; what it opens begins at most a minute before, as a GOP is written when
   * it is whole and a copy later, unless the clock jumped
   */
  createdMs: number;
  clockTrusted: boolean;
}

/** What readers of records ask. */
export interface RecordKeys {
  stateOf(segment: number, of: RecordClass): KeyState;
  /**
   * The key, 32 bytes; null unless it is live.
   * @throws VigieError `store` when the vault does not open it
   */
  keyOf(segment: number, of: RecordClass): Promise<Buffer | null>;
  /** Whether these bytes are this digest, 32 bytes, wrapped by the device key for a time correction of this store. */
  vouches(wrapped: Buffer, digest: Buffer): Promise<boolean>;
}

export interface KeyPlace {
  storeId: string;
  /** segments in the ring */
  slots: number;
}

const codes = { missing: 0, live: 1, destroyed: 2, unsure: 3 } as const;
const names = ['missing', 'live', 'destroyed', 'unsure'] as const;

/** What a wrapped key is bound to: it opens for this class of this segment of this store, and for no other. */
export function keyContext(storeId: string, segment: number, of: RecordClass): Buffer {
  const context = Buffer.alloc(28);
  context.write(storeId, 0, 16, 'hex');
  context.writeBigUInt64LE(BigInt(segment), 16);
  context.writeUInt32LE(classCode(of), 24);
  return context;
}

/** What the digest of a time correction is bound to. No segment has this number. */
export function timeContext(storeId: string): Buffer {
  const context = Buffer.alloc(28);
  context.write(storeId, 0, 16, 'hex');
  context.write('VIGIETIM', 16, 'latin1');
  return context;
}

/** `RecordKeys.vouches` with this vault. */
export async function vouchedBy(
  vault: KeyVault,
  storeId: string,
  wrapped: Buffer,
  digest: Buffer,
): Promise<boolean> {
  const opened = await vault.unwrap(wrapped, timeContext(storeId)).catch(() => null);
  return opened !== null && opened.length === digest.length && timingSafeEqual(opened, digest);
}

export class KeyTable {
  readonly #segments: Float64Array;
  readonly #states: Uint8Array;
  readonly #atMs: Float64Array;
  readonly #trusted: Uint8Array;

  constructor(private readonly place: KeyPlace) {
    const count = place.slots * recordClasses.length;
    this.#segments = new Float64Array(count);
    this.#states = new Uint8Array(count);
    this.#atMs = new Float64Array(count);
    this.#trusted = new Uint8Array(count);
  }

  /** Number of the sector of this class in the slot that this segment lies in. */
  indexOf(segment: number, of: RecordClass): number {
    return (segment % this.place.slots) * recordClasses.length + classCode(of) - 1;
  }

  /** Reads every slot. A file that is short reads as missing slots. */
  async load(file: SegmentFile): Promise<void> {
    const bytes = Buffer.alloc(Math.min(await file.bytes(), this.#states.length * keySectorBytes));
    await file.read(bytes, 0);
    for (let i = 0; i < this.#states.length; i++) this.enter(i, this.read(bytes, i));
  }

  /** The sector with this number, when it holds and is where it belongs. `bytes` starts with sector `first`. */
  read(bytes: Buffer, index: number, first = 0): KeySector | null {
    const at = (index - first) * keySectorBytes;
    const sector = decodeKeySector(bytes.subarray(at, at + keySectorBytes));
    if (!sector || sector.storeId !== this.place.storeId) return null;
    return this.indexOf(sector.segment, sector.class) === index ? sector : null;
  }

  /** What is on the device in this slot, as far as it is known. */
  enter(index: number, sector: KeySector | null): void {
    this.#states[index] = codes[sector?.state ?? 'missing'];
    this.#segments[index] = sector?.segment ?? 0;
    this.#atMs[index] = sector?.atMs ?? 0;
    this.#trusted[index] = sector?.clockTrusted ? 1 : 0;
  }

  /** A write of this slot failed. */
  doubt(index: number, segment: number): void {
    this.#states[index] = codes.unsure;
    this.#segments[index] = segment;
  }

  /** Sequence of the segment whose key is or was in this slot; 0 when that is not known. */
  segmentAt(index: number): number {
    return this.#segments[index] ?? 0;
  }

  stateAt(index: number): KeyState {
    return names[this.#states[index] ?? 0] ?? 'missing';
  }

  stateOf(segment: number, of: RecordClass): KeyState {
    const index = this.indexOf(segment, of);
    const found = this.segmentAt(index);
    if (found === segment) return this.stateAt(index);
    // A newer segment's key lies there: this one was overwritten, which is how a key is destroyed.
    return found > segment ? 'destroyed' : 'missing';
  }

  /**
   * Keys that may still be on the device now, by slot. They are those of this moment whenever they are gone through; each
   * is made when it is asked for, because a card has a hundred thousand.
   */
  live(): Iterable<LiveKey> {
    const columns = {
      segments: this.#segments.slice(),
      states: this.#states.slice(),
      atMs: this.#atMs.slice(),
      trusted: this.#trusted.slice(),
    };
    return { [Symbol.iterator]: () => liveOf(columns) };
  }
}

function* liveOf(of: {
  segments: Float64Array;
  states: Uint8Array;
  atMs: Float64Array;
  trusted: Uint8Array;
}): Generator<LiveKey, void> {
  for (const [i, state] of of.states.entries()) {
    const kept = recordClasses[i % recordClasses.length];
    if (!kept || (state !== codes.live && state !== codes.unsure)) continue;
    yield {
      segmentSequence: of.segments[i] ?? 0,
      ringSlot: Math.floor(i / recordClasses.length),
      class: kept,
      createdMs: of.atMs[i] ?? 0,
      clockTrusted: of.trusted[i] === 1,
    };
  }
}

/** Reads the slot of this key afresh; null unless it holds and is of this segment. */
export async function readKeySlot(
  file: SegmentFile,
  table: KeyTable,
  segment: number,
  of: RecordClass,
): Promise<KeySector | null> {
  const index = table.indexOf(segment, of);
  const bytes = Buffer.alloc(keySectorBytes);
  await file.read(bytes, index * keySectorBytes);
  const sector = table.read(bytes, index, index);
  return sector?.segment === segment ? sector : null;
}

/** The keys of a store that another process may be writing. */
export class KeyReader implements RecordKeys {
  private constructor(
    /** false: there is no such file, every key is missing */
    readonly found: boolean,
    private readonly table: KeyTable,
    private readonly options: { path: string; open: OpenSegment; vault: KeyVault; storeId: string },
  ) {}

  /** A file that is not there reads as missing keys. */
  static async load(path: string, open: OpenSegment, vault: KeyVault, place: KeyPlace): Promise<KeyReader> {
    const table = new KeyTable(place);
    const file = await open(path, 'read').catch(() => null);
    if (file) await table.load(file).finally(() => file.close());
    return new KeyReader(file !== null, table, { path, open, vault, storeId: place.storeId });
  }

  /** As it was when it was loaded, unless `keyOf` has seen something newer. */
  stateOf(segment: number, of: RecordClass): KeyState {
    return this.table.stateOf(segment, of);
  }

  vouches(wrapped: Buffer, digest: Buffer): Promise<boolean> {
    return vouchedBy(this.options.vault, this.options.storeId, wrapped, digest);
  }

  async keyOf(segment: number, of: RecordClass): Promise<Buffer | null> {
    const { path, open, vault, storeId } = this.options;
    const file = await open(path, 'read').catch(() => null);
    if (!file) return null;
    try {
      const sector = await readKeySlot(file, this.table, segment, of);
      if (sector?.state === 'live')
        return await vault.unwrap(sector.wrapped, keyContext(storeId, segment, of));
      if (this.stateOf(segment, of) === 'live') await this.table.load(file);
      return null;
    } finally {
      await file.close();
    }
  }
}
