/** Why a fall is told, in both languages. Read by behaviours/fall.ts; pure. It says what was seen, not what happened. */
import type { Reason } from '../reasons.js';
import { ceil, comma, floor, NBSP, plain } from './figures.js';

export interface FallFigures {
  /** how long they have been down, and how long they had to be */
  seconds: number;
  threshold: number;
  /** of their own upright height, 0..1 */
  height: number;
  /** from the last upright look to the first low one */
  fallSeconds: number;
}

export function fallReason(zone: string, { seconds, threshold, height, fallSeconds }: FallFigures): Reason {
  const down = floor(seconds, 1);
  const within = ceil(fallSeconds, 1);
  const percent = ceil(height * 100, 0);
  return {
    fr:
      `Une personne est passée au sol en ${comma(within)}${NBSP}s au plus dans la zone «${NBSP}${zone}${NBSP}» ` +
      `et y est depuis ${comma(down)}${NBSP}s (seuil ${comma(plain(threshold))}${NBSP}s), ` +
      `à ${percent}${NBSP}% de sa hauteur debout`,
    en:
      `A person went to the ground within ${within} s in zone “${zone}” and has been there for ${down} s ` +
      `(threshold ${plain(threshold)} s), at ${percent} % of their upright height`,
  };
}
