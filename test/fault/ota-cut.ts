/**
 * Cuts the power of a camera of two slots at any point of an update (docs/faults.md, "Updates"): starts ota-cut-run.ts in a
 * mount namespace of its own and reads what it found. Used by ota-cut.test.ts and `npm run fault -- ota`. Needs root.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Careless } from './ota-session.js';
import { runInNamespace } from './power-cut.js';

const cutFindings = z.strictObject({
  /** times the power was cut */
  cuts: z.number(),
  /** points at which it might have been */
  points: z.number(),
  /** cuts by what was being done */
  during: z.record(z.string(), z.number()),
  /** cuts at which the card had writes that were not flushed */
  withUnflushed: z.number(),
  /** cuts after which the launcher itself was started */
  processes: z.number(),
  wrong: z.strictObject({
    torn: z.number(),
    brick: z.number(),
    version: z.number(),
    retry: z.number(),
    card: z.number(),
  }),
  violations: z.array(z.string()),
});
export type CutFindings = z.infer<typeof cutFindings>;

export interface OtaCutOptions {
  cuts: number;
  seed: number;
  /** negative controls: an installer that is wrong in a known way, or a card that only pretends to flush */
  control?: Careless | 'card';
}

/** @throws Error when the run ends before it has found anything out */
export async function cutUpdates({ cuts, seed, control }: OtaCutOptions): Promise<CutFindings> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-ota-cut-'));
  try {
    const program = join(import.meta.dirname, 'ota-cut-run.js');
    const args = [program, '--directory', directory, '--cuts', String(cuts), '--seed', String(seed)];
    if (control === 'card') args.push('--liar');
    else if (control) args.push('--careless', control);
    return cutFindings.parse(JSON.parse(await runInNamespace(args)));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
