/**
 * What is to be recorded at which time of the week (docs/recording.md, "Schedule"). Asked by occasions.ts for each record,
 * and by the check of the configuration. Pure: the time is given to it. Never says more than `off` allows.
 */
import type { RecordMode, RecordWhen, ScheduleRange } from '../config/recording.js';
import { days } from '../config/week.js';

const dayMinutes = 24 * 60;
const weekMinutes = 7 * dayMinutes;
const minuteMs = 60_000;
/** The wider records all that the narrower does. */
const widestFirst = ['continuous', 'motion', 'detection'] as const;

/** From and to, minutes since Monday 00:00; `to` may lie in the next week. */
interface WeekSpan {
  from: number;
  to: number;
  mode: RecordMode;
}

export class Schedule {
  /** modes that may come */
  readonly modes: ReadonlySet<RecordMode>;
  readonly #mode: RecordWhen['mode'];
  readonly #spans: WeekSpan[];
  readonly #local: Intl.DateTimeFormat;
  #last: { minute: number; mode: RecordMode } | null = null;

  constructor({ mode, schedule, timeZone }: Pick<RecordWhen, 'mode' | 'schedule' | 'timeZone'>) {
    this.#mode = mode;
    this.#spans = schedule.flatMap(spansOf);
    this.modes = new Set([mode, ...schedule.map((range) => range.mode)]);
    this.#local = new Intl.DateTimeFormat('en-GB', {
      ...(timeZone !== undefined && { timeZone }),
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  }

  /** Whether the time of the week decides anything. */
  get timed(): boolean {
    return this.#spans.length > 0;
  }

  /** @param wallMs milliseconds since 1970 */
  modeAt(wallMs: number): RecordMode {
    if (!this.timed) return this.#mode;
    const minute = Math.floor(wallMs / minuteMs);
    if (this.#last?.minute !== minute) this.#last = { minute, mode: this.#lookUp(this.#weekMinute(wallMs)) };
    return this.#last.mode;
  }

  /** The mode while nobody knows what time it is (O10). */
  get modeWithoutTime(): RecordMode {
    if (!this.timed) return this.#mode;
    if (this.modes.has('off')) return 'off';
    return widestFirst.find((mode) => this.modes.has(mode)) ?? this.#mode;
  }

  #lookUp(minute: number): RecordMode {
    const found = this.#spans.find(({ from, to }) => isWithin(minute, from, to));
    return found?.mode ?? this.#mode;
  }

  #weekMinute(wallMs: number): number {
    const parts = this.#local.formatToParts(wallMs);
    const part = (type: string): string => parts.find((found) => found.type === type)?.value ?? '';
    const day = (days as readonly string[]).indexOf(part('weekday').slice(0, 3).toLowerCase());
    return day * dayMinutes + Number(part('hour')) * 60 + Number(part('minute'));
  }
}

/** The first two ranges that want the same minute; null when none do. */
export function firstOverlap(schedule: readonly ScheduleRange[]): [number, number] | null {
  const takenBy = new Map<number, number>();
  for (const [index, range] of schedule.entries()) {
    for (const { from, to } of spansOf(range)) {
      for (let minute = from; minute < to; minute++) {
        const other = takenBy.get(minute % weekMinutes);
        if (other !== undefined) return [other, index];
        takenBy.set(minute % weekMinutes, index);
      }
    }
  }
  return null;
}

function spansOf({ days: begins, from, to, mode }: ScheduleRange): WeekSpan[] {
  return begins.map((day) => {
    const start = days.indexOf(day) * dayMinutes;
    const [first, last] = [minuteOf(from), minuteOf(to)];
    return { from: start + first, to: start + (last > first ? last : last + dayMinutes), mode };
  });
}

function isWithin(minute: number, from: number, to: number): boolean {
  return (minute >= from && minute < to) || minute + weekMinutes < to;
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}
