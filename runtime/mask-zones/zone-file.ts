/**
 * The file in which the private zones in force are kept over a restart (docs/mask.md, Z1). Written and read by mask-zones.ts.
 * What it cannot vouch for it does not give out: a changed digit would uncover a window.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { maskZone } from '../../pipelines/messages.js';
import { replaceWhole } from '../../whole-file.js';

/** More than the largest table that the channel takes. */
const mostBytes = 16 << 20;
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const zones = z.array(maskZone).max(256);
const version = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

const content = z.strictObject({
  /** of the table in force */
  version,
  /** the highest that was ever given or reserved */
  lastVersion: version,
  /** in force */
  zones,
  /** null: the zones of the configuration, and nothing else, are in force */
  edit: z
    .strictObject({
      /** `drawn` by a person, or made up because the file before was lost: from a kept table, or without one */
      origin: z.enum(['drawn', 'recovered', 'unknown']),
      /** digest of the configuration's zones that it departed from */
      configured: sha256,
      zones,
      noneBecause: z.string().max(500).nullable(),
    })
    .nullable(),
});
export type KeptZones = z.infer<typeof content>;
export type Edit = NonNullable<KeptZones['edit']>;

const file = z.strictObject({ format: z.literal(1), sum: sha256, content });

export class ZoneFile {
  /** @param path absolute */
  constructor(private readonly path: string) {}

  /** `none` when there is no file; `damaged` when there is one that is not whole, or that cannot be read. */
  async load(): Promise<KeptZones | 'none' | 'damaged'> {
    try {
      if ((await stat(this.path)).size > mostBytes) return 'damaged';
      return parseZones(await readFile(this.path, 'utf8')) ?? 'damaged';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'damaged';
    }
  }

  /** Written beside it, synced, renamed. Rejects when the file system refuses; what was there is then still there. */
  save(kept: KeptZones): Promise<void> {
    const text = `${JSON.stringify({ format: 1, sum: sumOf(kept), content: kept })}\n`;
    return replaceWhole(this.path, text, { makeDirectory: true });
  }
}

/** Null when the text is not what `save` wrote. */
export function parseZones(text: string): KeptZones | null {
  try {
    const parsed = file.safeParse(JSON.parse(text));
    return parsed.success && sumOf(parsed.data.content) === parsed.data.sum ? parsed.data.content : null;
  } catch {
    return null;
  }
}

/** Over the content in the order in which the schema names it. */
function sumOf(kept: KeptZones): string {
  return createHash('sha256')
    .update(JSON.stringify(content.parse(kept)))
    .digest('hex');
}
