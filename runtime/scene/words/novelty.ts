/** Why something was found unusual, in words. Used by behaviours/novelty.ts; pure. Shares are rounded up, speeds down. */
import type { Judged } from '../novelty/memory.js';
import { type Feature, features } from '../novelty/statistics.js';
import { type Reason, subjects } from '../reasons.js';
import { comma, floor, NBSP } from './figures.js';

/** A feature that this share of the tracks match says nothing. */
const TELLS = 0.05;
const MOST_TOLD = 2;

/**
 * @param learned tracks the zone has learned
 * @param speedFrom `height`: the speed was estimated, and is told as about
 */
export function noveltyReason(
  { subject, rarity, calibrated, speed }: Judged,
  zone: string,
  learned: number,
  speedFrom: 'ground' | 'height',
): Reason {
  const name = subjects[subject.track.class];
  const told = [...features]
    .sort((a, b) => rarity.shares[a] - rarity.shares[b])
    .filter((feature, i) => i === 0 || rarity.shares[feature] <= TELLS)
    .slice(0, MOST_TOLD)
    .map((feature) => wordsOf(feature, rarity.shares[feature], speed, speedFrom));
  const share = percent(calibrated);
  const count = { fr: grouped(learned, NBSP), en: grouped(learned, ',') };
  return {
    fr:
      `${name.fr} dans la zone «${NBSP}${zone}${NBSP}»${NBSP}: ${told.map(({ fr }) => fr).join(', ')}. ` +
      `Au plus ${comma(share)}${NBSP}% des ${count.fr} passages appris ici étaient aussi inhabituels (expérimental)`,
    en:
      `${name.en} in zone “${zone}”: ${told.map(({ en }) => en).join(', ')}. ` +
      `At most ${share} % of the ${count.en} tracks learned here were as unusual (experimental)`,
  };
}

function wordsOf(feature: Feature, share: number, speed: number | null, from: 'ground' | 'height'): Reason {
  const part = percent(share);
  const fr = `environ ${comma(part)}${NBSP}%`;
  const en = `about ${part} %`;
  switch (feature) {
    case 'place':
      return { fr: `un endroit qui reçoit ${fr} des passages`, en: `a place that ${en} of the visits go to` };
    case 'class':
      return {
        fr: `une sorte d’objet rare à cet endroit (${fr})`,
        en: `a kind of object that is rare at this place (${en})`,
      };
    case 'speed': {
      const value = floor(speed ?? 0, 1);
      const about = from === 'height' ? { fr: 'environ ', en: 'about ' } : { fr: '', en: '' };
      return {
        fr: `vitesse ${about.fr}${comma(value)}${NBSP}m/s, atteinte par ${fr} à cet endroit`,
        en: `speed ${about.en}${value} m/s, which ${en} reach at this place`,
      };
    }
    case 'size':
      return {
        fr: `une taille atteinte par ${fr} à cet endroit`,
        en: `a size that ${en} reach at this place`,
      };
    case 'hour':
      return {
        fr: `une heure où passent ${fr} des passages`,
        en: `an hour in which ${en} of the tracks come`,
      };
  }
}

/** Rounded up, in percent: two places that count, and no more than two decimals. */
function percent(share: number): string {
  const value = Math.min(100, share * 100);
  const places = value >= 10 ? 0 : value >= 1 ? 1 : 2;
  const scale = 10 ** places;
  return String(Math.max(1, Math.ceil(value * scale - 1e-7)) / scale);
}

function grouped(value: number, separator: string): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, separator);
}
