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
/** A storage device as the operator is shown it; null is what it does not tell, which is not the same as well. */
export const storageHealth = z.strictObject({
  /** `unknown` before the machine answered once */
  place: z.enum(['writable', 'read-only', 'gone', 'unknown']),
  name: z.string().nullable(),
  freeBytes: z.number().nullable(),
  totalBytes: z.number().nullable(),
  /** of the whole device, since it was found */
  deviceBytesWritten: z.number().nullable(),
  /** of the file system, since it was made */
  fileSystemBytesWritten: z.number().nullable(),
  /** bytes a second on the device; null in the first ten minutes */
  writeRate: z.number().nullable(),
  /** tenths of its life that are used, 1 to 11; 11 is over */
  lifeUsedTenths: z.number().nullable(),
  /** spare blocks: `warning` 80 % are used, `urgent` 90 % */
  spare: z.enum(['normal', 'warning', 'urgent']).nullable(),
  /** wall clock before which it does not end by wear, milliseconds */
  lastsUntilMs: z.number().nullable(),
  /** share of the last seconds in which it was being written, 0 to 1; null where that is not timed */
  busyShare: z.number().nullable(),
});
export type StorageHealth = z.infer<typeof storageHealth>;

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
  /** the card that holds the store (docs/card.md) */
  card: storageHealth,
  /** what holds keys, register and alerts, where that is not the card; else null */
  stateStorage: storageHealth.nullable(),
  alerts: z.strictObject({ total: z.number(), pending: z.number() }),
  processes: z.strictObject({
    runtimeRssBytes: z.number(),
    pipelineRssBytes: z.number(),
    restarts: z.number(),
  }),
});
export type Health = z.infer<typeof health>;
