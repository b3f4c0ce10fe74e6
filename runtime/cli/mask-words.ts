/** What `vigie mask` says, in French and English. Used by mask.ts. */
import type { HiddenBecause, MaskStamp } from '../../pipelines/frame.js';
import type { FindingKind } from '../mask-log/findings.js';
import type { Language } from './store-words.js';

export interface MaskWords {
  columns: readonly string[];
  state: Record<MaskStamp['state'], string>;
  why: Record<HiddenBecause, string>;
  people: Record<'covered' | 'area' | 'shown', string>;
  /** no table was opened yet */
  noTable: string;
  nothing: string;
  leftOut: (damaged: number, destroyed: number) => string;
  reading: (share: number) => string;
  checking: (share: number) => string;
  checked: (pictures: number, from: string, to: string) => string;
  destroyed: (records: number) => string;
  clean: string;
  findings: (count: number) => string;
  finding: Record<FindingKind, string>;
  pictures: (count: number) => string;
  where: (pixels: number, box: string) => string;
  logWritten: (file: string) => string;
  tablesMissing: (count: number) => string;
}

const en: MaskWords = {
  columns: ['from', 'to', 'pictures', 'mask', 'why', 'version', 'digest', 'people', 'looked at'],
  state: { full: 'all hidden', zones: 'zones', both: 'zones, changing' },
  why: {
    late: 'position late',
    disagrees: 'head and picture disagree',
    homing: 'head is homing',
    power: 'head was without power',
    'zoom-unknown': 'zoom unknown',
    link: 'no link to the head',
  },
  people: { covered: 'covered', area: 'area covered', shown: '' },
  noTable: 'no mask yet',
  nothing: 'Nothing is recorded in this interval.',
  leftOut: (damaged, destroyed) => `Records left out: ${damaged} damaged, ${destroyed} destroyed.`,
  reading: (share) => `Reading: ${Math.floor(share * 100)} %`,
  checking: (share) => `Checking: ${Math.floor(share * 100)} %`,
  checked: (pictures, from, to) => `${pictures} pictures checked, ${from} to ${to}`,
  destroyed: (records) => `${records} records of the interval are destroyed`,
  clean: 'All that was to be hidden is hidden.',
  findings: (count) => `${count} findings:`,
  finding: {
    leak: 'private pixels are seen',
    'not-full': 'the whole picture should be hidden, and is not',
    'people-shown': 'people should be covered, and the picture does not say that they are',
    'no-table': 'cannot be checked: the mask table is not kept',
    'no-view': 'cannot be checked: nothing says where the camera looked',
    undecodable: 'cannot be checked: does not decode to the pictures recorded',
    damaged: 'cannot be checked: the record is damaged',
  },
  pictures: (count) => `${count} ${count === 1 ? 'picture' : 'pictures'}`,
  where: (pixels, box) => `worst: ${pixels} pixels in ${box}`,
  logWritten: (file) => `Log of the mask: ${file}`,
  tablesMissing: (count) => `${count} mask tables are not kept: the film cannot be checked wholly`,
};

const fr: MaskWords = {
  columns: ['de', 'à', 'images', 'masque', 'raison', 'version', 'empreinte', 'personnes', 'visée'],
  state: { full: 'tout masqué', zones: 'zones', both: 'zones, en changement' },
  why: {
    late: 'position en retard',
    disagrees: 'tête et image en désaccord',
    homing: 'tête en initialisation',
    power: 'tête sans courant',
    'zoom-unknown': 'zoom inconnu',
    link: 'tête injoignable',
  },
  people: { covered: 'couvertes', area: 'zone couverte', shown: '' },
  noTable: 'pas encore de masque',
  nothing: 'Rien n’est enregistré dans cet intervalle.',
  leftOut: (damaged, destroyed) =>
    `Enregistrements laissés de côté : ${damaged} endommagés, ${destroyed} détruits.`,
  reading: (share) => `Lecture : ${Math.floor(share * 100)} %`,
  checking: (share) => `Vérification : ${Math.floor(share * 100)} %`,
  checked: (pictures, from, to) => `${pictures} images vérifiées, de ${from} à ${to}`,
  destroyed: (records) => `${records} enregistrements de l’intervalle sont détruits`,
  clean: 'Tout ce qui devait être masqué l’est.',
  findings: (count) => `${count} constats :`,
  finding: {
    leak: 'des pixels privés sont visibles',
    'not-full': 'toute l’image devait être masquée et ne l’est pas',
    'people-shown': 'des personnes devaient être couvertes et l’image ne dit pas qu’elles le sont',
    'no-table': 'invérifiable : la table de masque n’est pas conservée',
    'no-view': 'invérifiable : rien ne dit où la caméra visait',
    undecodable: 'invérifiable : ne se décode pas en les images enregistrées',
    damaged: 'invérifiable : l’enregistrement est endommagé',
  },
  pictures: (count) => `${count} ${count === 1 ? 'image' : 'images'}`,
  where: (pixels, box) => `au pire : ${pixels} pixels dans ${box}`,
  logWritten: (file) => `Journal du masque : ${file}`,
  tablesMissing: (count) =>
    `${count} tables de masque ne sont pas conservées : le film ne peut être vérifié en entier`,
};

export function maskWords(language: Language | undefined): MaskWords {
  const locale = process.env.LC_ALL ?? process.env.LC_MESSAGES ?? process.env.LANG ?? '';
  return (language ?? (locale.startsWith('fr') ? 'fr' : 'en')) === 'fr' ? fr : en;
}
