/** Why an order about the update is refused, in words for who gave it (docs/updates.md, "States"). Used by update-desk.ts. */
import { asVigieError, errorLine } from '../../errors.js';
import { nextState, type UpdateEvent } from '../../ota/table.js';
import type { UpdateState, UpdateStatus } from '../../ota/update.js';
import type { UpdateRequest } from './update-requests.js';

export interface Words {
  fr: string;
  en: string;
}
type Order = Exclude<UpdateRequest, { t: 'update.get' }>;

export const noUpdater: Words = {
  fr: 'Cette caméra ne prend pas de mise à jour : elle n’a pas été installée pour cela',
  en: 'This camera takes no updates: it was not installed for them',
};
const nothingOffered: Words = {
  fr: 'Aucune version n’est proposée : recherchez d’abord',
  en: 'No version is offered: check first',
};
const notOnTrial: Words = {
  fr: 'La version en marche est déjà confirmée',
  en: 'The version that runs is confirmed already',
};
const nothingBefore: Words = {
  fr: 'Il n’y a pas d’autre version vers laquelle revenir',
  en: 'There is no other version to go back to',
};

/** Where the order has no place, by the state that the update is in. */
const inState: Record<UpdateState, Words> = {
  idle: nothingOffered,
  offered: nothingOffered,
  held: {
    fr: 'L’heure de la caméra n’est pas sûre : rien n’est pris tant qu’elle ne l’est pas',
    en: 'The time of the camera is not certain: nothing is taken until it is',
  },
  checking: { fr: 'La recherche est en cours', en: 'The check is under way' },
  downloading: { fr: 'Le téléchargement est en cours', en: 'The download is under way' },
  installing: {
    fr: 'L’installation est en cours et ne s’interrompt pas',
    en: 'The installation is under way and is not interrupted',
  },
  restarting: { fr: 'La caméra redémarre', en: 'The camera restarts' },
  trial: {
    fr: 'La version en marche est à l’essai : confirmez-la ou revenez d’abord à l’autre',
    en: 'The version that runs is on trial: confirm it or go back first',
  },
};

const eventOf = {
  'update.check': 'check',
  'update.install': 'download',
  'update.confirm': 'confirm',
  'update.rollback': 'rollback',
} as const satisfies Record<Order['t'], UpdateEvent>;

/** The order names another version than the one that it would be about; null: it is that one. */
export function otherVersion(request: UpdateRequest, status: UpdateStatus): Words | null {
  const subject = {
    'update.install': status.offer?.version,
    'update.confirm': status.running.version,
    'update.rollback': status.other?.version,
  };
  if (!('version' in request) || status.backend === 'none') return null;
  const version = subject[request.t];
  if (version === request.version) return null;
  if (version === undefined) return request.t === 'update.rollback' ? nothingBefore : nothingOffered;
  return {
    fr: `Ce n’est plus la version ${request.version}, mais la ${version} : regardez-la, puis recommencez`,
    en: `It is no longer version ${request.version} but ${version}: look at it, then do it again`,
  };
}

/** Words for what the updater refused: by the state that the order met, else by what it says itself. */
export function refusalOf(
  request: UpdateRequest,
  before: UpdateStatus,
  after: UpdateStatus,
  error: unknown,
): Words {
  const { t } = request;
  if (before.backend === 'none') return noUpdater;
  if (t === 'update.get') return said(error);
  const other = t === 'update.install' && after.offer ? otherVersion(request, after) : null;
  if (other) return other;
  if (nextState(before.state, eventOf[t]) !== null) {
    // Of an earlier order it would say nothing of this one.
    const told = t === 'update.check' || t === 'update.install' ? after.problem : null;
    return told ?? said(error);
  }
  if (t === 'update.confirm' && before.state !== 'restarting') return notOnTrial;
  return inState[before.state];
}

/** Its own words are in English; the log of the camera has them too. */
function said(error: unknown): Words {
  const failed = asVigieError(error).kind !== 'update';
  return {
    fr: 'L’ordre n’a pas pu être exécuté : le journal de la caméra dit pourquoi',
    en: failed ? 'The order could not be carried out: the log of the camera says why' : errorLine(error),
  };
}
