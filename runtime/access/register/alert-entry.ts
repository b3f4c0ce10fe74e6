/** What the register says of alerts: part of entry.ts. Never holds a picture, nor what somebody said in his own words. */
import { z } from 'zod';
import { eventKind } from '../../scene/alert.js';

const alertId = z.string().min(1).max(64);

/** an operator was told of an event */
export const alertRaised = z.strictObject({
  kind: z.literal('alert-raised'),
  /** of the alert, as the control plane names it */
  alert: alertId,
  number: z.int().min(1),
  event: eventKind,
  zone: z.string().max(64),
  score: z.number(),
  /** SHA-256 of the model that looked; empty when no model did */
  model: z.string().max(64),
  /** what decided, against its threshold */
  measured: z.strictObject({
    name: z.string().max(64),
    value: z.number(),
    threshold: z.number().nullable(),
    unit: z.string().max(32),
  }),
  /** wall clock of the picture in which it became true */
  pictureMs: z.number().min(-8.64e15).max(8.64e15),
});

/** what an operator said of it; it changes nothing by itself */
export const alertJudged = z.strictObject({
  kind: z.literal('alert-judged'),
  alert: alertId,
  /** the session's user */
  by: z.string().max(64),
  /** null: seen, without a judgement */
  verdict: z.enum(['true', 'false', 'unclear']).nullable(),
});
