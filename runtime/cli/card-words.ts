/** What `vigie card` says, in French and English. */
import type { Subject } from '../health/card-notices.js';
import type { StorageHealth } from '../health/health.js';
import { showTime } from './store-times.js';
import type { Language } from './store-words.js';

type Told = Omit<StorageHealth, 'busyShare'>;

export interface CardWords {
  language: Language;
  title: Record<Subject, string>;
  names: Record<keyof Told, string>;
  place: Record<Told['place'], string>;
  spare: Record<NonNullable<Told['spare']>, string>;
  room: (free: string, total: string) => string;
  perDay: (size: string) => string;
  life: (percent: number) => string;
  lifeOver: string;
  lasts: (day: string, years: number) => string;
  long: string;
  noWear: string;
  notTold: string;
  askFor: string;
  well: string;
  attention: string;
  units: string[];
}

const en: CardWords = {
  language: 'en',
  title: { card: 'Card of the recordings', state: 'Storage of the keys and the register' },
  names: {
    place: 'state',
    name: 'model',
    freeBytes: 'free',
    totalBytes: 'size',
    deviceBytesWritten: 'written since it was found',
    fileSystemBytesWritten: 'written since it was formatted',
    writeRate: 'rate of writing',
    lifeUsedTenths: 'life used',
    spare: 'spare blocks',
    lastsUntilMs: 'lasts at least until',
  },
  place: {
    writable: 'in place, writable',
    'read-only': 'read-only',
    gone: 'gone',
    unknown: 'unknown',
  },
  spare: { normal: 'normal', warning: '80% used', urgent: '90% used' },
  room: (free, total) => `${free} of ${total}`,
  perDay: (size) => `${size} a day`,
  life: (percent) => `at most ${percent}%`,
  lifeOver: 'its life is over',
  lasts: (day, years) => `${day}, ${years < 1 ? 'in less than a year' : `in ${years} year(s)`}`,
  long: 'more than 50 years at this rate',
  noWear: 'the card does not tell its wear',
  notTold: 'not told',
  askFor: 'ask with --for',
  well: 'Nothing is wrong, as far as it tells.',
  attention: 'Note',
  units: ['B', 'KiB', 'MiB', 'GiB', 'TiB'],
};

const fr: CardWords = {
  language: 'fr',
  title: { card: 'Carte des enregistrements', state: 'Mémoire des clés et du registre' },
  names: {
    place: 'état',
    name: 'modèle',
    freeBytes: 'place libre',
    totalBytes: 'taille',
    deviceBytesWritten: 'écrit depuis sa mise en place',
    fileSystemBytesWritten: 'écrit depuis le formatage',
    writeRate: 'rythme d’écriture',
    lifeUsedTenths: 'vie utilisée',
    spare: 'blocs de réserve',
    lastsUntilMs: 'tient au moins jusqu’au',
  },
  place: {
    writable: 'en place, inscriptible',
    'read-only': 'en lecture seule',
    gone: 'absente',
    unknown: 'inconnu',
  },
  spare: { normal: 'normaux', warning: '80 % utilisés', urgent: '90 % utilisés' },
  room: (free, total) => `${free} sur ${total}`,
  perDay: (size) => `${size} par jour`,
  life: (percent) => `au plus ${percent} %`,
  lifeOver: 'sa durée de vie est dépassée',
  lasts: (day, years) => `${day}, ${years < 1 ? 'dans moins d’un an' : `dans ${years} an(s)`}`,
  long: 'plus de 50 ans à ce rythme',
  noWear: 'la carte ne dit rien de son usure',
  notTold: 'non communiqué',
  askFor: 'demandez avec --for',
  well: 'Rien à signaler, pour autant qu’elle le dise.',
  attention: 'Attention',
  units: ['o', 'Kio', 'Mio', 'Gio', 'Tio'],
};

export function cardWords(language?: Language): CardWords {
  const locale = process.env.LC_ALL ?? process.env.LC_MESSAGES ?? process.env.LANG ?? '';
  return (language ?? (locale.startsWith('fr') ? 'fr' : 'en')) === 'fr' ? fr : en;
}

const yearMs = 365.25 * 86_400_000;
const daySeconds = 86_400;
const longYears = 50;
const lifeOver = 11;

/** Name and value of each thing the card may tell. */
export function cardRows(of: Told, words: CardWords, nowMs: number): [string, string][] {
  const size = (value: number | null): string => (value === null ? words.notTold : bytes(value, words));
  const tellsWear = of.lifeUsedTenths !== null || of.spare !== null;
  const rows: [keyof Told, string][] = [
    ['place', words.place[of.place]],
    ['name', of.name ?? words.notTold],
    [
      'freeBytes',
      of.freeBytes === null ? words.notTold : words.room(size(of.freeBytes), size(of.totalBytes)),
    ],
    ['lifeUsedTenths', tellsWear ? lifeOf(of, words) : words.noWear],
  ];
  if (tellsWear) {
    rows.push(['spare', of.spare === null ? words.notTold : words.spare[of.spare]]);
    rows.push(['lastsUntilMs', lastsOf(of, words, nowMs)]);
  }
  const rate =
    of.writeRate !== null
      ? words.perDay(bytes(of.writeRate * daySeconds, words))
      : of.deviceBytesWritten === null
        ? words.notTold
        : words.askFor;
  rows.push(
    ['deviceBytesWritten', size(of.deviceBytesWritten)],
    ['fileSystemBytesWritten', size(of.fileSystemBytesWritten)],
    ['writeRate', rate],
  );
  return rows.map(([name, value]) => [words.names[name], value]);
}

function lifeOf({ lifeUsedTenths }: Told, words: CardWords): string {
  if (lifeUsedTenths === null) return words.notTold;
  return lifeUsedTenths >= lifeOver ? words.lifeOver : words.life(lifeUsedTenths * 10);
}

function lastsOf({ lastsUntilMs, writeRate }: Told, words: CardWords, nowMs: number): string {
  if (lastsUntilMs === null) return writeRate === null ? words.askFor : words.notTold;
  const years = (lastsUntilMs - nowMs) / yearMs;
  return years > longYears ? words.long : words.lasts(showTime(lastsUntilMs).slice(0, 10), Math.floor(years));
}

function bytes(value: number, { units, language }: CardWords): string {
  const power = value > 0 ? Math.min(4, Math.floor(Math.log2(value) / 10)) : 0;
  const digits = power > 2 ? 1 : 0;
  const number = (value / 1024 ** power).toFixed(digits);
  return `${language === 'fr' ? number.replace('.', ',') : number} ${units[power]}`;
}
