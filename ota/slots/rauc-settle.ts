/**
 * What the notes about the slots become at a start, from what RAUC and the bootloader tell: a return is found here, and an
 * installation that was cut. Pure; used by rauc.ts. It never makes a slot good that was not confirmed.
 */
import { otherSlot, withFailure } from '../launcher/choose.js';
import { type SlotName, type SlotRecord, triesOfTrial, vitals } from '../launcher/slot-state.js';
import type { BootVariables, RaucPair } from './rauc-answers.js';
import { noNotes, type RaucNotes } from './rauc-notes.js';

/** Stands for the hash of a bundle that nobody told: the one that was put on the board when it was made. */
export const unknownBundle = '0'.repeat(64);

export interface BootFacts {
  slots: RaucPair;
  running: SlotName;
  /** RAUC is writing a slot */
  working: boolean;
  /** this boot of the machine */
  boot: string;
  /** null: not known */
  bootloader: BootVariables | null;
}

/** Newest last; the oldest make room. */
export function failedWith(failed: readonly string[], sha256: string): string[] {
  return sha256 === unknownBundle ? [...failed] : withFailure(failed, sha256);
}

export function triesLeft(trial: NonNullable<RaucNotes['trial']>, bootloader: BootVariables | null): number {
  if (bootloader?.trial === trial.slot) return bootloader.triesLeft;
  return Math.max(0, triesOfTrial - trial.starts);
}

/**
 * Notes for a board that has none. What runs is taken for confirmed unless the bootloader counts its starts; the other slot is
 * one to go back to only where the bootloader would start it and counts nothing for it.
 */
export function recovered(facts: BootFacts, version: string): RaucNotes {
  const { slots, running, bootloader } = facts;
  const notes = noNotes();
  const other = otherSlot(running);
  noteRunning(notes, facts, version);
  const { bootable, version: written } = slots[other];
  if (bootloader && bootloader.trial !== other && bootable && written) {
    notes.slots[other] = { condition: 'good', version: written.slice(0, 64), manifestSha256: unknownBundle };
  }
  return notes;
}

/** @returns the notes as they are now, and the slot that must not boot any more */
export function settled(
  notes: RaucNotes,
  facts: BootFacts,
  version: string,
): { next: RaucNotes; bad: SlotName | null } {
  const next = structuredClone(notes);
  let bad: SlotName | null = null;
  if (next.writing && !facts.working) {
    const { slot, before } = next.writing;
    // RAUC makes a slot bad before its first byte. Its own notes would not do: after a cut they tell of what was there before.
    next.slots[slot] = facts.slots[slot].bootable === true ? before : null;
    next.writing = null;
  }
  const trial = next.trial;
  if (trial && trial.slot === facts.running) countStart(trial, facts.boot);
  else if (trial && trial.boot !== facts.boot) {
    bad = trial.slot;
    next.trial = null;
    const record = next.slots[bad];
    const activated = trial.activated || facts.slots[bad].activations > trial.activations;
    // Cut before the bootloader was told: it never ran, so it did not fail.
    if (!activated || !record) next.slots[bad] = null;
    else noteReturn(next, bad, record);
  }
  noteRunning(next, facts, version);
  return { next, bad };
}

function countStart(trial: NonNullable<RaucNotes['trial']>, boot: string): void {
  trial.activated = true;
  if (trial.lastBoot === boot) return;
  trial.starts += 1;
  trial.lastBoot = boot;
}

function noteReturn(notes: RaucNotes, slot: SlotName, record: SlotRecord): void {
  const { version, manifestSha256 } = record;
  notes.slots[slot] = { ...record, condition: 'bad' };
  notes.failed = failedWith(notes.failed, manifestSha256);
  notes.returned = { version, manifestSha256, why: 'tries', told: false };
}

/** Whether this version was confirmed in that slot. */
export function keptAs(record: SlotRecord | null, version: string): boolean {
  return record?.condition === 'good' && record.version === version;
}

/** What runs and was put there by hand, or by a camera whose notes were lost, is on trial when the bootloader counts it. */
function noteRunning(
  notes: RaucNotes,
  { running, boot, bootloader, slots }: BootFacts,
  version: string,
): void {
  const ready: SlotRecord = { condition: 'ready', version, manifestSha256: unknownBundle };
  if (notes.trial?.slot === running) {
    notes.slots[running] ??= ready;
    return;
  }
  if (keptAs(notes.slots[running], version)) return;
  const counted = bootloader?.trial === running;
  notes.slots[running] = counted ? ready : { ...ready, condition: 'good' };
  if (!counted) return;
  const { activations } = slots[running];
  const starts = { boot, activations, starts: 1, lastBoot: boot };
  notes.trial = { slot: running, asked: [...vitals], activated: true, ...starts };
}
