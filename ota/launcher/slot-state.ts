/**
 * What `state.json` of the slots says (docs/updates.md, "The slots"): the only truth about which version boots. Written by the
 * launcher and by ota/slots/; the launcher that was installed once reads what every later version writes, so this format is
 * only ever added to. Imports nothing but Node and this directory.
 */

export const slotNames = ['a', 'b'] as const;
export type SlotName = (typeof slotNames)[number];

/** How the updated version must be to be kept; asked of it only when the version before it was so. */
export const vitals = ['frames', 'storage', 'control'] as const;
export type Vital = (typeof vitals)[number];

/**
 * `pending`: being written, never booted; `ready`: complete, on trial or waiting for it; `good`: was confirmed; `bad`: was
 * returned from, never booted again unless it is installed anew.
 */
export type SlotCondition = 'pending' | 'ready' | 'good' | 'bad';

export interface SlotRecord {
  condition: SlotCondition;
  version: string;
  /** SHA-256 of its `bundle.json`, hexadecimal: that file lists the hash of every other */
  manifestSha256: string;
}

export interface Trial {
  /** starts that are left, counted down before each start */
  triesLeft: number;
  /** its files were hashed on its first start */
  verified: boolean;
  asked: Vital[];
}

export interface Returned {
  version: string;
  manifestSha256: string;
  /** `tries`: none left; `damaged`: its files are not those that were installed */
  why: 'tries' | 'damaged';
  /** the version that runs has told it to the register */
  told: boolean;
}

export interface SlotState {
  format: 1;
  /** one more with each write */
  serial: number;
  /** the slot that boots */
  active: SlotName;
  /** null: the active slot is confirmed, and starts are not counted */
  trial: Trial | null;
  /** null: empty */
  slots: Record<SlotName, SlotRecord | null>;
  /** the last return that the launcher made by itself */
  returned: Returned | null;
  /** `manifestSha256` of versions that were returned from, newest last, at most 16: not installed again by themselves */
  failed: string[];
}

export const triesOfTrial = 3;

/** What the launcher tells the version it starts, in its environment. */
export const launcherEnvironment = {
  /** directory that holds `state.json`, `slots/a` and `slots/b` */
  root: 'VIGIE_SLOTS',
  /** the slot that was started: `a` or `b` */
  slot: 'VIGIE_SLOT',
} as const;

/** Exit codes by which a version asks the launcher for something; any other counts as its end or its crash. */
export const launcherExits = {
  /** choose again and start: after an installation or a rollback */
  restart: 75,
  /** on trial and not well: count a try */
  unhealthy: 76,
} as const;
