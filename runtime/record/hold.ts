/**
 * What a hold may be (docs/retention.md, "Holds"): an interval kept past its term, under the reference of a requisition,
 * until a date. Checked by the command that asks for one and again by retention.ts, which sets it.
 */
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { type Hold, hold, requisitionReference } from '../access/register/entry.js';

const longestMs = 366 * 86_400_000;

/** What `vigie store hold` and `vigie store release` ask of a running camera. */
export const holdRequest = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('hold'), hold }),
  z.strictObject({ ask: z.literal('release'), requisition: requisitionReference }),
]);
export type HoldRequest = z.infer<typeof holdRequest>;

/** @throws VigieError `access` when it is not a hold that may be set now */
export function checkHold(asked: Hold, nowMs: number): Hold {
  const parsed = hold.safeParse(asked);
  if (!parsed.success) {
    throw refused(
      'That is not the reference of a requisition',
      'Write it as on the paper: letters, digits, spaces and . / _ -, at most 80 characters',
    );
  }
  const { fromMs, toMs, untilMs } = parsed.data;
  if (toMs < fromMs) throw refused('The interval ends before it begins', 'Exchange --from and --to');
  if (untilMs <= nowMs) throw refused('The hold would end in the past', 'Give --until a date to come');
  if (untilMs > nowMs + longestMs) {
    throw refused('A hold lasts a year at most', 'Give --until an earlier date; it can be set again then');
  }
  return parsed.data;
}

function refused(message: string, hint: string): VigieError {
  return new VigieError('access', message, hint);
}
