/**
 * What an operator is told. Made by scene/, carried by control/, never decides anything. The words are made
 * here once, in both languages, so that the page, the queue and the report say the same.
 */
import { z } from 'zod';
import { box, objectClass } from '../../pipelines/messages.js';

/** The closed list of events (docs/law.md), and the ninth, which is an experiment and is told as one. */
export const eventKind = z.enum([
  'presence',
  'direction',
  'density',
  'crowd',
  'fall',
  'abandoned',
  'fire',
  'weapon',
  'novelty',
]);
export type EventKind = z.infer<typeof eventKind>;

/** A value that was measured, against its threshold, e.g. dwell 2.1 s of 2 s. */
export const measured = z.strictObject({
  name: z.string(),
  value: z.number(),
  /** null: told for what it is, nothing depends on it */
  threshold: z.number().nullable(),
  unit: z.string(),
});
export type Measured = z.infer<typeof measured>;

/** One who takes part, as far as tracking knows. The id is random and dies with the track. */
export const participant = z.strictObject({
  trackId: z.string(),
  class: objectClass,
  score: z.number(),
  box,
  /** how long it had been followed */
  seconds: z.number().min(0),
  /** null: not known */
  metresPerSecond: z.number().min(0).nullable(),
});
export type Participant = z.infer<typeof participant>;

const words = z.strictObject({ fr: z.string(), en: z.string() });

export const alert = z.strictObject({
  /** random, 128 bits, hex: of the incident; what becomes of it is told under the same id */
  id: z.string(),
  /** counts up by one for each alert of this camera, across restarts; set by the queue */
  number: z.int().min(0),
  cameraId: z.string(),
  event: eventKind,
  zone: z.string(),
  /** the reason in words */
  reason: words,
  /** of the first participant; null when nothing is tracked (a thing left, a fire) */
  class: objectClass.nullable(),
  score: z.number(),
  /** the one to look at first; at most 16 */
  participants: z.array(participant).max(16),
  /** where, as shares of the picture */
  box,
  /** the frame in which the condition became true */
  frameSeq: z.int(),
  /** wall clock of that frame's capture, milliseconds */
  atMs: z.number(),
  /** monotonic clock of that frame's capture, microseconds */
  atMonoUs: z.number(),
  /** measured against their thresholds; the first decided */
  measured: z.array(measured).min(1),
  /** what looked: SHA-256 of the model, hex, and its name */
  model: z.strictObject({ name: z.string(), sha256: z.string() }),
  /** what of the recording shows it, wall clock; null: nothing is recorded */
  recording: z.strictObject({ fromMs: z.number(), toMs: z.number() }).nullable(),
  /** alerts of this camera that were held back since the one before, because there is at most one a second */
  folded: z.array(z.strictObject({ event: eventKind, zone: z.string(), count: z.int().min(1) })),
});
export type Alert = z.infer<typeof alert>;

/** What became of an incident after its alert. */
export const alertUpdate = z.strictObject({
  id: z.string(),
  /** counts up by one for each update of this incident */
  update: z.int().min(1),
  atMs: z.number(),
  /** it is over */
  ended: z.boolean(),
  /** how long it has lasted, or lasted */
  seconds: z.number().min(0),
  /** most who took part at once, and how many joined after the alert */
  most: z.int().min(0),
  joined: z.int().min(0),
  /** the strongest so far */
  measured: z.array(measured),
  /** all of that in words */
  reason: words,
});
export type AlertUpdate = z.infer<typeof alertUpdate>;
