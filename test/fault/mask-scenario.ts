/** What happens to the head, the line and the process while the mask is watched: the phases of mask-run.ts. */
import type { TrueView } from '../../board/virtual/true-view.js';
import type { Pose } from '../../pipelines/messages.js';
import type { ReplyFault } from './mask-poses.js';

export const phases = [
  'patrol',
  'sweep',
  'presets',
  'zoom',
  'edit',
  'late',
  'lost',
  'lying',
  'stuck',
  'homing',
  'power',
  'restart',
] as const;
export type Phase = (typeof phases)[number];

/** One thing that is done. `edit`: a new mask table; `restart`: the pipeline process is killed and replaced. */
export type Act =
  | { goTo: Partial<TrueView> }
  | { replies: ReplyFault }
  | { hide: Pose['hide'] }
  | { edit: true }
  | { restart: true };

export interface Happening {
  phase: Phase;
  acts: { afterMs: number; act: Act }[];
  ms: number;
}

/** Longest and shortest that a phase lasts. */
const longestMs = 8000;
const shortestMs = 900;

/**
 * The phase with this number. A run of `seconds` goes once through all of them at least, patrols take four times their
 * share: they are what a camera does all day.
 */
export function phaseAt(
  number: number,
  seconds: number,
  only: readonly Phase[] = phases,
  random: () => number,
): Happening {
  const phase = only[number % only.length];
  const shares = only.length + (only.includes('patrol') ? 3 : 0);
  const ms = Math.min(longestMs, Math.max(shortestMs, (seconds * 1000) / shares));
  const lasts = phase === 'patrol' ? 4 * ms : ms;
  // Whatever the phase before left behind is over.
  const acts = [{ afterMs: 0, act: { replies: 'none' } as Act }, ...actsOf(phase, lasts, random)];
  return { phase, acts: acts.sort((a, b) => a.afterMs - b.afterMs), ms: lasts };
}

function actsOf(phase: Phase, ms: number, random: () => number): Happening['acts'] {
  const places = (every: number, away: number, hfov: () => number): Happening['acts'] =>
    Array.from({ length: Math.ceil(ms / every) }, (_, i) => ({
      afterMs: i * every,
      act: {
        goTo: { panDeg: (random() * 2 - 1) * away, tiltDeg: random() * 16 - 6, hfovDeg: hfov() },
      },
    }));
  const wide = (): number => 40 + random() * 25;
  const moves = places(1000, 120, wide);
  switch (phase) {
    case 'patrol':
      return places(4000, 60, wide);
    case 'sweep':
      return Array.from({ length: Math.ceil(ms / 1500) }, (_, i) => ({
        afterMs: i * 1500,
        act: { goTo: { panDeg: i % 2 ? -150 : 150, tiltDeg: 3 } },
      }));
    case 'presets':
      return moves;
    case 'zoom':
      return places(800, 40, () => (random() < 0.5 ? 6 + random() * 10 : 65));
    case 'edit':
      return [
        ...moves,
        ...[0.2, 0.22, 0.5, 0.8].map((share) => ({ afterMs: share * ms, act: { edit: true } as Act })),
      ];
    case 'late':
    case 'lost':
    case 'lying':
    case 'stuck':
      return [
        { afterMs: 0.1 * ms, act: { replies: phase } },
        ...moves,
        { afterMs: 0.7 * ms, act: { replies: 'none' } },
      ];
    case 'homing':
      return hidden(ms, 'homing', [
        { afterMs: 0.05 * ms, act: { goTo: { panDeg: 0, tiltDeg: 2, hfovDeg: 60 } } },
      ]);
    case 'power':
      return [
        { afterMs: 0, act: { replies: 'lost' } },
        ...hidden(ms, 'power', [
          { afterMs: 0.1 * ms, act: { goTo: { panDeg: -100, tiltDeg: 20, hfovDeg: 65 } } },
        ]),
      ];
    case 'restart':
      return [...moves, { afterMs: 0.3 * ms, act: { restart: true } }];
  }
}

/** The runtime says that nothing is sure before the head moves, and stops saying it near the end. */
function hidden(ms: number, why: Pose['hide'], acts: Happening['acts']): Happening['acts'] {
  return [{ afterMs: 0, act: { hide: why } }, ...acts, { afterMs: 0.8 * ms, act: { hide: null } }];
}
