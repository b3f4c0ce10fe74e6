/**
 * What an operator does with the camera of mask-camera-run.ts, and what breaks meanwhile: the phases, as acts in time. The
 * operator speaks as a console does (docs/protocol.md); what breaks is told to mask-camera-world.ts.
 */
import type { HeadFaults } from '../../board/virtual/head.js';
import { noFaults } from '../../board/virtual/head.js';
import type { Phase } from './mask-scenario.js';

export type HeadMessage =
  | { t: 'head.move'; panDeg: number; tiltDeg: number; hfovDeg?: number }
  | { t: 'head.step'; panDeg: number; tiltDeg: number; times: number }
  | { t: 'head.drive'; pan: number; tilt: number; zoom: number }
  | { t: 'head.halt' | 'head.home' }
  | { t: 'head.preset' | 'head.patrol'; name: string };

/** One thing that is done. `kill`: the pipeline process, with SIGKILL; `edit`: another mask table. */
export type CameraAct =
  | { say: HeadMessage }
  | { faults: Partial<HeadFaults> }
  | { power: boolean }
  | { plug: boolean }
  | { kill: true }
  | { edit: true };

type Timed = { afterMs: number; act: CameraAct };

export interface CameraHappening {
  phase: Phase;
  acts: Timed[];
  ms: number;
}

/** A preset of the scenario's camera, and how many there are: the patrol goes to each. */
export const presetName = (i: number): string => `place ${i}`;
export const presetCount = 8;
export const patrolName = 'round';
/** From leaving for a stop of the patrol to leaving for the next. */
export const patrolSeconds = 8;

const longestMs = 8000;
const shortestMs = 1600;
const patrolTimes = 4;
/** A drive is repeated as often, well within the time after which it ends (H11 of docs/head.md). */
const repeatMs = 400;

/** The phase with this number. A run of `seconds` goes once through all of them at least; patrols take four times their share. */
export function cameraPhaseAt(
  number: number,
  seconds: number,
  only: readonly Phase[],
  random: () => number,
): CameraHappening {
  const phase = only[number % only.length];
  const shares = only.length + (only.includes('patrol') ? patrolTimes - 1 : 0);
  const share = Math.min(longestMs, Math.max(shortestMs, (seconds * 1000) / shares));
  const ms = phase === 'patrol' ? patrolTimes * share : share;
  const acts = actsOf(phase, ms, random).sort((a, b) => a.afterMs - b.afterMs);
  return { phase, acts, ms };
}

function actsOf(phase: Phase, ms: number, random: () => number): Timed[] {
  const say = (share: number, message: HeadMessage): Timed => ({
    afterMs: share * ms,
    act: { say: message },
  });
  const at = (share: number, act: CameraAct): Timed => ({ afterMs: share * ms, act });
  const places = everySo(ms, 1200, () => ({ t: 'head.preset', name: presetName(pick(random, presetCount)) }));
  switch (phase) {
    case 'patrol':
      return [say(0, { t: 'head.patrol', name: patrolName })];
    case 'sweep':
      return sweeps(ms, random);
    case 'presets':
      return places;
    case 'zoom':
      return everySo(ms, 700, (i) => ({ t: 'head.step', panDeg: 0, tiltDeg: 0, times: i % 2 ? 0.2 : 5 }));
    case 'edit':
      return [...places, ...[0.2, 0.22, 0.5, 0.8].map((share) => at(share, { edit: true }))];
    case 'late':
      return [at(0.1, { faults: { late: { chance: 0.2, byMs: 120 + 200 * random() } } }), ...places];
    case 'lost':
      return [
        at(0.1, { faults: { dropped: 0.25, corrupted: 0.15 } }),
        ...places,
        at(0.6, { faults: { dropped: 0, corrupted: 0 } }),
        at(0.7, { plug: false }),
        at(0.9, { plug: true }),
      ];
    case 'lying':
      return [...places, ...lies(ms, random)];
    case 'stuck':
      return [at(0.15, { faults: { stuck: true } }), ...places, at(0.8, { faults: { stuck: false } })];
    case 'homing':
      return [...places, say(0.4, { t: 'head.home' })];
    case 'power':
      return [
        say(0, { t: 'head.drive', pan: 0.7, tilt: 0, zoom: 0 }),
        at(0.2, { power: false }),
        at(0.5 + 0.3 * random(), { power: true }),
      ];
    case 'restart':
      return [...places, at(0.2 + 0.3 * random(), { kill: true })];
  }
}

/** What an operator does with a stick that is pushed to its end, and beyond: straight to the other side. */
function sweeps(ms: number, random: () => number): Timed[] {
  const drives = everySo(ms - repeatMs, repeatMs, (i) => ({
    t: 'head.drive',
    pan: Math.floor((i * repeatMs) / 1600) % 2 ? -1 : 1,
    tilt: random() < 0.3 ? 0.2 * (random() - 0.5) : 0,
    zoom: 0,
  }));
  return [...drives, { afterMs: ms - repeatMs, act: { say: { t: 'head.halt' } } }];
}

/** Lies that last one answer or some, at rest and in motion. */
function lies(ms: number, random: () => number): Timed[] {
  return [0.15, 0.4, 0.65].flatMap((share) => {
    const panDeg = (random() < 0.5 ? -1 : 1) * (1 + 30 * random() ** 2);
    const lasts = 60 + 300 * random();
    return [
      { afterMs: share * ms, act: { faults: { lie: { panDeg, tiltDeg: 0 } } } },
      { afterMs: share * ms + lasts, act: { faults: { lie: null } } },
    ];
  });
}

/** What is over when a phase is. */
export const mended: CameraAct[] = [{ faults: noFaults }];

function everySo(ms: number, every: number, message: (i: number) => HeadMessage): Timed[] {
  return Array.from({ length: Math.max(1, Math.ceil(ms / every)) }, (_, i) => ({
    afterMs: i * every,
    act: { say: message(i) },
  }));
}

function pick(random: () => number, count: number): number {
  return Math.floor(random() * count);
}
