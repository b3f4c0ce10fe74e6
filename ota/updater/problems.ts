/**
 * What can go wrong with an update, in words for people. Used by ota/updater/updater.ts. The error itself goes to the log; these words
 * go to the console, and name no address and no path.
 */
import { VigieError } from '../../errors.js';
import { BundleRefused } from '../bundle/read.js';
import { DownloadError, downloadWords } from '../download/ending.js';
import { judgementWords, type NothingWhy, type RefusedWhy } from '../metadata/policy.js';
import { type RefusalReason, refusalWords, UpdateRefused } from '../metadata/refusal.js';
import type { UpdateState } from '../update.js';

export interface Words {
  fr: string;
  en: string;
}

/** `reason` is for the register. */
export interface Problem extends Words {
  reason: string;
  /** what was offered must not be taken: it is told to the register, and shown as long as it stands */
  refused: boolean;
}

const problem = (reason: string, fr: string, en: string): Problem => ({ reason, fr, en, refused: false });

export const problems = {
  clock: problem(
    'clock',
    'L’heure de la caméra n’est pas sûre : aucune mise à jour n’est prise tant qu’elle ne l’est pas.',
    'The time of the camera is not certain: no update is taken until it is.',
  ),
  failedBefore: problem(
    'failed-before',
    'La caméra est déjà revenue de cette version : elle ne la reprend que sur ordre.',
    'The camera went back from this version before: it takes it again only when ordered.',
  ),
  repeated: problem(
    'install',
    'L’installation a échoué plusieurs fois : elle n’est reprise que sur ordre.',
    'The installation failed several times: it is tried again only when ordered.',
  ),
  install: problem(
    'install',
    'L’installation a échoué ; la version en marche n’a pas changé.',
    'The installation failed; the version that runs has not changed.',
  ),
  bundle: {
    ...problem(
      'bundle',
      'Le paquet contient ce qui ne doit pas fonctionner ici, ou n’est pas celui qui a été annoncé : rien n’a changé.',
      'The bundle holds what must not run here, or is not what was announced: nothing has changed.',
    ),
    refused: true,
  },
  check: problem(
    'check',
    'Le dépôt des mises à jour n’a pas pu être lu.',
    'The repository of updates could not be read.',
  ),
  confirm: problem(
    'confirm',
    'La version à l’essai n’a pas pu être confirmée ; un nouvel essai suit.',
    'The version on trial could not be confirmed; it is tried again.',
  ),
  slots: problem(
    'slots',
    'Les emplacements des versions ne peuvent pas être lus : aucune mise à jour n’est prise.',
    'The slots of the versions cannot be read: no update is taken.',
  ),
} as const satisfies Record<string, Problem>;

/** Not a matter of the link or of this camera: what is published is wrong, or somebody stands in between. */
const wronglyPublished: readonly RefusalReason[] = [
  'endless',
  'damaged',
  'signature',
  'expired',
  'rollback',
  'mixed',
  'foreign',
];

/** What the person reads of an error. @param at what was being done */
export function problemOf(error: unknown, at: UpdateState): Problem {
  if (error instanceof UpdateRefused) {
    const { fr, en } = refusalWords[error.reason];
    return { reason: error.reason, fr, en, refused: wronglyPublished.includes(error.reason) };
  }
  if (error instanceof DownloadError)
    return { ...downloadWords[error.reason], reason: error.reason, refused: error.reason === 'damaged' };
  if (error instanceof BundleRefused) return problems.bundle;
  return at === 'checking' ? problems.check : problems.install;
}

export const damagedProblem: Problem = { ...downloadWords.damaged, reason: 'damaged', refused: true };

/** What the person reads of a release that is not taken. */
export function problemOfJudgement(why: NothingWhy | RefusedWhy, { refused }: { refused: boolean }): Problem {
  return { ...judgementWords[why], reason: why, refused };
}

/** Why an order has no place in a state. */
const orderRefused: Record<UpdateState, [message: string, hint: string]> = {
  idle: ['There is no version to install, to confirm or to go back to', 'Ask for the status first'],
  offered: ['The version that runs is confirmed already', 'Order the installation of what is offered'],
  held: ['The time of the camera is not certain', 'Look at its clock or its time server, then order again'],
  checking: ['The repository is being asked', 'Order again when it has answered'],
  downloading: ['A version is being downloaded', 'Wait until it is installed'],
  installing: ['A version is being installed', 'Wait until it is installed'],
  restarting: ['The camera restarts', 'Order again when it is back'],
  trial: ['The version that runs is on trial', 'Confirm it, or go back, then order again'],
};

export function refusal(state: UpdateState): VigieError {
  return new VigieError('update', ...orderRefused[state]);
}

/** Between what the person saw and the order the repository was published to again. */
export const otherOffered = (version: string): VigieError =>
  new VigieError('update', `Version ${version} is offered by now`, 'Look at it, then order again');

/** @param problem why, where that is known */
export const nothingToTake = (problem: Problem | null): VigieError =>
  new VigieError(
    'update',
    problem?.en ?? 'There is no newer version',
    'Ask the integrator what is published for this camera',
  );

export const noSlots = (): VigieError =>
  new VigieError(
    'update',
    'This camera was not installed in slots, and takes no update',
    'Install it with vigie ota provision (docs/updates.md)',
  );

export const noRepository = (): VigieError =>
  new VigieError(
    'update',
    'This camera was told of no repository',
    'Set ota.url and what belongs to it in its configuration (docs/configuration.md)',
  );

export const stops = (): VigieError =>
  new VigieError('update', 'The camera stops', 'Order it again when the camera is back');

export const clockUnsure = (): VigieError => new VigieError('update', ...orderRefused.held);
