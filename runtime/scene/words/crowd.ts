/** Why an alert of the movement of a crowd was raised, in words. Used by crowd.ts; speeds are rounded down. */
import type { Reason } from '../reasons.js';
import { ceil, comma, floor, NBSP } from './figures.js';

export interface CrowdFound {
  people: number;
  /** median, metres per second */
  speed: number;
  threshold: number;
  /** of the zone; null: not known yet */
  usual: number | null;
  pattern: 'same' | 'apart';
  /** on calibrated ground; false: estimated from the heights of the people */
  measured: boolean;
}

const patterns = {
  same: { fr: 'se mettent à aller vite dans le même sens', en: 'have begun to move fast the same way' },
  apart: { fr: 's’écartent vite les unes des autres', en: 'are moving fast away from each other' },
};

export function crowdReason(
  zone: string,
  { people, speed, threshold, usual, pattern, measured }: CrowdFound,
): Reason {
  const metres = (value: number): string => floor(value, 1);
  const limit = ceil(threshold, 1);
  const enUsual = usual === null ? '' : `, usual here ${metres(usual)} m/s`;
  const frUsual = usual === null ? '' : `, d’habitude ici ${comma(metres(usual))}${NBSP}m/s`;
  const enSpeed = measured ? 'median' : 'estimated median';
  const frSpeed = measured ? 'vitesse médiane' : 'vitesse médiane estimée';
  return {
    fr: `${people} personnes de la zone «${NBSP}${zone}${NBSP}» ${patterns[pattern].fr}${NBSP}: ${frSpeed} ${comma(metres(speed))}${NBSP}m/s (seuil ${comma(limit)}${NBSP}m/s${frUsual})`,
    en: `${people} people in zone “${zone}” ${patterns[pattern].en}: ${enSpeed} ${metres(speed)} m/s (threshold ${limit} m/s${enUsual})`,
  };
}
