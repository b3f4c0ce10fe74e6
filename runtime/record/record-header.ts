/**
 * The 192-byte header of a record (docs/store.md). Written by record.ts, read by scan.ts without the payload.
 * The decoder takes bytes that may be anything and answers null.
 */
import { crc32c } from '@node-rs/crc32';
import type { MaskStamp } from '../../pipelines/frame.js';
import { classCode, classOf, type RecordClass } from './key-sector.js';
import { align8, readI64, readU64, recordHeaderBytes } from './layout.js';

/** `VGOP` */
export const recordMagic = 0x504f4756;
export const gopKind = 1;
/** A time correction: record-time.ts. */
export const timeKind = 2;
const flagBits = { clockTrusted: 1, interrupted: 2, continues: 4, copy: 8, afterPause: 16 } as const;
export const nonceBytes = 12;
export const tagBytes = 16;
const maskStates = ['full', 'zones', 'both'] as const;

export interface RecordHeader {
  headerBytes: number;
  kind: number;
  /** sequence of the segment it was written into */
  segment: number;
  /** sequence of the record, from 1 */
  record: number;
  payloadBytes: number;
  clockTrusted: boolean;
  interrupted: boolean;
  continues: boolean;
  afterPause: boolean;
  wallFirstUs: number;
  wallLastUs: number;
  monoFirstUs: number;
  monoLastUs: number;
  unitCount: number;
  width: number;
  height: number;
  /** of the first picture */
  mask: MaskStamp;
  payloadCrc: number;
  class: RecordClass;
  /** 12 bytes */
  nonce: Buffer;
  /** 16 bytes, of AES-256-GCM over the payload and this header */
  tag: Buffer;
  /** hex, 8 bytes: the boot in which its pictures were taken */
  run: string;
  /** it repeats an earlier record under another class */
  copy: boolean;
  /** sequence of that record; 0 when this is no copy */
  copyOf: number;
}

/** Header, payload and padding: the distance to the next record, bytes. */
export function recordBytes(header: RecordHeader): number {
  return align8(header.headerBytes + header.payloadBytes);
}

export function maskStateCode(state: MaskStamp['state']): number {
  return maskStates.indexOf(state);
}

/** The stamp of these stored fields; null when the state is none of ours. `digest` is 32 bytes. */
export function decodeStamp(version: number, state: number, digest: Buffer): MaskStamp | null {
  const name = maskStates[state];
  return name === undefined
    ? null
    : { version, state: name, digest: version === 0 ? '' : digest.toString('hex') };
}

/** Writes the header into the first bytes of `into`. */
export function writeRecordHeader(into: Buffer, header: RecordHeader): void {
  into.fill(0, 0, recordHeaderBytes);
  into.writeUInt32LE(recordMagic, 0);
  into.writeUInt16LE(recordHeaderBytes, 4);
  into.writeUInt16LE(header.kind, 6);
  into.writeBigUInt64LE(BigInt(header.segment), 8);
  into.writeBigUInt64LE(BigInt(header.record), 16);
  into.writeUInt32LE(header.payloadBytes, 24);
  let flags = 0;
  for (const [name, bit] of Object.entries(flagBits)) {
    if (header[name as keyof typeof flagBits]) flags |= bit;
  }
  into.writeUInt32LE(flags, 28);
  into.writeBigInt64LE(BigInt(header.wallFirstUs), 32);
  into.writeBigInt64LE(BigInt(header.wallLastUs), 40);
  into.writeBigInt64LE(BigInt(header.monoFirstUs), 48);
  into.writeBigInt64LE(BigInt(header.monoLastUs), 56);
  into.writeUInt32LE(header.unitCount, 64);
  into.writeUInt16LE(header.width, 68);
  into.writeUInt16LE(header.height, 70);
  into.writeUInt32LE(header.mask.version, 72);
  into.writeUInt8(maskStateCode(header.mask.state), 76);
  into.write(header.mask.digest, 80, 32, 'hex');
  into.writeUInt32LE(header.payloadCrc, 112);
  into.writeUInt32LE(classCode(header.class), 116);
  header.nonce.copy(into, 120);
  header.tag.copy(into, 132);
  into.write(header.run, 148, 8, 'hex');
  into.writeBigUInt64LE(BigInt(header.copyOf), 156);
  into.writeUInt32LE(crc32c(into.subarray(0, 188)), 188);
}

/**
 * What the tag vouches for besides the payload: the header as it lies there, without tag and checksums, which are
 * made after it.
 */
export function authenticatedHeader(block: Buffer): Buffer {
  const bytes = Buffer.from(block.subarray(0, recordHeaderBytes));
  bytes.fill(0, 112, 116);
  bytes.fill(0, 132, 148);
  bytes.fill(0, 188, 192);
  return bytes;
}

/** Reads a header; null unless it is valid and belongs to this segment. */
export function decodeRecordHeader(block: Buffer, segment: number): RecordHeader | null {
  if (block.length < recordHeaderBytes || block.readUInt32LE(0) !== recordMagic) return null;
  if (readU64(block, 8) !== segment || block.readUInt16LE(4) !== recordHeaderBytes) return null;
  if (crc32c(block.subarray(0, 188)) !== block.readUInt32LE(188)) return null;
  const record = readU64(block, 16);
  const times = [32, 40, 48, 56].map((at) => readI64(block, at));
  const [wallFirstUs, wallLastUs, monoFirstUs, monoLastUs] = times;
  const mask = decodeStamp(block.readUInt32LE(72), block.readUInt8(76), block.subarray(80, 112));
  const of = classOf(block.readUInt32LE(116));
  const copyOf = readU64(block, 156);
  if (record === null || mask === null || of === null || copyOf === null) return null;
  if (wallFirstUs == null || wallLastUs == null || monoFirstUs == null || monoLastUs == null) return null;
  const flags = block.readUInt32LE(28);
  return {
    headerBytes: recordHeaderBytes,
    kind: block.readUInt16LE(6),
    segment,
    record,
    payloadBytes: block.readUInt32LE(24),
    clockTrusted: (flags & flagBits.clockTrusted) !== 0,
    interrupted: (flags & flagBits.interrupted) !== 0,
    continues: (flags & flagBits.continues) !== 0,
    afterPause: (flags & flagBits.afterPause) !== 0,
    wallFirstUs,
    wallLastUs,
    monoFirstUs,
    monoLastUs,
    unitCount: block.readUInt32LE(64),
    width: block.readUInt16LE(68),
    height: block.readUInt16LE(70),
    mask,
    payloadCrc: block.readUInt32LE(112),
    class: of,
    nonce: Buffer.from(block.subarray(120, 132)),
    tag: Buffer.from(block.subarray(132, 148)),
    run: block.toString('hex', 148, 156),
    copy: (flags & flagBits.copy) !== 0,
    copyOf,
  };
}
