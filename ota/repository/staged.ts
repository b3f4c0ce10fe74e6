/**
 * Changes that wait for the signatures of keys that are kept elsewhere: the files as they will be published, under
 * `metadata/staged/`. A holder signs his copy on his own machine; nothing of it is served or trusted before it is complete.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../../errors.js';
import { replaceWhole } from '../../whole-file.js';
import type { Draft } from './draft.js';
import { type Envelope, metadataBytes, metadataName, type RootJson, type TargetsJson } from './formats.js';
import { stagedDirectory } from './places.js';
import { ofKind, readEnvelope } from './published.js';

export interface Staged {
  root: Envelope<RootJson> | null;
  roles: Map<string, Envelope<TargetsJson>>;
}

/** Null when nothing waits. */
export async function readStaged(repository: string): Promise<Staged | null> {
  const directory = stagedDirectory(repository);
  const names = await readdir(directory).catch(() => []);
  const staged: Staged = { root: null, roles: new Map() };
  for (const name of names) {
    const role = /^(\d{1,9})\.([a-z0-9][a-z0-9._-]*)\.json$/.exec(name)?.[2];
    if (role === undefined) continue;
    const { file } = await readEnvelope(join(directory, name));
    if (metadataName(role, file.signed.version) !== name) throw outOfDate(name);
    if (role === 'root') staged.root = ofKind(file, 'root', name);
    else staged.roles.set(role, ofKind(file, 'targets', name));
  }
  return staged.root === null && staged.roles.size === 0 ? null : staged;
}

/** Durable before it resolves. @returns the names of the files */
export async function writeStaged(repository: string, { root, roles }: Staged): Promise<string[]> {
  const files = new Map<string, Envelope>(roles);
  if (root !== null) files.set('root', root);
  const names: string[] = [];
  for (const [role, file] of files) {
    const name = metadataName(role, file.signed.version);
    const options = { makeDirectory: true, mode: 0o644 };
    await replaceWhole(join(stagedDirectory(repository), name), metadataBytes(file), options);
    names.push(name);
  }
  return names;
}

export async function dropStaged(repository: string): Promise<void> {
  await rm(stagedDirectory(repository), { recursive: true, force: true });
}

/**
 * Lays what was staged over what is published now.
 * @throws VigieError `update` when the one no longer follows on the other
 */
export function fillFrom(draft: Draft, staged: Staged): void {
  const { root, roles, gone } = draft.base;
  if (staged.root !== null) {
    if (staged.root.signed.version !== root.signed.version + 1) throw outOfDate('root.json');
    draft.root = staged.root;
  }
  for (const [role, file] of staged.roles) {
    const before = roles.get(role)?.signed.version ?? gone.get(role)?.version ?? 0;
    if (file.signed.version !== before + 1) throw outOfDate(`${role}.json`);
    draft.roles.set(role, file);
  }
  const reached = reachable(draft.allRoles, 'targets');
  for (const role of roles.keys()) if (!reached.includes(role)) draft.gone.add(role);
}

function reachable(roles: ReadonlyMap<string, Envelope<TargetsJson>>, role: string): string[] {
  const below = roles.get(role)?.signed.delegations?.roles ?? [];
  return [role, ...below.flatMap(({ name }) => (name === role ? [] : reachable(roles, name)))];
}

function outOfDate(name: string): VigieError {
  const hint = 'Drop it with: vigie ota unstage REPO, then make the change again';
  return new VigieError('update', `The staged ${name} no longer follows on what is published`, hint);
}
