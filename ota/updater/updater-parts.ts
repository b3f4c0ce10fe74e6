/** What the updater is made of: handed to it by runtime/updating.ts, so that ota/ knows nothing of the camera around it. */
import type { Clock, Log } from '../../board/ports.js';
import type { Found } from '../metadata/client.js';
import type { Floors } from '../metadata/floors.js';
import type { SlotBackend, SlotsStatus } from '../slots/backend.js';
import type { UpdateStatus } from '../update.js';
import type { Vitals } from './confirm.js';
import type { Obtaining } from './obtaining.js';
import type { Problem } from './problems.js';
import type { UpdateTold } from './told.js';

/** Whether this camera takes a release; `nothing`: as it should be, `refused`: somebody made a mistake or attacks. */
export type Judgement =
  | { kind: 'offer'; onlyByOrder: boolean }
  | { kind: 'nothing'; problem: Problem | null }
  | { kind: 'refused'; problem: Problem };

export interface UpdaterDeps {
  clock: Clock;
  log: Log;
  /** null: not installed in slots */
  backend: SlotBackend | null;
  /** what is offered, verified; null: none is configured */
  repository: { refresh(signal: AbortSignal): Promise<Found> } | null;
  judge: (found: Found, slots: SlotsStatus) => Judgement;
  /** the lowest version that is taken */
  floor: Pick<Floors, 'start' | 'raiseVersion'>;
  obtaining: Pick<Obtaining, 'plan' | 'obtain' | 'clear'>;
  /** how this machine is, looked at now */
  vitals: () => Promise<Vitals>;
  /** an entry in the register; rejects while there is none */
  tell: (told: UpdateTold) => Promise<unknown>;
  /** ends this process in order, so that the launcher chooses again */
  restart: () => void;
  /** the same, as a version on trial that is not well */
  giveUp: () => void;
  clockTrusted: () => boolean;
  windowOpen: (wallMs: number) => boolean;
  /** wall clock of the last time that verified metadata were seen, in any run; null: never */
  seenMs: () => number | null;
}

export interface UpdaterOptions {
  running: { version: string; commit: string };
  cameraId: string;
  channel: UpdateStatus['channel'];
  checkEveryMinutes: number;
  /** `ordered`: nothing is installed unless a person orders it */
  install: 'window' | 'ordered';
  /** how long a version on trial must be well without a break */
  confirmSeconds: number;
  /** after so long without it, it gives up; null: the launcher sees to that */
  trialSeconds: number | null;
}
