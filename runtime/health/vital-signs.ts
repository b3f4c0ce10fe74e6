/**
 * Whether the pipeline process lives: its heartbeat, its frames, its looks, its memory. Fed and asked by supervisor.ts, which
 * acts on what this finds. Knows no process: only times.
 */
import type { Clock } from '../../board/ports.js';
import { VigieError } from '../../errors.js';

export interface VitalLimits {
  /** silence of the process */
  heartbeatTimeoutMs: number;
  /** time without a frame once there was one */
  silentSourceMs: number;
  /** time the source may take to give its first frame */
  startTimeoutMs: number;
  memoryCeilingBytes: number;
}

const REPLACED = 'It is being replaced';
/** Time without a look, with detection on: a model on a slow board loads and looks well within it. */
const LOOK_SILENCE_MS = 20_000;
/** Looks that may be missed when they are far apart. */
const LOOKS_MISSED = 3;

export class VitalSigns {
  readonly #clock: Clock;
  readonly #limits: VitalLimits;
  #bornUs = 0;
  #heardUs = 0;
  #firstFrameUs: number | null = null;
  #frameUs: number | null = null;
  #lookEveryMs: number | null = null;
  #lookUs: number | null = null;
  #rssBytes = 0;

  constructor(clock: Clock, limits: VitalLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * A new life begins.
   * @param lookEveryMs time between two looks; null when nothing is looked at
   */
  born(lookEveryMs: number | null = null): void {
    this.#bornUs = this.#clock.monoUs();
    this.#heardUs = this.#bornUs;
    this.#firstFrameUs = null;
    this.#frameUs = null;
    this.#lookEveryMs = lookEveryMs;
    this.#lookUs = null;
    this.#rssBytes = 0;
  }

  /** Any message came. */
  heard(): void {
    this.#heardUs = this.#clock.monoUs();
  }

  /** A frame came. True for the first one of this life. */
  frame(): boolean {
    const first = this.#frameUs === null;
    this.#frameUs = this.#clock.monoUs();
    this.#firstFrameUs ??= this.#frameUs;
    return first;
  }

  /** A picture was looked at. */
  look(): void {
    this.#lookUs = this.#clock.monoUs();
  }

  /** Milliseconds from the first frame of this life until now; 0 before it. */
  get framesForMs(): number {
    return this.#firstFrameUs === null ? 0 : this.#since(this.#firstFrameUs);
  }

  memory(rssBytes: number): void {
    this.#rssBytes = rssBytes;
  }

  /** What is wrong, null when nothing is. */
  check(): VigieError | null {
    const { heartbeatTimeoutMs, silentSourceMs, startTimeoutMs, memoryCeilingBytes } = this.#limits;
    if (this.#rssBytes > memoryCeilingBytes) {
      const mebibytes = Math.round(this.#rssBytes / 2 ** 20);
      return new VigieError('source', `The pipeline process grew to ${mebibytes} MiB`, REPLACED);
    }
    // Before its first frame a device may hold the process for long: only the start's own limit counts.
    if (this.#frameUs === null)
      return this.#since(this.#bornUs) > startTimeoutMs ? noPicture(startTimeoutMs) : null;
    const silentMs = this.#since(this.#heardUs);
    if (silentMs > heartbeatTimeoutMs) {
      return new VigieError(
        'source',
        `The pipeline process was silent for ${Math.round(silentMs)} ms`,
        REPLACED,
      );
    }
    return this.#since(this.#frameUs) > silentSourceMs ? noPicture(silentSourceMs) : this.#checkLooks();
  }

  /** A detector that hangs says nothing, and no frame is late for it. */
  #checkLooks(): VigieError | null {
    if (this.#lookEveryMs === null || this.#firstFrameUs === null) return null;
    const silentMs = this.#since(this.#lookUs ?? this.#firstFrameUs);
    if (silentMs <= Math.max(LOOK_SILENCE_MS, LOOKS_MISSED * this.#lookEveryMs)) return null;
    const message = `No picture was looked at for ${Math.round(silentMs)} ms`;
    // One that never looked in this life will not in the next: recording goes on without it.
    return this.#lookUs === null
      ? new VigieError('model', message, 'Check the model, or set detect.ratePerSecond lower')
      : new VigieError('source', message, REPLACED);
  }

  #since(us: number): number {
    return (this.#clock.monoUs() - us) / 1000;
  }
}

function noPicture(ms: number): VigieError {
  return new VigieError('source', `No picture for ${ms} ms`, 'Check the sensor, its cable and its power');
}
