/**
 * How an update stands, for whoever watches it: the control plane, the console, `vigie ota status`. Filled by ota/updater/updater.ts.
 * Never holds an address, a key or a path.
 */
import type { Channel } from './release.js';

/**
 * The closed list of states (docs/updates.md, "States"); the table of what follows on what is in ota/table.ts.
 * `idle`: nothing to do; `held`: the time is not trusted; `offered`: there is one, and it waits for the window or an order;
 * `restarting`: the launcher starts what was installed; `trial`: it runs and is not confirmed.
 */
export const updateStates = [
  'idle',
  'held',
  'checking',
  'offered',
  'downloading',
  'installing',
  'restarting',
  'trial',
] as const;
export type UpdateState = (typeof updateStates)[number];

export interface UpdateProgress {
  bytes: number;
  of: number;
  /** bytes a second, over the last seconds; null while that is not known */
  rate: number | null;
  /** null while that is not known */
  secondsLeft: number | null;
}

export interface UpdateStatus {
  state: UpdateState;
  /** `none`: this camera was not installed in slots, and takes no update */
  backend: 'dir' | 'rauc' | 'none';
  channel: Channel | null;
  running: { version: string; commit: string };
  /** what a rollback would start; null when there is none */
  other: { version: string } | null;
  offer: {
    version: string;
    notes: { fr: string; en: string };
    bytes: number;
    /** a delta of the version that runs */
    delta: boolean;
  } | null;
  /** null outside `downloading` and `installing` */
  progress: UpdateProgress | null;
  /** outside a trial null */
  trial: { triesLeft: number; waitsFor: readonly ('frames' | 'storage' | 'control')[] } | null;
  /** wall clock, milliseconds; null: never in this run */
  checkedMs: number | null;
  /** why it does not go on, or what went wrong last; null when nothing did */
  problem: { fr: string; en: string } | null;
  /** the maintenance window is open; true when none is configured */
  windowOpen: boolean;
}

/** What a person may order, the right checked before (`update`, runtime/access/rights.ts). Rejects with a VigieError of kind `update`. */
export interface UpdateOrders {
  /** resolves when the status is one to go by: after a start, what that start found is read first. Never rejects */
  readonly known: Promise<void>;
  status(): UpdateStatus;
  /** calls back after every change, at most four times a second; returns what ends it */
  watch(onChange: (status: UpdateStatus) => void): () => void;
  /** asks the repository now */
  check(by: string): Promise<UpdateStatus>;
  /**
   * what is offered, now, window or not; resolves when it is under way
   * @param version the one that the person saw: another one is not taken
   */
  install(by: string, version?: string): Promise<UpdateStatus>;
  /** keeps the version on trial without waiting for its health */
  confirm(by: string): Promise<UpdateStatus>;
  /** back to the other version; resolves when the restart is asked for */
  rollback(by: string): Promise<UpdateStatus>;
}
