/**
 * The part of the channel between the two processes that is about looking: what is looked for, and what each look found.
 * Part of messages.ts, which re-exports it. Numbers only: no message of this file could carry a picture.
 */
import { z } from 'zod';
import { point } from './mask-messages.js';

export const box = z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });
/** Shares of the picture; x, y is the top left corner. */
export type Box = z.infer<typeof box>;

/** The classes that any event asks about; everything else a model knows is dropped at decoding. */
export const objectClass = z.enum([
  'person',
  'bicycle',
  'car',
  'motorcycle',
  'bus',
  'truck',
  'bag',
  'animal',
]);
export type ObjectClass = z.infer<typeof objectClass>;

export interface Detection {
  class: ObjectClass;
  score: number;
  box: Box;
}

/** A model that an integrator brought; the process checks it again before it loads it (docs/models.md, "The gate"). */
export const slotOptions = z.strictObject({
  /** path of the signed list; the model's file is beside it */
  listFile: z.string(),
  /** PEM of the key that must have signed it */
  publicKey: z.string().max(4096),
  /** of the model, in the list */
  name: z.string().max(32),
  modelSha256: z.string().length(64),
});
export type SlotOptions = z.infer<typeof slotOptions>;

export const detectOptions = z.strictObject({
  /** what runs the model */
  engine: z.enum(['onnx', 'tfjs']),
  /** path of the verified ONNX file */
  modelFile: z.string(),
  /** SHA-256 the file must have, hex */
  modelSha256: z.string().length(64),
  /** input size, multiples of 32 */
  inputWidth: z.int().min(64).max(1920),
  inputHeight: z.int().min(64).max(1920),
  ratePerSecond: z.number().positive().max(30),
  /** lowest score a detection may have and still be tracked */
  lowThreshold: z.number().min(0).max(1),
  /** score from which a detection may start a track */
  highThreshold: z.number().min(0).max(1),
  threads: z.int().min(1).max(8),
  /** score from which a detection of this class may start a track, where it differs from highThreshold */
  classThresholds: z.partialRecord(objectClass, z.number().min(0).max(1)),
  /** null: every look is at the whole picture; else only where something moves or is tracked, and at the whole this often */
  fullLookSeconds: z.number().min(0.2).max(2).nullable(),
  /** designated zones whose occupancy is measured */
  occupancyZones: z
    .array(z.strictObject({ name: z.string().max(64), points: z.array(point).min(3).max(256) }))
    .max(64),
  /** things that were brought and stay are told */
  stills: z.boolean(),
  /** none when absent */
  slots: z.array(slotOptions).max(4).optional(),
});
export type DetectOptions = z.infer<typeof detectOptions>;

export const track = z.strictObject({
  /** random, dies with the track: never an identity */
  id: z.string().max(16),
  class: objectClass,
  score: z.number(),
  box,
  /** share of the picture per second */
  velocity: z.strictObject({ x: z.number(), y: z.number() }),
  /** looked-at frames in which a detection supported the track */
  hits: z.int().min(0),
  /** monotonic time at which the track was born, microseconds */
  bornUs: z.number(),
  /** false while only predicted */
  seen: z.boolean(),
});
export type Track = z.infer<typeof track>;

/** Something that was brought into the picture and has stayed where it is, whatever it is. */
export const still = z.strictObject({
  /** random, dies with it */
  id: z.string().max(16),
  box,
  /** monotonic time at which it was first there, and since which it has not moved, microseconds */
  sinceUs: z.number(),
  /** how much of its cells differ from the scene before it came, levels of luma */
  contrast: z.number().min(0),
});
export type Still = z.infer<typeof still>;

/** What a model of a slot (fire, weapon) found; the integrator brought it (docs/models.md). */
export const signal = z.strictObject({
  task: z.enum(['fire', 'weapon']),
  score: z.number().min(0).max(1),
  box,
  /** of the model file, hex */
  modelSha256: z.string().length(64),
});
export type Signal = z.infer<typeof signal>;

export const tracks = z.strictObject({
  t: z.literal('tracks'),
  /** the frame that was looked at */
  seq: z.int().min(0),
  /** CLOCK_MONOTONIC of its capture, microseconds */
  monoUs: z.int().min(0),
  wallMs: z.number().min(0).max(Number.MAX_SAFE_INTEGER),
  /** time the look took, milliseconds */
  lookMs: z.number(),
  detections: z.int(),
  tracks: z.array(track).max(512),
  /** how much of the picture the model saw: all, a window of it, or nothing because nothing moves and nothing is tracked */
  looked: z.enum(['full', 'window', 'none']),
  /** null: not looked for */
  stills: z.array(still).max(64).nullable(),
  /** share of each designated zone that is covered by what is not background; empty: not measured */
  occupied: z.array(z.strictObject({ zone: z.string().max(64), share: z.number().min(0).max(1) })).max(64),
  signals: z.array(signal).max(64),
});
export type Tracks = z.infer<typeof tracks>;
