/** What `vigie store` says, in French and English. Used by store.ts. */
import type { Damage, DamageKind, NoteKind } from '../record/check.js';
import type { KeyState } from '../record/key-table.js';
import { showTime } from './store-times.js';

export type Language = 'fr' | 'en';

export interface StoreWords {
  language: Language;
  place: (second: boolean, directory: string) => string;
  store: string;
  segments: (used: number, of: number, mib: number) => string;
  columns: { from: string; to: string; length: string; gops: string; pictures: string };
  segmentColumns: {
    sequence: string;
    slot: string;
    gops: string;
    mib: string;
    from: string;
    to: string;
    communal: string;
    terminus: string;
  };
  key: Record<KeyState, string>;
  empty: string;
  pause: string;
  destroyed: string;
  keysNotFound: (directory: string) => string;
  checking: (share: number) => string;
  checked: (records: number, mib: number) => string;
  clean: string;
  damages: (count: number) => string;
  damage: Record<DamageKind, { what: string; consequence: string }>;
  note: Record<NoteKind, string>;
  lost: (records: number) => string;
  repaired: (description: boolean, indexes: string[]) => string;
  between: (from: string, to: string) => string;
  bytes: (from: number, to: number | null) => string;
  exporting: (share: number) => string;
  exported: (file: string, pictures: number, from: string, to: string, mib: number) => string;
  leftOut: (records: number) => string;
  goneFrom: (records: number) => string;
}

const en: StoreWords = {
  language: 'en',
  place: (second, directory) => `${second ? 'Second' : 'First'} store, ${directory}`,
  store: 'Store of camera',
  segments: (used, of, mib) => `${used} of ${of} segments used, ${mib} MiB each`,
  columns: { from: 'from', to: 'to', length: 'length', gops: 'GOPs', pictures: 'pictures' },
  segmentColumns: {
    sequence: 'segment',
    slot: 'file',
    gops: 'GOPs',
    mib: 'MiB',
    from: 'from',
    to: 'to',
    communal: 'communal',
    terminus: 'terminus',
  },
  key: { live: 'live', destroyed: 'destroyed', unsure: 'not sure', missing: 'missing' },
  empty: 'Nothing is recorded.',
  pause: 'pause, as intended',
  destroyed: 'destroyed',
  keysNotFound: (directory) =>
    `The keys of this store are not in ${directory}: checksums are verified, nothing can be read (--keys DIR)`,
  checking: (share) => `Checking: ${Math.round(share * 100)} %`,
  checked: (records, mib) => `${records} records verified, ${mib} MiB.`,
  clean: 'No damage.',
  damages: (count) => `${count} damage(s):`,
  damage: {
    description: {
      what: 'the description is missing or unreadable',
      consequence: 'none: every segment holds the same, the camera writes it again at its next start',
    },
    'segment-file': {
      what: 'the file is missing, has another size, or cannot be read',
      consequence: 'what it held is lost; the camera makes it anew when its turn comes',
    },
    'segment-header': {
      what: 'the segment header is not valid',
      consequence: 'the whole segment is lost; the camera uses it again when its turn comes',
    },
    'record-header': {
      what: 'a record header is not valid',
      consequence: 'the GOPs in these bytes are lost; those after them are read',
    },
    'record-payload': { what: 'the checksum of a record does not hold', consequence: 'this GOP is lost' },
    'record-tag': {
      what: 'the tag of a record does not hold: it was changed by somebody, or its key is another',
      consequence: 'this GOP is not given out',
    },
    'key-slot': {
      what: 'a key of this segment is missing, or the device key does not open it',
      consequence: 'what it opens cannot be read',
    },
    'segment-end': {
      what: 'the end mark is missing: a write failed here, or it is damaged',
      consequence: 'none, unless records are also missing',
    },
    'sealed-index': {
      what: 'the index of the segment says otherwise than its records',
      consequence: 'GOPs may not be found; --repair writes it again from the records',
    },
    'time-correction': {
      what: 'a time correction does not hold: it was changed, or made with another device key',
      consequence: 'it is ignored: what it would correct stays marked, and in bounds',
    },
    'missing-records': {
      what: 'records are missing before this segment or in it',
      consequence: 'the card refused them, or they were destroyed with a header',
    },
  },
  note: {
    'blank-segments': 'segments never used yet',
    'torn-tail': 'the last GOP is unfinished: being written, or cut; the next start writes over it',
    'no-index': 'has no index that holds: its records are read one by one; --repair writes it',
    'overwritten-meanwhile': 'overwritten by the camera during the check',
    rewritten: 'written again in a later segment after a failed write; counted once',
    destroyed: 'records whose key was destroyed; their bytes are intact and open no more',
    'time-contradicts': 'a time correction says something else than the first of its boot, and is ignored',
    'time-not-verified': 'time corrections are not verified, and not used, without the keys',
    'not-opened': 'records whose checksum holds; their tag was not verified without the keys',
  },
  lost: (records) => `${records} GOP(s)`,
  repaired: (description, indexes) =>
    `Written again: ${[...(description ? ['store.json'] : []), ...indexes.map((name) => `the index of ${name}`)].join(', ') || 'nothing'}.`,
  between: (from, to) => `from ${from} to ${to}`,
  bytes: (from, to) => (to === null ? `from byte ${from}` : `bytes ${from} to ${to - 1}`),
  exporting: (share) => `Exporting: ${Math.round(share * 100)} %`,
  exported: (file, pictures, from, to, mib) => `${file}: ${pictures} pictures, ${from} to ${to}, ${mib} MiB`,
  leftOut: (records) => `${records} damaged record(s) missing from the file; run vigie store check`,
  goneFrom: (records) => `${records} record(s) of this interval were destroyed and are not in the file`,
};

const fr: StoreWords = {
  language: 'fr',
  place: (second, directory) => `${second ? 'Second' : 'Premier'} enregistrement, ${directory}`,
  store: 'Enregistrements de la caméra',
  segments: (used, of, mib) =>
    `segments utilisés : ${used} sur ${of}, de ${String(mib).replace('.', ',')} Mio chacun`,
  columns: { from: 'de', to: 'à', length: 'durée', gops: 'GOP', pictures: 'images' },
  segmentColumns: {
    sequence: 'segment',
    slot: 'fichier',
    gops: 'GOP',
    mib: 'Mio',
    from: 'de',
    to: 'à',
    communal: 'communal',
    terminus: 'terminus',
  },
  key: { live: 'présente', destroyed: 'détruite', unsure: 'incertaine', missing: 'absente' },
  empty: 'Rien n’est enregistré.',
  pause: 'pause voulue',
  destroyed: 'détruit',
  keysNotFound: (directory) =>
    `Les clés de ces enregistrements ne sont pas dans ${directory} : les sommes sont vérifiées, rien ne se lit (--keys DOSSIER)`,
  checking: (share) => `Vérification : ${Math.round(share * 100)} %`,
  checked: (records, mib) => `${records} enregistrements vérifiés, ${mib} Mio.`,
  clean: 'Rien n’est endommagé.',
  damages: (count) => `Endommagé en ${count} endroit(s) :`,
  damage: {
    description: {
      what: 'la description manque ou est illisible',
      consequence: 'aucune : chaque segment la contient, la caméra la réécrit à son prochain démarrage',
    },
    'segment-file': {
      what: 'le fichier manque, n’a pas la bonne taille ou est illisible',
      consequence: 'ce qu’il contenait est perdu ; la caméra le recrée quand vient son tour',
    },
    'segment-header': {
      what: 'l’en-tête du segment n’est pas valide',
      consequence: 'tout le segment est perdu ; la caméra le réutilise quand vient son tour',
    },
    'record-header': {
      what: 'un en-tête d’enregistrement n’est pas valide',
      consequence: 'les GOP contenus dans ces octets sont perdus ; les suivants restent lisibles',
    },
    'record-payload': {
      what: 'la somme de contrôle d’un enregistrement est fausse',
      consequence: 'ce GOP est perdu',
    },
    'record-tag': {
      what: 'le sceau d’un enregistrement est faux : quelqu’un l’a changé, ou sa clé est une autre',
      consequence: 'ce GOP n’est pas donné à lire',
    },
    'key-slot': {
      what: 'une clé de ce segment manque, ou la clé de l’appareil ne l’ouvre pas',
      consequence: 'ce qu’elle ouvre ne peut être lu',
    },
    'segment-end': {
      what: 'la marque de fin manque : une écriture a échoué ici, ou elle est endommagée',
      consequence: 'aucune, sauf si des enregistrements manquent aussi',
    },
    'sealed-index': {
      what: 'l’index du segment ne dit pas la même chose que ses enregistrements',
      consequence: 'des GOP peuvent ne pas être trouvés ; --repair le réécrit d’après les enregistrements',
    },
    'time-correction': {
      what: 'une correction de l’heure est fausse : changée, ou faite avec une autre clé d’appareil',
      consequence: 'elle est ignorée : ce qu’elle corrigerait reste marqué, entre ses bornes',
    },
    'missing-records': {
      what: 'des enregistrements manquent dans ce segment ou juste avant',
      consequence: 'la carte les a refusés, ou ils ont été détruits avec un en-tête',
    },
  },
  note: {
    'blank-segments': 'segments jamais utilisés',
    'torn-tail':
      'le dernier GOP est inachevé : en cours d’écriture, ou interrompu ; le prochain démarrage l’écrasera',
    'no-index': 'n’a pas d’index valable : ses enregistrements sont lus un à un ; --repair l’écrit',
    'overwritten-meanwhile': 'écrasé par la caméra pendant la vérification',
    rewritten: 'réécrit dans un segment suivant après un échec ; compté une seule fois',
    destroyed: 'enregistrements dont la clé est détruite ; leurs octets sont intacts et ne s’ouvrent plus',
    'time-contradicts':
      'une correction de l’heure contredit la première du même démarrage ; elle est ignorée',
    'time-not-verified': 'corrections de l’heure ni vérifiées ni suivies sans les clés',
    'not-opened': 'enregistrements dont la somme est juste ; leur sceau n’est pas vérifié sans les clés',
  },
  lost: (records) => `${records} GOP`,
  repaired: (description, indexes) =>
    `Réécrit : ${[...(description ? ['store.json'] : []), ...indexes.map((name) => `l’index de ${name}`)].join(', ') || 'rien'}.`,
  between: (from, to) => `de ${from} à ${to}`,
  bytes: (from, to) => (to === null ? `à partir de l’octet ${from}` : `octets ${from} à ${to - 1}`),
  exporting: (share) => `Export : ${Math.round(share * 100)} %`,
  exported: (file, pictures, from, to, mib) => `${file} : ${pictures} images, de ${from} à ${to}, ${mib} Mio`,
  leftOut: (records) =>
    `${records} enregistrement(s) endommagé(s) absent(s) du fichier ; lancez vigie store check`,
  goneFrom: (records) => `${records} enregistrement(s) de cet intervalle sont détruits et absents du fichier`,
};

export function storeWords(language: Language): StoreWords {
  return language === 'fr' ? fr : en;
}

/** One line for one damage: where, what, what it costs. */
export function damageLine(damage: Damage, words: StoreWords): string {
  const { what, consequence } = words.damage[damage.kind];
  const where = damage.fromByte === null ? '' : `, ${words.bytes(damage.fromByte, damage.toByte)}`;
  const cost: string[] = [];
  if (damage.records !== null) cost.push(words.lost(damage.records));
  if (damage.fromMs !== null && damage.toMs !== null) {
    cost.push(words.between(showTime(damage.fromMs), showTime(damage.toMs)));
  }
  const measured = cost.length === 0 ? '' : ` (${cost.join(', ')})`;
  return `${damage.file}${where}: ${what} -> ${consequence}${measured}`;
}
