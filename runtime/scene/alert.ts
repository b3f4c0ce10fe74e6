/**
 * What an operator is told. Made by scene/, carried by control/, never decides anything. The words are made
 * here once, in both languages, so that the page, the queue and the report say the same.
 */
import { z } from 'zod';
import { box, objectClass } from '../../pipelines/messages.js';

/** The closed list of events (docs/law.md); this version detects the first. */
export const eventKind = z.enum(['presence']);
export type EventKind = z.infer<typeof eventKind>;

export const alert = z.strictObject({
  /** random, 128 bits, hex */
  id: z.string(),
  /** counts up by one for each alert of this camera, across restarts; set by the queue */
  number: z.int().min(0),
  cameraId: z.string(),
  event: eventKind,
  zone: z.string(),
  /** the reason in words */
  reason: z.strictObject({ fr: z.string(), en: z.string() }),
  class: objectClass,
  score: z.number(),
  trackId: z.string(),
  /** where, as shares of the picture */
  box,
  /** the frame in which the condition became true */
  frameSeq: z.int(),
  /** wall clock of that frame's capture, milliseconds */
  atMs: z.number(),
  /** monotonic clock of that frame's capture, microseconds */
  atMonoUs: z.number(),
  /** measured against its threshold, e.g. dwell 2.1 s of 2 s */
  measured: z.strictObject({ name: z.string(), value: z.number(), threshold: z.number(), unit: z.string() }),
});
export type Alert = z.infer<typeof alert>;
