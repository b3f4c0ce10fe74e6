/**
 * How the camera is, as one value: shown on the console, sent to the supervision centre, written in the
 * report. Filled by runtime/main.ts from its parts; read by control/.
 */
import { z } from 'zod';
import { maskStamp } from '../../pipelines/messages.js';

/** Something the operator must know, in words; the code is stable for machines. */
export const notice = z.strictObject({
  code: z.string(),
  fr: z.string(),
  en: z.string(),
});
export type Notice = z.infer<typeof notice>;

/** `waiting`: nothing happens; `off-hours`: the schedule says so; `off`: not authorised */
const storeState = z.enum(['recording', 'waiting', 'off-hours', 'off', 'failed']);

export const health = z.strictObject({
  atMs: z.number(),
  version: z.string(),
  camera: z.strictObject({ id: z.string(), name: z.string() }),
  state: z.enum(['starting', 'running', 'restarting', 'stopped']),
  /** empty when all is well */
  notices: z.array(notice),
  picture: z.strictObject({
    width: z.number(),
    height: z.number(),
    framesPerSecond: z.number(),
    /** over the last seconds, as recorded */
    measuredFramesPerSecond: z.number(),
  }),
  frames: z.strictObject({
    captured: z.number(),
    masked: z.number(),
    encoded: z.number(),
    recorded: z.number(),
    dropped: z.number(),
  }),
  mask: maskStamp,
  detect: z.strictObject({
    on: z.boolean(),
    model: z.string(),
    looksPerSecond: z.number(),
    tracks: z.number(),
  }),
  store: z.strictObject({
    state: storeState,
    segments: z.number(),
    segmentsUsed: z.number(),
    capacityBytes: z.number(),
    usedBytes: z.number(),
    bytesWritten: z.number(),
    gops: z.number(),
    gopsLost: z.number(),
    oldestMs: z.number().nullable(),
    newestMs: z.number().nullable(),
    /** GOPs that wait in memory; `sinceMs`: nothing has reached a card since then, null while all is well */
    buffer: z.strictObject({
      bytes: z.number(),
      capacityBytes: z.number(),
      sinceMs: z.number().nullable(),
    }),
    /** the second store, when one is configured */
    second: z
      .strictObject({
        state: storeState,
        capacityBytes: z.number(),
        usedBytes: z.number(),
        gops: z.number(),
        oldestMs: z.number().nullable(),
        newestMs: z.number().nullable(),
      })
      .nullable(),
  }),
  alerts: z.strictObject({ total: z.number(), pending: z.number() }),
  processes: z.strictObject({
    runtimeRssBytes: z.number(),
    pipelineRssBytes: z.number(),
    restarts: z.number(),
  }),
});
export type Health = z.infer<typeof health>;
