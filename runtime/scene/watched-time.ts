/**
 * How long each event was watched for in each zone, day by day: what false alarms are counted against (`vigie alerts report`).
 * Fed by the composition root with each look and what was watched in it. Keeps seconds, nothing of what was seen.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Clock, Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import { replaceWhole } from '../../whole-file.js';
import { type EventKind, eventKind } from './alert.js';

/** Days that are remembered. */
const DAYS_KEPT = 400;
/** Looks further apart than this: nobody looked in between. */
const LONGEST_STEP_SECONDS = 3;
const SAVE_EVERY_MS = 10 * 60_000;
const DAY_MS = 86_400_000;
/** Days since 1970 after which no clock is right. */
const LAST_DAY = 200_000;

export interface Watched {
  event: EventKind;
  zone: string;
}

const stretch = z.strictObject({
  event: eventKind,
  zone: z.string().max(64),
  seconds: z.number().min(0).max(200_000),
});
const file = z.strictObject({
  format: z.literal(1),
  /** by day in UTC, as days since 1970 */
  days: z
    .array(z.strictObject({ day: z.int().min(0).max(LAST_DAY), watched: z.array(stretch).max(1024) }))
    .max(500),
});
export type WatchedDays = z.infer<typeof file>['days'];

export class WatchedTime {
  readonly #deps: { clock: Clock; log: Log };
  readonly #path: string;
  /** seconds by day, then by event and zone */
  readonly #days = new Map<number, Map<string, Watched & { seconds: number }>>();
  #lastUs: number | null = null;
  #cancel: (() => void) | null = null;
  #saving: Promise<void> = Promise.resolve();
  #changed = false;

  /** @param options.file absolute */
  constructor(deps: { clock: Clock; log: Log }, options: { file: string }) {
    this.#deps = deps;
    this.#path = options.file;
  }

  /** Goes on from what is in the file; one that is damaged is said and begun anew. */
  async start(): Promise<void> {
    if (this.#cancel) return;
    try {
      for (const { day, watched } of await readWatched(this.#path))
        for (const { seconds, ...what } of watched) this.#add(day, what, seconds);
    } catch (error) {
      this.#deps.log.warn(`How long zones were watched before is lost: ${errorLine(error)}`);
    }
    this.#cancel = this.#deps.clock.every(SAVE_EVERY_MS, () => void this.#save());
  }

  /** Writes what is not written. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#cancel) return;
    this.#cancel();
    this.#cancel = null;
    await this.#save();
  }

  /** One look, later than the one before, and what was watched for in it. */
  look({ monoUs, wallMs }: { monoUs: number; wallMs: number }, watched: readonly Watched[]): void {
    const seconds = this.#lastUs === null ? 0 : (monoUs - this.#lastUs) / 1e6;
    this.#lastUs = monoUs;
    if (!(seconds > 0) || seconds > LONGEST_STEP_SECONDS) return;
    const day = Math.floor(wallMs / DAY_MS);
    if (!(day >= 0 && day <= LAST_DAY)) return;
    for (const what of watched) this.#add(day, what, seconds);
  }

  #add(day: number, { event, zone }: Watched, seconds: number): void {
    const known = this.#days.get(day) ?? new Map();
    this.#days.set(day, known);
    const key = `${event}\0${zone}`;
    known.set(key, { event, zone, seconds: (known.get(key)?.seconds ?? 0) + seconds });
    this.#changed = true;
  }

  #save(): Promise<void> {
    if (!this.#changed) return this.#saving;
    this.#changed = false;
    // Counted, and not by how old they are: a clock that is wrong for a minute must not cost a year.
    const oldestFirst = [...this.#days.keys()].sort((a, b) => a - b);
    for (const day of oldestFirst.slice(0, -DAYS_KEPT)) this.#days.delete(day);
    const days = [...this.#days].map(([day, known]) => ({ day, watched: [...known.values()].map(rounded) }));
    const text = JSON.stringify({ format: 1, days });
    this.#saving = this.#saving
      .then(() => replaceWhole(this.#path, text, { makeDirectory: true }))
      .catch((error: unknown) => {
        this.#changed = true;
        this.#deps.log.warn(`How long zones were watched cannot be kept: ${errorLine(error)}`);
      });
    return this.#saving;
  }
}

/** What a camera kept; empty when it has kept nothing. Rejects when the file cannot be read or is damaged. */
export async function readWatched(path: string): Promise<WatchedDays> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return file.parse(JSON.parse(text)).days;
}

function rounded<T extends { seconds: number }>(stretch: T): T {
  return { ...stretch, seconds: Math.min(200_000, Math.round(stretch.seconds * 10) / 10) };
}
