/**
 * The update as a table: in which state which event leads to which state; what is not in it is refused (docs/updates.md,
 * "States"). Used by ota/updater/updater.ts; printed in the page, which a test compares.
 */
import type { UpdateState } from './update.js';

export const updateEvents = [
  'check',
  'clock-untrusted',
  'clock-trusted',
  'nothing-new',
  'found',
  'failed',
  'download',
  'install',
  'installed',
  'booted-on-trial',
  'confirm',
  'rollback',
] as const;
export type UpdateEvent = (typeof updateEvents)[number];

export const updateTable: Record<UpdateState, Partial<Record<UpdateEvent, UpdateState>>> = {
  idle: {
    check: 'checking',
    'clock-untrusted': 'held',
    rollback: 'restarting',
    'booted-on-trial': 'trial',
  },
  held: { 'clock-trusted': 'idle', rollback: 'restarting' },
  checking: { found: 'offered', 'nothing-new': 'idle', failed: 'idle', 'clock-untrusted': 'held' },
  offered: { check: 'checking', download: 'downloading', rollback: 'restarting', 'clock-untrusted': 'held' },
  downloading: { install: 'installing', failed: 'offered' },
  installing: { installed: 'restarting', failed: 'offered' },
  restarting: {},
  trial: { confirm: 'idle', rollback: 'restarting' },
};

/** The state that follows; null when the event has no place in this state. */
export function nextState(state: UpdateState, event: UpdateEvent): UpdateState | null {
  return updateTable[state][event] ?? null;
}
