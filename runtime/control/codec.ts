/**
 * MessagePack at the door. Read by connection.ts. The bytes are walked before they are decoded
 * (pipelines/plain-messagepack.ts). Never throws on what comes from outside.
 */
import { Packr } from 'msgpackr';
import { isPlainMessagePack } from '../../pipelines/plain-messagepack.js';
import { type FromClient, type FromServer, fromClient } from './protocol.js';

/** Bounds of a message from a client. */
export const frameLimits = { bytes: 65_536, depth: 8, elements: 1_024 } as const;

const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  mapsAsObjects: true,
  int64AsType: 'number',
});

export function encodeMessage(message: FromServer): Uint8Array {
  return packr.pack(message);
}

/** The message, or null when the bytes are not exactly one message of the protocol. */
export function decodeMessage(bytes: Uint8Array): FromClient | null {
  if (bytes.length > frameLimits.bytes || !isPlainMessagePack(bytes, frameLimits)) return null;
  try {
    const parsed = fromClient.safeParse(packr.unpack(bytes));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
