/**
 * The typed channel between the two processes: what the runtime process tells the pipeline process and what comes back. Each
 * side checks what it receives against these schemas; a message that does not fit ends the channel. Coordinates are shares
 * of the picture (0..1, origin top left). Pictures that travel here are masked: no message could carry another kind.
 */
import { z } from 'zod';
import { detectOptions, tracks } from './look-messages.js';
import { headOptions, maskStamp, maskTable, point, pose } from './mask-messages.js';
import { sight } from './sight-messages.js';

export * from './look-messages.js';
export * from './mask-messages.js';
export * from './sight-messages.js';

/** No access unit or picture of 8192x8192 comes near it. */
const mostBytes = 64 << 20;

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= mostBytes);
/** CLOCK_MONOTONIC, microseconds. */
const monoUs = z.int().min(0);
const wallMs = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const seq = z.int().min(0);
/** For a log or an operator. */
const words = z.string().max(4096);

/** People are made anonymous before anything leaves (docs/anonymity.md). */
export const personMaskOptions = z.strictObject({
  cover: z.enum(['bodies', 'heads']),
  manner: z.enum(['solid', 'blocks']),
  /** every frame waits this long, so that those seen later are covered in it too */
  delaySeconds: z.number().min(0).max(1),
  /** covered whole while nobody looks; null: the whole picture */
  area: z.array(point).min(3).max(256).nullable(),
  /** nothing is watched for: what the looks find serves this mask and does not leave the process */
  only: z.boolean(),
});
export type PersonMaskOptions = z.infer<typeof personMaskOptions>;

export const motionOptions = z.strictObject({ ratePerSecond: z.number().positive().max(5) });
export type MotionOptions = z.infer<typeof motionOptions>;

export const pipelineOptions = z.strictObject({
  /** launch text of the sensor, up to raw video of any format; no sink */
  sensorLaunch: z.string(),
  /** `loop`: seek to the start at the end of the clip; `end`: report the end; `live`: an end is a failure */
  atEnd: z.enum(['loop', 'end', 'live']),
  /** pace a file by its own time stamps */
  paced: z.boolean(),
  width: z.int().min(64).max(8192).multipleOf(8),
  height: z.int().min(64).max(8192).multipleOf(2),
  /** frames per second of the recording, as a fraction */
  rate: z.strictObject({ numerator: z.int().min(1), denominator: z.int().min(1) }),
  /** launch text of the encoder, from raw I420 to H.264 byte stream, one access unit a buffer */
  encoderLaunch: z.string(),
  /** frames the encoder may hold before capture drops */
  framesInFlight: z.int().min(1).max(16),
  /** null: the camera does not move, and zones are fixed in its picture */
  head: headOptions.nullable(),
  /** null: nothing is analysed (no authorisation, or switched off) */
  detect: detectOptions.nullable(),
  /** null: people are shown; with `detect` null the area is covered whole */
  personMask: personMaskOptions.nullable(),
  /** null: motion is not measured, because nothing depends on it or there is no authorisation */
  motion: motionOptions.nullable(),
});
export type PipelineOptions = z.infer<typeof pipelineOptions>;

export const toPipeline = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('start'), options: pipelineOptions }),
  /** load a table; nothing opens yet */
  z.strictObject({ t: z.literal('mask-table'), table: maskTable }),
  /** the runtime agrees with the digest that came back: from the next frame the table is in force */
  z.strictObject({ t: z.literal('mask-open'), version: z.int().min(1), digest: z.string().length(64) }),
  pose,
  /** a masked JPEG of frame `seq` if still held, else of the newest looked-at or encoded frame */
  z.strictObject({ t: z.literal('picture'), id: z.int(), seq: z.int().nullable() }),
  /** capture no more, send what is in the encoder, then say `ended` */
  z.strictObject({ t: z.literal('stop') }),
]);
export type ToPipeline = z.infer<typeof toPipeline>;

export const latency = z.strictObject({ p50: z.number(), p99: z.number() });

/** Counters since the pipeline process started; sent every 100 ms, which is also its heartbeat. */
export const beat = z.strictObject({
  t: z.literal('beat'),
  captured: z.int(),
  masked: z.int(),
  encoded: z.int(),
  /** before the mask, because something behind it was late */
  dropped: z.int(),
  lookedAt: z.int(),
  detections: z.int(),
  tracksBorn: z.int(),
  rssBytes: z.int(),
  /** capture to access unit out, milliseconds, over the last 512 frames */
  latencyMs: latency,
  /** event-loop delay, milliseconds, since the last beat */
  loopDelayMs: latency,
});
export type Beat = z.infer<typeof beat>;

export const unit = z.strictObject({
  t: z.literal('unit'),
  seq,
  monoUs,
  wallMs,
  /** an IDR picture that carries its SPS and PPS */
  key: z.boolean(),
  mask: maskStamp,
  /** H.264 access unit, Annex B */
  data: bytes,
});
export type Unit = z.infer<typeof unit>;

export const motion = z.strictObject({
  t: z.literal('motion'),
  /** the frame that was measured */
  seq,
  monoUs,
  /** share of the picture that changed */
  share: z.number().min(0).max(1),
});
export type Motion = z.infer<typeof motion>;

export const picture = z.strictObject({
  t: z.literal('picture'),
  id: z.int(),
  seq,
  wallMs,
  mask: maskStamp,
  jpeg: bytes,
});
export type Picture = z.infer<typeof picture>;

export const fromPipeline = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('mask-ready'), version: z.int(), digest: z.string().max(64) }),
  z.strictObject({ t: z.literal('ready'), pid: z.int() }),
  unit,
  tracks,
  motion,
  sight,
  picture,
  /** the answer when a picture cannot be had */
  z.strictObject({ t: z.literal('no-picture'), id: z.int(), message: words }),
  beat,
  /** a clip that plays once is over, or `stop` is done: every unit has been sent */
  z.strictObject({ t: z.literal('ended') }),
  /** something that this process cannot go on with; it is then replaced or the camera stops */
  z.strictObject({ t: z.literal('fault'), kind: z.string().max(64), message: words, hint: words }),
  /** one line for the log */
  z.strictObject({ t: z.literal('log'), level: z.enum(['info', 'warn']), message: words }),
]);
export type FromPipeline = z.infer<typeof fromPipeline>;
