/** Times as a person writes them on the command line. Used by store.ts. Pure: the present comes from the caller. */
import { VigieError } from '../../errors.js';

const unitMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds since 1970 of an ISO 8601 time (without a zone: local), of `HH:MM[:SS]` today, of an age (`-10m`), or `now`.
 * @throws VigieError `config` for anything else
 */
export function parseTime(text: string, nowMs: number): number {
  if (text === 'now') return nowMs;
  const age = /^-(\d{1,6})([smhd])$/.exec(text);
  if (age) return nowMs - Number(age[1]) * (unitMs[age[2] ?? ''] ?? 0);
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text);
  if (clock) return new Date(nowMs).setHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), 0);
  const iso = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/.test(text);
  const ms = iso ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new VigieError(
    'config',
    `"${text}" is no time`,
    'Write 2026-03-01T14:05:00, 14:05, 14:05:30, an age such as -10m, or now',
  );
}

/** Local time to the second, with its offset from UTC: `2026-03-01 14:05:00 +01:00`. */
export function showTime(ms: number): string {
  const date = new Date(ms);
  const two = (n: number): string => String(Math.floor(Math.abs(n))).padStart(2, '0');
  const offset = -date.getTimezoneOffset();
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time} ${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
}
