/** What `vigie scene` says, in French and English. Used by scene.ts. */
import type { Language } from './store-words.js';

export interface SceneWords {
  language: Language;
  noGround: string;
  from: Record<'points' | 'people', (count: number) => string>;
  exact: string;
  off: (mark: string, value: string, unit: string) => string;
  input: (width: number, height: number, least: string) => string;
  columns: { zone: string; pixelsPerMetre: string; person: string; area: string; verdict: string };
  verdicts: Record<Verdict, string>;
  unknown: string;
  noZones: string;
}

/** `other`: nothing the detector looks for is watched for there. */
export type Verdict = 'good' | 'blind' | 'horizon' | 'unknown' | 'other';

const en: SceneWords = {
  language: 'en',
  noGround:
    'The picture is not laid on the ground (scene.ground): metres, speeds on the ground and blind zones cannot be told.',
  from: {
    points: (count) => `The ground comes from ${count} marks.`,
    people: (count) => `The ground comes from ${count} people of known height.`,
  },
  exact: '  With four marks nothing is left to check them by: add a fifth.',
  off: (mark, value, unit) => `  ${mark}: ${value} ${unit} from where it should be`,
  input: (width, height, least) =>
    `The detector sees ${width}x${height}; a person of 1.7 m must be ${least} pixels tall in it.`,
  columns: {
    zone: 'zone',
    pixelsPerMetre: 'pixels/m, least … most',
    person: 'person, least … most',
    area: 'area',
    verdict: 'verdict',
  },
  verdicts: {
    good: 'good',
    blind: 'BLIND',
    horizon: 'ABOVE THE HORIZON',
    unknown: 'cannot be told',
    other: 'not for the detector',
  },
  unknown: '-',
  noZones: 'No zone is designated.',
};

const fr: SceneWords = {
  language: 'fr',
  noGround:
    'L’image n’est pas calée sur le sol (scene.ground) : ni mètres, ni vitesses au sol, ni zones aveugles ne peuvent être donnés.',
  from: {
    points: (count) => `Le sol vient de ${count} repères.`,
    people: (count) => `Le sol vient de ${count} personnes de taille connue.`,
  },
  exact: '  Avec quatre repères rien ne permet de les vérifier : ajoutez-en un cinquième.',
  off: (mark, value, unit) => `  ${mark} : à ${value} ${unit} de sa place`,
  input: (width, height, least) =>
    `Le détecteur voit ${width}x${height} ; une personne de 1,7 m doit y mesurer ${least} pixels.`,
  columns: {
    zone: 'zone',
    pixelsPerMetre: 'pixels/m, moins … plus',
    person: 'personne, moins … plus',
    area: 'surface',
    verdict: 'verdict',
  },
  verdicts: {
    good: 'bonne',
    blind: 'AVEUGLE',
    horizon: 'AU-DESSUS DE L’HORIZON',
    unknown: 'indéterminé',
    other: 'hors détecteur',
  },
  unknown: '-',
  noZones: 'Aucune zone n’est désignée.',
};

export function sceneWords(language?: Language): SceneWords {
  const locale = process.env.LC_ALL ?? process.env.LC_MESSAGES ?? process.env.LANG ?? '';
  return (language ?? (locale.startsWith('fr') ? 'fr' : 'en')) === 'fr' ? fr : en;
}

/** Rounded down, so that nothing seems better than it is. */
export function figure(value: number, places: number, { language }: SceneWords): string {
  const scale = 10 ** places;
  const text = (Math.floor(value * scale + 1e-9) / scale).toFixed(places);
  return language === 'fr' ? text.replace('.', ',') : text;
}
