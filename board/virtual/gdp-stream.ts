/**
 * Frames with the sensor's own times, as gdppay writes them into a pipe (GStreamer Data Protocol 1.0, gst-plugins-bad,
 * gst/gdp/dataprotocol.c): what a driver's time stamps are for a camera on a bus. Used by panorama-sensor.ts; read back by
 * gdpdepay in the pipeline process (`sensor.stamped`).
 */
import { i420Bytes, type PictureSize, STAMP_BYTES } from '../../pipelines/frame.js';

const NO_TIME = 0xffff_ffff_ffff_ffffn;
const BUFFER = 1;
const FORMAT = 2;
/** Events count from here (GST_DP_PAYLOAD_EVENT_NONE); the numbers after are GstEventType of GStreamer 1.x. */
const EVENT = 64;
const STREAM_START = EVENT + 10254;
const SEGMENT = EVENT + 17934;

/** What a reader must get before the first frame: exactly as long as one, so that every read after it is one frame. */
export function streamStart(size: PictureSize, framesPerSecond: number): Buffer {
  const { width, height } = size;
  const segment =
    'GstEventSegment, segment=(GstSegment)"segment, flags=(GstSegmentFlags)GST_SEGMENT_FLAG_NONE, rate=(double)1, ' +
    'applied-rate=(double)1, format=(GstFormat)time, base=(guint64)0, offset=(guint64)0, start=(guint64)0, ' +
    `stop=(guint64)${NO_TIME}, time=(guint64)0, position=(guint64)0, duration=(guint64)${NO_TIME};";`;
  const packets = [
    text(STREAM_START, 'GstEventStreamStart, stream-id=(string)sensor;'),
    text(
      FORMAT,
      `video/x-raw, format=(string)I420, width=(int)${width}, height=(int)${height}, ` +
        `framerate=(fraction)${framesPerSecond}/1, pixel-aspect-ratio=(fraction)1/1`,
    ),
  ];
  const before = packets.reduce((sum, { length }) => sum + length, 0);
  packets.push(text(SEGMENT, segment, i420Bytes(size) - before));
  return Buffer.concat(packets);
}

/** The header of one frame, whose planes follow it in the pipe. */
export function frameHeader(size: PictureSize, monoUs: number): Buffer {
  return header(BUFFER, BigInt(monoUs) * 1000n, i420Bytes(size));
}

/** A text ends with a zero; what follows that is not looked at. */
function text(type: number, words: string, bytes = words.length + 1): Buffer {
  const payload = Buffer.alloc(bytes);
  payload.write(words, 'ascii');
  return Buffer.concat([header(type, NO_TIME, bytes), payload]);
}

function header(type: number, ns: bigint, payloadBytes: number): Buffer {
  const bytes = Buffer.alloc(STAMP_BYTES);
  bytes[0] = 1;
  bytes.writeUInt16BE(type, 4);
  bytes.writeUInt32BE(payloadBytes, 6);
  bytes.writeBigUInt64BE(ns, 10);
  // No duration and no offsets.
  bytes.fill(0xff, 18, 42);
  return bytes;
}
