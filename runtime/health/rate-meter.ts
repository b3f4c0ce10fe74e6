/** How fast pictures and looks really come, over the last seconds. Fed by runtime/main.ts, read for health. */
import type { Clock } from '../../board/ports.js';
import type { MaskStamp } from '../../pipelines/frame.js';
import type { Unit } from '../../pipelines/messages.js';

const WINDOW_US = 5_000_000;

export class RateMeter {
  readonly #clock: Clock;
  readonly #frames: number[] = [];
  readonly #looks: number[] = [];
  #mask: MaskStamp = { version: 0, digest: '', state: 'full' };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  frame(unit: Unit): void {
    this.#frames.push(this.#clock.monoUs());
    this.#mask = unit.mask;
    if (this.#frames.length > 1024) this.#trim(this.#frames);
  }

  look(): void {
    this.#looks.push(this.#clock.monoUs());
    if (this.#looks.length > 1024) this.#trim(this.#looks);
  }

  get framesPerSecond(): number {
    return this.#perSecond(this.#frames);
  }

  get looksPerSecond(): number {
    return this.#perSecond(this.#looks);
  }

  /** How the mask stood on the newest frame. */
  get mask(): MaskStamp {
    return this.#mask;
  }

  #perSecond(times: number[]): number {
    this.#trim(times);
    const [first] = times;
    if (times.length < 2) return 0;
    const spanUs = Math.max(this.#clock.monoUs() - first, times[times.length - 1] - first);
    return Math.round(((times.length - 1) / spanUs) * 1e7) / 10;
  }

  #trim(times: number[]): void {
    const oldest = this.#clock.monoUs() - WINDOW_US;
    const keep = times.findIndex((time) => time >= oldest);
    times.splice(0, keep === -1 ? times.length : keep);
  }
}
