/**
 * What the wall clock of a boot turned out to be worth (docs/store.md, "Time corrections"). Kept by ring-index.ts, filled
 * by time-telling.ts and by load-times.ts with what the device key vouches for; read with every time of the index. Pure.
 */

/** In an index that does not say in which boot a record was made. */
export const unknownRun = '00'.repeat(8);

/** Both clocks at one moment, microseconds: the wall clock since 1970. */
export interface ClockPoint {
  wallUs: number;
  monoUs: number;
}

/** A record of kind 2 where it lies. */
export interface TimeRow extends ClockPoint {
  record: number;
  /** byte of its header in the file */
  offset: number;
  /** with header and padding */
  bytes: number;
  /** hex, 8 bytes: the boot that it speaks of */
  run: string;
  /** the device key vouches for it; null: not looked at yet */
  believed: boolean | null;
}

/** A run that is corrected, and by how much. */
export interface Corrected {
  /** hex, 8 bytes */
  run: string;
  /** wall clock less monotonic clock, microseconds */
  offsetUs: number;
  /** the first and the last segment that hold something recorded before its clock was right */
  firstSegment: number;
  lastSegment: number;
}

/** How sure the wall clock of something recorded is. */
export type ClockState = 'trusted' | 'corrected' | 'untrusted';

export class TimeCorrections {
  /** rises with every correction: what was worked out before is then out of date */
  version = 0;
  readonly #offsets = new Map<string, number>();

  /** Wall clock less monotonic clock in this run, microseconds; null while nothing is known of it. */
  offsetUs(run: string): number | null {
    return this.#offsets.get(run) ?? null;
  }

  /** T5: the first that is believed counts. */
  believe(run: string, { wallUs, monoUs }: ClockPoint): void {
    if (run === unknownRun || this.#offsets.has(run)) return;
    this.#offsets.set(run, wallUs - monoUs);
    this.version += 1;
  }
}
