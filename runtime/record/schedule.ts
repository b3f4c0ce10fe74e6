/**
 * What is to be recorded at which time of the week (docs/recording.md, "Schedule"). Asked by occasions.ts for each record.
 * Pure: the time is given to it. Never says more than `off` allows.
 */
import type { RecordMode, RecordWhen, ScheduleRange } from '../config/recording.js';
import { Week } from '../week.js';

/** The wider records all that the narrower does. */
const widestFirst = ['continuous', 'motion', 'detection'] as const;

export class Schedule {
  /** modes that may come */
  readonly modes: ReadonlySet<RecordMode>;
  readonly #mode: RecordWhen['mode'];
  readonly #week: Week<ScheduleRange>;

  constructor({ mode, schedule, timeZone }: Pick<RecordWhen, 'mode' | 'schedule' | 'timeZone'>) {
    this.#mode = mode;
    this.#week = new Week(schedule, timeZone);
    this.modes = new Set([mode, ...schedule.map((range) => range.mode)]);
  }

  /** Whether the time of the week decides anything. */
  get timed(): boolean {
    return this.#week.timed;
  }

  /** @param wallMs milliseconds since 1970 */
  modeAt(wallMs: number): RecordMode {
    return this.#week.at(wallMs)?.mode ?? this.#mode;
  }

  /** The mode while nobody knows what time it is (O10). */
  get modeWithoutTime(): RecordMode {
    if (!this.timed) return this.#mode;
    if (this.modes.has('off')) return 'off';
    return widestFirst.find((mode) => this.modes.has(mode)) ?? this.#mode;
  }
}
