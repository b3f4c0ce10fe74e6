/** What `vigie ota status | check | install | confirm | rollback` say, in French and English. Used by ota-camera.ts. */
import type { UpdateProgress, UpdateState, UpdateStatus } from '../../ota/update.js';
import type { Outcome } from './ota-follow.js';
import { showTime } from './store-times.js';
import type { Language } from './store-words.js';

type Vital = NonNullable<UpdateStatus['trial']>['waitsFor'][number];

export interface OtaWords {
  language: Language;
  askUser: string;
  askSecret: string;
  names: Record<
    'camera' | 'running' | 'state' | 'other' | 'offer' | 'notes' | 'trial' | 'checked' | 'problem',
    string
  >;
  state: Record<UpdateState, string>;
  noBackend: string;
  waitsForWindow: string;
  none: string;
  never: string;
  size: (size: string, delta: boolean) => string;
  trial: (tries: number, waitsFor: readonly Vital[]) => string;
  progress: (share: string, of: string, rate: string | null, left: string | null) => string;
  nothingNewer: (version: string) => string;
  alreadyUnderWay: string;
  installs: (version: string) => string;
  goesBack: (version: string) => string;
  confirmed: (version: string) => string;
  lost: string;
  outcome: Record<Outcome, (to: string, running: string) => string>;
  notOffered: string;
  noOther: string;
  seeStatus: string;
  noRight: (user: string) => string;
  giveRight: string;
  units: string[];
}

const en: OtaWords = {
  language: 'en',
  askUser: 'Name:',
  askSecret: 'Secret (not shown):',
  names: {
    camera: 'camera',
    running: 'version',
    state: 'update',
    other: 'other',
    offer: 'offered',
    notes: 'notes',
    trial: 'on trial',
    checked: 'last check',
    problem: 'why',
  },
  state: {
    idle: 'nothing to do',
    held: 'held: the time of the camera is not certain',
    checking: 'asking the repository',
    offered: 'a version is offered',
    downloading: 'downloading',
    installing: 'installing',
    restarting: 'restarting',
    trial: 'on trial',
  },
  noBackend: 'not installed in slots: this camera takes no updates',
  waitsForWindow: 'waits for the maintenance window; `vigie ota install` does not wait',
  none: 'none',
  never: 'not since it started',
  size: (size, delta) => `${size}, ${delta ? 'the difference only' : 'whole'}`,
  trial: (tries, waitsFor) =>
    `${tries} tries left${waitsFor.length > 0 ? `, waits for ${waitsFor.join(', ')}` : ''}`,
  progress: (share, of, rate, left) =>
    `${share} of ${of}${rate === null ? '' : `, ${rate}/s`}${left === null ? '' : `, ${left} left`}`,
  nothingNewer: (version) => `Nothing newer is offered: ${version} runs.`,
  alreadyUnderWay: 'An update is under way already: it is followed.',
  installs: (version) => `Version ${version} is being installed. Ctrl-C leaves it running.`,
  goesBack: (version) => `The camera goes back to version ${version}. Ctrl-C leaves it running.`,
  confirmed: (version) => `Version ${version} is confirmed.`,
  lost: 'The connection has ended; waiting for the camera to answer.',
  outcome: {
    confirmed: (to) => `Version ${to} runs and is confirmed.`,
    trial: (to) => `Version ${to} runs on trial and is not confirmed yet. Ask again: vigie ota status`,
    returned: (to, running) => `Version ${to} was not healthy: the camera went back to ${running} by itself.`,
    failed: (to, running) => `Version ${to} was not installed: ${running} runs as before.`,
    lost: (to) => `The camera does not answer: whether ${to} runs is not known. Ask again: vigie ota status`,
    interrupted: () => 'The update goes on without you. See: vigie ota status',
  },
  notOffered: 'No version is offered',
  noOther: 'There is no other version to go back to',
  seeStatus: 'The log of the camera says more; how it stands: vigie ota status',
  noRight: (user) => `${user} does not have the right to update`,
  giveRight: 'On the camera: vigie user add NAME --rights update',
  units: ['B', 'KiB', 'MiB', 'GiB', 'TiB'],
};

const vitals: Record<Vital, string> = {
  frames: 'images',
  storage: 'enregistrement',
  control: 'port de contrôle',
};

const fr: OtaWords = {
  language: 'fr',
  askUser: 'Nom :',
  askSecret: 'Secret (ne s’affiche pas) :',
  names: {
    camera: 'caméra',
    running: 'version',
    state: 'mise à jour',
    other: 'autre',
    offer: 'proposée',
    notes: 'contenu',
    trial: 'à l’essai',
    checked: 'dernière recherche',
    problem: 'pourquoi',
  },
  state: {
    idle: 'rien à faire',
    held: 'retenue : l’heure de la caméra n’est pas sûre',
    checking: 'interroge le dépôt',
    offered: 'une version est proposée',
    downloading: 'téléchargement',
    installing: 'installation',
    restarting: 'redémarrage',
    trial: 'à l’essai',
  },
  noBackend: 'non installée pour cela : cette caméra ne prend pas de mise à jour',
  waitsForWindow: 'attend la plage de maintenance ; `vigie ota install` n’attend pas',
  none: 'aucune',
  never: 'pas depuis son démarrage',
  size: (size, delta) => `${size}, ${delta ? 'la différence seulement' : 'entière'}`,
  trial: (tries, waitsFor) =>
    `${tries} essai(s) restant(s)${waitsFor.length > 0 ? `, attend : ${waitsFor.map((vital) => vitals[vital]).join(', ')}` : ''}`,
  progress: (share, of, rate, left) =>
    `${share} de ${of}${rate === null ? '' : `, ${rate}/s`}${left === null ? '' : `, encore ${left}`}`,
  nothingNewer: (version) => `Rien de plus récent n’est proposé : la ${version} est en marche.`,
  alreadyUnderWay: 'Une mise à jour est déjà en cours : elle est suivie.',
  installs: (version) => `La version ${version} s’installe. Ctrl-C la laisse continuer.`,
  goesBack: (version) => `La caméra revient à la version ${version}. Ctrl-C la laisse continuer.`,
  confirmed: (version) => `La version ${version} est confirmée.`,
  lost: 'La connexion est terminée ; attente de la réponse de la caméra.',
  outcome: {
    confirmed: (to) => `La version ${to} est en marche et confirmée.`,
    trial: (to) =>
      `La version ${to} est en marche, à l’essai, pas encore confirmée. Redemandez : vigie ota status`,
    returned: (to, running) =>
      `La version ${to} n’allait pas bien : la caméra est revenue d’elle-même à la ${running}.`,
    failed: (to, running) =>
      `La version ${to} n’a pas été installée : la ${running} est en marche comme avant.`,
    lost: (to) =>
      `La caméra ne répond pas : on ne sait pas si la ${to} marche. Redemandez : vigie ota status`,
    interrupted: () => 'La mise à jour continue sans vous. Voyez : vigie ota status',
  },
  notOffered: 'Aucune version n’est proposée',
  noOther: 'Il n’y a pas d’autre version vers laquelle revenir',
  seeStatus: 'Le journal de la caméra en dit plus ; l’état : vigie ota status',
  noRight: (user) => `${user} n’a pas le droit de mettre à jour`,
  giveRight: 'Sur la caméra : vigie user add NOM --rights update',
  units: ['o', 'Kio', 'Mio', 'Gio', 'Tio'],
};

export function otaWords(language: Language): OtaWords {
  return language === 'fr' ? fr : en;
}

/** Name and value of everything that a status says. */
export function statusRows(camera: string, status: UpdateStatus, words: OtaWords): [string, string][] {
  const { names, language } = words;
  const { running, other, offer, trial, problem, checkedMs, channel } = status;
  const commit = running.commit === '' ? '' : ` (${running.commit.slice(0, 12)})`;
  const rows: [string, string][] = [
    [names.camera, camera],
    [names.running, `${running.version}${commit}`],
    [names.state, stateText(status, words)],
  ];
  if (status.backend === 'none') return rows;
  if (problem) rows.push([names.problem, problem[language]]);
  if (trial) rows.push([names.trial, words.trial(trial.triesLeft, trial.waitsFor)]);
  if (offer) {
    rows.push([names.offer, `${offer.version}, ${words.size(sizeText(offer.bytes, words), offer.delta)}`]);
    const notes = offer.notes[language].split('\n').filter((line) => line.trim() !== '');
    for (const [i, line] of notes.entries()) rows.push([i === 0 ? names.notes : '', line]);
  }
  rows.push([names.other, other?.version ?? words.none]);
  const place = channel === null ? '' : `, ${channel}`;
  rows.push([names.checked, checkedMs === null ? words.never : `${showTime(checkedMs)}${place}`]);
  return rows;
}

export function stateText({ state, backend, progress, windowOpen }: UpdateStatus, words: OtaWords): string {
  if (backend === 'none') return words.noBackend;
  if (state === 'offered' && !windowOpen) return `${words.state.offered}, ${words.waitsForWindow}`;
  if (!progress) return words.state[state];
  return `${words.state[state]}${words.language === 'fr' ? ' :' : ':'} ${progressText(progress, words)}`;
}

export function progressText({ bytes, of, rate, secondsLeft }: UpdateProgress, words: OtaWords): string {
  const share = `${Math.floor((100 * bytes) / Math.max(1, of))}${words.language === 'fr' ? ' ' : ''}%`;
  return words.progress(
    share,
    sizeText(of, words),
    rate === null ? null : sizeText(rate, words),
    secondsLeft === null ? null : timeText(secondsLeft),
  );
}

/** `42 s`, `3 min`, `2 h 05`; to what a person waits by. */
export function timeText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')}`;
}

export function sizeText(bytes: number, { units, language }: OtaWords): string {
  const power = bytes > 0 ? Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10)) : 0;
  const number = (bytes / 1024 ** power).toFixed(power > 1 ? 1 : 0);
  return `${language === 'fr' ? number.replace('.', ',') : number} ${units[power]}`;
}
