/**
 * The payload of a record: tables and access units as bytes and back (docs/store.md, "Record"). Used by record.ts,
 * which encrypts it. The decoder takes bytes that may be anything: it answers null for whatever does not fit exactly.
 */
import type { MaskStamp } from '../../pipelines/frame.js';
import type { GopUnit } from './gop.js';
import { readI64, readU64 } from './layout.js';
import { readStamp, sameStamp, stampBytes, writeStamp } from './stamp.js';

const tableHeadBytes = 16;
const entryBytes = 24;

export const micros = (ms: number): number => Math.round(ms * 1000);

/** Bytes of the payload that holds these units. */
export function payloadBytesOf(units: readonly GopUnit[]): number {
  const { stamps } = stampsOf(units);
  const data = units.reduce((sum, unit) => sum + unit.data.byteLength, 0);
  return tableHeadBytes + stamps.length * stampBytes + units.length * entryBytes + data;
}

/** Writes tables and access units over all of `into`, which is as long as `payloadBytesOf` says. */
export function writePayload(into: Buffer, units: readonly GopUnit[], first: GopUnit): void {
  const { stamps, of } = stampsOf(units);
  into.fill(0, 0, tableHeadBytes + stamps.length * stampBytes + units.length * entryBytes);
  into.writeUInt32LE(units.length, 0);
  into.writeUInt32LE(stamps.length, 4);
  into.writeBigUInt64LE(BigInt(first.seq), 8);
  let at = tableHeadBytes;
  for (const stamp of stamps) {
    writeStamp(into, at, stamp);
    at += stampBytes;
  }
  const wallFirstUs = micros(first.wallMs);
  const monoFirstUs = Math.round(first.monoUs);
  let dataAt = at + units.length * entryBytes;
  for (const [i, unit] of units.entries()) {
    into.writeUInt32LE(unit.data.byteLength, at);
    into.writeUInt16LE(unit.key ? 1 : 0, at + 4);
    into.writeUInt16LE(of[i] ?? 0, at + 6);
    into.writeUInt32LE(unit.seq - first.seq, at + 8);
    into.writeUInt32LE(Math.round(unit.monoUs) - monoFirstUs, at + 12);
    into.writeBigInt64LE(BigInt(micros(unit.wallMs) - wallFirstUs), at + 16);
    into.set(unit.data, dataAt);
    at += entryBytes;
    dataAt += unit.data.byteLength;
  }
}

/** One stamp for each change, and for each unit the number of its stamp. */
function stampsOf(units: readonly GopUnit[]): { stamps: MaskStamp[]; of: number[] } {
  const stamps: MaskStamp[] = [];
  const of = units.map(({ mask }) => {
    const last = stamps.at(-1);
    if (!last || !sameStamp(last, mask)) stamps.push(mask);
    return stamps.length - 1;
  });
  return { stamps, of };
}

/**
 * The units of a payload.
 * @returns null unless it fits its tables exactly
 */
export function readPayload(payload: Buffer, wallFirstUs: number, monoFirstUs: number): GopUnit[] | null {
  if (payload.length < tableHeadBytes) return null;
  const unitCount = payload.readUInt32LE(0);
  const stampCount = payload.readUInt32LE(4);
  const firstSeq = readU64(payload, 8);
  const tableEnd = tableHeadBytes + stampCount * stampBytes + unitCount * entryBytes;
  if (unitCount < 1 || stampCount < 1 || firstSeq === null || tableEnd > payload.length) return null;
  const stamps = readStamps(payload, stampCount);
  const units: GopUnit[] = [];
  let dataAt = tableEnd;
  for (let i = 0; i < unitCount; i++) {
    const at = tableHeadBytes + stampCount * stampBytes + i * entryBytes;
    const dataBytes = payload.readUInt32LE(at);
    const mask = stamps?.[payload.readUInt16LE(at + 6)];
    const wallOffsetUs = readI64(payload, at + 16);
    if (!mask || wallOffsetUs === null || dataAt + dataBytes > payload.length) return null;
    units.push({
      seq: firstSeq + payload.readUInt32LE(at + 8),
      monoUs: monoFirstUs + payload.readUInt32LE(at + 12),
      wallMs: (wallFirstUs + wallOffsetUs) / 1000,
      key: (payload.readUInt16LE(at + 4) & 1) !== 0,
      mask,
      data: payload.subarray(dataAt, dataAt + dataBytes),
    });
    dataAt += dataBytes;
  }
  return dataAt === payload.length ? units : null;
}

function readStamps(payload: Buffer, count: number): MaskStamp[] | null {
  const stamps: MaskStamp[] = [];
  for (let i = 0; i < count; i++) {
    const stamp = readStamp(payload, tableHeadBytes + i * stampBytes);
    if (!stamp) return null;
    stamps.push(stamp);
  }
  return stamps;
}
