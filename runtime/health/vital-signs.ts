/**
 * Whether the pipeline process lives: its heartbeat, its frames, its memory. Fed and asked by supervisor.ts, which
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

export class VitalSigns {
  readonly #clock: Clock;
  readonly #limits: VitalLimits;
  #bornUs = 0;
  #heardUs = 0;
  #frameUs: number | null = null;
  #rssBytes = 0;

  constructor(clock: Clock, limits: VitalLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** A new life begins. */
  born(): void {
    this.#bornUs = this.#clock.monoUs();
    this.#heardUs = this.#bornUs;
    this.#frameUs = null;
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
    return first;
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
    return this.#since(this.#frameUs) > silentSourceMs ? noPicture(silentSourceMs) : null;
  }

  #since(us: number): number {
    return (this.#clock.monoUs() - us) / 1000;
  }
}

function noPicture(ms: number): VigieError {
  return new VigieError('source', `No picture for ${ms} ms`, 'Check the sensor, its cable and its power');
}
