/**
 * Whether what a channel offers is for this camera, now (docs/updates.md, "What a camera trusts"). Asked by ota/updater/updater.ts with
 * a release whose signature was verified. Pure: knows no clock, no file and no network.
 */
import { createHash } from 'node:crypto';
import { compare } from 'semver';
import type { Channel, Release } from '../release.js';

/** What a camera knows of itself. */
export interface Self {
  /** the version that runs */
  version: string;
  /** the lowest version that is taken; null: not known, and then nothing is */
  floor: string | null;
  customer: string;
  board: string;
  channel: Channel;
  arch: 'x64' | 'arm64';
  /** what its slots take */
  takes: Release['content']['kind'];
  cameraId: string;
  groups: readonly string[];
  /** what was returned from: `manifestSha256` of a tree, SHA-256 of a RAUC bundle */
  failed: readonly string[];
}

/** What `UpdateMetadata.refresh` found, as far as it is judged. */
export interface Offer {
  release: Release;
  /** `manifestSha256` of a tree, SHA-256 of a RAUC bundle */
  identity: string;
}

/** `refused`: somebody made a mistake or attacks; `nothing`: as it should be. */
export type Judgement =
  | { kind: 'offer' }
  | { kind: 'nothing'; why: NothingWhy }
  | { kind: 'refused'; why: RefusedWhy };
export type NothingWhy = 'running' | 'older' | 'failed-before' | 'group' | 'rollout';
export type RefusedWhy = 'foreign' | 'arch' | 'slots' | 'downgrade' | 'no-floor';

export const judgementWords: Record<NothingWhy | RefusedWhy, { fr: string; en: string }> = {
  running: { fr: 'La version proposée est installée', en: 'The version on offer is the one that runs' },
  older: {
    fr: 'La version proposée est plus ancienne que celle en service',
    en: 'The version on offer is older than the one that runs',
  },
  'failed-before': {
    fr: 'La version proposée a déjà échoué sur cette caméra',
    en: 'The version on offer has failed on this camera before',
  },
  group: {
    fr: 'La version proposée est pour d’autres groupes',
    en: 'The version on offer is for other groups',
  },
  rollout: {
    fr: 'Le déploiement n’a pas encore atteint cette caméra',
    en: 'The roll-out has not reached this camera yet',
  },
  foreign: {
    fr: 'Refusée : destinée à un autre client, une autre carte ou un autre canal',
    en: 'Refused: meant for another customer, board or channel',
  },
  arch: { fr: 'Refusée : pour un autre processeur', en: 'Refused: for another processor' },
  slots: {
    fr: 'Refusée : cette caméra n’est pas installée pour ce genre de paquet',
    en: 'Refused: this camera was not installed for this kind of bundle',
  },
  downgrade: {
    fr: 'Refusée : plus ancienne que la plus basse version permise',
    en: 'Refused: below the lowest version that is taken',
  },
  'no-floor': {
    fr: 'Refusée : la plus basse version permise n’est pas connue',
    en: 'Refused: the lowest version that is taken is not known',
  },
};

/**
 * Refusals first, so that a wrong publication is told even when it would not be taken anyway.
 * @param options.ordered a person asked for it: what failed before may be tried again; nothing else changes
 */
export function judge(offer: Offer, self: Self, { ordered = false } = {}): Judgement {
  const { release, identity } = offer;
  const refused = refusalOf(release, self);
  if (refused !== null) return { kind: 'refused', why: refused };
  const order = compare(release.version, self.version);
  if (order === 0) return { kind: 'nothing', why: 'running' };
  // A version that a person went back from, or that was returned from, may be above the one that runs: the floor decides.
  if (order < 0) return { kind: 'nothing', why: 'older' };
  if (self.failed.includes(identity) && !ordered) return { kind: 'nothing', why: 'failed-before' };
  const { groups, percent } = release.rollout;
  if (groups.length > 0 && !groups.some((group) => self.groups.includes(group))) {
    return { kind: 'nothing', why: 'group' };
  }
  if (rolloutShare(release.version, self.cameraId) >= percent) return { kind: 'nothing', why: 'rollout' };
  return { kind: 'offer' };
}

function refusalOf(release: Release, self: Self): RefusedWhy | null {
  const { customer, board, channel } = release;
  if (customer !== self.customer || board !== self.board || channel !== self.channel) return 'foreign';
  if (release.arch !== self.arch) return 'arch';
  if (release.content.kind !== self.takes) return 'slots';
  if (self.floor === null) return 'no-floor';
  return compare(release.version, self.floor) < 0 ? 'downgrade' : null;
}

/**
 * Where a camera stands in the roll-out of a version: 0 to 99, evenly spread, another order for each version. A camera with a
 * share below the percentage takes part, so it stays in while the percentage grows.
 */
export function rolloutShare(version: string, cameraId: string): number {
  const hash = createHash('sha256').update(`${version}\n${cameraId}`).digest();
  return Number(hash.readBigUInt64BE() % 100n);
}
