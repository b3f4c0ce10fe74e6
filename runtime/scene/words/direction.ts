/** What an operator reads of somebody who goes against the common direction. Used by behaviours/direction.ts. */
import type { ObjectClass } from '../../../pipelines/messages.js';
import { comma, NBSP, type Reason, roundedDown, subjects } from '../reasons.js';

/**
 * @param seconds for how long
 * @param lengths how far, in lengths of its own box
 * @param thresholds of both
 */
export function directionReason(
  name: ObjectClass,
  zone: string,
  seconds: number,
  lengths: number,
  thresholds: { seconds: number; lengths: number },
): Reason {
  const subject = subjects[name];
  const [time, far] = [roundedDown(seconds, 1), roundedDown(lengths, 1)];
  const [leastTime, leastFar] = [plain(thresholds.seconds), plain(thresholds.lengths)];
  return {
    fr: `${subject.fr} va à contresens dans la zone «${NBSP}${zone}${NBSP}» depuis ${comma(time)}${NBSP}s (seuil ${comma(leastTime)}${NBSP}s), sur ${comma(far)}${NBSP}fois sa taille (seuil ${comma(leastFar)})`,
    en: `${subject.en} has gone against the common direction in zone “${zone}” for ${time} s (threshold ${leastTime} s), over ${far} times its own size (threshold ${leastFar})`,
  };
}

function plain(value: number): string {
  return String(Number(value.toFixed(3)));
}
