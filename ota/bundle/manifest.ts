/**
 * `bundle.json`, at the top of every bundle and so of every slot: what is in it, hash by hash. Written by `vigie ota build`,
 * verified when a slot is written and, by the launcher, on the first start of a slot. Regular files only; no links.
 */
import { z } from 'zod';
import { versionText } from '../release.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** relative, `/` between parts, no part is `.` or `..` */
const path = z
  .string()
  .min(1)
  .max(400)
  .regex(/^[^\0\\/][^\0\\]*$/)
  .refine((text) => text.split('/').every((part) => part !== '' && part !== '.' && part !== '..'));

export const bundleManifest = z.strictObject({
  format: z.literal(1),
  name: z.literal('vigie'),
  version: versionText,
  commit: z.string().max(64),
  arch: z.enum(['x64', 'arm64']),
  /** profiles of boards in it */
  boards: z.array(z.string().max(64)).min(1).max(32),
  /** what the launcher starts with Node, relative to the slot */
  start: path,
  /** every file but this one, in order of the bytes of their paths */
  files: z
    .array(
      z.strictObject({
        path,
        bytes: z
          .int()
          .min(0)
          .max(2 ** 32),
        sha256,
        /** mode 0755 instead of 0644 */
        executable: z.literal(true).optional(),
      }),
    )
    .min(1)
    .max(100_000),
});
export type BundleManifest = z.infer<typeof bundleManifest>;

export const manifestName = 'bundle.json';
