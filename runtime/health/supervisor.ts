/**
 * Keeps a pipeline process running: starts it, hands it the mask, watches its heartbeat, its frames, its looks and
 * its memory, and replaces it when any of them fails. Made by runtime/main.ts; what the process sends goes on to
 * the recorder, the scene and the live view. No picture opens before both sides agree on the mask (docs/mask.md).
 */
import type { Clock, Log } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import type {
  Beat,
  FromPipeline,
  MaskTable,
  Picture,
  PipelineOptions,
  Pose,
  Unit,
} from '../../pipelines/messages.js';
import { Backoff } from './backoff.js';
import { fault, faultOf, withCause, wrongMask } from './faults.js';
import { MaskAgreement } from './mask-agreement.js';
import { PictureRequests } from './picture-requests.js';
import { PipelineProcess } from './pipeline-process.js';
import type { SupervisorEvents, SupervisorOptions } from './supervisor-events.js';
import { RunningTotals } from './totals.js';
import { VitalSigns } from './vital-signs.js';

const CHECK_MS = 50;
const STOP_TIMEOUT_MS = 500;

export type SupervisorState = 'starting' | 'running' | 'restarting' | 'stopped';

export class Supervisor {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #events: SupervisorEvents;
  readonly #options: SupervisorOptions;
  readonly #pictures = new PictureRequests();
  readonly #vital: VitalSigns;
  readonly #mask = new MaskAgreement((table) => this.#events.mask?.(table));
  readonly #backoff = new Backoff();
  readonly totals = new RunningTotals();
  #process: PipelineProcess | null = null;
  #state: SupervisorState = 'stopped';
  #everRan = false;
  #cancelCheck = (): void => undefined;
  #cancelRetry = (): void => undefined;
  #firstFrame: { resolve: () => void; reject: (error: VigieError) => void } | null = null;
  #lastFault: VigieError | null = null;
  #pipeline: PipelineOptions;
  #modelFault: VigieError | null = null;
  #onEnded: (() => void) | null = null;
  #ending: Promise<void> = Promise.resolve();

  constructor(deps: { clock: Clock; log: Log; events: SupervisorEvents }, options: SupervisorOptions) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#events = deps.events;
    this.#options = options;
    this.#vital = new VitalSigns(deps.clock, options);
    this.#pipeline = options.pipeline;
  }

  get state(): SupervisorState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Whether pictures are analysed. */
  get detects(): boolean {
    return this.#pipeline.detect !== null;
  }

  /** Why detection was switched off while the camera ran; null when it was not. */
  get modelFault(): VigieError | null {
    return this.#modelFault;
  }

  /** Why the source does not run, for the operator; null when it does. */
  get lastFault(): VigieError | null {
    return this.#state === 'running' ? null : this.#lastFault;
  }

  /**
   * Starts the process with this mask. Resolves at the first unit.
   * @throws VigieError `source` when the camera cannot start at all; after a first success it is kept going for ever. A
   *   model that fails is no reason not to start: it starts without
   */
  start(table: MaskTable): Promise<void> {
    this.#mask.change(table);
    this.#state = 'starting';
    // What waits in the channel is read first: when this process was late itself, the other one was not silent.
    this.#cancelCheck = this.#clock.every(CHECK_MS, () => setImmediate(() => this.#check()));
    return new Promise((resolve, reject) => {
      this.#firstFrame = { resolve, reject };
      this.#spawn();
    });
  }

  /** Lets the encoder finish, then ends the process. Idempotent: a second call resolves with the first. */
  stop(): Promise<void> {
    if (this.#state !== 'stopped') this.#ending = this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const process = this.#process;
    this.#state = 'stopped';
    this.#cancelCheck();
    this.#cancelRetry();
    if (process) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(STOP_TIMEOUT_MS, resolve);
        this.#onEnded = () => {
          cancel();
          resolve();
        };
        process.send({ t: 'stop' });
      });
      process.kill();
    }
    this.#process = null;
    this.#pictures.failAll('the camera is stopping');
    this.#firstFrame?.reject(
      new VigieError('source', 'The camera was stopped before its first frame', 'Start it again'),
    );
    this.#firstFrame = null;
  }

  /** What the process runs with. */
  get pipeline(): PipelineOptions {
    return this.#pipeline;
  }

  /** No picture is looked at from now on; nor is motion measured, unless it stays allowed. */
  stopLooking({ keepMotion }: { keepMotion: boolean }): void {
    const motion = keepMotion ? this.#pipeline.motion : null;
    if (this.detects || motion !== this.#pipeline.motion)
      this.reconfigure({ ...this.#pipeline, detect: null, motion });
  }

  /** Runs with other options from now on; the process is replaced, its picture opens again by the mask procedure. */
  reconfigure(pipeline: PipelineOptions): void {
    this.#pipeline = pipeline;
    this.#modelFault = null;
    if (!this.#process) return;
    this.#process.kill();
    this.#process = null;
    this.totals.endOfLife();
    this.#pictures.failAll('the camera changes');
    this.#events.interrupted('reconfigured');
    this.#spawn();
  }

  /** Replaces the mask: old and new are applied together until both sides agree on the new one. */
  setMask(table: MaskTable): void {
    this.#mask.change(table);
    this.#process?.send({ t: 'mask-table', table });
  }

  /** Where the head was: the mask of a camera that moves is laid by it. */
  pose(pose: Pose): void {
    this.#process?.send(pose);
  }

  /** A masked JPEG of the frame with this number while it is held, else of the newest. */
  picture(seq: number | null): Promise<Picture> {
    const process = this.#process;
    if (!process)
      return Promise.reject(new VigieError('source', 'The camera is not running', 'Wait for it to start'));
    const send = (id: number): void => process.send({ t: 'picture', id, seq });
    return seq === null ? this.#pictures.askNewest(send, this.#clock) : this.#pictures.ask(send, this.#clock);
  }

  #spawn(): void {
    const { table } = this.#mask;
    if (this.#state === 'stopped' || !table) return;
    const { detect } = this.#pipeline;
    this.#vital.born(detect ? 1000 / detect.ratePerSecond : null);
    this.#mask.born(this.#pipeline.personMask !== null);
    this.#process = new PipelineProcess(
      {
        message: (message) => this.#onMessage(message),
        violation: (why) =>
          this.#replace(fault('protocol', `The pipeline process sent a bad message: ${why}`)),
        exit: (why) => {
          this.#onEnded?.();
          this.#replace(fault('source', `The pipeline process ended (${why})`));
        },
      },
      this.#options.gstRegistry,
      this.#options.early?.take(),
    );
    this.#process.send({ t: 'start', options: this.#pipeline });
    this.#process.send({ t: 'mask-table', table });
  }

  #onMessage(message: FromPipeline): void {
    this.#vital.heard();
    switch (message.t) {
      case 'unit':
        return this.#onUnit(message);
      case 'tracks':
        this.#vital.look();
        return this.#events.tracks(message);
      case 'motion':
        return this.#events.motion?.(message);
      case 'sight':
        return this.#events.sight?.(message);
      case 'beat':
        return this.#onBeat(message);
      case 'mask-ready':
        return this.#onMaskReady(message.version, message.digest);
      case 'picture':
        return this.#mask.allows(message.mask) ? this.#pictures.answer(message) : this.#replace(wrongMask());
      case 'no-picture':
        return this.#pictures.fail(message.id, message.message);
      case 'fault':
        return this.#replace(faultOf(message));
      case 'log':
        return message.level === 'warn' ? this.#log.warn(message.message) : this.#log.info(message.message);
      case 'ended':
        return this.#onEnded ? this.#onEnded() : this.#events.ended();
      case 'ready':
        return;
    }
  }

  #onUnit(unit: Unit): void {
    if (!this.#mask.allows(unit.mask)) {
      this.#replace(wrongMask());
      return;
    }
    this.totals.unit(unit.seq);
    if (this.#vital.frame()) this.#running();
    this.#events.unit(unit);
  }

  #running(): void {
    this.#everRan = true;
    this.#state = this.#state === 'stopped' ? 'stopped' : 'running';
    this.#firstFrame?.resolve();
    this.#firstFrame = null;
  }

  #onBeat(beat: Beat): void {
    this.totals.add(beat);
    this.#vital.memory(beat.rssBytes);
  }

  /** The picture opens only on the digest that this side computed itself. */
  #onMaskReady(version: number, digest: string): void {
    const judged = this.#mask.judge(version, digest);
    if (judged === 'open') this.#process?.send({ t: 'mask-open', version, digest });
    else if (judged === 'refuse') {
      this.#replace(fault('mask', 'The pipeline process answered with another mask'));
    }
  }

  #check(): void {
    const wrong = this.#process ? this.#vital.check() : null;
    if (wrong) this.#replace(wrong);
  }

  /** Ends this life of the process and starts the next one, or gives up when no picture ever came. */
  #replace(why: VigieError): void {
    const process = this.#process;
    if (!process || this.#state === 'stopped') return;
    this.#process = null;
    process.kill();
    this.#lastFault = withCause(why, process.lastError);
    this.totals.endOfLife();
    this.#pictures.failAll(why.message);
    const goesOn = why.kind === 'model' && this.detects;
    if (!this.#everRan && !goesOn) {
      this.#state = 'stopped';
      this.#cancelCheck();
      this.#firstFrame?.reject(this.#lastFault);
      this.#firstFrame = null;
      return;
    }
    if (why.kind === 'model') this.#goOnWithoutModel(this.#lastFault);
    this.#state = this.#everRan ? 'restarting' : 'starting';
    this.#log.warn(`${why.message}; the pipeline process is replaced`);
    this.#events.interrupted(why.message);
    const wait = this.#backoff.after(this.#vital.framesForMs);
    if (wait === 0) this.#spawn();
    else this.#cancelRetry = this.#clock.after(wait, () => this.#spawn());
  }

  /** A model that fails must not cost the recording. */
  #goOnWithoutModel(fault: VigieError): void {
    this.#pipeline = { ...this.#pipeline, detect: null };
    this.#modelFault = fault;
    this.#log.error(`${fault.message}. Recording goes on without detection`);
  }
}
