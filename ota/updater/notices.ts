/** What of an update the operator must know. Asked of ota/updater/updater.ts, shown with the health of the camera. */
import type { Clock } from '../../board/ports.js';
import type { Problem } from './problems.js';

export interface UpdateNotice {
  code: string;
  fr: string;
  en: string;
}

/** A repository that shows nothing new for so long, or that somebody keeps from this camera. */
export const staleMs = 7 * 24 * 3_600_000;

/**
 * Since verified metadata were seen, in this run or an earlier one, or since this run began.
 * @param checkedMs of this run, wall clock; @param bornUs when it began, monotonic
 */
export function silentMs(
  { clock, seenMs }: { clock: Clock; seenMs: () => number | null },
  checkedMs: number | null,
  bornUs: number,
): number {
  // Metadata that hold count even when they offer this camera nothing.
  const lastMs = Math.max(checkedMs ?? 0, seenMs() ?? 0);
  return lastMs === 0 ? (clock.monoUs() - bornUs) / 1000 : clock.wallMs() - lastMs;
}

/**
 * @param returned the version that was left by itself; null: none
 * @param silentMs since verified metadata were seen
 */
export function noticesOf(
  problem: Problem | null,
  returned: string | null,
  silentMs: number,
): UpdateNotice[] {
  const found: UpdateNotice[] = [];
  if (returned !== null)
    found.push({
      code: 'update-returned',
      fr: `La version ${returned} n’allait pas bien : la caméra est revenue à la précédente.`,
      en: `Version ${returned} was not well: the camera went back to the one before.`,
    });
  if (problem?.refused) found.push({ code: 'update-refused', fr: problem.fr, en: problem.en });
  else if (problem?.reason === 'slots') found.push({ code: 'update-slots', fr: problem.fr, en: problem.en });
  if (silentMs > staleMs) {
    const days = Math.floor(silentMs / 86_400_000);
    found.push({
      code: 'update-stale',
      fr: `Le dépôt des mises à jour n’a rien donné de valable depuis ${days} jours.`,
      en: `The repository of updates has given nothing valid for ${days} days.`,
    });
  }
  return found;
}
