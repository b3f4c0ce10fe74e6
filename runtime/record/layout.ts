/**
 * The numbers of the format in docs/store.md, and the two small blocks that frame a segment: its header and its
 * end mark. Read by everything in record/. Decoders take bytes that may be anything and answer null.
 */
import { crc32c } from '@node-rs/crc32';

export const formatVersion = 2;
/** The segment header and the reserved space behind it. */
export const headerBlockBytes = 4096;
export const segmentHeaderBytes = 512;
export const recordHeaderBytes = 192;
export const endMarkBytes = 24;
export const maxCameraIdBytes = 32;

const segmentMagic = Buffer.from('VIGIESEG', 'latin1');
/** `VEND` */
const endMagic = 0x444e4556;

export interface SegmentHeader {
  segmentBytes: number;
  /** from 1 */
  sequence: number;
  segmentCount: number;
  slot: number;
  /** hex, 16 bytes */
  storeId: string;
  cameraId: string;
  createdWallMs: number;
  createdMonoUs: number;
  clockTrusted: boolean;
}

/** Footer of a sealed segment, and each entry of its index before it. */
export const indexFooterBytes = 64;
export const indexEntryBytes = 64;

/** Bytes at the end of a segment that the index of this many records takes. */
export function indexBytes(records: number): number {
  return records * indexEntryBytes + indexFooterBytes;
}

/** Bytes of the largest payload that a segment of this size can hold. */
export function maxPayloadBytes(segmentBytes: number): number {
  return segmentBytes - headerBlockBytes - recordHeaderBytes - endMarkBytes - 8 - indexBytes(1);
}

/** Next multiple of 8: where a record may start. */
export function align8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** A u64 as a number; null above 2^53, which no camera reaches and damage does. */
export function readU64(from: Buffer, at: number): number | null {
  const value = from.readBigUInt64LE(at);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(value);
}

/** An i64 as a number; null where a number cannot hold it exactly. */
export function readI64(from: Buffer, at: number): number | null {
  const value = Number(from.readBigInt64LE(at));
  return Number.isSafeInteger(value) ? value : null;
}

/** The whole header block of a segment, ready to be written at byte 0. */
export function encodeHeaderBlock(header: SegmentHeader): Buffer {
  const block = Buffer.alloc(headerBlockBytes);
  segmentMagic.copy(block, 0);
  block.writeUInt16LE(formatVersion, 8);
  block.writeUInt16LE(segmentHeaderBytes, 10);
  block.writeUInt32LE(header.segmentBytes, 12);
  block.writeBigUInt64LE(BigInt(header.sequence), 16);
  block.writeUInt32LE(header.segmentCount, 24);
  block.writeUInt32LE(header.slot, 28);
  block.write(header.storeId, 32, 16, 'hex');
  block.write(header.cameraId, 48, maxCameraIdBytes, 'utf8');
  block.writeBigInt64LE(BigInt(Math.round(header.createdWallMs * 1000)), 80);
  block.writeBigInt64LE(BigInt(header.createdMonoUs), 88);
  block.writeUInt32LE(header.clockTrusted ? 1 : 0, 96);
  block.writeUInt32LE(crc32c(block.subarray(0, 508)), 508);
  return block;
}

/** Reads a segment header from its first 512 bytes; null when it is not a valid one of this format version. */
export function decodeSegmentHeader(block: Buffer): SegmentHeader | null {
  if (block.length < segmentHeaderBytes || !block.subarray(0, 8).equals(segmentMagic)) return null;
  if (block.readUInt16LE(8) !== formatVersion || block.readUInt16LE(10) !== segmentHeaderBytes) return null;
  if (crc32c(block.subarray(0, 508)) !== block.readUInt32LE(508)) return null;
  const sequence = readU64(block, 16);
  const createdWallUs = readI64(block, 80);
  const createdMonoUs = readI64(block, 88);
  if (sequence === null || createdWallUs === null || createdMonoUs === null) return null;
  const segmentCount = block.readUInt32LE(24);
  const slot = block.readUInt32LE(28);
  if (sequence < 1 || segmentCount < 1 || slot !== sequence % segmentCount) return null;
  return {
    segmentBytes: block.readUInt32LE(12),
    sequence,
    segmentCount,
    slot,
    storeId: block.toString('hex', 32, 48),
    cameraId: block.toString('utf8', 48, 80).replace(/\0+$/, ''),
    createdWallMs: createdWallUs / 1000,
    createdMonoUs,
    clockTrusted: (block.readUInt32LE(96) & 1) !== 0,
  };
}

/** Writes the end mark into `into` at `at`. */
export function writeEndMark(into: Buffer, at: number, segment: number, lastRecord: number): void {
  into.writeUInt32LE(endMagic, at);
  into.writeBigUInt64LE(BigInt(segment), at + 8);
  into.writeBigUInt64LE(BigInt(lastRecord), at + 16);
  into.writeUInt32LE(crc32c(into.subarray(at + 8, at + 24)), at + 4);
}

/** Whether `block` starts with the end mark of this segment. */
export function isEndMark(block: Buffer, segment: number): boolean {
  if (block.length < endMarkBytes || block.readUInt32LE(0) !== endMagic) return false;
  return readU64(block, 8) === segment && crc32c(block.subarray(8, endMarkBytes)) === block.readUInt32LE(4);
}
