/**
 * The `mask.` messages of whoever edits the private zones (docs/protocol.md): their shapes. Read by protocol.ts at the door, and by
 * mask-desk.ts. Bounded so that the largest fits the limits of a message.
 */
import { z } from 'zod';
import { point } from '../../pipelines/messages.js';

const name = z.string().min(1).max(64);
const version = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const maskRequests = [
  z.strictObject({ t: z.literal('mask.get') }),
  /** a masked picture to draw on */
  z.strictObject({ t: z.literal('mask.picture'), id: count }),
  z.strictObject({
    t: z.literal('mask.set'),
    /** of the table that is changed: another one in force means that nothing is done */
    version,
    /** names of zones */
    remove: z.array(name).max(128),
    add: z.array(z.strictObject({ name, points: z.array(point).min(3).max(64) })).max(4),
    /** `number` of the picture that was drawn on; null when nothing was drawn */
    picture: count.nullable(),
    /** needed when no zone is left */
    noneBecause: z.string().max(500).nullable(),
  }),
  /** drops what was drawn */
  z.strictObject({ t: z.literal('mask.configured'), version }),
] as const;
export type MaskRequest = z.infer<(typeof maskRequests)[number]>;
export const maskRequestNames: readonly string[] = maskRequests.map(({ shape }) => shape.t.value);
