/** What `vigie alerts` says, in French and English. Used by alerts.ts; the words of an alert itself are in the alert. */
import type { Language } from './store-words.js';

export interface AlertsWords {
  language: Language;
  verdict: Record<'true' | 'false' | 'unclear' | 'seen' | 'open', string>;
  none: string;
  heads: readonly string[];
  period: (from: string, to: string) => string;
  total: string;
  damaged: (lines: number) => string;
  /** the journal begins later than what was asked for */
  begins: (at: string) => string;
  unwatched: string;
  /** what was not answered says nothing of false alarms */
  unjudged: (alerts: number) => string;
}

const fr: AlertsWords = {
  language: 'fr',
  verdict: { true: 'vraie', false: 'fausse', unclear: 'incertaine', seen: 'vue', open: 'à traiter' },
  none: 'Aucune alerte dans cette période.',
  heads: [
    'événement',
    'zone',
    'jours',
    'alertes',
    'vraies',
    'fausses',
    'incertaines',
    'sans avis',
    'fausses/jour',
  ],
  period: (from, to) => `Du ${from} au ${to}`,
  total: 'ensemble',
  damaged: (lines) => `${lines} ligne(s) du journal des alertes sont illisibles et manquent ici`,
  begins: (at) =>
    `Les alertes d’avant le ${at} ne sont plus au journal : seules les suivantes sont comptées.`,
  unwatched: '-',
  unjudged: (alerts) =>
    `${alerts} alerte(s) sans avis : « fausses/jour » ne compte que celles qui ont été dites fausses.`,
};

const en: AlertsWords = {
  language: 'en',
  verdict: { true: 'true', false: 'false', unclear: 'unclear', seen: 'seen', open: 'to answer' },
  none: 'No alert in this time.',
  heads: ['event', 'zone', 'days', 'alerts', 'true', 'false', 'unclear', 'no verdict', 'false/day'],
  period: (from, to) => `From ${from} to ${to}`,
  total: 'all',
  damaged: (lines) => `${lines} line(s) of the alert journal cannot be read and are missing here`,
  begins: (at) => `Alerts before ${at} are no longer in the journal: only later ones are counted.`,
  unwatched: '-',
  unjudged: (alerts) =>
    `${alerts} alert(s) without a verdict: false/day counts only those that were called false.`,
};

export function alertsWords(language: Language): AlertsWords {
  return language === 'fr' ? fr : en;
}
