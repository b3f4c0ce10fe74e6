/**
 * Why a fire or a weapon is told, in both languages. Read by behaviours/slot.ts; pure. The words say that it is a model of
 * the integrator which says so, and which one.
 */
import type { Reason } from '../reasons.js';
import { comma, floor, NBSP, plain } from './figures.js';

export interface SlotFigures {
  /** how long it has held, and how long it had to */
  seconds: number;
  threshold: number;
  /** mean score, and the lowest that counts */
  score: number;
  minScore: number;
  /** of the model, hex */
  modelSha256: string;
}

const things = {
  fire: { fr: 'Un départ de feu', en: 'The start of a fire' },
  weapon: { fr: 'Une arme', en: 'A weapon' },
};
const HASH_DIGITS = 12;

export function slotReason(event: 'fire' | 'weapon', zone: string, figures: SlotFigures): Reason {
  const { seconds, threshold, score, minScore, modelSha256 } = figures;
  const thing = things[event];
  const model = modelSha256.slice(0, HASH_DIGITS);
  const held = floor(seconds, 1);
  const [mean, least] = [floor(score, 2), plain(minScore)];
  return {
    fr:
      `${thing.fr} dans la zone «${NBSP}${zone}${NBSP}», selon le modèle ${model} de l’intégrateur, ` +
      `depuis ${comma(held)}${NBSP}s (seuil ${comma(plain(threshold))}${NBSP}s), ` +
      `score moyen ${comma(mean)} (seuil ${comma(least)})`,
    en:
      `${thing.en} in zone “${zone}”, says the integrator's model ${model}, for ${held} s ` +
      `(threshold ${plain(threshold)} s), mean score ${mean} (threshold ${least})`,
  };
}
