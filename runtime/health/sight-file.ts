/**
 * The file in which the usual view is kept over a restart: a camera that was turned during a power cut is told. Written and
 * read by sight-watch.ts. Coarse numbers only, no picture (docs/sight.md, S9).
 */
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { sightGrid } from '../../pipelines/messages.js';
import { replaceWhole } from '../../whole-file.js';

/** Far more than it can have. */
const mostBytes = 1 << 20;
const levels = z.number().min(0).max(10_000);

const file = z.strictObject({
  format: z.literal(1),
  /** digest of the mask table, and the size of the picture */
  of: z.string().max(100),
  reference: z.strictObject({
    measures: z.int().min(1).max(1_000_000),
    luma: levels,
    sharpness: levels,
    contrast: levels,
    edges: z.array(z.int().min(-1).max(15)).length(2 * sightGrid.columns * sightGrid.rows),
  }),
});
export type KeptSight = Omit<z.infer<typeof file>, 'format'>;

export class SightFile {
  /** @param path absolute */
  constructor(private readonly path: string) {}

  /** Null when there is none, or none that can be used: it is then learned anew. */
  async load(): Promise<KeptSight | null> {
    try {
      if ((await stat(this.path)).size > mostBytes) return null;
      const { of, reference } = file.parse(JSON.parse(await readFile(this.path, 'utf8')));
      return { of, reference };
    } catch {
      return null;
    }
  }

  /** Rejects when the file system refuses; what was there is then still there. */
  save(kept: KeptSight): Promise<void> {
    const text = `${JSON.stringify({ format: 1, ...kept })}\n`;
    return replaceWhole(this.path, text, { makeDirectory: true });
  }
}
