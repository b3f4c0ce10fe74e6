/**
 * A listing day by day: which part of each half hour was recorded. Made for `vigie store list` from a Listing. Pure; days
 * are those of the machine's time zone, so that a day may have 23 or 25 hours.
 */
import type { Listing, Span } from './coverage.js';

/**
 * `full`, `part`: recorded, all of it or some. `untrusted`, `corrected`: recorded, and so is the clock of some of it.
 * `destroyed`: recorded, and nothing of it is left. `none`: nothing. `outside`: before the first record under a clock that
 * was right or corrected, or after the last.
 */
export type CellState = 'full' | 'part' | 'untrusted' | 'corrected' | 'destroyed' | 'none' | 'outside';

export interface DayLine {
  /** local midnight, milliseconds */
  dayMs: number;
  /** one for each half hour of the clock on the wall, 48 */
  cells: CellState[];
  /** recorded and still readable */
  recordedMs: number;
  /** how long the day was, as far as it lies between the first such record and the last; 0: nothing can be said of it */
  ofMs: number;
}

export const cellsPerDay = 48;
/** Two GOPs lie this far apart at most without a gap. */
const slackMs = 2_000;
/** What a card holds is far less; a damaged time must not make anybody draw for ever. */
const mostDays = 4_000;

interface Held {
  recordedMs: number;
  untrusted: boolean;
  corrected: boolean;
  destroyed: boolean;
}

/** Days on which something was recorded, oldest first; the others are left out. */
export function dayLines({ coverage, destroyed }: Pick<Listing, 'coverage' | 'destroyed'>): DayLine[] {
  // A clock that was wrong says nothing of when the recording began and ended.
  const all = [...coverage, ...destroyed].filter(({ clock }) => clock !== 'untrusted');
  const firstMs = Math.min(...all.map(({ fromMs }) => fromMs));
  const lastMs = Math.max(...all.map(({ toMs }) => toMs));
  const days = new Map<number, Held[]>();
  for (const span of coverage) enter(days, span, (held, ms) => addRecorded(held, span, ms));
  for (const span of destroyed) {
    enter(days, span, (held) => {
      held.destroyed = true;
    });
  }
  return [...days.entries()]
    .sort(([a], [b]) => a - b)
    .map(([dayMs, held]) => lineOf(dayMs, held, firstMs, lastMs));
}

function addRecorded(held: Held, { clock }: Span, ms: number): void {
  held.recordedMs += ms;
  held.untrusted ||= clock === 'untrusted';
  held.corrected ||= clock === 'corrected';
}

/** Calls `add` for every half hour that the span touches, with the time that it fills of it. */
function enter(days: Map<number, Held[]>, span: Span, add: (held: Held, ms: number) => void): void {
  for (let dayMs = midnight(span.fromMs); dayMs <= span.toMs && days.size < mostDays; ) {
    const empty = (): Held => ({ recordedMs: 0, untrusted: false, corrected: false, destroyed: false });
    const cells = days.get(dayMs) ?? Array.from({ length: cellsPerDay }, empty);
    days.set(dayMs, cells);
    const begins = halfHours(dayMs);
    for (const [i, held] of cells.entries()) {
      const [beginsMs = 0, endsMs = 0] = [begins[i], begins[i + 1]];
      const ms = Math.min(span.toMs, endsMs) - Math.max(span.fromMs, beginsMs);
      // A single picture has no length, and was recorded all the same.
      if (ms > 0 || (ms === 0 && span.fromMs === span.toMs && span.fromMs < endsMs)) add(held, ms);
    }
    dayMs = midnight(dayMs, 1);
  }
}

function lineOf(dayMs: number, held: readonly Held[], firstMs: number, lastMs: number): DayLine {
  let recordedMs = 0;
  let ofMs = 0;
  const begins = halfHours(dayMs);
  const cells = held.map((cell, i): CellState => {
    const fromMs = Math.max(firstMs, begins[i] ?? 0);
    const lengthMs = Math.max(0, Math.min(lastMs, begins[i + 1] ?? 0) - fromMs);
    const filledMs = Math.min(cell.recordedMs, (begins[i + 1] ?? 0) - (begins[i] ?? 0));
    ofMs += lengthMs;
    recordedMs += filledMs;
    if (cell.untrusted) return 'untrusted';
    if (cell.corrected) return 'corrected';
    if (cell.recordedMs > 0) return lengthMs - filledMs <= slackMs ? 'full' : 'part';
    if (cell.destroyed) return 'destroyed';
    return lengthMs > 0 ? 'none' : 'outside';
  });
  return { dayMs, cells, recordedMs, ofMs };
}

/** Local midnight of the day of this time, or of a later day. */
export function midnight(ms: number, daysLater = 0): number {
  const date = new Date(ms);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + daysLater).getTime();
}

/** When each half hour begins, and the last one ends; half hours that the clock skips begin and end at once. */
function halfHours(dayMs: number): number[] {
  const date = new Date(dayMs);
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  const begins = Array.from({ length: cellsPerDay + 1 }, (_, i) =>
    new Date(year, month, day, 0, i * 30).getTime(),
  );
  // A time that is skipped reads as one after the times that follow it.
  for (let i = cellsPerDay - 1; i >= 0; i--) begins[i] = Math.min(begins[i] ?? 0, begins[i + 1] ?? 0);
  return begins;
}
