/** The update as the page is told of it (`ota/update.ts`), and what it orders. Part of messages.ts. */

export type UpdateState =
  | 'idle'
  | 'held'
  | 'checking'
  | 'offered'
  | 'downloading'
  | 'installing'
  | 'restarting'
  | 'trial';

export interface UpdateProgress {
  bytes: number;
  of: number;
  /** bytes a second */
  rate: number | null;
  secondsLeft: number | null;
}

export interface UpdateStatus {
  state: UpdateState;
  backend: 'dir' | 'rauc' | 'none';
  channel: 'stable' | 'pilot' | null;
  running: { version: string; commit: string };
  other: { version: string } | null;
  offer: { version: string; notes: { fr: string; en: string }; bytes: number; delta: boolean } | null;
  progress: UpdateProgress | null;
  trial: { triesLeft: number; waitsFor: ('frames' | 'storage' | 'control')[] } | null;
  checkedMs: number | null;
  problem: { fr: string; en: string } | null;
  windowOpen: boolean;
}

/** Orders that are asked about before they are given. */
export type AskedOrder = { t: 'update.install' | 'update.rollback'; version: string };

export type UpdateToServer =
  | { t: 'update.get' }
  | { t: 'update.check' }
  | { t: 'update.confirm'; version: string }
  | AskedOrder;
