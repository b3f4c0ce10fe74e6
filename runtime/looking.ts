/**
 * What the camera looks for, as the authority and the models allow it now. Made by main.ts, which tells it of each change of
 * the authority; hands its options to the supervision. A model that is refused never costs the recording: the options are
 * then those of a camera without it, and it is looked at again (docs/models.md, "When a model is refused"). It must never
 * ask for more than the newest authority allows.
 */
import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Log } from '../board/ports.js';
import { errorLine, VigieError } from '../errors.js';
import { findModel, modelPaths } from '../models/manifest.js';
import { failedSlot, refusalOf } from '../models/refusal.js';
import { filesOf } from '../models/verify.js';
import type { PipelineOptions } from '../pipelines/messages.js';
import type { Authority } from './access/authorisation.js';
import { pipelineOptions } from './camera-parts.js';
import { modelDirectory } from './config/paths.js';
import type { Config, WatchedZone } from './config/schema.js';
import type { Notice } from './health/health.js';
import { absentNotice, type RefusedModel, refusedNotice } from './health/model-notices.js';
import type { Supervisor } from './health/supervisor.js';
import { type SlotModels, slotModels, slotsAsked } from './slot-models.js';

const LOOK_AGAIN_MS = 10_000;
/** A file that did not change is checked again after this: the reason may lie elsewhere. */
const CHECK_AGAIN_MS = 10 * 60_000;
/** A model that failed while its file is right costs a new life of the process each time it is tried. */
const TRY_AGAIN_MS = 60 * 60_000;
/** So many lives of the process lost in this time while models of slots ran: they may be what takes it along. */
const LIVES_LOST = 3;
const LIVES_WITHIN_MS = 5 * 60_000;

/** What may be looked for, and under whose authority. */
export interface Allowed {
  zones: readonly WatchedZone[];
  authority: Authority;
}

type Supervised = Pick<Supervisor, 'pipeline' | 'modelFault' | 'reconfigure' | 'stopLooking'>;

const noSlots: SlotModels = { slots: [], refused: [], absent: [], files: [] };

export class Looking {
  #refused: RefusedModel | null = null;
  #slots: SlotModels = noSlots;
  /** models of slots that failed when they ran */
  readonly #failing = new Set<string>();
  /** a fault that was already acted upon */
  #fault: VigieError | null = null;
  #files = '';
  #checkedMs = 0;
  #failedMs = 0;
  /** when lives of the pipeline process with slots were lost */
  #lostMs: number[] = [];
  #turn: Promise<void> = Promise.resolve();
  #cancel = (): void => undefined;
  #supervisor: Supervised | null = null;

  constructor(
    private readonly deps: { clock: Clock; log: Log },
    private readonly options: { config: Config; stateDirectory: string },
    private allowed: Allowed,
  ) {}

  /**
   * The options of the pipeline process as things stand. Does not reject for a model.
   * @throws VigieError `source` or `config`
   */
  async pipeline(): Promise<PipelineOptions> {
    const { config, stateDirectory } = this.options;
    const { zones, authority } = this.allowed;
    this.#checkedMs = this.#nowMs;
    this.#refused = null;
    this.#slots = noSlots;
    let options: PipelineOptions;
    try {
      options = await pipelineOptions(config, zones, authority);
    } catch (error) {
      if (!(error instanceof VigieError) || error.kind !== 'model') throw error;
      this.#refused = { part: 'detector', reason: refusalOf(error) ?? 'engine' };
      this.deps.log.error(`${errorLine(error)}. Recording goes on without detection`);
      options = await pipelineOptions(
        { ...config, detect: { ...config.detect, enabled: false } },
        zones,
        authority,
      );
    }
    if (options.detect) {
      this.#slots = await slotModels(config, { zones, stateDirectory, failing: this.#failing });
      if (this.#slots.slots.length > 0)
        options = { ...options, detect: { ...options.detect, slots: this.#slots.slots } };
    }
    this.#files = await this.#stamps();
    return options;
  }

  /** Watches over the models from now on. */
  start(supervisor: Supervised): void {
    this.#supervisor = supervisor;
    this.#cancel = this.deps.clock.every(LOOK_AGAIN_MS, () => void this.check());
    void this.check();
  }

  /** Resolves when no change is being applied any more. */
  async stop(): Promise<void> {
    this.#cancel();
    this.#supervisor = null;
    await this.#turn;
  }

  /** The authority changed. What may not be analysed any more stops before this returns; `apply` starts the rest. */
  allow(allowed: Allowed): void {
    const before = slotsAsked(this.allowed.zones);
    this.allowed = allowed;
    const { zones, authority } = allowed;
    const looks = zones.length > 0 || (authority.mayRecord && authority.personMask !== null);
    const asked = slotsAsked(zones);
    if (looks && before.some((task) => !asked.includes(task))) this.#endSlots();
    if (looks) return;
    this.#refused = null;
    this.#slots = noSlots;
    this.#supervisor?.stopLooking({ keepMotion: authority.mayRecord });
  }

  /** Looks for what is allowed from now on, where the process does not do so already. */
  apply(): Promise<void> {
    return this.#inTurn(async (supervisor) => {
      const asked = this.allowed;
      const options = await this.pipeline();
      if (asked !== this.allowed) return;
      if (!isDeepStrictEqual(options, supervisor.pipeline)) supervisor.reconfigure(options);
    });
  }

  /** One look at the models and at what the process said of them. */
  check(): Promise<void> {
    return this.#inTurn((supervisor) => this.#check(supervisor)).catch((error: unknown) =>
      this.deps.log.error(`The models could not be looked at: ${errorLine(error)}`),
    );
  }

  /**
   * A life of the pipeline process ended that nobody ended. A model that takes the process along says nothing, so after a few
   * such lives every slot is put down: recording comes first (docs/models.md, R8).
   */
  lost(): void {
    const running = this.#supervisor?.pipeline.detect?.slots ?? [];
    if (running.length === 0) return;
    this.#lostMs = this.#lostMs.filter((ms) => this.#nowMs - ms < LIVES_WITHIN_MS).concat(this.#nowMs);
    if (this.#lostMs.length < LIVES_LOST) return;
    this.#lostMs = [];
    for (const { name } of running) this.#failing.add(name);
    this.#failedMs = this.#nowMs;
    const names = running.map(({ name }) => name).join(', ');
    this.deps.log.error(`The pipeline process ended ${LIVES_LOST} times: ${names} will not run for an hour`);
    void this.apply().catch((error: unknown) =>
      this.deps.log.error(`The models could not be put down: ${errorLine(error)}`),
    );
  }

  notices(): Notice[] {
    const refused = [...(this.#refused ? [this.#refused] : []), ...this.#slots.refused];
    return [...refused.map(refusedNotice), ...this.#slots.absent.map(absentNotice)];
  }

  async #check(supervisor: Supervised): Promise<void> {
    const { modelFault } = supervisor;
    const failed = modelFault !== null && modelFault !== this.#fault;
    if (failed) {
      this.#fault = modelFault;
      this.#failedMs = this.#nowMs;
      const slot = failedSlot(modelFault.message);
      if (slot !== null) this.#failing.add(slot);
    }
    const changed = (await this.#stamps()) !== this.#files;
    const rested = this.#nowMs - this.#failedMs >= TRY_AGAIN_MS;
    const somethingIsOff = modelFault !== null || this.#failing.size > 0;
    const refused = this.#refused !== null || this.#slots.refused.length > 0;
    const due = (refused && this.#nowMs - this.#checkedMs >= CHECK_AGAIN_MS) || (somethingIsOff && rested);
    if (!failed && !changed && !due) return;
    if (changed || (somethingIsOff && rested)) {
      this.#failing.clear();
      this.#failedMs = this.#nowMs;
    }
    const asked = this.allowed;
    const options = await this.pipeline();
    // Allowed less meanwhile: whoever took it away has it applied.
    if (asked !== this.allowed || !asked.authority.mayRecord) return;
    // The detector itself failed on a file that is right: it is let alone for a while.
    const detectorFailed = failed && !changed && failedSlot(modelFault.message) === null;
    if (detectorFailed || isDeepStrictEqual(options, supervisor.pipeline)) return;
    supervisor.reconfigure(options);
  }

  /** A model that looks for what no zone may be watched for any more goes at once, and the others with it until `apply`. */
  #endSlots(): void {
    this.#slots = noSlots;
    const { pipeline } = this.#supervisor ?? {};
    if (!pipeline?.detect?.slots) return;
    const { slots: _, ...detect } = pipeline.detect;
    this.#supervisor?.reconfigure({ ...pipeline, detect });
  }

  /** Changes are worked out one after the other, and none after the stop. */
  #inTurn(work: (supervisor: Supervised) => Promise<void>): Promise<void> {
    const turn = this.#turn.then(async () => {
      if (this.#supervisor) await work(this.#supervisor);
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** What tells whether a file of the models changed. */
  async #stamps(): Promise<string> {
    const files = [...this.#detectorFiles(), ...this.#slots.files];
    const stamps = files.map(async (file) => {
      const { ino, size, mtimeMs } = await stat(file);
      return `${ino} ${size} ${mtimeMs}`;
    });
    return (await Promise.allSettled(stamps))
      .map((stamp) => (stamp.status === 'fulfilled' ? stamp.value : 'none'))
      .join(', ');
  }

  #detectorFiles(): string[] {
    const { model: name, engine } = this.options.config.detect;
    try {
      const model = findModel(name);
      return filesOf(model, engine, modelPaths(model, modelDirectory()).onnxFile).map(({ path }) => path);
    } catch {
      return [];
    }
  }

  get #nowMs(): number {
    return this.deps.clock.monoUs() / 1000;
  }
}
