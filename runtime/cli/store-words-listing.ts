/** What the listing of the store says, in French and English. Used by store-listing.ts. */
import type { CellState } from '../record/day-lines.js';
import type { Language } from './store-words.js';

export interface ListingWords {
  zone: (offset: string) => string;
  legend: readonly (readonly [CellState, string])[];
  daysWithout: (days: number) => string;
  /** @param lost GOPs; null: overwritten */
  gap: (lost: number | null) => string;
  ignored: (corrections: number) => string;
  corrected: string;
  untrusted: string;
}

const en: ListingWords = {
  zone: (offset) => `Local time, UTC${offset}`,
  legend: [
    ['full', 'recorded'],
    ['part', 'in part'],
    ['corrected', 'clock corrected'],
    ['untrusted', 'clock not trusted'],
    ['destroyed', 'destroyed'],
    ['none', 'nothing'],
  ],
  daysWithout: (days) => `(${days} day${days === 1 ? '' : 's'} without a recording)`,
  gap: (lost) =>
    lost === null ? 'gap: overwritten' : lost > 0 ? `${lost} GOP${lost === 1 ? '' : 's'} lost` : 'gap',
  ignored: (corrections) =>
    `${corrections} time correction(s) not used: not verified without the keys, or forged`,
  corrected: 'clock corrected',
  untrusted: 'clock not trusted',
};

const fr: ListingWords = {
  zone: (offset) => `Heure locale, UTC${offset}`,
  legend: [
    ['full', 'enregistré'],
    ['part', 'en partie'],
    ['corrected', 'heure corrigée'],
    ['untrusted', 'heure incertaine'],
    ['destroyed', 'détruit'],
    ['none', 'rien'],
  ],
  daysWithout: (days) => `(${days} jour${days === 1 ? '' : 's'} sans enregistrement)`,
  gap: (lost) =>
    lost === null ? 'trou : écrasé' : lost > 0 ? `${lost} GOP perdu${lost === 1 ? '' : 's'}` : 'trou',
  ignored: (corrections) =>
    `${corrections} correction(s) de l’heure non suivie(s) : sans les clés, ou falsifiée(s)`,
  corrected: 'heure corrigée',
  untrusted: 'heure incertaine',
};

export function listingWords(language: Language): ListingWords {
  return language === 'fr' ? fr : en;
}
