/**
 * Two directories as slots (docs/updates.md, "The launcher"). Asked by ota/updater/updater.ts through ota/slots/backend.ts, while the
 * launcher waits for the version that runs; writes `state.json` and the slot that does not run, and never the one that does.
 */
import { join } from 'node:path';
import type { CardPort, Log } from '../../board/ports.js';
import { otherSlot, withFailure } from '../launcher/choose.js';
import { takeLock } from '../launcher/lock.js';
import { readMarker, removeMarker, slotIn, writeMarker } from '../launcher/slot-marker.js';
import { type SlotName, type SlotRecord, type SlotState, triesOfTrial } from '../launcher/slot-state.js';
import { readState, writeState } from '../launcher/state-file.js';
import { isCount, isSha256 } from '../launcher/state-shape.js';
import { verifySlot } from '../launcher/verify-slot.js';
import type { CutInstallation, Installable, Reached, SlotBackend, SlotsStatus } from './backend.js';
import * as refusals from './refusals.js';
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
type Tree = Extract<Installable['content'], { kind: 'tree' }>;

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
      const record = state.slots[running];
      if (record?.condition === 'good' && state.active === running) await this.#mark(running, record, state);
      signal.throwIfAborted();
      const target = otherSlot(running);
      if (state.slots[target]?.condition !== 'pending') return;
      this.deps.log.info(`updates: slot ${target} was being written when it was cut; it is emptied`);
      await this.#clear(withCut(state, state.slots[target].manifestSha256), target);
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
      ...cutOf(state),
    };
  }

  /** Refused before anything is written: no room, another kind of bundle, a running version that is on trial itself. */
  install(bundle: Installable, options: InstallOptions, signal: AbortSignal): Promise<void> {
    return this.#alone(async (state) => {
      const running = this.#runningIn(state);
      const target = otherSlot(running);
      const { content } = bundle;
      if (content.kind !== 'tree') throw refusals.wrongKind();
      if (state.slots[running]?.condition !== 'good') throw refusals.onTrial();
      await this.#mustFit(target, content.treeBytes + (content.scratchBytes ?? 0));
      signal.throwIfAborted();
      const { version, manifestSha256 } = bundle;
      const pending = await this.#markPending(state, running, {
        version,
        manifestSha256,
        condition: 'pending',
      });
      try {
        await this.#fill(target, content, manifestSha256, options, signal);
        await this.#activate(pending, target, options);
      } catch (error) {
        await this.#clear(pending, target).catch((cause: unknown) =>
          this.deps.log.warn(`updates: slot ${target} could not be emptied: ${String(cause)}`),
        );
        throw error;
      }
      this.deps.log.info(`updates: ${version} is in slot ${target}; the next start tries it`);
    });
  }

  /** Once more does nothing. */
  confirm(): Promise<void> {
    return this.#alone(async (state) => {
      const running = this.#runningIn(state);
      const record = state.slots[running];
      if (state.trial === null || state.active !== running || record === null) return;
      const good: SlotRecord = { ...record, condition: 'good' };
      const slots = { ...state.slots, [running]: good };
      const failed = state.failed.filter((one) => one !== good.manifestSha256);
      const now = await this.#write({ ...withoutCut(state, good), trial: null, slots, failed }, 'confirm');
      await this.#mark(running, good, now);
      this.deps.log.info(`updates: ${good.version} is confirmed`);
    });
  }

  /** The version that is left is not installed again by itself; the files of the other are hashed before. */
  rollback(): Promise<void> {
    return this.#alone(async (state) => {
      const running = this.#runningIn(state);
      const target = otherSlot(running);
      const back = state.slots[target];
      if (back?.condition !== 'good') throw refusals.noOther();
      const { intact, wrong } = await verifySlot(slotIn(this.options.root, target), back.manifestSha256);
      if (!intact) {
        const slots: SlotState['slots'] = { ...state.slots, [target]: { ...back, condition: 'bad' } };
        await this.#write({ ...state, slots }, 'damaged');
        throw refusals.otherDamaged(wrong);
      }
      await this.#write(leftByOrder(state, running, back), 'rollback');
      this.deps.log.info(`updates: the next start goes back to ${back.version}`);
    });
  }

  returnTold(): Promise<void> {
    return this.#alone(async (state) => {
      if (state.returned === null || state.returned.told) return;
      await this.#write({ ...state, returned: { ...state.returned, told: true } }, 'told');
    });
  }

  async stop(): Promise<void> {
    await this.#busy.catch(() => undefined);
  }

  #runningIn(state: SlotState): SlotName {
    return this.options.running ?? state.active;
  }

  async #state(): Promise<SlotState> {
    const { state, wrong } = await readState(this.options.root).catch((cause: unknown) => {
      throw refusals.noState([], cause);
    });
    if (state === null) throw refusals.noState(wrong);
    return state;
  }

  /** One change at a time, in this process and among all. */
  #alone(change: (state: SlotState) => Promise<void>): Promise<void> {
    const turn = this.#busy.catch(() => undefined).then(() => this.#locked(change));
    this.#busy = turn;
    return turn;
  }

  async #locked(change: (state: SlotState) => Promise<void>): Promise<void> {
    const lock = await takeLock(join(this.options.root, 'lock')).catch((cause: unknown) => {
      throw refusals.asUpdateError(cause);
    });
    if (!lock.held && lock.why === 'other') throw refusals.otherWriter();
    try {
      await change(await this.#state());
    } catch (error) {
      throw refusals.asUpdateError(error);
    } finally {
      if (lock.held) await lock.release();
    }
  }

  #write(state: SlotState, phase: string): Promise<SlotState> {
    return writeState(this.options.root, state, (step) => this.#reached(`${phase}: ${step}`));
  }

  async #mark(slot: SlotName, record: SlotRecord, { serial }: SlotState): Promise<void> {
    const { root } = this.options;
    const [own, other] = [await readMarker(root, slot), await readMarker(root, otherSlot(slot))];
    // After a rollback the other one was confirmed later: were the state lost, it would be taken for the wanted one.
    const isLater = (own?.serial ?? -1) >= (other?.serial ?? -1);
    if (own?.manifestSha256 === record.manifestSha256 && isLater) return;
    await writeMarker(root, slot, record, serial, (step) => this.#reached(`mark: ${step}`));
  }

  async #mustFit(target: SlotName, bytes: number): Promise<void> {
    const { root } = this.options;
    const { freeBytes } = await this.deps.space(root);
    const room = freeBytes + (await bytesIn(slotIn(root, target)));
    const wanted = bytes + reserveBytes;
    if (room < wanted) throw refusals.noRoom(wanted, room);
  }

  /** From here to `#activate` the slot is never booted; the version that runs is the one that boots. */
  async #markPending(state: SlotState, running: SlotName, record: SlotRecord): Promise<SlotState> {
    const target = otherSlot(running);
    const slots = { ...state.slots, [target]: record };
    const pending = await this.#write({ ...state, active: running, trial: null, slots }, 'pending');
    await removeMarker(this.options.root, target);
    await this.#reached('marker removed');
    return pending;
  }

  /** Writes the slot, and does not believe it before it was read back. */
  async #fill(
    target: SlotName,
    { unpack }: Tree,
    manifestSha256: string,
    { onShare }: InstallOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const directory = slotIn(this.options.root, target);
    await emptyTree(directory);
    await this.#reached('emptied');
    onShare(shares.emptied);
    await unpack(directory, signal);
    signal.throwIfAborted();
    await this.#reached('unpacked');
    onShare(shares.unpacked);
    await syncTree(directory, signal);
    await this.#reached('synced');
    onShare(shares.synced);
    const { intact, wrong } = await verifySlot(directory, manifestSha256, {
      fromDisk: true,
      onShare: (share) => onShare(shares.synced + share * (1 - shares.synced)),
      signal,
    });
    if (!intact) throw refusals.notAsSent(wrong);
    await this.#reached('verified');
  }

  async #activate(pending: SlotState, target: SlotName, { asked }: InstallOptions): Promise<void> {
    const record = pending.slots[target];
    if (record === null) return;
    const slots: SlotState['slots'] = { ...pending.slots, [target]: { ...record, condition: 'ready' } };
    const trial = { triesLeft: triesOfTrial, verified: false, asked: [...asked] };
    await this.#write({ ...pending, active: target, trial, slots }, 'active');
  }

  /** The slot is empty afterwards, and then said to be. */
  async #clear(state: SlotState, target: SlotName): Promise<void> {
    await removeMarker(this.options.root, target);
    await emptyTree(slotIn(this.options.root, target));
    await this.#reached('cleared');
    await this.#write({ ...state, slots: { ...state.slots, [target]: null } }, 'cleared');
  }
}

const mostCuts = 1000;

/** A field of this back end's own, which the launcher keeps as it is: a version that ends the camera each time is not written for ever. */
type WithCut = SlotState & { cut?: unknown };

function cutOf({ cut }: WithCut): { cut?: CutInstallation } {
  if (typeof cut !== 'object' || cut === null) return {};
  const { manifestSha256, times } = cut as Record<string, unknown>;
  return isSha256(manifestSha256) && isCount(times, mostCuts) ? { cut: { manifestSha256, times } } : {};
}

function withCut(state: SlotState, manifestSha256: string): WithCut {
  const { cut } = cutOf(state);
  const before = cut?.manifestSha256 === manifestSha256 ? cut.times : 0;
  return { ...state, cut: { manifestSha256, times: Math.min(before + 1, mostCuts) } };
}

function withoutCut(state: SlotState, { manifestSha256 }: SlotRecord): SlotState {
  const { cut: _, ...rest }: WithCut = state;
  return cutOf(state).cut?.manifestSha256 === manifestSha256 ? rest : state;
}

/** What a person left is not taken again by itself; what was never confirmed is not gone back to either. */
function leftByOrder(state: SlotState, running: SlotName, back: SlotRecord): SlotState {
  const left = state.slots[running];
  const failed = state.failed.filter((one) => one !== back.manifestSha256);
  return {
    ...state,
    active: otherSlot(running),
    trial: null,
    slots: { ...state.slots, [running]: left?.condition === 'ready' ? { ...left, condition: 'bad' } : left },
    failed: left === null ? failed : withFailure(failed, left.manifestSha256),
  };
}
