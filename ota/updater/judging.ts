/** Whether this camera takes what was found, and whether by itself (docs/updates.md, "What a camera does"). Used by ota/updater/checking.ts. */
import type { Found } from '../metadata/client.js';
import { judge, type Self } from '../metadata/policy.js';
import type { SlotsStatus } from '../slots/backend.js';
import { problemOfJudgement } from './problems.js';
import type { Judgement } from './updater-parts.js';

/** @param self what the camera knows of itself, without what its slots know */
export function judgeFor(self: () => Omit<Self, 'failed'>): (found: Found, slots: SlotsStatus) => Judgement {
  return (found, slots) => {
    const known: Self = { ...self(), failed: slots.failed };
    const byItself = judge(found, known);
    if (byItself.kind === 'offer') return { kind: 'offer', onlyByOrder: false };
    const ordered = judge(found, known, { ordered: true });
    if (ordered.kind === 'offer') return { kind: 'offer', onlyByOrder: true };
    if (ordered.kind === 'refused')
      return { kind: 'refused', problem: problemOfJudgement(ordered.why, { refused: true }) };
    const asItShouldBe = ordered.why === 'running';
    return {
      kind: 'nothing',
      problem: asItShouldBe ? null : problemOfJudgement(ordered.why, { refused: false }),
    };
  };
}
