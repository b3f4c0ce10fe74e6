/** The words of the page in both languages, and how numbers and times are written. */
import { alertEnglish, alertFrench } from './alert-words.js';
import { headEnglish, headFrench } from './head-words.js';
import type { Language } from './messages.js';
import { updateEnglish, updateFrench } from './update-words.js';
import { zoneEnglish, zoneFrench } from './zone-words.js';

const french = {
  skip: 'Aller aux alertes',
  language: 'Langue',
  logout: 'Se déconnecter',
  live: 'Image en direct',
  liveShort: 'DIRECT',
  showZones: 'Zones surveillées',
  snapshot: 'Capture',
  fullScreen: 'Plein écran',
  alerts: 'Alertes',
  onlyPending: 'À traiter uniquement',
  keys: 'Clavier : A mène à la première alerte à traiter, ↑ ↓ passent d’une alerte à l’autre, 1 2 3 répondent.',
  noAlert: 'Aucune alerte.',
  health: 'État de la caméra',
  foot: 'Les zones privées sont noircies dans la caméra avant tout enregistrement. Une alerte est un signalement : une personne décide.',
  connecting: 'Connexion…',
  connected: 'Connecté',
  lost: 'Liaison perdue, nouvelle tentative…',
  noRight: 'Vous n’avez pas le droit de voir le direct.',
  noRightAlerts: 'Vous n’avez pas le droit de voir les alertes.',
  noPicture: 'Pas d’image : la caméra redémarre…',
  fullMask: 'Image entièrement masquée : le masque n’est pas encore confirmé.',
  noCodec: 'Ce navigateur ne lit pas ce flux vidéo.',
  newAlert: 'Nouvelle alerte :',
  zone: 'Zone',
  noPictureOfAlert: 'Sans image',
  pictureOf: 'Image masquée de l’alerte',
  enlarge: 'Agrandir',
  close: 'Fermer',
  number: 'n°',
  'verdict.true': 'Vraie',
  'verdict.false': 'Fausse',
  'verdict.unclear': 'Incertaine',
  answeredBy: 'Traitée par',
  at: '–',
  frameRate: 'Cadence',
  framesPerSecond: 'im/s',
  nominal: 'prévu :',
  dropped: 'image(s) perdue(s)',
  recording: 'Enregistrement',
  'store.recording': 'En cours',
  'store.waiting': 'En attente : rien ne se passe',
  'store.off-hours': 'En pause, selon les horaires',
  'store.off': 'Arrêté',
  'store.failed': 'En panne',
  from: 'période :',
  to: '–',
  nothingYet: 'rien pour l’instant',
  second: 'Second enregistrement',
  secondReady: 'Prêt : la première carte enregistre',
  buffer: 'En attente, en mémoire',
  since: 'depuis',
  mask: 'Masque',
  'mask.zones': 'Zones privées',
  'mask.full': 'Image entière',
  'mask.both': 'En cours de changement',
  table: 'table',
  detection: 'Détection',
  on: 'Active',
  off: 'Inactive',
  looks: 'analyses/s',
  tracks: 'objet(s) suivi(s)',
  process: 'Traitement',
  'state.starting': 'Démarrage',
  'state.running': 'En marche',
  'state.restarting': 'Redémarrage',
  'state.stopped': 'Arrêté',
  restarts: 'redémarrage(s)',
  memory: 'mémoire',
  cardTitle: 'Carte mémoire et usure',
  cardOfStore: 'Carte des enregistrements',
  cardOfState: 'Mémoire des clés et du registre',
  'card.place': 'État',
  'place.writable': 'en place, inscriptible',
  'place.read-only': 'en lecture seule',
  'place.gone': 'absente',
  'place.unknown': 'pas encore lue',
  'card.name': 'Modèle',
  'card.room': 'Place libre à côté des enregistrements',
  'card.roomState': 'Place libre',
  'card.written': 'Écrit depuis sa mise en place',
  'card.writtenByFileSystem': 'Écrit depuis le formatage',
  'card.rate': 'Rythme d’écriture',
  perDay: 'par jour',
  'card.life': 'Vie utilisée',
  lifeOver: 'sa durée de vie est dépassée',
  lifeAtMost: 'au plus',
  'card.spare': 'Blocs de réserve',
  'spare.normal': 'normaux',
  'spare.warning': '80 % utilisés',
  'spare.urgent': '90 % utilisés',
  'card.lasts': 'Tient au moins jusqu’au',
  inYears: 'dans {} ans',
  inOneYear: 'dans un an environ',
  inMonths: 'dans moins d’un an',
  lastsLong: 'plus de 50 ans à ce rythme',
  'card.busy': 'Temps passé à écrire',
  tellsNoWear: 'la carte ne dit rien de son usure',
  notTold: 'non communiqué',
  notYet: 'pas encore mesuré',
  used: 'Part utilisée de l’enregistrement en boucle',
  ...alertFrench,
  ...headFrench,
  ...updateFrench,
  ...zoneFrench,
};
export type Word = keyof typeof french;

const english: Record<Word, string> = {
  skip: 'Go to the alerts',
  language: 'Language',
  logout: 'Log out',
  live: 'Live view',
  liveShort: 'LIVE',
  showZones: 'Watched zones',
  snapshot: 'Snapshot',
  fullScreen: 'Full screen',
  alerts: 'Alerts',
  onlyPending: 'Pending only',
  keys: 'Keyboard: A goes to the first pending alert, ↑ ↓ move between alerts, 1 2 3 answer.',
  noAlert: 'No alert.',
  health: 'State of the camera',
  foot: 'Private zones are blacked out in the camera before anything is recorded. An alert is a report: a person decides.',
  connecting: 'Connecting…',
  connected: 'Connected',
  lost: 'Connection lost, trying again…',
  noRight: 'You do not have the right to see the live view.',
  noRightAlerts: 'You do not have the right to see alerts.',
  noPicture: 'No picture: the camera is coming back…',
  fullMask: 'The whole picture is masked: the mask is not confirmed yet.',
  noCodec: 'This browser cannot play this video stream.',
  newAlert: 'New alert:',
  zone: 'Zone',
  noPictureOfAlert: 'No picture',
  pictureOf: 'Masked picture of the alert',
  enlarge: 'Enlarge',
  close: 'Close',
  number: 'No.',
  'verdict.true': 'True',
  'verdict.false': 'False',
  'verdict.unclear': 'Unclear',
  answeredBy: 'Answered by',
  at: '–',
  frameRate: 'Frame rate',
  framesPerSecond: 'fps',
  nominal: 'nominal',
  dropped: 'dropped',
  recording: 'Recording',
  'store.recording': 'Running',
  'store.waiting': 'Waiting: nothing happens',
  'store.off-hours': 'Paused, by schedule',
  'store.off': 'Off',
  'store.failed': 'Failed',
  from: 'from',
  to: 'to',
  nothingYet: 'nothing yet',
  second: 'Second store',
  secondReady: 'Ready: the first card records',
  buffer: 'Waiting in memory',
  since: 'since',
  mask: 'Mask',
  'mask.zones': 'Private zones',
  'mask.full': 'Whole picture',
  'mask.both': 'Changing',
  table: 'table',
  detection: 'Detection',
  on: 'On',
  off: 'Off',
  looks: 'looks/s',
  tracks: 'track(s)',
  process: 'Processing',
  'state.starting': 'Starting',
  'state.running': 'Running',
  'state.restarting': 'Restarting',
  'state.stopped': 'Stopped',
  restarts: 'restart(s)',
  memory: 'memory',
  cardTitle: 'Card and wear',
  cardOfStore: 'Card of the recordings',
  cardOfState: 'Storage of the keys and the register',
  'card.place': 'State',
  'place.writable': 'in place, writable',
  'place.read-only': 'read-only',
  'place.gone': 'gone',
  'place.unknown': 'not read yet',
  'card.name': 'Model',
  'card.room': 'Free beside the recordings',
  'card.roomState': 'Free',
  'card.written': 'Written since it was put in place',
  'card.writtenByFileSystem': 'Written since it was formatted',
  'card.rate': 'Rate of writing',
  perDay: 'a day',
  'card.life': 'Life used',
  lifeOver: 'its life is over',
  lifeAtMost: 'at most',
  'card.spare': 'Spare blocks',
  'spare.normal': 'normal',
  'spare.warning': '80% used',
  'spare.urgent': '90% used',
  'card.lasts': 'Lasts at least until',
  inYears: 'in {} years',
  inOneYear: 'in about a year',
  inMonths: 'in less than a year',
  lastsLong: 'more than 50 years at this rate',
  'card.busy': 'Time spent writing',
  tellsNoWear: 'the card does not tell its wear',
  notTold: 'not told',
  notYet: 'not measured yet',
  used: 'Share of the circular store in use',
  ...alertEnglish,
  ...headEnglish,
  ...updateEnglish,
  ...zoneEnglish,
};

const remembered = 'vigie.language';

export function chosenLanguage(): Language {
  const kept = localStorage.getItem(remembered);
  if (kept === 'fr' || kept === 'en') return kept;
  return navigator.language.toLowerCase().startsWith('fr') ? 'fr' : 'en';
}

export class Speech {
  language: Language = chosenLanguage();

  choose(language: Language): void {
    this.language = language;
    localStorage.setItem(remembered, language);
  }

  word(word: Word): string {
    return (this.language === 'fr' ? french : english)[word];
  }

  number(value: number, digits = 0): string {
    return value.toLocaleString(this.#locale, {
      maximumFractionDigits: digits,
      minimumFractionDigits: digits,
    });
  }

  bytes(value: number): string {
    const units =
      this.language === 'fr' ? ['o', 'Kio', 'Mio', 'Gio', 'Tio'] : ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    const power = value > 0 ? Math.min(4, Math.floor(Math.log2(value) / 10)) : 0;
    return `${this.number(value / 1024 ** power, power > 2 ? 1 : 0)} ${units[power] ?? ''}`;
  }

  time(wallMs: number): string {
    return new Date(wallMs).toLocaleTimeString(this.#locale, { hour12: false });
  }

  /** Time alone for today, with the day otherwise. */
  moment(wallMs: number): string {
    const date = new Date(wallMs);
    if (date.toDateString() === new Date().toDateString()) return this.time(wallMs);
    return date.toLocaleString(this.#locale, { dateStyle: 'short', timeStyle: 'medium', hour12: false });
  }

  day(wallMs: number): string {
    return new Date(wallMs).toLocaleDateString(this.#locale, { dateStyle: 'long' });
  }

  get #locale(): string {
    return this.language === 'fr' ? 'fr-FR' : 'en-GB';
  }
}
