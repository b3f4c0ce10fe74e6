/**
 * The side path of a frame: scaled and looked at, at the detection rate. Fed by frame-path.ts with masked frames,
 * which hands what was found to the tracker. It never delays a frame: while a look is under way others pass.
 */
import type { Clock, Log } from '../../board/ports.js';
import { asVigieError, type VigieError } from '../../errors.js';
import type { MaskedFrame, PictureSize } from '../frame.js';
import type { Box, Detection, DetectOptions, Track, Tracks } from '../messages.js';
import { Background } from './background.js';
import { cropped } from './crop.js';
import { Detector } from './detector.js';
import { Occupancy } from './occupancy.js';
import { Stills } from './stills.js';
import { Attention, fromWindow, type Plan, type Window } from './window.js';

/** Looked-at frames kept for alert pictures. */
const FRAMES_KEPT = 3;

const WHOLE: Box = { x: 0, y: 0, width: 1, height: 1 };
/** Something goes on in a box when this share of its cells is not as the scene is. */
const LIVELY_SHARE = 0.1;

/** What one look found, and in which frame. */
export interface Seen extends Pick<Tracks, 'looked' | 'stills' | 'occupied'> {
  frame: MaskedFrame;
  detections: Detection[];
  /** time the model took, milliseconds; 0 when it was not asked */
  lookMs: number;
  /** whether something goes on in a box of this frame; to be asked before the next look */
  isLively(box: Box): boolean;
}

export interface LookDeps {
  clock: Clock;
  log: Log;
  onSeen(seen: Seen): void;
  onFault(error: VigieError): void;
  /** where what is followed is expected at this time (CLOCK_MONOTONIC, microseconds) */
  expected(monoUs: number): readonly Track[];
  /** this frame is kept no longer */
  dropped(frame: MaskedFrame): void;
}

export class Look {
  readonly #options: DetectOptions;
  readonly #deps: LookDeps;
  readonly #background: Background;
  readonly #occupancy: Occupancy;
  readonly #stills: Stills | null;
  readonly #attention: Attention | null;
  readonly #whole: Window;
  readonly #detector: Detector;
  readonly #kept: MaskedFrame[] = [];
  #ready = false;
  #busy = false;
  #nextDueUs = 0;

  constructor(deps: LookDeps, options: DetectOptions, size: PictureSize) {
    const full = { width: options.inputWidth, height: options.inputHeight };
    const { fullLookSeconds, ratePerSecond } = options;
    this.#options = options;
    this.#deps = deps;
    this.#background = new Background(size);
    this.#occupancy = new Occupancy(this.#background, options.occupancyZones);
    this.#stills = options.stills ? new Stills() : null;
    this.#attention =
      fullLookSeconds === null ? null : new Attention(size, full, fullLookSeconds, ratePerSecond);
    this.#whole = { box: WHOLE, input: full };
    this.#detector = new Detector(deps, options);
  }

  /** Loads the model; frames offered before that pass by. Rejects with a VigieError of kind `model`. */
  async start(): Promise<void> {
    await this.#detector.start();
    this.#ready = true;
  }

  async stop(): Promise<void> {
    this.#ready = false;
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
        if (this.#ready) this.#deps.onFault(asVigieError(error));
      })
      .finally(() => {
        this.#busy = false;
      });
  }

  async #look(frame: MaskedFrame): Promise<void> {
    this.#kept.push(frame);
    const oldest = this.#kept.length > FRAMES_KEPT ? this.#kept.shift() : undefined;
    if (oldest) this.#deps.dropped(oldest);
    const background = this.#background;
    const expected = this.#deps.expected(frame.monoUs);
    background.update(
      frame,
      expected.filter((t) => t.class !== 'bag').map((t) => t.box),
    );
    const plan = this.#attention?.plan(
      background,
      expected.map((t) => t.box),
    ) ?? { looked: 'full' as const };
    const result = await this.#see(frame, plan);
    if (!result || !this.#ready) return;
    this.#deps.onSeen({
      frame,
      ...result,
      looked: plan.looked,
      stills: this.#stills?.update(background) ?? null,
      occupied: this.#occupancy.measure(background),
      isLively: (box) => background.evidence(box) >= LIVELY_SHARE,
    });
  }

  async #see(frame: MaskedFrame, plan: Plan): Promise<Pick<Seen, 'detections' | 'lookMs'> | null> {
    if (plan.looked === 'none') return { detections: [], lookMs: 0 };
    if (plan.looked === 'full') return this.#detector.look(cropped(frame, this.#whole));
    const result = await this.#detector.look(cropped(frame, plan.window));
    return result && { ...result, detections: fromWindow(result.detections, plan.window) };
  }
}
