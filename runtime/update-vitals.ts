/**
 * How this machine is, as an update asks it (docs/updates.md, "What a camera does"): frames, storage, the control port. Made by
 * updating.ts. Looks at the store once a second, and at the control port only when it is asked.
 */
import type { Clock } from '../board/ports.js';
import type { Vitals } from '../ota/updater/confirm.js';
import type { Health } from './health/health.js';

export interface UpdateVitalsDeps {
  clock: Clock;
  /** as encoded, over the last seconds */
  framesPerSecond: () => number;
  /** on the device, of this run */
  framesRecorded: () => number;
  storeState: () => Health['store']['state'];
  /** the authorisation lets this camera record */
  mayRecord: () => boolean;
  /** a connection to the control port was answered; never rejects */
  controlAnswers: () => Promise<boolean>;
}

/** A GOP is a second long; a card may take its time. */
const recordedWithinUs = 10_000_000;

export class UpdateVitals {
  #frames = 0;
  #recordedUs = Number.NEGATIVE_INFINITY;
  #cancel = (): void => undefined;

  /** @param options.framesPerSecond as configured */
  constructor(
    private readonly deps: UpdateVitalsDeps,
    private readonly options: { framesPerSecond: number },
  ) {}

  start(): void {
    this.#frames = this.deps.framesRecorded();
    this.#cancel = this.deps.clock.every(1000, () => this.#look());
  }

  stop(): void {
    this.#cancel();
  }

  async read(): Promise<Vitals> {
    const control = await this.deps.controlAnswers();
    this.#look();
    const frames = this.deps.framesPerSecond() >= this.options.framesPerSecond / 2;
    return { frames, storage: this.#storageHolds(), control };
  }

  #look(): void {
    const frames = this.deps.framesRecorded();
    if (frames > this.#frames) this.#recordedUs = this.deps.clock.monoUs();
    this.#frames = frames;
  }

  #storageHolds(): boolean {
    if (this.deps.clock.monoUs() - this.#recordedUs <= recordedWithinUs) return true;
    const state = this.deps.storeState();
    if (state === 'off') return !this.deps.mayRecord();
    return state === 'waiting' || state === 'off-hours';
  }
}
