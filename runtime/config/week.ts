/** Ranges of the week as a person writes them. Used by recording.ts, zones.ts and what follows a schedule. */
import { z } from 'zod';

export const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time from 00:00 to 23:59');
const endOfRange = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'a time from 00:00 to 24:00');

/** Keys of a range; what it is for is added by who uses it. */
export const weekRange = {
  days: z
    .array(z.enum(days))
    .min(1)
    .default([...days])
    .describe('Days on which it begins'),
  from: timeOfDay.describe('Time at which it begins, HH:MM'),
  to: endOfRange.describe('Time at which it ends, HH:MM or 24:00; on the next day when not after `from`'),
};
const range = z.strictObject(weekRange);
export type WeekRange = z.infer<typeof range>;

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
