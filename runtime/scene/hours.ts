/**
 * When a designated zone is watched, and how closely (docs/events.md, T1 to T5). Made by scene.ts for each zone and asked
 * at each look. Pure: the time is given to it. Without a time that is sure it says more, never less.
 */
import type { WatchedZone } from '../config/zones.js';
import { Week } from '../week.js';

export class Hours {
  readonly #zone: Pick<WatchedZone, 'sensitivity' | 'sensitivityAt'>;
  readonly #watched: Week<WatchedZone['schedule'][number]>;
  readonly #sensitivity: Week<WatchedZone['sensitivityAt'][number]>;

  constructor(
    zone: Pick<WatchedZone, 'schedule' | 'sensitivity' | 'sensitivityAt'>,
    timeZone: string | undefined,
  ) {
    this.#zone = zone;
    this.#watched = new Week(zone.schedule, timeZone);
    this.#sensitivity = new Week(zone.sensitivityAt, timeZone);
  }

  /** Whether the time of the week decides anything. */
  get timed(): boolean {
    return this.#watched.timed || this.#sensitivity.timed;
  }

  /**
   * @param wallMs milliseconds since 1970; null: nobody knows
   * @returns the sensitivity at this time; null when the zone is not watched
   */
  at(wallMs: number | null): number | null {
    const { sensitivity, sensitivityAt } = this.#zone;
    if (wallMs === null) return Math.max(sensitivity, ...sensitivityAt.map((range) => range.sensitivity));
    if (this.#watched.timed && this.#watched.at(wallMs) === null) return null;
    return this.#sensitivity.at(wallMs)?.sensitivity ?? sensitivity;
  }
}
