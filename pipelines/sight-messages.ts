/**
 * The part of the channel between the two processes that is about how well the camera sees (docs/sight.md). Part of
 * messages.ts, which re-exports it. Numbers only, and too coarse to show anyone.
 */
import { z } from 'zod';

/** Cells that a picture of any size is measured in. */
export const sightGrid = { columns: 48, rows: 36 } as const;
const cells = sightGrid.columns * sightGrid.rows;
/** Steps to one level of luma in `edges`, and what stands there for a cell that is hidden. */
export const edgeScale = { perLevel: 8, most: 254, hidden: 255 } as const;

const share = z.number().min(0).max(1);
const levels = z.number().min(0).max(255);

export const sight = z.strictObject({
  t: z.literal('sight'),
  /** the frame that was measured */
  seq: z.int().min(0),
  monoUs: z.int().min(0),
  /** digest of the mask table that it bears */
  table: z.string().max(64),
  /** share of the picture that the mask leaves open; only that is measured */
  open: share,
  /** mean luma of what is open, levels */
  luma: levels,
  /** share of the open cells that are nearly white, and of those in which there is nothing to see */
  bright: share,
  flat: share,
  /** fine detail, and how much cells differ from those beside them, levels; noise is taken off both */
  detail: levels,
  contrast: levels,
  /** what changes from a measure to the next without anything moving, levels; null: cannot be told */
  noise: levels.nullable(),
  /** share of the samples that differ from the measure before; null: there was none, or nothing between black and white */
  changed: share.nullable(),
  /**
   * For each cell how much luma changes across it, then for each how much down it; `edgeScale` says in which steps.
   * null: the camera moves by itself
   */
  edges: z
    .custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === 2 * cells)
    .nullable(),
});
export type Sight = z.infer<typeof sight>;
