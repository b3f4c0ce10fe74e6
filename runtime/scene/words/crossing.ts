/** What an operator reads of a tripwire that was crossed. Used by behaviours/crossing.ts. */
import type { ObjectClass } from '../../../pipelines/messages.js';
import { type Reason, subjects } from '../reasons.js';
import { comma, floor, NBSP } from './figures.js';

/**
 * @param forbidden one side is: else the line may be crossed neither way
 * @param beyond how far beyond the line it was seen, in lengths of its own box
 * @param threshold how far it had to be
 */
export function crossingReason(
  name: ObjectClass,
  zone: string,
  forbidden: boolean,
  beyond: number,
  threshold: number,
): Reason {
  const subject = subjects[name];
  const side = forbidden
    ? { fr: ' vers le côté interdit', en: ' to the forbidden side' }
    : { fr: '', en: '' };
  const [far, least] = [floor(beyond, 2), threshold.toFixed(2)];
  return {
    fr: `${subject.fr} a franchi la ligne de la zone «${NBSP}${zone}${NBSP}»${side.fr}, de ${comma(far)}${NBSP}fois sa taille (seuil ${comma(least)})`,
    en: `${subject.en} crossed the line of zone “${zone}”${side.en} by ${far} of its own size (threshold ${least})`,
  };
}
