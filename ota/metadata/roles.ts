/**
 * What a complete set of verified metadata says of its roles: version, who signed it, until when it holds. Read by
 * ota/metadata/client.ts from the files that tuf-js verified and left; never before that.
 */
import { Targets } from '@tufjs/models';
import { z } from 'zod';
import type { RoleFloor } from './floors.js';

/** File name in a set of metadata: role, encoded, and `.json`. */
export const fileOf = (role: string): string => `${encodeURIComponent(role)}.json`;

/** By file name. */
export type MetadataFiles = ReadonlyMap<string, Buffer>;

export interface RoleSeen extends RoleFloor {
  name: string;
  expiresMs: number;
  /** keys that may sign it, and how many of them have to, by the metadata above it */
  keyIds: readonly string[];
  threshold: number;
}

const roleKeys = z.object({ keyids: z.array(z.string()), threshold: z.int() });
const date = z.iso.datetime().transform((text) => Date.parse(text));
const common = { version: z.int().min(1), expires: date };
const signatures = z.array(z.object({ keyid: z.string() }));
const signedRoot = z.object({
  signed: z.object({ ...common, roles: z.record(z.string(), roleKeys) }),
  signatures,
});
const signedSnapshot = z.object({
  signed: z.object({ ...common, meta: z.record(z.string(), z.object({ version: z.int() })) }),
  signatures,
});
const signedAny = z.object({ signed: z.object(common), signatures });

/**
 * The roles that answer for a target: the four of the top, and those it is delegated to.
 * Throws whatever the reading throws: a verified set that cannot be read is damaged.
 */
export function rolesSeen(files: MetadataFiles, targetPath: string): RoleSeen[] {
  const root = signedRoot.parse(parsed(files, 'root'));
  const { meta } = signedSnapshot.parse(parsed(files, 'snapshot')).signed;
  const seen = ['root', 'timestamp', 'snapshot', 'targets'].map((name) => {
    const keys = root.signed.roles[name];
    if (keys === undefined) throw new Error(`the root does not name ${name}`);
    return seenOf(files, name, keys.keyids, keys.threshold);
  });
  const open = ['targets'];
  const visited = new Set(open);
  for (let name = open.shift(); name !== undefined; name = open.shift()) {
    for (const role of delegatedFrom(files, name, targetPath)) {
      const current = meta[`${role.name}.json`]?.version;
      // Files of other places may still lie there: what the snapshot does not name as it is, nobody looked at.
      if (visited.has(role.name) || !files.has(fileOf(role.name))) continue;
      visited.add(role.name);
      const child = seenOf(files, role.name, role.keyIDs, role.threshold);
      if (child.version !== current) continue;
      seen.push(child);
      open.push(role.name);
    }
  }
  return seen;
}

function delegatedFrom(files: MetadataFiles, name: string, targetPath: string) {
  const { signed } = z.object({ signed: z.record(z.string(), z.json()) }).parse(parsed(files, name));
  const { delegations } = Targets.fromJSON(signed);
  const roles = delegations?.roles ?? {};
  return [...(delegations?.rolesForTarget(targetPath) ?? [])].flatMap(({ role }) => roles[role] ?? []);
}

function seenOf(files: MetadataFiles, name: string, keyIds: readonly string[], threshold: number): RoleSeen {
  const file = signedAny.parse(parsed(files, name));
  const signers = file.signatures.map(({ keyid }) => keyid).filter((id) => keyIds.includes(id));
  const { version, expires } = file.signed;
  return { name, version, expiresMs: expires, signers: [...new Set(signers)], keyIds, threshold };
}

function parsed(files: MetadataFiles, name: string): unknown {
  const bytes = files.get(fileOf(name));
  if (bytes === undefined) throw new Error(`${name} is not there`);
  return JSON.parse(bytes.toString('utf8'));
}

/** Version of a root, without a look at anything else. */
export function rootVersion(bytes: Buffer): number {
  const { signed } = signedAny.parse(JSON.parse(bytes.toString('utf8')));
  return signed.version;
}

/**
 * What a role's old versions are worth: they can come back only while enough of the keys that signed the highest one are
 * still its keys. Otherwise whoever stole a key could sign a version so high that nothing follows, and changing the key
 * would not help (The Update Framework 1.0.31, 5.3.11). The root's own versions follow one another and never begin anew.
 */
export function beginsAnew(role: RoleSeen, kept: RoleFloor): boolean {
  if (role.name === 'root') return false;
  return kept.signers.filter((id) => role.keyIds.includes(id)).length < role.threshold;
}
