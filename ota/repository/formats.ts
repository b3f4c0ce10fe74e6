/**
 * The metadata of the repository as this product writes it: The Update Framework 1.0, narrowed to Ed25519, SHA-256, consistent
 * snapshots and delegations by path. A repository may lie on a machine that others can write to, so what is read back is
 * checked by these schemas before its signatures are.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const version = z.int().min(1).max(1_000_000_000);
const days = z.int().min(1).max(3660);
/** to the second, as the specification writes it */
const expires = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const spec = z.string().regex(/^1\.\d{1,4}(\.\d{1,4})?$/);

export const topRoles = ['root', 'targets', 'snapshot', 'timestamp'] as const;
export type TopRole = (typeof topRoles)[number];
export const isTopRole = (role: string): role is TopRole => (topRoles as readonly string[]).includes(role);

/** No dot: `<customer>.<board>` must read one way only. */
export const customerName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/)
  .refine((name) => !isTopRole(name));
/** a top-level role, `<customer>` or `<customer>.<board>` */
export const roleName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,128}$/);

const key = z.strictObject({
  keytype: z.literal('ed25519'),
  scheme: z.literal('ed25519'),
  keyval: z.strictObject({ public: hex64 }),
  'x-vigie-name': z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/)
    .optional(),
});
export type KeyJson = z.infer<typeof key>;
const keys = z.record(hex64, key);
const holders = {
  keyids: z
    .array(hex64)
    .min(1)
    .max(32)
    .refine((ids) => new Set(ids).size === ids.length),
  threshold: z.int().min(1).max(32),
};
const role = z.strictObject(holders);
export type RoleJson = z.infer<typeof role>;

/** Days that a new version of a role is valid; of delegated roles as `targets`. Kept in the root, so it is signed. */
export const lifetimes = z.strictObject({ root: days, targets: days, snapshot: days, timestamp: days });
export type Lifetimes = z.infer<typeof lifetimes>;

const common = { spec_version: spec, version, expires };
export const rootJson = z.strictObject({
  _type: z.literal('root'),
  ...common,
  consistent_snapshot: z.literal(true),
  keys,
  roles: z.strictObject({ root: role, targets: role, snapshot: role, timestamp: role }),
  'x-vigie-days': lifetimes,
});
export type RootJson = z.infer<typeof rootJson>;

const hashes = z.strictObject({ sha256: hex64 });
const targetFile = z.strictObject({ length: z.int().min(0), hashes });
const delegated = z.strictObject({
  name: roleName,
  ...holders,
  terminating: z.literal(true),
  paths: z.array(z.string().max(300)).length(1),
});
export const targetsJson = z.strictObject({
  _type: z.literal('targets'),
  ...common,
  targets: z.record(z.string().max(300), targetFile),
  delegations: z.strictObject({ keys, roles: z.array(delegated).max(1000) }).optional(),
});
export type TargetsJson = z.infer<typeof targetsJson>;

const metaFile = z.strictObject({ version, length: z.int().min(1), hashes });
export type MetaFileJson = z.infer<typeof metaFile>;
export const snapshotJson = z.strictObject({
  _type: z.literal('snapshot'),
  ...common,
  meta: z.record(z.string().max(140), metaFile),
});
export type SnapshotJson = z.infer<typeof snapshotJson>;
export const timestampJson = z.strictObject({
  _type: z.literal('timestamp'),
  ...common,
  meta: z.strictObject({ 'snapshot.json': metaFile }),
});
export type TimestampJson = z.infer<typeof timestampJson>;

export const signedJson = z.discriminatedUnion('_type', [rootJson, targetsJson, snapshotJson, timestampJson]);
export type SignedJson = z.infer<typeof signedJson>;

const signature = z.strictObject({ keyid: hex64, sig: z.string().regex(/^[0-9a-f]{128}$/) });
export const envelope = z.strictObject({ signatures: z.array(signature).max(64), signed: signedJson });
/** One file of metadata. */
export interface Envelope<S extends SignedJson = SignedJson> {
  signatures: { keyid: string; sig: string }[];
  signed: S;
}

/** `timestamp.json`; every other file has its version before its name. */
export function metadataName(name: string, number: number): string {
  return name === 'timestamp' ? 'timestamp.json' : `${number}.${name}.json`;
}

/** The same content gives the same bytes: keys and signatures in order. */
export function metadataBytes({ signatures, signed }: Envelope): Buffer {
  const ordered = [...signatures].sort((a, b) => (a.keyid < b.keyid ? -1 : 1));
  return Buffer.from(`${JSON.stringify(inOrder({ signatures: ordered, signed }), null, 1)}\n`);
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, inOrder(inner)]));
}

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

export function metaOf(file: Envelope): MetaFileJson {
  const bytes = metadataBytes(file);
  return { version: file.signed.version, length: bytes.length, hashes: { sha256: sha256(bytes) } };
}
