/**
 * `release.json`: what a channel offers the cameras of one customer and board (docs/updates-integrator.md, "The repository"). A small
 * target signed like every other; written by ota/repository/, read by ota/metadata/. Everything in it is outside bytes until
 * its signature, length and hash were verified, and checked by this schema after.
 */
import { valid } from 'semver';
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = z
  .int()
  .min(1)
  .max(64 * 2 ** 30);
/** parts of a target's path: no dots at the start, no way up */
export const pathPart = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);
/** Semantic Versioning 2.0.0; `semver` compares them */
export const versionText = z
  .string()
  .max(64)
  .regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9a-z.-]{1,32})?$/)
  .refine((text) => valid(text) === text);
export const channel = z.enum(['stable', 'pilot']);
export type Channel = z.infer<typeof channel>;
const target = z
  .string()
  .max(300)
  .regex(/^[a-z0-9][a-z0-9._/-]*$/)
  .refine((path) => !path.includes('..'));

/** Length and hash of the files themselves are in the signed metadata, under the target's path. */
const content = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('tree'),
    /** `.tar.zst` */
    path: target,
    /** of `bundle.json` in it */
    manifestSha256: sha256,
    /** the tar before compression */
    tarBytes: bytes,
    tarSha256: sha256,
    /** all files of the slot */
    treeBytes: bytes,
    deltas: z
      .array(
        z.strictObject({
          /** `.zst`, made with `--patch-from` */
          path: target,
          /** of the tar that the active slot gives, see ota/bundle/ */
          fromTarSha256: sha256,
          /** `bundle.json` of the version it starts from: tells whether it fits before the tar is made */
          fromManifestSha256: sha256,
        }),
      )
      .max(16),
  }),
  z.strictObject({ kind: z.literal('rauc'), path: target, compatible: z.string().min(1).max(64) }),
]);

export const release = z.strictObject({
  format: z.literal(1),
  version: versionText,
  /** git commit it was built from */
  commit: z.string().max(64),
  customer: pathPart,
  board: pathPart,
  channel,
  arch: z.enum(['x64', 'arm64']),
  /** milliseconds since 1970, when it was published */
  publishedMs: z.int().min(0),
  notes: z.strictObject({ fr: z.string().max(4000), en: z.string().max(4000) }),
  rollout: z.strictObject({
    /** share of the cameras, by a hash of version and camera */
    percent: z.int().min(0).max(100),
    /** empty: all groups */
    groups: z.array(pathPart).max(64),
  }),
  content,
});
export type Release = z.infer<typeof release>;

/** The place of a channel's offer: `<customer>/<board>/<channel>/release.json`. Bundles lie beside it. */
export function releasePath(place: { customer: string; board: string; channel: Channel }): string {
  return `${place.customer}/${place.board}/${place.channel}/release.json`;
}
