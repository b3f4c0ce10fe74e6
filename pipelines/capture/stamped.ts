/**
 * A buffer as GStreamer's gdppay wraps it: the binding gives no time stamps with a sample, and this element puts them in
 * front of the picture (GStreamer Data Protocol 1.0, the 62 byte header of gst-plugins-bad, gst/gdp/dataprotocol.c).
 * Used by capture.ts for cameras whose mask depends on the time of a frame.
 */
import { VigieError } from '../../errors.js';
import { STAMP_BYTES } from '../frame.js';

const VERSION = 0x0100;
const BUFFER = 1;
const NO_TIME = 0xffff_ffff_ffff_ffffn;

/** A picture with its time. */
export interface Stamped {
  /** running time of the sensor's pipeline, microseconds; null when the sensor gave none */
  stampUs: number | null;
  /** shares the memory of what was read */
  data: Buffer;
}

/**
 * @returns null for a packet that is no picture: gdppay sends events and formats the same way
 * @throws VigieError `source` for anything else than a packet
 */
export function readStamped(packet: Buffer): Stamped | null {
  const isPacket = packet.length >= STAMP_BYTES && packet.readUInt16BE(0) === VERSION;
  if (!isPacket || packet.length !== STAMP_BYTES + packet.readUInt32BE(6)) {
    throw new VigieError(
      'source',
      'A frame came without its time stamp',
      'Check that gdppay of gst-plugins-bad is the one that vigie was set up with',
    );
  }
  if (packet.readUInt16BE(4) !== BUFFER) return null;
  const ns = packet.readBigUInt64BE(10);
  return { stampUs: ns === NO_TIME ? null : Number(ns / 1000n), data: packet.subarray(STAMP_BYTES) };
}
