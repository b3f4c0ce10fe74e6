/**
 * Why an alert was raised, in the words an operator reads, with what was measured. Read by the behaviours, their words
 * (words/) and incident.ts; pure functions. They say what was seen and never what to think of it. Words stay French and English together,
 * so that a new class without both does not compile.
 */
import type { ObjectClass } from '../../pipelines/messages.js';
import { comma, floor, NBSP, plain } from './words/figures.js';

/** The two languages of an alert. */
export interface Reason {
  fr: string;
  en: string;
}

/** Each class with its article, as it starts a sentence. */
export const subjects: Record<ObjectClass, Reason> = {
  person: { fr: 'Une personne', en: 'A person' },
  bicycle: { fr: 'Un vélo', en: 'A bicycle' },
  car: { fr: 'Une voiture', en: 'A car' },
  motorcycle: { fr: 'Une moto', en: 'A motorcycle' },
  bus: { fr: 'Un bus', en: 'A bus' },
  truck: { fr: 'Un camion', en: 'A truck' },
  bag: { fr: 'Un sac', en: 'A bag' },
  animal: { fr: 'Un animal', en: 'An animal' },
};

/**
 * Presence in a zone. The dwell is rounded down: the words never claim more than was measured.
 * @param dwellSeconds how long it has been there
 * @param thresholdSeconds how long it had to be; 0 when being there is enough
 */
export function presenceReason(
  name: ObjectClass,
  zone: string,
  dwellSeconds: number,
  thresholdSeconds: number,
): Reason {
  const subject = subjects[name];
  const fr = `${subject.fr} est dans la zone «${NBSP}${zone}${NBSP}»`;
  const en = `${subject.en} is in zone “${zone}”`;
  if (thresholdSeconds === 0) return { fr, en };
  const places = Math.max(1, decimals(thresholdSeconds));
  const dwell = floor(dwellSeconds, places);
  const threshold = plain(thresholdSeconds);
  return {
    fr: `${fr} depuis ${comma(dwell)}${NBSP}s (seuil ${comma(threshold)}${NBSP}s)`,
    en: `${subject.en} has been in zone “${zone}” for ${dwell} s (threshold ${threshold} s)`,
  };
}

/**
 * What became of an incident, after the words of its strongest moment. Seconds are rounded down.
 * @param next a new alert takes over from it
 */
export function updateReason(
  strongest: Reason,
  {
    ended,
    seconds,
    most,
    joined,
    next,
  }: { [K in 'ended' | 'next']: boolean } & {
    [K in 'seconds' | 'most' | 'joined']: number;
  },
): Reason {
  const whole = floor(seconds, 0);
  const fr = [ended ? 'terminé' : `dure depuis ${whole}${NBSP}s`];
  const en = [ended ? 'over' : `has lasted ${whole} s`];
  if (ended && whole !== '0') {
    fr.push(`a duré ${whole}${NBSP}s`);
    en.push(`lasted ${whole} s`);
  }
  if (most > 1) {
    fr.push(`${most} à la fois au plus`);
    en.push(`${most} at once at most`);
  }
  if (joined > 0) {
    fr.push(`${joined} de plus après l’alerte`);
    en.push(`${joined} more after the alert`);
  }
  if (next) {
    fr.push('une nouvelle alerte suit');
    en.push('a new alert follows');
  }
  return { fr: [strongest.fr, ...fr].join(`${NBSP}; `), en: [strongest.en, ...en].join('; ') };
}

/** Decimal places a person wrote, at most 3. */
function decimals(value: number): number {
  return Math.min(3, (String(value).split('.')[1] ?? '').length);
}
