/** What an operator is told while it is in doubt which private zones are in force. Read by runtime/main.ts for the health. */
import type { Notice } from '../health/health.js';
import type { Source } from './at-start.js';

const choose = {
  fr: 'Ouvrez l’éditeur de zones et choisissez.',
  en: 'Open the zone editor and choose.',
};

const texts: Partial<Record<Source, { fr: string; en: string }>> = {
  both: {
    fr: `La configuration a d’autres zones privées que celles dessinées depuis : les deux masquent. ${choose.fr}`,
    en: `The configuration has other private zones than those drawn since: both hide. ${choose.en}`,
  },
  recovered: {
    fr: `Les zones privées dessinées ont été perdues : celles du dernier masque connu et celles de la configuration masquent. ${choose.fr}`,
    en: `The private zones that were drawn are lost: those of the last mask known and of the configuration hide. ${choose.en}`,
  },
  unknown: {
    fr: `On ne sait plus quelles zones privées ont été dessinées : toute l’image est masquée. ${choose.fr}`,
    en: `It is no longer known which private zones were drawn: the whole picture is hidden. ${choose.en}`,
  },
};

export function zoneNotices({ source, unkept }: { source: Source; unkept: boolean }): Notice[] {
  const found: Notice[] = [];
  const text = texts[source];
  if (text) found.push({ code: `zones-${source}`, ...text });
  if (unkept) {
    found.push({
      code: 'zones-not-kept',
      fr: 'Les zones privées en vigueur ne peuvent pas être conservées : la mémoire de la caméra refuse.',
      en: 'The private zones in force cannot be kept: the storage of the camera refuses.',
    });
  }
  return found;
}
