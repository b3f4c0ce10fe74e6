/**
 * Counts of a value in bins whose width grows with it, as one row of a larger table. Used by statistics.ts; pure
 * functions. A bin knows how many, never who or when.
 */

export interface Bins {
  count: number;
  /** lower edge of the second bin: the first takes everything below */
  from: number;
  /** lower edge of the last bin, which takes everything above */
  to: number;
}

/** In its unit per second: metres on a calibrated ground, else usual sizes of a person at the place (about a metre each). */
export const speedBins: Bins = { count: 32, from: 0.05, to: 20 };
/** Side of a square of the same area as the box, over the height of the picture. */
export const sizeBins: Bins = { count: 24, from: 0.02, to: 1 };

/** Place of a value among the bins, with its fraction: 2.5 is the middle of the third bin. 0 for what is not a number. */
export function placeOf({ count, from, to }: Bins, value: number): number {
  if (!(value > 0)) return 0;
  const at = 1 + ((count - 2) * Math.log(value / from)) / Math.log(to / from);
  return Math.min(count - 1e-6, Math.max(0, at));
}

/** Lower edge of a bin. */
export function edgeOf({ count, from, to }: Bins, bin: number): number {
  return bin < 1 ? 0 : from * (to / from) ** ((bin - 1) / (count - 2));
}

/** Counts at or above a place; inside its own bin in proportion. `row` starts at `offset` of the table. */
export function tailFrom(table: Float32Array, offset: number, { count }: Bins, place: number): number {
  const own = Math.floor(place);
  let sum = (table[offset + own] ?? 0) * (own + 1 - place);
  for (let bin = own + 1; bin < count; bin++) sum += table[offset + bin] ?? 0;
  return sum;
}

/** The value below which half of the counts lie; null when there are fewer than `least`. */
export function medianOf(table: Float32Array, offset: number, bins: Bins, least: number): number | null {
  let total = 0;
  for (let bin = 0; bin < bins.count; bin++) total += table[offset + bin] ?? 0;
  if (total < least || total === 0) return null;
  let below = 0;
  for (let bin = 0; bin < bins.count; bin++) {
    const here = table[offset + bin] ?? 0;
    if (below + here >= total / 2) return edgeOf(bins, bin + (total / 2 - below) / here);
    below += here;
  }
  return null;
}
