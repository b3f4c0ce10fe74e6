/** What an installation changes in how the update stands, and in the register. Handed to ota/updater/taking.ts by ota/updater/updater.ts. */
import type { Offer, Standing } from './standing.js';
import type { TakingEvents } from './taking.js';
import type { Telling, UpdateTold } from './told.js';

/** @param reached told whether the slot was being written */
export function takingEvents(
  { now, telling }: { now: Standing; telling: Telling },
  offer: Offer,
  about: Omit<UpdateTold, 'kind' | 'step'>,
  reached: { install: boolean },
): TakingEvents {
  return {
    planned: (plan) => {
      offer.plan = plan;
    },
    follow: (event) => {
      if (event !== 'failed') reached.install = event === 'install';
      now.follow(event);
    },
    progress: (progress) => now.progress(progress),
    downloaded: () => telling.add({ kind: 'update', step: 'downloaded', ...about }),
  };
}
