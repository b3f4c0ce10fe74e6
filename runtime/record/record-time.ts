/**
 * A time correction as a record and back (docs/store.md, "Time correction"). Laid out for writer.ts, verified by
 * load-times.ts and check-times.ts. What the device key does not vouch for says nothing.
 */
import { createHash } from 'node:crypto';
import { maxWrappedBytes } from './key-sector.js';
import type { RecordKeys } from './key-table.js';
import { align8, endMarkBytes, recordHeaderBytes } from './layout.js';
import type { LaidRecord } from './record.js';
import {
  authenticatedHeader,
  nonceBytes,
  type RecordHeader,
  tagBytes,
  timeKind,
  writeRecordHeader,
} from './record-header.js';
import type { ClockPoint } from './time-corrections.js';

const prefixBytes = 8;
export const timePayloadBytes = prefixBytes + maxWrappedBytes;

/**
 * Lays out the record. Nothing of it depends on the segment that it will lie in.
 * @param run hex, 8 bytes: the boot that it speaks of
 * @param seal wraps 32 bytes with the device key
 * @throws VigieError `store` when the device key cannot be used
 */
export async function layOutTime(
  run: string,
  { wallUs, monoUs }: ClockPoint,
  record: number,
  seal: (digest: Buffer) => Promise<Buffer>,
): Promise<LaidRecord> {
  const header: RecordHeader = {
    headerBytes: recordHeaderBytes,
    kind: timeKind,
    segment: 0,
    record,
    payloadBytes: timePayloadBytes,
    clockTrusted: true,
    interrupted: false,
    continues: false,
    afterPause: false,
    wallFirstUs: wallUs,
    wallLastUs: wallUs,
    monoFirstUs: monoUs,
    monoLastUs: monoUs,
    unitCount: 0,
    width: 0,
    height: 0,
    mask: { version: 0, state: 'full', digest: '' },
    payloadCrc: 0,
    class: 'communal',
    nonce: Buffer.alloc(nonceBytes),
    tag: Buffer.alloc(tagBytes),
    run,
    copy: false,
    copyOf: 0,
  };
  const block = Buffer.alloc(recordHeaderBytes);
  writeRecordHeader(block, header);
  const wrapped = await seal(digestOf(block));
  const payload = Buffer.alloc(timePayloadBytes);
  payload.writeUInt32LE(wrapped.length, 0);
  wrapped.copy(payload, prefixBytes);
  return { header, payload, bytes: align8(recordHeaderBytes + payload.length) + endMarkBytes };
}

/**
 * Whether the device key vouches for this correction.
 * @param bytes header and payload, whose checksums hold
 */
export async function vouchedFor(bytes: Buffer, header: RecordHeader, keys: RecordKeys): Promise<boolean> {
  if (header.kind !== timeKind || header.payloadBytes !== timePayloadBytes) return false;
  const payload = bytes.subarray(recordHeaderBytes, recordHeaderBytes + timePayloadBytes);
  const length = payload.readUInt32LE(0);
  if (length > maxWrappedBytes) return false;
  return keys.vouches(payload.subarray(prefixBytes, prefixBytes + length), digestOf(bytes));
}

/** Of the header, wherever it lies. */
function digestOf(block: Buffer): Buffer {
  const bytes = authenticatedHeader(block);
  bytes.fill(0, 8, 16);
  return createHash('sha256').update(bytes).digest();
}
