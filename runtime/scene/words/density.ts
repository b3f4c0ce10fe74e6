/** Why an alert of the density was raised, in words. Used by density.ts; numbers are rounded down. */
import type { Reason } from '../reasons.js';
import { comma, floor, NBSP, plain } from './figures.js';

export interface DensityFound {
  /** people tracked */
  tracks: number;
  /** people that the covered share of the zone stands for; null: not known */
  estimate: number | null;
  /** people for each square metre; null: it is their number that is too high */
  density: number | null;
  /** the threshold: people, or people for each square metre */
  limit: number;
  lasted: number;
}

/** The higher of the two witnesses decided, and the words say which. */
export function densityReason(
  zone: string,
  { tracks, estimate, density, limit, lasted }: DensityFound,
): Reason {
  const people = Math.floor(Math.max(tracks, estimate ?? 0));
  const byTracks = estimate === null || tracks >= estimate;
  const since = floor(lasted, 0);
  const threshold = plain(limit);
  const dense = density === null ? null : floor(density, 1);
  const enHow = byTracks
    ? 'counted one by one'
    : `estimated from the covered ground; ${tracks} counted one by one`;
  const frHow = byTracks
    ? 'comptées une à une'
    : `estimées d’après le sol couvert${NBSP}; ${tracks} comptées une à une`;
  const enMore =
    byTracks && estimate !== null ? `; the covered ground stands for ${Math.floor(estimate)}` : '';
  const frMore =
    byTracks && estimate !== null ? `${NBSP}; le sol couvert en indique ${Math.floor(estimate)}` : '';
  const enLimit = dense === null ? `threshold ${threshold}` : `${dense} per m², threshold ${threshold}`;
  const frLimit =
    dense === null ? `seuil ${comma(threshold)}` : `${comma(dense)}${NBSP}par m², seuil ${comma(threshold)}`;
  return {
    fr: `${people} personnes dans la zone «${NBSP}${zone}${NBSP}» (${frLimit}) depuis ${since}${NBSP}s, ${frHow}${frMore}`,
    en: `${people} people in zone “${zone}” (${enLimit}) for ${since} s, ${enHow}${enMore}`,
  };
}
