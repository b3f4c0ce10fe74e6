/**
 * A system slot: RAUC writes the partition, the bootloader starts it and counts its tries, and this keeps what neither knows
 * (docs/updates-system.md). Called by ota/updater/updater.ts. It never makes a slot the next to boot before its own
 * note of the trial is on the disk, and it never writes a slot itself.
 */
import type { Log } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import { otherSlot } from '../launcher/choose.js';
import type { SlotName, SlotRecord, Vital } from '../launcher/slot-state.js';
import type { Installable, Reached, SlotBackend, SlotsStatus } from './backend.js';
import { type BootVariables, bootVariables, type RaucPair, type RaucSlot } from './rauc-answers.js';
import { noNotes, notesPath, type RaucNotes, readNotes, writeNotes } from './rauc-notes.js';
import { RaucEnded, type RaucService } from './rauc-service.js';
import { failedWith, keptAs, recovered, settled, triesLeft } from './rauc-settle.js';

export interface RaucSlotsDeps {
  rauc: RaucService;
  log: Log;
  /** which boot of the machine this is: another text after each start of it */
  boot: () => string;
  /** what `bootloader.sh show` prints; rejects where the camera may not ask */
  showBootloader: () => Promise<string>;
  /** takes away what a RAUC service that was killed left mounted */
  clearLeaks: () => Promise<void>;
}

export interface RaucSlotsOptions {
  /** the state directory, outside the slots */
  directory: string;
  /** of the software that runs */
  version: string;
  reached?: Reached;
}

interface Seen {
  slots: RaucPair;
  /** null: RAUC cannot tell which slot was started */
  running: SlotName | null;
}

export class RaucSlots implements SlotBackend {
  readonly kind = 'rauc';
  #notes: RaucNotes | null = null;
  #busy = false;

  constructor(
    private readonly deps: RaucSlotsDeps,
    private readonly options: RaucSlotsOptions,
  ) {}

  async start(signal: AbortSignal): Promise<void> {
    const seen = await this.#see();
    signal.throwIfAborted();
    const working = await this.deps.rauc.installing();
    if (!working) {
      await this.deps.clearLeaks().catch((error: unknown) => {
        this.deps.log.warn(`What RAUC left mounted stays: ${String(error)}`);
      });
    }
    const known = await readNotes(notesPath(this.options.directory));
    if (!known) this.deps.log.warn('There are no notes about the slots: they are made from what RAUC tells');
    if (!seen.running) {
      this.#notes = known ?? noNotes();
      this.deps.log.warn(
        'RAUC does not know which slot runs: rauc.slot= is missing on the kernel command line',
      );
      return;
    }
    const bootloader = await this.#variables();
    const facts = { ...seen, running: seen.running, working, boot: this.deps.boot(), bootloader };
    const notes = known ?? recovered(facts, this.options.version);
    const { next, bad } = settled(notes, facts, this.options.version);
    if (bad && seen.slots[bad].bootable !== false) await this.deps.rauc.mark('bad', seen.slots[bad].name);
    await this.#write(next);
    // The bootloader counts the starts of a slot that a rollback chose: it was confirmed before, and needs no trial.
    const counted = bootloader === null || bootloader.trial === seen.running;
    if (counted && known && keptAs(known.slots[seen.running], this.options.version)) {
      await this.deps.rauc.mark('good', seen.slots[seen.running].name);
    }
  }

  async status(): Promise<SlotsStatus> {
    const notes = this.#known();
    const { slots, running } = await this.#see();
    const primary = await this.deps.rauc.primary();
    const next = Object.values(slots).find(({ name }) => name === primary)?.slot ?? running ?? 'a';
    const record = running && notes.slots[running];
    const { returned } = notes;
    // One that waits for its first start is on trial only then.
    const trial = notes.trial?.slot === running ? notes.trial : null;
    const left = trial ? triesLeft(trial, await this.#variables()) : 0;
    return {
      running: running && record ? { slot: running, record } : null,
      next,
      trial: trial ? { triesLeft: left, verified: false, asked: [...trial.asked] } : null,
      other: running ? notes.slots[otherSlot(running)] : null,
      returned: returned && !returned.told ? { version: returned.version, why: returned.why } : null,
      failed: notes.failed,
    };
  }

  async install(
    bundle: Installable,
    options: { asked: readonly Vital[]; onShare: (share: number) => void },
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#busy) throw problem('An installation is under way', 'Wait until it has ended');
    this.#busy = true;
    try {
      await this.#install(bundle, options, signal);
    } finally {
      this.#busy = false;
    }
  }

  async confirm(): Promise<void> {
    const notes = this.#known();
    const { slots, running } = await this.#see();
    if (!running || notes.trial?.slot !== running) {
      throw problem('What runs is not on trial', 'There is nothing to confirm');
    }
    const record = notes.slots[running];
    await this.deps.rauc.mark('good', slots[running].name);
    await this.options.reached?.('marked-good');
    const good: SlotRecord | null = record && { ...record, condition: 'good' };
    await this.#write({ ...notes, trial: null, slots: { ...notes.slots, [running]: good } });
  }

  async rollback(): Promise<void> {
    const notes = this.#known();
    const { slots, running } = await this.#see();
    const back = running && otherSlot(running);
    const good = back && notes.slots[back]?.condition === 'good';
    // RAUC makes a slot bad before it writes to it, whoever gave the order.
    if (!running || !good || slots[back].bootable === false) {
      throw problem('There is no other version that was confirmed', 'Install the version that is wanted');
    }
    await this.#mark(slots[back]);
    await this.options.reached?.('marked-other');
    const left = notes.slots[running];
    if (notes.trial?.slot !== running || !left) return;
    await this.deps.rauc.mark('bad', slots[running].name);
    const bad: SlotRecord = { ...left, condition: 'bad' };
    const failed = failedWith(notes.failed, left.manifestSha256);
    await this.#write({ ...notes, trial: null, failed, slots: { ...notes.slots, [running]: bad } });
  }

  async returnTold(): Promise<void> {
    const notes = this.#known();
    if (notes.returned) await this.#write({ ...notes, returned: { ...notes.returned, told: true } });
  }

  async stop(): Promise<void> {
    this.deps.rauc.close();
  }

  async #install(
    bundle: Installable,
    { asked, onShare }: { asked: readonly Vital[]; onShare: (share: number) => void },
    signal: AbortSignal,
  ): Promise<void> {
    const { content, version, manifestSha256 } = bundle;
    if (content.kind !== 'rauc') {
      throw problem('This board takes system bundles only', 'Publish a bundle made for RAUC');
    }
    const { running, slots } = await this.#ready(content.file, version);
    signal.throwIfAborted();
    const target = slots[otherSlot(running)];
    const notes = this.#known();
    const before = notes.slots[target.slot];
    await this.#write({
      ...notes,
      trial: null,
      writing: { slot: target.slot, before },
      slots: { ...notes.slots, [target.slot]: null },
    });
    await this.options.reached?.('noted-writing');
    try {
      await this.deps.rauc.install(content.file, onShare, signal);
    } catch (error) {
      // After an abort, or when the line to it broke, RAUC may go on writing: the next start looks at what became of it.
      if (error instanceof RaucEnded) await this.#afterFailure();
      throw error;
    }
    await this.options.reached?.('written');
    const record: SlotRecord = { condition: 'ready', version, manifestSha256 };
    const boot = this.deps.boot();
    const { activations } = target;
    const trial = { slot: target.slot, asked: [...asked], boot, activations, starts: 0, lastBoot: boot };
    const after = { ...notes, writing: null, slots: { ...notes.slots, [target.slot]: record } };
    await this.#write({ ...after, trial: { ...trial, activated: false } });
    await this.options.reached?.('noted-trial');
    try {
      await this.#mark(target);
    } catch (error) {
      await this.#write({ ...after, trial: null, slots: { ...notes.slots, [target.slot]: null } });
      throw error;
    }
    await this.options.reached?.('activated');
    await this.#write({ ...after, trial: { ...trial, activated: true } });
  }

  /** Everything that can be refused before the first note, let alone the first byte. */
  async #ready(file: string, version: string): Promise<{ running: SlotName; slots: RaucPair }> {
    const { slots, running } = await this.#see();
    if (!running) {
      const hint = 'Give the kernel rauc.slot=A or rauc.slot=B: see docs/updates-system.md';
      throw problem('RAUC does not know which slot runs', hint);
    }
    if (this.#known().trial?.slot === running) {
      throw problem('What runs is on trial', 'Confirm it, or roll back, before another is installed');
    }
    if (await this.deps.rauc.installing()) {
      throw problem('RAUC is installing already', 'Wait until it has ended');
    }
    const compatible = await this.deps.rauc.compatible();
    const told = await this.deps.rauc.info(file);
    if (told.compatible !== compatible) {
      throw problem(
        `The bundle is for ${told.compatible}, this board is ${compatible}`,
        'Publish it for its own board',
      );
    }
    if (told.version !== version) {
      throw problem(
        `The bundle says it is ${told.version}, it was offered as ${version}`,
        'Build and publish it again',
      );
    }
    return { running, slots };
  }

  /** What was refused before the first byte leaves the other version where it was. */
  async #afterFailure(): Promise<void> {
    const seen = await this.#see().catch(() => null);
    // Without an answer the note stays: the next start settles it.
    if (!seen?.running) return;
    const facts = {
      ...seen,
      running: seen.running,
      working: false,
      boot: this.deps.boot(),
      bootloader: null,
    };
    const { next } = settled(this.#known(), facts, this.options.version);
    await this.#write(next);
  }

  async #mark(target: RaucSlot): Promise<void> {
    await this.deps.rauc.mark('active', target.name);
    const primary = await this.deps.rauc.primary();
    if (primary === target.name) return;
    const hint = 'Run bootloader.sh show: its store may be one that this system cannot write';
    throw problem(`The bootloader would start ${primary || 'nothing'}, not ${target.name}`, hint);
  }

  async #see(): Promise<Seen> {
    const slots = await this.deps.rauc.slots();
    const running = slots.a.booted === slots.b.booted ? null : slots.a.booted ? 'a' : 'b';
    return { slots, running };
  }

  async #variables(): Promise<BootVariables | null> {
    const shown = await this.deps.showBootloader().catch(() => '');
    return bootVariables(shown);
  }

  #known(): RaucNotes {
    if (this.#notes) return this.#notes;
    throw problem('The slots were not looked at yet', 'Start the camera again');
  }

  async #write(next: RaucNotes): Promise<void> {
    await writeNotes(notesPath(this.options.directory), next).catch((error: unknown) => {
      throw problem(
        'The notes about the slots cannot be written',
        'Free space in the state directory',
        error,
      );
    });
    this.#notes = next;
  }
}

function problem(message: string, hint: string, cause?: unknown): VigieError {
  return new VigieError('update', message, hint, { cause });
}
