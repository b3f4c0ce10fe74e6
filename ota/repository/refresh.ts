/** Renewing what would expire, and how the repository stands. Called by `vigie ota refresh` and `vigie ota repository`. */
import { VigieError } from '../../errors.js';
import type { Draft } from './draft.js';
import { type Envelope, isTopRole, type KeyJson, type Lifetimes, topRoles } from './formats.js';
import type { Keyring } from './keys.js';
import { type Offered, offers } from './offers.js';
import type { ApplyOptions, Outcome, Repository } from './repository.js';
import { type Holders, holdersOf, type Missing, signersOf } from './signatures.js';

const dayMs = 86_400_000;

export interface RoleStatus {
  role: string;
  version: number;
  expires: string;
  expiresMs: number;
  threshold: number;
  keys: { id: string; name: string | null; signed: boolean }[];
}

export const warnings = [
  'expired',
  'expires-soon',
  'one-root-key',
  'no-spare-root-key',
  'root-key-elsewhere',
  'staged',
  'cut',
] as const;
export interface Warning {
  what: (typeof warnings)[number];
  /** role, or key */
  of: string;
}

export interface RepositoryStatus {
  roles: RoleStatus[];
  offers: Offered[];
  /** of what waits for signatures */
  waits: Missing[];
  warnings: Warning[];
}

const lifetimeOf = (role: string, lifetimes: Lifetimes): number =>
  (isTopRole(role) ? lifetimes[role] : lifetimes.targets) * dayMs;

/** A role is renewed from the middle of its time on: half is left for a key holder who is away. */
function isHalfOver(file: Envelope, role: string, lifetimes: Lifetimes, nowMs: number): boolean {
  return Date.parse(file.signed.expires) - nowMs < lifetimeOf(role, lifetimes) / 2;
}

/** The keyring can sign this role by itself. */
function canSign(holders: Holders | null, keyring: Keyring): boolean {
  return holders !== null && holders.keyids.filter((id) => keyring.has(id)).length >= holders.threshold;
}

/**
 * Renews the timestamp, and of the other roles those that are half over and that the keyring can sign. Publishes first what
 * waited for signatures and has them now.
 * @param always roles that are renewed however long they have
 */
export async function refresh(
  repository: Repository,
  keyring: Keyring,
  options: ApplyOptions & { always: readonly string[] },
): Promise<Outcome> {
  const { nowMs, always } = options;
  const renew = { timestamp: true, snapshot: false };
  const staged = repository.stagedDraft(nowMs);
  if (staged !== null) {
    const outcome = await repository.apply(staged, keyring, { ...options, stage: true, renew });
    if (outcome.kind === 'published' || repository.published === null) return outcome;
  }
  const draft = repository.draft(nowMs);
  const { root, roles, snapshot } = draft.base;
  const files = new Map<string, Envelope>([['root', root], ...roles]);
  mayBeNamed(always, repository, files);
  // One that was named is never passed over: it is signed, staged or refused.
  const due = (role: string, file: Envelope): boolean =>
    always.includes(role) ||
    (isHalfOver(file, role, draft.lifetimes, nowMs) && canSign(holdersIn(draft, role), keyring));
  renew.snapshot = due('snapshot', snapshot);
  for (const [role, file] of files) if (!isWaiting(repository, role) && due(role, file)) draft.renew(role);
  const stage = options.stage && always.length > 0;
  return repository.apply(draft, keyring, { ...options, stage, renew });
}

const isWaiting = ({ staged }: Repository, role: string): boolean =>
  Boolean(role === 'root' ? staged?.root : staged?.roles.get(role));

/** @throws VigieError `update` when a role that was named is not there, or waits for signatures already */
function mayBeNamed(named: readonly string[], repository: Repository, files: Map<string, Envelope>): void {
  for (const role of named) {
    if (isWaiting(repository, role)) {
      const hint = 'Sign what is there with vigie ota sign, or drop it with vigie ota unstage';
      throw new VigieError('update', `The role ${role} waits for signatures in metadata/staged`, hint);
    }
    if (isTopRole(role) || files.has(role)) continue;
    const hint = 'Look at what there is: vigie ota repository REPO';
    throw new VigieError('update', `The repository has no role ${role}`, hint);
  }
}

const holdersIn = ({ base }: Draft, role: string): Holders | null =>
  holdersOf(role, base.root.signed, base.roles);

/** @param missing what waits, as the last signing told it */
export async function statusOf(
  repository: Repository,
  nowMs: number,
  missing: readonly Missing[],
): Promise<RepositoryStatus> {
  const waits = [...missing];
  const staged: Warning[] = repository.staged === null ? [] : [{ what: 'staged', of: 'metadata/staged' }];
  if (repository.published === null) return { roles: [], offers: [], waits, warnings: staged };
  const { root, roles, snapshot, timestamp, cut } = repository.published;
  const top = new Map<string, Envelope>([['root', root], ...roles]);
  const files = new Map<string, Envelope>([...top, ['snapshot', snapshot], ['timestamp', timestamp]]);
  const order = (role: string): number => (isTopRole(role) ? topRoles.indexOf(role) : topRoles.length);
  const listed = [...files].sort(([a], [b]) => order(a) - order(b) || (a < b ? -1 : 1));
  const all = listed.map(([role, file]) => {
    const holders = holdersOf(role, root.signed, roles);
    return roleStatus(role, file, holders);
  });
  const days = root.signed['x-vigie-days'];
  return {
    roles: all,
    offers: await offers(repository.directory, repository.published),
    waits,
    warnings: [
      ...(cut ? [{ what: 'cut' as const, of: 'timestamp' }] : []),
      ...staged,
      ...all.flatMap((one) => expiryWarning(one, days, nowMs)),
      ...rootWarnings(all),
    ],
  };
}

function roleStatus(role: string, file: Envelope, holders: Holders | null): RoleStatus {
  const signers = holders === null ? [] : signersOf(file, holders);
  const nameOf = (keys: Readonly<Record<string, KeyJson>>, id: string): string | null =>
    keys[id]?.['x-vigie-name'] ?? null;
  const { version, expires } = file.signed;
  return {
    role,
    version,
    expires,
    expiresMs: Date.parse(expires),
    threshold: holders?.threshold ?? 0,
    keys: (holders?.keyids ?? []).map((id) => ({
      id,
      name: nameOf(holders?.keys ?? {}, id),
      signed: signers.includes(id),
    })),
  };
}

function expiryWarning({ role, expiresMs }: RoleStatus, days: Lifetimes, nowMs: number): Warning[] {
  if (expiresMs <= nowMs) return [{ what: 'expired', of: role }];
  return expiresMs - nowMs < lifetimeOf(role, days) / 4 ? [{ what: 'expires-soon', of: role }] : [];
}

/**
 * One stolen key must not be enough, nor one that lies on the machine that publishes every day; and one lost key must not be the end:
 * a new root counts only when enough keys of the one before it have signed it.
 */
function rootWarnings(roles: readonly RoleStatus[]): Warning[] {
  const root = roles.find(({ role }) => role === 'root');
  if (root === undefined) return [];
  const others = new Set(roles.filter((one) => one !== root).flatMap(({ keys }) => keys.map(({ id }) => id)));
  const shared = root.keys.filter(({ id }) => others.has(id));
  return [
    ...(root.threshold < 2 ? [{ what: 'one-root-key' as const, of: 'root' }] : []),
    ...(root.keys.length === root.threshold ? [{ what: 'no-spare-root-key' as const, of: 'root' }] : []),
    ...shared.map(({ id, name }) => ({ what: 'root-key-elsewhere' as const, of: name ?? id.slice(0, 12) })),
  ];
}
