/**
 * Finds people and vehicles in small masked pictures. Fed by look.ts at the configured rate, read by
 * track/. It looks at one picture at a time and never queues: a picture that comes while it is busy is not
 * looked at, and no frame of the recording waits for it.
 */
import { Worker } from 'node:worker_threads';
import type { Clock, Log } from '../../board/ports.js';
import { asVigieError, VigieError } from '../../errors.js';
import type { Detection, DetectOptions } from '../messages.js';
import type { SmallPicture } from './small-picture.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

export interface Look {
  /** the frame that was looked at */
  seq: number;
  /** best first, boxes as shares of the picture, scores from `lowThreshold` up */
  detections: Detection[];
  /** from the call to the answer, milliseconds */
  lookMs: number;
}

interface Waiting {
  resolve(detections: Detection[]): void;
  reject(error: VigieError): void;
}

/** A thread in the middle of a look ends when that look does; one that does not is ended by force. */
const stopPatienceMs = 2000;

const gone = (): VigieError =>
  new VigieError(
    'model',
    'The detector is not running',
    'The pipeline process will be replaced; see the log',
  );

export class Detector {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: DetectOptions;
  #thread: Worker | null = null;
  #ended: Promise<void> = Promise.resolve();
  #waiting: Waiting | null = null;
  #fault: VigieError | null = null;

  constructor(deps: { log: Log; clock: Clock }, options: DetectOptions) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#options = options;
  }

  /** A look is under way; another picture would not be looked at. */
  get busy(): boolean {
    return this.#waiting !== null;
  }

  /**
   * Starts the thread and loads the model.
   * @param signal stops the detector when it aborts
   * @throws VigieError `model` when the file is missing, has not the right hash or is not a listed model
   */
  async start(signal?: AbortSignal): Promise<void> {
    if (this.#thread) return;
    if (signal?.aborted) throw gone();
    const { engine, modelFile, modelSha256, threads, lowThreshold } = this.#options;
    const workerData: ThreadData = { engine, modelFile, modelSha256, threads, lowThreshold };
    const thread = new Worker(new URL('./worker.js', import.meta.url), { workerData, name: 'detector' });
    this.#thread = thread;
    this.#fault = null;
    this.#ended = new Promise((resolve) => thread.once('exit', () => resolve()));
    const loaded = new Promise<void>((resolve, reject) => {
      this.#waiting = { resolve: () => resolve(), reject };
    });
    thread.on('message', (message: FromThread) => this.#hear(message));
    thread.on('error', (error) => this.#fail(asVigieError(error)));
    thread.on('exit', () => {
      if (this.#thread === thread) this.#thread = null;
      this.#fail(gone());
    });
    signal?.addEventListener('abort', () => void this.stop(), { once: true });
    try {
      await loaded;
    } catch (error) {
      await this.stop();
      throw error;
    }
    const { inputWidth, inputHeight } = this.#options;
    this.#log.info(`detector ready: ${inputWidth}x${inputHeight}, ${engine}, ${threads} thread(s)`);
  }

  /**
   * Looks at a picture and takes its bytes: they are handed to the thread and are empty here afterwards.
   * @returns null, the picture untouched, when a look is under way
   * @throws VigieError `model` when the detector is not running or the picture is larger than the configured size
   */
  async look(picture: SmallPicture): Promise<Look | null> {
    const thread = this.#thread;
    if (!thread || this.#fault) throw this.#fault ?? gone();
    if (this.#waiting) return null;
    const { seq, width, height, rgb } = picture;
    const { inputWidth, inputHeight } = this.#options;
    if (width % 32 !== 0 || height % 32 !== 0 || width * height > inputWidth * inputHeight) {
      const message = `The detector got ${width}x${height} and takes no more than ${inputWidth}x${inputHeight}`;
      throw new VigieError('model', message, 'This is a defect: report it with the log');
    }
    const startUs = this.#clock.monoUs();
    const seen = new Promise<Detection[]>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    const message: ToThread = { t: 'look', seq, width, height, rgb };
    thread.postMessage(message, [rgb.buffer]);
    const detections = await seen;
    return { seq, detections, lookMs: (this.#clock.monoUs() - startUs) / 1000 };
  }

  /** Ends the thread; a look under way is rejected. May be called twice, and before start. */
  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    this.#fail(gone());
    if (thread) {
      const message: ToThread = { t: 'stop' };
      thread.postMessage(message);
      const cancel = this.#clock.after(stopPatienceMs, () => void thread.terminate());
      await this.#ended;
      cancel();
    }
    await this.#ended;
  }

  #hear(message: FromThread): void {
    if (message.t === 'failed') {
      this.#fail(new VigieError(message.kind, message.message, message.hint));
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(message.t === 'seen' ? message.detections : []);
  }

  /** The first failure is the one that counts; later looks are refused with it. */
  #fail(error: VigieError): void {
    this.#fault ??= error;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(error);
  }
}
