/** What an update tells the register (docs/updates.md, invariant 10). Part of entry.ts; told by ota/updater/updater.ts. */
import { z } from 'zod';
import { updateSteps } from '../../../ota/updater/told.js';

const version = z.string().min(1).max(64).nullable();

export const updateTold = z.strictObject({
  kind: z.literal('update'),
  step: z.enum(updateSteps),
  /** the version that ran; null: not known */
  from: version,
  /** the version it is about; null: not known, because nothing of it could be verified */
  to: version,
  /** the session's user; absent: the camera itself */
  by: z.string().max(64).optional(),
  /** why, as a code */
  reason: z
    .string()
    .regex(/^[a-z][a-z-]{0,39}$/)
    .optional(),
});
