/** What `vigie model` says, in French and English. Used by model.ts. */
import type { Language } from './store-words.js';

export interface ModelWords {
  language: Language;
  columns: readonly string[];
  from: Record<'vigie' | 'integrator', string>;
  admitted: string;
  refused: (why: string) => string;
  listRefused: (why: string) => string;
  noList: string;
  tasks: (tasks: string) => string;
  licence: string;
  accuracy: string;
  classes: string;
  outcome: (admitted: number, refused: number) => string;
  signed: (file: string) => string;
}

const en: ModelWords = {
  language: 'en',
  columns: ['model', 'task', 'from', 'SHA-256', ''],
  from: { vigie: 'Vigie', integrator: 'integrator' },
  admitted: 'verified',
  refused: (why) => `refused: ${why}`,
  listRefused: (why) => `The signed list is refused, and with it all of its models: ${why}.`,
  noList: 'No signed list of an integrator was named (--config, with a models section).',
  tasks: (tasks) => `Tasks that exist: ${tasks}. There is none for faces, plates or who anyone is.`,
  licence: 'licence',
  accuracy: 'accuracy',
  classes: 'classes',
  outcome: (admitted, refused) => `${admitted} verified, ${refused} refused`,
  signed: (file) => `Signed list: ${file}`,
};

const fr: ModelWords = {
  language: 'fr',
  columns: ['modèle', 'tâche', 'de', 'SHA-256', ''],
  from: { vigie: 'Vigie', integrator: 'intégrateur' },
  admitted: 'vérifié',
  refused: (why) => `refusé : ${why}`,
  listRefused: (why) => `La liste signée est refusée, et tous ses modèles avec elle : ${why}.`,
  noList: 'Aucune liste signée d’un intégrateur n’est indiquée (--config, avec une section models).',
  tasks: (tasks) =>
    `Tâches qui existent : ${tasks}. Il n’y en a pas pour les visages, les plaques ni l’identité.`,
  licence: 'licence',
  accuracy: 'exactitude',
  classes: 'classes',
  outcome: (admitted, refused) =>
    `${admitted} vérifié${admitted > 1 ? 's' : ''}, ${refused} refusé${refused > 1 ? 's' : ''}`,
  signed: (file) => `Liste signée : ${file}`,
};

/** In the language asked for, else that of the terminal. */
export function modelWords(language?: Language): ModelWords {
  const locale = process.env.LC_ALL ?? process.env.LC_MESSAGES ?? process.env.LANG ?? '';
  return (language ?? (locale.startsWith('fr') ? 'fr' : 'en')) === 'fr' ? fr : en;
}
