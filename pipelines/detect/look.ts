/**
 * The side path of a frame: shrunk and looked at, at the detection rate. Fed by main.ts with masked frames,
 * which hands what was found to the tracker. It never delays a frame: while a look is under way others pass.
 */
import type { Clock, Log } from '../../board/ports.js';
import { asVigieError, type VigieError } from '../../errors.js';
import type { MaskedFrame, PictureSize } from '../frame.js';
import type { Detection, DetectOptions } from '../messages.js';
import { Detector } from './detector.js';
import { Shrink } from './shrink.js';

/** Looked-at frames kept for alert pictures. */
const FRAMES_KEPT = 3;

/** What one look found, and in which frame. */
export interface Seen {
  frame: MaskedFrame;
  detections: Detection[];
  /** time the model took, milliseconds */
  lookMs: number;
}

export class Look {
  readonly #options: DetectOptions;
  readonly #onSeen: (seen: Seen) => void;
  readonly #onFault: (error: VigieError) => void;
  readonly #shrink: Shrink;
  readonly #detector: Detector;
  readonly #kept: MaskedFrame[] = [];
  #ready = false;
  #busy = false;
  #nextDueUs = 0;

  constructor(
    deps: { clock: Clock; log: Log; onSeen: (seen: Seen) => void; onFault: (error: VigieError) => void },
    options: DetectOptions,
    size: PictureSize,
  ) {
    this.#options = options;
    this.#onSeen = deps.onSeen;
    this.#onFault = deps.onFault;
    this.#shrink = new Shrink(size, { width: options.inputWidth, height: options.inputHeight });
    this.#detector = new Detector(deps, options);
  }

  /** Loads the model; frames offered before that pass by. Rejects with a VigieError of kind `model`. */
  async start(): Promise<void> {
    this.#shrink.start();
    await this.#detector.start();
    this.#ready = true;
  }

  async stop(): Promise<void> {
    this.#ready = false;
    this.#shrink.stop();
    await this.#detector.stop();
  }

  /** The looked-at frame with this number while it is kept, else null. */
  frame(seq: number): MaskedFrame | null {
    return this.#kept.find((frame) => frame.seq === seq) ?? null;
  }

  /** Whether this frame is being looked at, or kept for a picture. */
  keeps(frame: MaskedFrame): boolean {
    return this.#kept.includes(frame);
  }

  /** Lets go of every frame kept, because the mask changes. */
  forget(): void {
    this.#kept.length = 0;
  }

  /** Looks at the frame if a look is due and none is under way. */
  offer(frame: MaskedFrame): void {
    if (!this.#ready || this.#busy || frame.monoUs < this.#nextDueUs) return;
    const everyUs = 1e6 / this.#options.ratePerSecond;
    // Keeps the rhythm when frames come a little late, and does not catch up after a pause.
    this.#nextDueUs = Math.max(this.#nextDueUs + everyUs, frame.monoUs + everyUs / 2);
    this.#busy = true;
    this.#look(frame)
      .catch((error: unknown) => {
        if (this.#ready) this.#onFault(asVigieError(error));
      })
      .finally(() => {
        this.#busy = false;
      });
  }

  async #look(frame: MaskedFrame): Promise<void> {
    this.#kept.push(frame);
    if (this.#kept.length > FRAMES_KEPT) this.#kept.shift();
    const result = await this.#detector.look(await this.#shrink.shrink(frame));
    if (result && this.#ready) this.#onSeen({ frame, ...result });
  }
}
