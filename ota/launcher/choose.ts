/**
 * Which slot starts, as a decision without effects: state in, one step out. Asked by run.ts, which verifies, writes and
 * starts as it is told, and asks again when it knows more. Imports nothing but this directory.
 */
import type { Returned, SlotName, SlotState } from './slot-state.js';

/** `unusable`: it cannot even be started, as its `bundle.json` cannot be read. */
export type Known = Partial<Record<SlotName, 'intact' | 'damaged' | 'unusable'>>;

export type Step =
  /** hash the files of this slot, then ask again */
  | { do: 'verify'; slot: SlotName }
  /** replace the state by this one, then ask again */
  | { do: 'write'; state: SlotState; why: Returned['why'] }
  /** write `first` before the start when it is not null; `stay`: there is nowhere to go, do it slowly */
  | { do: 'start'; slot: SlotName; first: SlotState | null; stay: boolean }
  /** neither slot can be started */
  | { do: 'wait' };

/** as many failed versions are remembered */
export const mostFailed = 16;

export const otherSlot = (slot: SlotName): SlotName => (slot === 'a' ? 'b' : 'a');

/**
 * @param known what was found out about the slots since the last start
 * @param doubtful the files of the active slot are looked at even when it is confirmed
 */
export function choose(state: SlotState, known: Known, doubtful: boolean): Step {
  const slot = state.active;
  const record = state.slots[slot];
  if (record === null || record.condition === 'pending' || record.condition === 'bad') {
    return leave(state, known, 'damaged');
  }
  if (known[slot] === 'unusable') return leave(state, known, 'damaged');
  const { trial } = state;
  if (trial !== null && trial.triesLeft <= 0) return leave(state, known, 'tries');
  if (doubtful || trial?.verified === false) {
    if (known[slot] === undefined) return { do: 'verify', slot };
    if (known[slot] === 'damaged') return leave(state, known, 'damaged');
  }
  const first = trial && { ...state, trial: { ...trial, triesLeft: trial.triesLeft - 1, verified: true } };
  return { do: 'start', slot, first, stay: false };
}

/** Away from the active slot, if the other one was confirmed and its files are those that were installed. */
function leave(state: SlotState, known: Known, why: Returned['why']): Step {
  const slot = state.active;
  const other = otherSlot(slot);
  if (state.slots[other]?.condition !== 'good') return stay(state, known);
  if (known[other] === undefined) return { do: 'verify', slot: other };
  if (known[other] === 'intact') return { do: 'write', state: returnedState(state, why), why };
  // Nothing is whole: what was confirmed once is the better guess, and staying is better than changing.
  const stays = known[slot] !== 'unusable' && (why === 'tries' || state.slots[slot]?.condition === 'good');
  if (stays || known[other] === 'unusable') return stay(state, known);
  return { do: 'write', state: returnedState(state, why), why };
}

function stay(state: SlotState, known: Known): Step {
  const slot = state.active;
  const record = state.slots[slot];
  const startable =
    record?.condition === 'good' || (record?.condition === 'ready' && known[slot] !== 'damaged');
  if (!startable || known[slot] === 'unusable') return { do: 'wait' };
  return { do: 'start', slot, first: null, stay: true };
}

/** The other slot boots from now on, and what was left is not installed again by itself. */
function returnedState(state: SlotState, why: Returned['why']): SlotState {
  const left = state.slots[state.active];
  const next: SlotState = { ...state, active: otherSlot(state.active), trial: null };
  if (left === null) return next;
  const { version, manifestSha256 } = left;
  return {
    ...next,
    slots: { ...state.slots, [state.active]: { ...left, condition: 'bad' } },
    returned: { version, manifestSha256, why, told: false },
    failed: withFailure(state.failed, manifestSha256),
  };
}

/** The list with this one last, each once, the oldest dropped. */
export function withFailure(failed: readonly string[], manifestSha256: string): string[] {
  return [...failed.filter((one) => one !== manifestSha256), manifestSha256].slice(-mostFailed);
}
