/**
 * Why an alert was raised, in the words an operator reads, with what was measured. Read by scene.ts; pure
 * functions. They say what was seen and never what to think of it. Words stay French and English together,
 * so that a new class without both does not compile.
 */
import type { ObjectClass } from '../../pipelines/messages.js';

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

/** Keeps guillemets with the name they enclose and a number with its unit, as French typography asks. */
export const NBSP = '\u00a0';

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
  const dwell = roundedDown(dwellSeconds, places);
  const threshold = String(Number(thresholdSeconds.toFixed(3)));
  return {
    fr: `${fr} depuis ${comma(dwell)}${NBSP}s (seuil ${comma(threshold)}${NBSP}s)`,
    en: `${subject.en} has been in zone “${zone}” for ${dwell} s (threshold ${threshold} s)`,
  };
}

/** Decimal places a person wrote, at most 3. */
function decimals(value: number): number {
  return Math.min(3, (String(value).split('.')[1] ?? '').length);
}

/** Never more than was measured. */
export function roundedDown(value: number, places: number): string {
  const scale = 10 ** places;
  // A tenth of a microsecond is added back: 2.3 s in binary is a little less than 23 tenths.
  return (Math.floor((value + 1e-7) * scale) / scale).toFixed(places);
}

/** As French writes numbers. */
export function comma(value: string): string {
  return value.replace('.', ',');
}
