/**
 * A change to the repository before it is signed: the next version of the root and of the roles that it touches. Made and filled
 * by ota/repository/repository.ts; writes nothing.
 */
import { VigieError } from '../../errors.js';
import {
  type Envelope,
  isTopRole,
  type KeyJson,
  type Lifetimes,
  type RootJson,
  type TargetsJson,
} from './formats.js';
import { type KeyFile, keyJson } from './keys.js';
import type { Published } from './published.js';
import { delegatorOf, holdersOf, signersOf, topHolders } from './signatures.js';

export const specVersion = '1.0.31';

/** ISO 8601 to the second, this many days on. */
export function expiryAfter(nowMs: number, days: number): string {
  return `${new Date(nowMs + days * 86_400_000).toISOString().slice(0, 19)}Z`;
}

export function noSuch(role: string): VigieError {
  const hint = 'Look at what there is: vigie ota repository REPO';
  return new VigieError('update', `The repository has no role ${role}`, hint);
}

export class Draft {
  /** the next root; null: stays as it is */
  root: Envelope<RootJson> | null = null;
  /** next versions, by role */
  readonly roles = new Map<string, Envelope<TargetsJson>>();
  /** roles that are delegated no more */
  readonly gone = new Set<string>();

  constructor(
    readonly base: Published,
    private readonly nowMs: number,
  ) {}

  get lifetimes(): Lifetimes {
    return this.newRoot['x-vigie-days'];
  }

  get newRoot(): RootJson {
    return (this.root ?? this.base.root).signed;
  }

  /** every role as it will be */
  get allRoles(): Map<string, Envelope<TargetsJson>> {
    const all = new Map([...this.base.roles, ...this.roles]);
    for (const role of this.gone) all.delete(role);
    return all;
  }

  editRoot(edit: (root: RootJson) => void): void {
    if (this.root === null) {
      const { signed } = this.base.root;
      const expires = expiryAfter(this.nowMs, signed['x-vigie-days'].root);
      const next = structuredClone({ ...signed, version: signed.version + 1, expires });
      this.root = { signed: next, signatures: [] };
    }
    edit(this.root.signed);
    const used = new Set(Object.values(this.root.signed.roles).flatMap(({ keyids }) => keyids));
    dropUnused(this.root.signed.keys, used);
  }

  /** @throws VigieError `update` when there is no such role */
  editRole(role: string, edit: (targets: TargetsJson) => void): void {
    let next = this.roles.get(role);
    if (next === undefined) {
      const before = this.base.roles.get(role);
      if (before === undefined || this.gone.has(role)) throw noSuch(role);
      const expires = expiryAfter(this.nowMs, this.lifetimes.targets);
      const signed = structuredClone({ ...before.signed, version: before.signed.version + 1, expires });
      next = { signed, signatures: [] };
      this.roles.set(role, next);
    }
    edit(next.signed);
    const { delegations } = next.signed;
    if (delegations === undefined) return;
    dropUnused(delegations.keys, new Set(delegations.roles.flatMap(({ keyids }) => keyids)));
  }

  /** Delegates a role below another; its first file is empty, and goes on counting where one of that name ended. */
  addRole(role: string, paths: string, keys: readonly KeyFile[], threshold: number): void {
    if (this.allRoles.has(role)) {
      const hint = 'Give it other keys with: vigie ota rotate REPO --role ROLE';
      throw new VigieError('update', `There is a role ${role} already`, hint);
    }
    const keyids = [...new Set(keys.map(({ id }) => id))].sort();
    enough(role, keyids.length, threshold);
    this.editRole(delegatorOf(role), (targets) => {
      targets.delegations ??= { keys: {}, roles: [] };
      targets.delegations.roles.push({ name: role, keyids, threshold, terminating: true, paths: [paths] });
      targets.delegations.roles.sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const key of keys) targets.delegations.keys[key.id] = keyJson(key);
    });
    const version = (this.base.gone.get(`${role}`)?.version ?? 0) + 1;
    const signed = emptyTargets(version, expiryAfter(this.nowMs, this.lifetimes.targets));
    this.gone.delete(role);
    this.roles.set(role, { signed, signatures: [] });
  }

  /** Takes the delegation away, and those below it. */
  removeRole(role: string): void {
    this.editRole(delegatorOf(role), ({ delegations }) => {
      const at = delegations?.roles.findIndex(({ name }) => name === role) ?? -1;
      if (delegations === undefined || at < 0) throw noSuch(role);
      delegations.roles.splice(at, 1);
    });
    for (const name of this.allRoles.keys()) {
      if (name !== role && delegatorOf(name) !== role) continue;
      this.gone.add(name);
      this.roles.delete(name);
    }
  }

  /**
   * Puts keys in the place of others in one role, and has what the old ones signed signed again.
   * @param removed IDs
   */
  changeKeys(role: string, removed: readonly string[], added: readonly KeyFile[]): void {
    const change = (
      holders: { keyids: string[]; threshold: number },
      keys: Record<string, KeyJson>,
    ): void => {
      const stay = holders.keyids.filter((id) => !removed.includes(id));
      const keyids = [...new Set([...stay, ...added.map(({ id }) => id)])];
      enough(role, keyids.length, holders.threshold);
      holders.keyids = keyids.sort();
      for (const key of added) keys[key.id] = keyJson(key);
    };
    if (isTopRole(role)) this.editRoot((root) => change(root.roles[role], root.keys));
    else {
      this.editRole(delegatorOf(role), ({ delegations }) => {
        const found = delegations?.roles.find(({ name }) => name === role);
        if (delegations === undefined || found === undefined) throw noSuch(role);
        change(found, delegations.keys);
      });
    }
    if (role !== 'targets' && isTopRole(role)) return;
    const file = this.base.roles.get(role);
    const holders = file && holdersOf(role, this.newRoot, this.allRoles);
    if (file === undefined || !holders) return;
    const touched = file.signatures.some(({ keyid }) => removed.includes(keyid));
    if (touched || signersOf(file, holders).length < holders.threshold) this.editRole(role, () => {});
  }

  /** A new version with the same content. */
  renew(role: string): void {
    if (role === 'root') this.editRoot(() => {});
    else this.editRole(role, () => {});
  }

  /** The keys that a role has now. */
  holdersNow(role: string): { keyids: readonly string[]; keys: Readonly<Record<string, KeyJson>> } {
    const { root, roles } = this.base;
    const found = isTopRole(role) ? topHolders(role, root.signed) : holdersOf(role, root.signed, roles);
    if (found === null) throw noSuch(role);
    return found;
  }
}

export function emptyTargets(version: number, expires: string): TargetsJson {
  return { _type: 'targets', spec_version: specVersion, version, expires, targets: {} };
}

/** @throws VigieError `update` when fewer keys are there than must sign */
export function enough(role: string, keys: number, threshold: number): void {
  if (keys >= threshold && threshold >= 1) return;
  throw new VigieError(
    'update',
    `The role ${role} would have ${keys} key(s), and ${threshold} must sign`,
    'Name another key that takes its place, with --new-key',
  );
}

function dropUnused(keys: Record<string, KeyJson>, used: ReadonlySet<string>): void {
  for (const id of Object.keys(keys)) if (!used.has(id)) delete keys[id];
}
