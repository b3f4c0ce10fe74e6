/** What the camera says about models that do not run (docs/models.md, "When a model is refused"). Called by looking.ts. */
import { type Refusal, refusalWords } from '../../models/refusal.js';
import type { Notice } from './health.js';

/** What was refused: the detector, one model of a slot by its name, or the signed list as a whole. */
export type RefusedPart = { part: 'detector' } | { part: 'slot'; name: string } | { part: 'list' };

export type RefusedModel = RefusedPart & { reason: Refusal };

export function refusedNotice(refused: RefusedModel): Notice {
  const { fr, en } = refusalWords[refused.reason];
  return {
    code: 'model-refused',
    fr: `${subject(refused).fr} : ${fr}. L’enregistrement continue.`,
    en: `${subject(refused).en}: ${en}. Recording goes on.`,
  };
}

function subject(refused: RefusedPart): { fr: string; en: string } {
  switch (refused.part) {
    case 'detector':
      return {
        fr: 'La détection est arrêtée, le modèle du détecteur est refusé',
        en: 'Detection is off, the model of the detector is refused',
      };
    case 'slot':
      return {
        fr: `Le modèle « ${refused.name} » est refusé`,
        en: `The model “${refused.name}” is refused`,
      };
    case 'list':
      return {
        fr: 'Les modèles de l’intégrateur sont refusés',
        en: 'The models of the integrator are refused',
      };
  }
}

const tasks = {
  fire: { fr: 'le feu', en: 'fire' },
  weapon: { fr: 'les armes', en: 'weapons' },
} as const;

/** A zone asks for what no model on this camera can see. */
export function absentNotice(task: keyof typeof tasks): Notice {
  return {
    code: 'model-absent',
    fr: `Une zone surveille ${tasks[task].fr}, mais aucun modèle pour cela n’est en service.`,
    en: `A zone watches for ${tasks[task].en}, but no model for that is in use.`,
  };
}
