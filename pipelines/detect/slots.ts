/**
 * The slots: models for fire and for weapons that an integrator brought, each with a thread and a small picture of its own,
 * so that none delays the detector or a frame. Fed by frame-path.ts with masked frames, once a second at most for each;
 * what they saw goes out with the next look. A slot that fails is told with its name, and the process goes on without it
 * in its next life (docs/models.md, "When a model is refused").
 */
import { Worker } from 'node:worker_threads';
import type { Log } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import { slotFailed } from '../../models/refusal.js';
import type { MaskedFrame } from '../frame.js';
import type { Signal, SlotOptions } from '../messages.js';
import { cropped } from './crop.js';
import type { FromSlot, ToSlot } from './thread-messages.js';

const WHOLE = { x: 0, y: 0, width: 1, height: 1 };
/** As many as one message takes. */
const MOST_SIGNALS = 64;

/** In this time a model is loaded, and it answers; in the time of the pictures, microseconds. */
const PATIENCE_US = { load: 120e6, look: 10e6 };
/** An event bridges no longer gap (runtime/scene/behaviours/slot.ts). */
const SLOW_US = 2.5e6;

interface SlotThread extends Pick<Worker, 'postMessage' | 'terminate'> {
  on(event: 'message', heard: (message: FromSlot) => void): unknown;
  on(event: 'error', heard: (error: Error) => void): unknown;
  on(event: 'exit', heard: () => void): unknown;
}

export interface SlotsDeps {
  log: Log;
  onFault(error: VigieError): void;
  /** starts the thread of a slot. Replaced in tests */
  thread?(options: SlotOptions): SlotThread;
}

function startThread(workerData: SlotOptions): SlotThread {
  return new Worker(new URL('./slot-thread.js', import.meta.url), { workerData, name: 'slot' });
}

export class Slots {
  readonly #slots: Slot[];
  #signals: Signal[] = [];

  constructor(deps: SlotsDeps, sources: readonly SlotOptions[]) {
    const found = (signals: Signal[]): void => {
      this.#signals = [...this.#signals, ...signals].slice(-MOST_SIGNALS);
    };
    this.#slots = sources.map((source) => new Slot({ ...deps, found }, source));
  }

  start(): void {
    for (const slot of this.#slots) slot.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop()));
  }

  /** Looks at the frame where a look is due and none is under way. The frame is not kept. */
  offer(frame: MaskedFrame): void {
    for (const slot of this.#slots) slot.offer(frame);
  }

  /** What was seen since the last call. */
  take(): Signal[] {
    const signals = this.#signals;
    this.#signals = [];
    return signals;
  }
}

type Ready = Extract<FromSlot, { t: 'ready' }>;

class Slot {
  #thread: SlotThread | null = null;
  #ready: Ready | null = null;
  #busy = false;
  /** time of the first frame, then of the frame that was asked about last */
  #sinceUs: number | null = null;
  #saidSlow = false;
  #nextDueUs = 0;

  constructor(
    private readonly deps: SlotsDeps & { found(signals: Signal[]): void },
    private readonly options: SlotOptions,
  ) {}

  start(): void {
    const thread = (this.deps.thread ?? startThread)(this.options);
    this.#thread = thread;
    thread.on('message', (message: FromSlot) => this.#hear(message));
    thread.on('error', (error) => this.#fail(error.message, 'See the log'));
    thread.on('exit', () => this.#fail('its thread ended', 'See the log'));
  }

  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    this.#ready = null;
    await thread?.terminate();
  }

  offer(frame: MaskedFrame): void {
    const [thread, ready] = [this.#thread, this.#ready];
    if (!thread) return;
    if (!ready || this.#busy) return this.#wait(frame.monoUs);
    if (frame.monoUs < this.#nextDueUs) return;
    this.#nextDueUs = frame.monoUs + ready.everySeconds * 1e6;
    this.#busy = true;
    this.#sinceUs = frame.monoUs;
    const { width, height } = ready;
    const { rgb } = cropped(frame, { box: WHOLE, input: { width, height } });
    const message: ToSlot = { rgb };
    thread.postMessage(message, [rgb.buffer]);
  }

  #hear(message: FromSlot): void {
    if (!this.#thread) return;
    if (message.t === 'failed') {
      this.#fail(message.message, message.hint);
      return;
    }
    if (message.t === 'ready') {
      const { width, height, task } = message;
      this.#ready = message;
      this.deps.log.info(`slot ready: ${this.options.name} (${task}), ${width}x${height}`);
      return;
    }
    this.#busy = false;
    const ready = this.#ready;
    const { modelSha256 } = this.options;
    if (ready) this.deps.found(message.places.map((place) => ({ ...place, task: ready.task, modelSha256 })));
  }

  /** A model that answers too late sees nothing, and nobody must believe that it does. */
  #wait(monoUs: number): void {
    this.#sinceUs ??= monoUs;
    const waitsUs = monoUs - this.#sinceUs;
    const patienceUs = this.#ready ? PATIENCE_US.look : PATIENCE_US.load;
    if (waitsUs > patienceUs) this.#fail(`it did not answer for ${patienceUs / 1e6} s`, 'Use a smaller one');
    if (!this.#ready || waitsUs <= SLOW_US || this.#saidSlow) return;
    this.#saidSlow = true;
    this.deps.log.warn(
      `slot ${this.options.name} is too slow: a look takes more than ${SLOW_US / 1e6} s, and what lasts is missed`,
    );
  }

  /** Once: what comes after the first failure is its consequence. */
  #fail(why: string, hint: string): void {
    if (!this.#thread) return;
    void this.stop();
    this.deps.onFault(new VigieError('model', slotFailed(this.options.name, why), hint));
  }
}
