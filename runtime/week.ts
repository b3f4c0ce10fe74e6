/**
 * Ranges of the week as local time runs through them (docs/recording.md "Schedule", docs/events.md T1 to T3). Used by the
 * schedule of recording and by the hours of designated zones. Pure: the time is given to it.
 */
import { days, type WeekRange } from './config/week.js';

const dayMinutes = 24 * 60;
const weekMinutes = 7 * dayMinutes;
const minuteMs = 60_000;
/** Further from 1970 there are no dates (ECMA-262, "Time Values and Time Range"). */
const farthestMs = 8.64e15;

/** From and to, minutes since Monday 00:00; `to` may lie in the next week. */
interface WeekSpan<Range> {
  from: number;
  to: number;
  range: Range;
}

export class Week<Range extends WeekRange> {
  readonly #spans: WeekSpan<Range>[];
  readonly #local: Intl.DateTimeFormat;
  #last: { minute: number; range: Range | null } | null = null;

  /** @param timeZone IANA; that of the machine when absent */
  constructor(ranges: readonly Range[], timeZone?: string) {
    this.#spans = ranges.flatMap(spansOf);
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

  /**
   * @param wallMs milliseconds since 1970
   * @returns the first range that holds this moment; null when none does, or when it is not a moment
   */
  at(wallMs: number): Range | null {
    if (!this.timed || !(Math.abs(wallMs) <= farthestMs)) return null;
    const minute = Math.floor(wallMs / minuteMs);
    if (this.#last?.minute !== minute) this.#last = { minute, range: this.#lookUp(this.#weekMinute(wallMs)) };
    return this.#last.range;
  }

  #lookUp(minute: number): Range | null {
    return this.#spans.find(({ from, to }) => isWithin(minute, from, to))?.range ?? null;
  }

  #weekMinute(wallMs: number): number {
    const parts = this.#local.formatToParts(wallMs);
    const part = (type: string): string => parts.find((found) => found.type === type)?.value ?? '';
    const day = (days as readonly string[]).indexOf(part('weekday').slice(0, 3).toLowerCase());
    return day * dayMinutes + Number(part('hour')) * 60 + Number(part('minute'));
  }
}

/** The first two ranges that want the same minute; null when none do. */
export function firstOverlap(ranges: readonly WeekRange[]): [number, number] | null {
  const takenBy = new Map<number, number>();
  for (const [index, range] of ranges.entries()) {
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

function spansOf<Range extends WeekRange>(range: Range): WeekSpan<Range>[] {
  return range.days.map((day) => {
    const start = days.indexOf(day) * dayMinutes;
    const [first, last] = [minuteOf(range.from), minuteOf(range.to)];
    return { from: start + first, to: start + (last > first ? last : last + dayMinutes), range };
  });
}

function isWithin(minute: number, from: number, to: number): boolean {
  return (minute >= from && minute < to) || minute + weekMinutes < to;
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}
