/**
 * The keys of the configuration that say when the camera records. Part of schema.ts, which reads them; used by
 * runtime/record/schedule.ts and occasions.ts. Holds no rule that needs two keys: those are in checks.ts.
 */
import { z } from 'zod';
import { isTimeZone, weekRange } from './week.js';

const mode = z.enum(['continuous', 'motion', 'detection']);
const range = z.strictObject({
  ...weekRange,
  mode: z.enum([...mode.options, 'off']).describe('What is recorded meanwhile; `off`: nothing'),
});
export type ScheduleRange = z.infer<typeof range>;
export type RecordMode = ScheduleRange['mode'];

export const recordWhen = z
  .strictObject({
    mode: mode.default('continuous').describe('What is recorded: all, what moves, or what is detected'),
    schedule: z.array(range).max(100).default([]).describe('Ranges of the week with another mode'),
    timeZone: z
      .string()
      .refine(isTimeZone, 'must be a time zone such as Europe/Paris')
      .optional()
      .describe('Zone of the schedule (IANA); that of the machine when absent'),
    preRollSeconds: z
      .number()
      .min(0)
      .max(30)
      .default(5)
      .describe('Recorded before motion or detection; waits in memory until then'),
    postRollSeconds: z.number().min(0).max(300).default(10).describe('Recorded after it'),
    motionShare: z
      .number()
      .min(0.0005)
      .max(0.5)
      .default(0.002)
      .describe('Share of the picture that must change to be motion'),
  })
  .prefault({})
  .describe('When the camera records (docs/recording.md)');
export type RecordWhen = z.infer<typeof recordWhen>;

export const terminusWindow = z
  .strictObject({
    beforeSeconds: z.number().min(0).max(60).default(10).describe('Kept before an alert'),
    afterSeconds: z.number().min(0).max(300).default(30).describe('Kept after it'),
  })
  .prefault({})
  .describe('What an alert keeps under the class `terminus`');
