/**
 * Which GOPs are kept around an alert (docs/store.md, "Terminus"). Asked by recorder.ts; told by it what was stored. Pure:
 * its time is the monotonic clock of the pictures, so that a jump of the wall clock moves no window.
 */
import type { RecordClass } from './key-sector.js';

/** How late an alert may come, on top of what is kept before it. */
const slackUs = 15_000_000;

export interface StoredPiece<Stored = number> {
  /** what the store calls it */
  record: Stored;
  /** which GOP it is of, when a GOP is in several pieces */
  of: number;
  firstUs: number;
  lastUs: number;
  class: RecordClass;
}

export class TerminusWindows<Stored = number> {
  #windows: { fromUs: number; toUs: number }[] = [];
  #recent: StoredPiece<Stored>[] = [];

  constructor(private readonly options: { beforeUs: number; afterUs: number }) {}

  /**
   * Opens a window around an alert.
   * @returns records stored as `communal` that are to be kept a second time: whole GOPs, oldest first
   */
  alert(atUs: number): Stored[] {
    const { beforeUs, afterUs } = this.options;
    this.#windows.push({ fromUs: atUs - beforeUs, toUs: atUs + afterUs });
    return this.#toKeep();
  }

  /** Those that are open, or whose copies may be missing. */
  get open(): readonly { fromUs: number; toUs: number }[] {
    return this.#windows;
  }

  /**
   * Goes on with what the last run kept (docs/recording.md, O12).
   * @returns records to be kept a second time, oldest first
   */
  resume(
    windows: readonly { fromUs: number; toUs: number }[],
    stored: readonly StoredPiece<Stored>[],
  ): Stored[] {
    this.#windows.push(...windows);
    this.#recent = [...stored, ...this.#recent];
    return this.#toKeep();
  }

  /** Whether any picture between these times lies in a window. */
  covers(firstUs: number, lastUs: number): boolean {
    return this.#windows.some(({ fromUs, toUs }) => firstUs <= toUs && lastUs >= fromUs);
  }

  coversUnits(units: readonly { monoUs: number }[]): boolean {
    const [first, last] = [units[0], units.at(-1)];
    return first !== undefined && last !== undefined && this.covers(first.monoUs, last.monoUs);
  }

  /**
   * A record is on the device.
   * @returns what is to be kept a second time: an alert came while it was being written
   */
  stored(piece: StoredPiece<Stored>): Stored[] {
    this.#recent.push(piece);
    const oldest = piece.lastUs - this.options.beforeUs - slackUs;
    this.#recent = this.#recent.filter(({ lastUs }) => lastUs >= oldest);
    this.#windows = this.#windows.filter(({ toUs }) => toUs >= oldest);
    return this.#toKeep();
  }

  #toKeep(): Stored[] {
    const covered = new Set(
      this.#recent.filter((piece) => this.covers(piece.firstUs, piece.lastUs)).map(({ of }) => of),
    );
    const keep = this.#recent.filter((piece) => piece.class === 'communal' && covered.has(piece.of));
    for (const piece of keep) piece.class = 'terminus';
    return keep.map(({ record }) => record);
  }
}
