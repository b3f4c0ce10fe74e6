/**
 * A GOP as an encrypted record and back (docs/store.md, "Record"). Sealed for writer.ts, opened for read.ts and check.ts.
 * Takes bytes that may be anything, and never gives out a GOP whose tag does not hold.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { VigieError } from '../../errors.js';
import type { Gop, StoredGop } from './gop.js';
import { align8, endMarkBytes, recordHeaderBytes, writeEndMark } from './layout.js';
import { micros, payloadBytesOf, readPayload, writePayload } from './payload.js';
import {
  authenticatedHeader,
  decodeRecordHeader,
  gopKind,
  nonceBytes,
  type RecordHeader,
  tagBytes,
  timeKind,
  writeRecordHeader,
} from './record-header.js';

const algorithm = 'aes-256-gcm';

/** A record in memory, not yet of any segment, and encrypted only if it is no GOP. */
export interface LaidRecord {
  header: RecordHeader;
  payload: Buffer;
  /** of the record on the card with the end mark behind it */
  bytes: number;
}

/**
 * Lays out the record; `sealRecord` then makes it one of a segment.
 * @param run hex, 8 bytes
 * @param copyOf sequence of the record that this one repeats; 0 for none
 * @throws VigieError `store` when the GOP has no unit, or fields that the format cannot hold
 */
export function layOutRecord(gop: Gop, record: number, run: string, copyOf = 0): LaidRecord {
  const first = gop.units[0];
  const last = gop.units.at(-1);
  if (!first || !last) throw unfit('it has no picture');
  const payload = Buffer.allocUnsafe(payloadBytesOf(gop.units));
  const header: RecordHeader = {
    headerBytes: recordHeaderBytes,
    kind: gopKind,
    segment: 0,
    record,
    payloadBytes: payload.length,
    clockTrusted: gop.clockTrusted,
    interrupted: gop.interrupted,
    continues: gop.continues,
    afterPause: gop.afterPause === true,
    wallFirstUs: micros(first.wallMs),
    wallLastUs: micros(last.wallMs),
    monoFirstUs: Math.round(first.monoUs),
    monoLastUs: Math.round(last.monoUs),
    unitCount: gop.units.length,
    width: gop.width,
    height: gop.height,
    mask: first.mask,
    payloadCrc: 0,
    class: gop.class,
    nonce: Buffer.alloc(nonceBytes),
    tag: Buffer.alloc(tagBytes),
    run,
    copy: copyOf > 0,
    copyOf,
  };
  try {
    writePayload(payload, gop.units, first);
    writeRecordHeader(Buffer.alloc(recordHeaderBytes), header);
  } catch (error) {
    throw unfit(error instanceof Error ? error.message : String(error), error);
  }
  return { header, payload, bytes: align8(recordHeaderBytes + payload.length) + endMarkBytes };
}

/**
 * The record of this segment as it goes to the card: encrypted when it is a GOP, with its end mark.
 * @param key 32 bytes, of the record's class in this segment
 */
export function sealRecord({ header, payload, bytes }: LaidRecord, segment: number, key: Buffer): Buffer {
  const sealed = Buffer.allocUnsafe(bytes).fill(0, recordHeaderBytes + payload.length);
  header.segment = segment;
  if (header.kind === timeKind) payload.copy(sealed, recordHeaderBytes);
  else encryptInto(sealed, header, payload, key);
  header.payloadCrc = crc32c(sealed.subarray(recordHeaderBytes, recordHeaderBytes + payload.length));
  writeRecordHeader(sealed, header);
  writeEndMark(sealed, bytes - endMarkBytes, segment, header.record);
  return sealed;
}

function encryptInto(sealed: Buffer, header: RecordHeader, payload: Buffer, key: Buffer): void {
  header.nonce = nonceFor(header.record);
  header.tag = Buffer.alloc(tagBytes);
  writeRecordHeader(sealed, header);
  const cipher = createCipheriv(algorithm, key, header.nonce);
  cipher.setAAD(authenticatedHeader(sealed));
  cipher.update(payload).copy(sealed, recordHeaderBytes);
  cipher.final();
  header.tag = cipher.getAuthTag();
}

/** Rises by one with each record sealed by this process, from a random place. */
const salt = randomBytes(4);

/**
 * Never the same twice under one key: a number that is tried again, because the card refused it, comes with the next
 * salt, and one that a cut gives back to the next process with another.
 */
function nonceFor(record: number): Buffer {
  const nonce = Buffer.alloc(nonceBytes);
  nonce.writeBigUInt64LE(BigInt(record), 0);
  salt.copy(nonce, 8);
  salt.writeUInt32LE((salt.readUInt32LE(0) + 1) >>> 0, 0);
  return nonce;
}

/**
 * Whether these bytes are a record of this segment as it was written; needs no key.
 * @param bytes header and payload; what follows is not looked at
 * @returns its header; null unless both checksums hold
 */
export function verifyRecord(bytes: Buffer, segment: number): RecordHeader | null {
  const header = decodeRecordHeader(bytes, segment);
  if (!header) return null;
  const end = recordHeaderBytes + header.payloadBytes;
  if (bytes.length < end || crc32c(bytes.subarray(recordHeaderBytes, end)) !== header.payloadCrc) return null;
  return header;
}

/**
 * Opens a record.
 * @param bytes as `verifyRecord` took them
 * @returns null unless the tag holds, the kind is known and the payload fits its tables exactly
 */
export function openRecord(bytes: Buffer, header: RecordHeader, key: Buffer): StoredGop | null {
  if (header.kind !== gopKind) return null;
  const payload = decrypted(bytes, header, key);
  const units = payload && readPayload(payload, header.wallFirstUs, header.monoFirstUs);
  if (!units || units.length !== header.unitCount) return null;
  const { segment, record, run, width, height, clockTrusted, interrupted, continues, afterPause, copyOf } =
    header;
  const flags = { clockTrusted, interrupted, continues, ...(afterPause && { afterPause }) };
  const own = { width, height, ...flags, class: header.class, units };
  return { segment, record: copyOf || record, run, ...own };
}

function decrypted(bytes: Buffer, { nonce, tag, payloadBytes }: RecordHeader, key: Buffer): Buffer | null {
  try {
    const decipher = createDecipheriv(algorithm, key, nonce);
    decipher.setAAD(authenticatedHeader(bytes));
    decipher.setAuthTag(tag);
    const payload = decipher.update(bytes.subarray(recordHeaderBytes, recordHeaderBytes + payloadBytes));
    decipher.final();
    return payload;
  } catch {
    return null;
  }
}

function unfit(why: string, cause?: unknown): VigieError {
  return new VigieError(
    'store',
    `A GOP cannot be stored: ${why}`,
    'Report it with the log; recording goes on',
    {
      cause,
    },
  );
}
