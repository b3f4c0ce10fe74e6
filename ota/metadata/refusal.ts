/**
 * Why a check of the repository ended without an offer: a closed list, so that whoever waits can tell a wall clock that is
 * not trusted from an attack. Thrown by ota/metadata/; read by ota/updater/updater.ts. Never holds an address, a path or words of
 * the server.
 */
import { VigieError } from '../../errors.js';

export const refusalReasons = [
  'clock',
  'no-root',
  'unreachable',
  'incomplete',
  'endless',
  'damaged',
  'signature',
  'expired',
  'rollback',
  'mixed',
  'absent',
  'foreign',
  'storage',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** What happened and what to do about it, for a person in front of the camera's status. */
export const refusalWords: Record<RefusalReason, { fr: string; en: string; hint: string }> = {
  clock: {
    fr: 'L’heure n’est pas sûre',
    en: 'The time is not trusted',
    hint: 'Check NTP or the clock of the board: nothing is taken before the time is known to be right',
  },
  'no-root': {
    fr: 'Les clés de l’intégrateur manquent ou sont illisibles',
    en: "The integrator's root keys are missing or cannot be read",
    hint: 'Install the camera again from the integrator, with its root.json',
  },
  unreachable: {
    fr: 'Le dépôt de mises à jour ne répond pas',
    en: 'The update repository does not answer',
    hint: 'Check the network, the address of the repository and its certificate',
  },
  incomplete: {
    fr: 'Un fichier manque dans le dépôt de mises à jour',
    en: 'A file is missing in the update repository',
    hint: 'Check the address of the repository; if it is right, publish again',
  },
  endless: {
    fr: 'Le dépôt envoie plus que ce qui est permis',
    en: 'The repository sends more than is allowed',
    hint: 'Something between the camera and the repository may be hostile: tell the integrator',
  },
  damaged: {
    fr: 'Le dépôt envoie des données illisibles',
    en: 'What the repository sends cannot be read',
    hint: 'Check that the address is that of an update repository, and publish again',
  },
  signature: {
    fr: 'Le dépôt n’est pas signé par les clés attendues',
    en: 'The repository is not signed by the expected keys',
    hint: 'Wrong repository, revoked keys, or an attack: tell the integrator',
  },
  expired: {
    fr: 'Les signatures du dépôt ont expiré',
    en: 'The signatures of the repository have expired',
    hint: 'The integrator has to sign the repository again; an old copy may be held in front of the camera',
  },
  rollback: {
    fr: 'Le dépôt est plus ancien que ce que la caméra a déjà vu',
    en: 'The repository is older than what the camera has seen',
    hint: 'An old copy is served, or an attack: tell the integrator',
  },
  mixed: {
    fr: 'Les fichiers du dépôt ne vont pas ensemble',
    en: 'The files of the repository do not belong together',
    hint: 'Wait until it is published completely; if it stays, tell the integrator',
  },
  absent: {
    fr: 'Le dépôt ne propose rien pour ce client, cette carte et ce canal',
    en: 'The repository has nothing for this customer, board and channel',
    hint: 'Check customer, board and channel of the camera, or publish for them',
  },
  foreign: {
    fr: 'Ce qui est proposé est destiné à d’autres caméras',
    en: 'What is offered is meant for other cameras',
    hint: 'The integrator published it in the wrong place: nothing was taken',
  },
  storage: {
    fr: 'La caméra ne peut pas garder ce qui a été vérifié',
    en: 'The camera cannot keep what was verified',
    hint: 'Check the free space and the health of the disk that holds the slots',
  },
};

/** A check that ended without an offer. The exit code and the hint are those of kind `update`. */
export class UpdateRefused extends VigieError {
  constructor(
    readonly reason: RefusalReason,
    options?: { cause?: unknown },
  ) {
    super('update', refusalWords[reason].en, refusalWords[reason].hint, options);
  }
}
