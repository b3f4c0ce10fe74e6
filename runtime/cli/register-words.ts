/** What an entry of the register about an update says to a person, in both languages. Used by register.ts. */
import type { EntryOf } from '../access/register/entry.js';

type Updated = EntryOf<'update'>;
type Language = 'fr' | 'en';

const steps: Record<Language, Record<Updated['step'], (of: { from: string; to: string }) => string>> = {
  fr: {
    offered: ({ from, to }) => `version ${to} proposée (${from} en marche)`,
    refused: ({ to }) => `version ${to} refusée`,
    downloaded: ({ to }) => `version ${to} téléchargée et vérifiée`,
    installed: ({ from, to }) => `version ${to} installée à côté de ${from}, à l’essai au redémarrage`,
    confirmed: ({ to }) => `version ${to} confirmée`,
    returned: ({ from, to }) => `retour automatique de ${from} à ${to}`,
    'rolled-back': ({ from, to }) => `retour ordonné de ${from} à ${to}`,
  },
  en: {
    offered: ({ from, to }) => `version ${to} is offered (${from} runs)`,
    refused: ({ to }) => `version ${to} is refused`,
    downloaded: ({ to }) => `version ${to} is downloaded and verified`,
    installed: ({ from, to }) => `version ${to} is installed beside ${from}, on trial at the restart`,
    confirmed: ({ to }) => `version ${to} is confirmed`,
    returned: ({ from, to }) => `went back by itself from ${from} to ${to}`,
    'rolled-back': ({ from, to }) => `went back on order from ${from} to ${to}`,
  },
};

export function updateWords({ step, from, to, by, reason }: Updated, language: Language): string {
  const said = steps[language][step]({ from: from ?? '?', to: to ?? '?' });
  const who = by === undefined ? '' : language === 'fr' ? `, par ${by}` : `, by ${by}`;
  return `${said}${who}${reason === undefined ? '' : ` [${reason}]`}`;
}
