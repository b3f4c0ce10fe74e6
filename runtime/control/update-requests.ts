/**
 * The `update.` messages of whoever may order updates (docs/protocol.md): their shapes. Read by protocol.ts at the door, and by
 * update-desk.ts. Each order names the version that the person saw.
 */
import { z } from 'zod';
import { versionText } from '../../ota/release.js';

export const updateRequests = [
  /** asks for the status, and for every change of it from now on */
  z.strictObject({ t: z.literal('update.get') }),
  z.strictObject({ t: z.literal('update.check') }),
  /** of the offer */
  z.strictObject({ t: z.literal('update.install'), version: versionText }),
  /** of what runs */
  z.strictObject({ t: z.literal('update.confirm'), version: versionText }),
  /** of the other slot */
  z.strictObject({ t: z.literal('update.rollback'), version: versionText }),
] as const;
export type UpdateRequest = z.infer<(typeof updateRequests)[number]>;
export const updateRequestNames: readonly string[] = updateRequests.map(({ shape }) => shape.t.value);
