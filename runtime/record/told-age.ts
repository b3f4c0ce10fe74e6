/**
 * How old a recording is by what the register told of its segment: for keys whose recordings cannot be looked at, because the
 * card is away or lost them, and whose own clock was not right (docs/retention.md, R6). Pure.
 */
import type { SegmentStanding } from '../access/register/standing.js';
import type { RecordClass } from './key-sector.js';

/** What a key opens begins at most this long before the key was made: the longest `record.segmentSeconds`. */
export const beforeKeyMs = 600_000;

/**
 * The earliest that a recording of this class may be, wall clock, milliseconds. Its times where they are sure, or were
 * corrected; else the last entry under a right clock before its birth; else the first one after it. Null without any.
 */
export function toldStartMs(told: SegmentStanding | undefined, of: RecordClass): number | null {
  if (!told) return null;
  const { sealed, bornAfterMs, knownByMs } = told;
  if (sealed?.timesSure) return sealed[of]?.firstMs ?? sealed.firstMs;
  return bornAfterMs === null ? knownByMs : bornAfterMs - beforeKeyMs;
}

/** The interval in which the recordings of a segment lie at the most; null while the register cannot say. */
export function toldSpan(told: SegmentStanding | undefined): { firstMs: number; lastMs: number } | null {
  if (told?.sealed) return told.sealed;
  const firstMs = toldStartMs(told, 'communal');
  if (firstMs === null) return null;
  return { firstMs, lastMs: (told?.knownByMs ?? firstMs) + beforeKeyMs };
}
