/**
 * One 512-byte key slot (docs/store.md, "Key slots"): the wrapped key of one class of one segment, or the word that it
 * was destroyed. Written by key-slots.ts, read by key-table.ts. The decoder takes bytes that may be anything and
 * answers null.
 */
import { crc32c } from '@node-rs/crc32';
import { readI64, readU64 } from './layout.js';

/** What a GOP is kept as; each class of a segment has its own key and its own term. */
export const recordClasses = ['communal', 'terminus'] as const;
export type RecordClass = (typeof recordClasses)[number];

export const keySectorBytes = 512;
const slotVersion = 1;
const magic = Buffer.from('VIGIEKEY', 'latin1');
const wrappedAt = 56;
/** Room for what a TPM or a secure element makes of 32 bytes. */
export const maxWrappedBytes = 448;
const stateCodes = { live: 1, destroyed: 2 } as const;

export interface KeySector {
  state: 'live' | 'destroyed';
  class: RecordClass;
  /** sequence of the segment */
  segment: number;
  /** hex, 16 bytes */
  storeId: string;
  /** wall clock when this state was written, milliseconds: a live key is as old as its segment */
  atMs: number;
  clockTrusted: boolean;
  /** empty when destroyed */
  wrapped: Buffer;
}

/** The code of a class in slots and record headers; 0 is none. */
export function classCode(of: RecordClass): number {
  return recordClasses.indexOf(of) + 1;
}

export function classOf(code: number): RecordClass | null {
  return recordClasses[code - 1] ?? null;
}

export function encodeKeySector(sector: KeySector): Buffer {
  const bytes = Buffer.alloc(keySectorBytes);
  magic.copy(bytes, 0);
  bytes.writeUInt16LE(slotVersion, 8);
  bytes.writeUInt16LE(stateCodes[sector.state], 10);
  bytes.writeUInt32LE(classCode(sector.class), 12);
  bytes.writeBigUInt64LE(BigInt(sector.segment), 16);
  bytes.write(sector.storeId, 24, 16, 'hex');
  bytes.writeBigInt64LE(BigInt(Math.round(sector.atMs * 1000)), 40);
  bytes.writeUInt32LE(sector.clockTrusted ? 1 : 0, 48);
  bytes.writeUInt16LE(sector.wrapped.length, 52);
  sector.wrapped.copy(bytes, wrappedAt);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 508)), 508);
  return bytes;
}

/** Reads a slot; null when it is empty or does not hold. */
export function decodeKeySector(bytes: Buffer): KeySector | null {
  if (bytes.length < keySectorBytes || !bytes.subarray(0, 8).equals(magic)) return null;
  if (bytes.readUInt16LE(8) !== slotVersion) return null;
  if (crc32c(bytes.subarray(0, 508)) !== bytes.readUInt32LE(508)) return null;
  const code = bytes.readUInt16LE(10);
  const state = code === stateCodes.live ? 'live' : code === stateCodes.destroyed ? 'destroyed' : null;
  const of = classOf(bytes.readUInt32LE(12));
  const segment = readU64(bytes, 16);
  const atUs = readI64(bytes, 40);
  const wrappedBytes = bytes.readUInt16LE(52);
  if (state === null || of === null || segment === null || segment < 1 || atUs === null) return null;
  if (wrappedBytes > maxWrappedBytes || (state === 'live') !== wrappedBytes > 0) return null;
  return {
    state,
    class: of,
    segment,
    storeId: bytes.toString('hex', 24, 40),
    atMs: atUs / 1000,
    clockTrusted: (bytes.readUInt32LE(48) & 1) !== 0,
    wrapped: Buffer.from(bytes.subarray(wrappedAt, wrappedAt + wrappedBytes)),
  };
}
