/**
 * Two directories as slots (docs/updates.md, "The launcher"). Asked by ota/updater.ts through ota/slots/backend.ts, while the
 * launcher waits for the version that runs; writes `state.json` and the slot that does not run, and never the one that does.
 */
import { join } from 'node:path';
import type { CardPort, Log } from '../../board/ports.js';
import { otherSlot, withFailure } from '../launcher/choose.js';
import { takeLock } from '../launcher/lock.js';
import { readMarker, removeMarker, slotIn, writeMarker } from '../launcher/slot-marker.js';
import {
  type SlotName,
  type SlotRecord,
  type SlotState,
  triesOfTrial,
} from '../launcher/slot-state.js';
import { readState, writeState } from '../launcher/state-file.js';
import { verifySlot } from '../launcher/verify-slot.js';
import type { Installable, Reached, SlotBackend, SlotsStatus } from './backend.js';
import {
  asUpdateError,
  noOther,
  noRoom,
  noState,
  notAsSent,
  onTrial,
  otherDamaged,
  otherWriter,
  wrongKind,
} from './refusals.js';
import { bytesIn, emptyTree, syncTree } from './slot-tree.js';

export interface DirSlotsDeps {
  log: Log;
  space: CardPort['space'];
}

export interface DirSlotsOptions {
  /** directory that holds `state.json` */
  root: string;
  /** the slot that this process was started from; null: not known, then the active one is taken for it */
  running?: SlotName | null;
  /** only tests */
  reached?: Reached;
}

type InstallOptions = Parameters<SlotBackend['install']>[1];

/** Left free beside what a bundle takes: directories, and what others write meanwhile. */
const reserveBytes = 32 * 1024 * 1024;
/** Shares of an installation that are over after its parts; hashing takes the rest. */
const shares = { emptied: 0.05, unpacked: 0.6, synced: 0.7 } as const;

export class DirSlots implements SlotBackend {
  readonly kind = 'dir';
  readonly #reached: Reached;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly deps: DirSlotsDeps,
    private readonly options: DirSlotsOptions,
  ) {
    this.#reached = options.reached ?? (() => undefined);
  }

  /** Empties what a cut installation left, and marks what is confirmed and is not marked. */
  start(signal: AbortSignal): Promise<void> {
    return this.#alone(async (state) => {
      const running = this.#runningIn(state);
      let now = state;
      const record = now.slots[running];
      if (record?.condition === 'good') await this.#mark(running, record, now);
      signal.throwIfAborted();
      const target = otherSlot(running);
      if (now.slots[target]?.condition === 'pending') {
        this.deps.log.info(`updates: slot ${target} was being written when it was cut; it is emptied`);
        now = await this.#clear(now, target);
      }
    });
  }

  async status(): Promise<SlotsStatus> {
    const state = await this.#state();
    const running = this.#runningIn(state);
    const record = state.slots[running];
    const { returned } = state;
    return {
      running: record && { slot: running, record },
      next: state.active,
      trial: state.active === running ? state.trial : null,
      other: state.slots[otherSlot(running)],
      returned: returned === null || returned.told ? null : { version: returned.version, why: returned.why },
      failed: state.failed,
    };
  }

  install(bundle: Installable, options: InstallOptions, signal: AbortSignal): Promise<void> {
    return this.#alone(async (state) => {
      const running = this.#runningIn(state);
      const target = otherSlot(running);
      const { content } = bundle;
      if (content.kind !== 'tree') throw wrongKind();
      if (state.slots[running]?.condition !== 'good') throw onTrial();
      await this.#mustFit(target, content.treeBytes);
      signal.throwIfAborted();
      const record = { version: bundle.version, manifestSha256: bundle.manifestSha256 };
      const pending: SlotState = {
        ...state,
        active: running,
        trial: null,
        slots: { ...state.slots, [target]: { ...record, condition: 'pending' } },
      };
      let now = await this.#write(pending, 'pending');
      try {
        await removeMarker(this.options.root, target);
        await this.#reached('marker removed');
        await this.#fill(target, bundle, content.unpack, options, signal);
        const ready: SlotRecord = { ...record, condition: 'ready' };
        now = await this.#write(
          {
            ...now,
            active: target,
            trial: { triesLeft: triesOfTrial, verified: false, asked: [...options.asked] },
            slots: { ...now.slots, [target]: ready },
          },
          'active',
        );
      } catch (error) {
        await this.#clear(now, target).catch((cause: unknown) =>
          this.deps.log.warn(`updates: slot ${target} could not be emptied: ${String(cause)}`),
        );
        throw error;
      }
      this.deps.log.info(`updates: ${bundle.version} is in slot ${target}; the next start tries it`);
    });
  }

  confirm(): Promise<void> {
    return this.#alone(async (state) => {
      const running = this.#runningIn(state);
      const record = state.slots[running];
      if (state.trial === null || state.active !== running || record === null) return;
      const good: SlotRecord = { ...record, condition: 'good' };
      const slots = { ...state.slots, [running]: good };
      const failed = state.failed.filter((one) => one !== good.manifestSha256);
      const now = await this.#write({ ...state, trial: null, slots, failed }, 'confirm');
      await this.#mark(running, good, now);
      this.deps.log.info(`updates: ${good.version} is confirmed`);
    });
  }

  rollback(): Promise<void> {
    return this.#alone(async (state) => {
      const running = this.#runningIn(state);
      const target = otherSlot(running);
      const [left, back] = [state.slots[running], state.slots[target]];
      if (back?.condition !== 'good') throw noOther();
      const { intact, wrong } = await verifySlot(slotIn(this.options.root, target), back.manifestSha256);
      if (!intact) throw notAsSent(wrong);
    await this.#reached('verified');
  }

  /** The slot is empty afterwards, and then said to be. */
  async #clear(state: SlotState, target: SlotName): Promise<SlotState> {
    await removeMarker(this.options.root, target);
    await emptyTree(slotIn(this.options.root, target));
    await this.#reached('cleared');
    return this.#write({ ...state, slots: { ...state.slots, [target]: null } }, 'cleared');
  }
}
