/**
 * The few words of the kernel's FUSE protocol (7.31, /usr/include/linux/fuse.h) that serve one file of a fixed size.
 * Used by card-image.ts, which answers with what a card would. Knows nothing of cards.
 */

const requestHeaderBytes = 40;
const replyHeaderBytes = 16;
const attributesBytes = 88;
/** Bytes of the argument structs that come before the data, or are sent back. */
const writeArgumentBytes = 40;
const initReplyBytes = 64;

const regularFile = 0o100600;
const bigWrites = 1 << 5;
const directIo = 1;

export const maxWriteBytes = 128 * 1024;
/** What one read of the FUSE device must have room for. */
export const requestBytes = maxWriteBytes + 4096;

export type Request = { unique: bigint } & (
  | { what: 'init' | 'attributes' | 'open' | 'done' | 'flush' | 'quiet' | 'unknown' }
  | { what: 'read'; at: number; bytes: number }
  | { what: 'write'; at: number; data: Buffer }
);

const plain: Record<number, 'init' | 'attributes' | 'open' | 'done' | 'flush' | 'quiet'> = {
  2: 'quiet', // FORGET
  3: 'attributes', // GETATTR
  4: 'attributes', // SETATTR
  14: 'open',
  18: 'done', // RELEASE
  20: 'flush', // FSYNC
  25: 'done', // FLUSH: a file was closed, which flushes nothing
  26: 'init',
  36: 'quiet', // INTERRUPT
  38: 'done', // DESTROY
  42: 'quiet', // BATCH_FORGET
};

/** @param message what one read of the FUSE device gave */
export function requestOf(message: Buffer): Request {
  const opcode = message.readUInt32LE(4);
  const unique = message.readBigUInt64LE(8);
  if (opcode !== 15 && opcode !== 16) return { unique, what: plain[opcode] ?? 'unknown' };
  const at = Number(message.readBigUInt64LE(requestHeaderBytes + 8));
  const bytes = message.readUInt32LE(requestHeaderBytes + 16);
  if (opcode === 15) return { unique, what: 'read', at, bytes };
  const from = requestHeaderBytes + writeArgumentBytes;
  return { unique, what: 'write', at, data: Buffer.from(message.subarray(from, from + bytes)) };
}

/** @param errno 0, or what the kernel is to be told went wrong */
export function reply(unique: bigint, errno: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const message = Buffer.alloc(replyHeaderBytes + body.length);
  message.writeUInt32LE(message.length, 0);
  message.writeInt32LE(-errno, 4);
  message.writeBigUInt64LE(unique, 8);
  body.copy(message, replyHeaderBytes);
  return message;
}

export function initBody(): Buffer {
  const body = Buffer.alloc(initReplyBytes);
  body.writeUInt32LE(7, 0);
  body.writeUInt32LE(31, 4);
  body.writeUInt32LE(maxWriteBytes, 8);
  body.writeUInt32LE(bigWrites, 12);
  body.writeUInt16LE(16, 16);
  body.writeUInt16LE(12, 18);
  body.writeUInt32LE(maxWriteBytes, 20);
  body.writeUInt32LE(1, 24);
  return body;
}

/** One regular file of this size; its attributes may be kept for good. */
export function attributesBody(size: number): Buffer {
  const body = Buffer.alloc(16 + attributesBytes);
  body.writeBigUInt64LE(3600n, 0);
  body.writeBigUInt64LE(1n, 16);
  body.writeBigUInt64LE(BigInt(size), 24);
  body.writeBigUInt64LE(BigInt(Math.ceil(size / 512)), 32);
  body.writeUInt32LE(regularFile, 76);
  body.writeUInt32LE(1, 80);
  body.writeUInt32LE(4096, 96);
  return body;
}

/** An open file without a handle of its own, of which the kernel keeps nothing: the card may be changed under it. */
export function openBody(): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(directIo, 8);
  return body;
}

export function writtenBody(bytes: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt32LE(bytes, 0);
  return body;
}
