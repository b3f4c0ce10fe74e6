/** A head for tests of runtime/head/: it turns at a steady speed in the time of a ManualClock, and lies when told to. */
import type { HeadLimits, HeadPort, HeadPosition } from '../../board/ports.js';
import type { ManualClock } from '../../board/virtual/clock.js';
import { VigieError } from '../../errors.js';

export const fakeLimits: HeadLimits = {
  panDeg: [-170, 170],
  panEndless: false,
  tiltDeg: [-30, 90],
  hfovDeg: [3, 60],
  panDegPerS: 90,
  tiltDegPerS: 60,
  zoomPerS: 1,
};

export class FakeHead implements HeadPort {
  readonly limits = fakeLimits;
  readonly orders: string[] = [];
  panDeg = 0;
  tiltDeg = 0;
  hfovDeg = 60;
  /** what it says instead of the truth */
  lies: ((truth: HeadPosition) => HeadPosition) | null = null;
  silent = false;
  roundTripUs = 20_000;
  #speed = { pan: 0, tilt: 0, zoom: 0 };
  #target: { panDeg: number; tiltDeg: number; hfovDeg: number } | null = null;

  constructor(readonly clock: ManualClock) {}

  /** Lets the head turn for this long. */
  turn(ms: number): void {
    const seconds = ms / 1000;
    const { limits } = this;
    if (this.#target) {
      this.panDeg = towards(this.panDeg, this.#target.panDeg, limits.panDegPerS * seconds);
      this.tiltDeg = towards(this.tiltDeg, this.#target.tiltDeg, limits.tiltDegPerS * seconds);
      this.hfovDeg = towards(this.hfovDeg, this.#target.hfovDeg, this.hfovDeg * 0.6 * seconds);
    }
    this.panDeg = clamp(this.panDeg + this.#speed.pan * limits.panDegPerS * seconds, limits.panDeg);
    this.tiltDeg = clamp(this.tiltDeg + this.#speed.tilt * limits.tiltDegPerS * seconds, limits.tiltDeg);
    this.hfovDeg = clamp(this.hfovDeg * Math.exp(-this.#speed.zoom * 0.6 * seconds), limits.hfovDeg);
  }

  where(): HeadPosition {
    const monoUs = this.clock.monoUs() - this.roundTripUs / 2;
    const { roundTripUs, panDeg, tiltDeg, hfovDeg } = this;
    const truth = { monoUs, roundTripUs, panDeg, tiltDeg, hfovDeg };
    return this.lies ? this.lies(truth) : truth;
  }

  /** All power gone for a moment: it counts from where it stands. */
  powerCycle(): void {
    this.#speed = { pan: 0, tilt: 0, zoom: 0 };
    this.#target = null;
    this.panDeg = 0;
    this.tiltDeg = 0;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }
  async position(): Promise<HeadPosition> {
    await this.#answer();
    return this.where();
  }
  async moveTo(to: { panDeg: number; tiltDeg: number; hfovDeg?: number }): Promise<void> {
    await this.#answer();
    this.orders.push(`move ${to.panDeg} ${to.tiltDeg} ${to.hfovDeg ?? '-'}`);
    this.#speed = { pan: 0, tilt: 0, zoom: 0 };
    this.#target = { hfovDeg: this.hfovDeg, ...to };
  }
  async drive(at: { pan: number; tilt: number; zoom: number }): Promise<void> {
    await this.#answer();
    this.orders.push(`drive ${at.pan} ${at.tilt} ${at.zoom}`);
    this.#target = null;
    this.#speed = at;
  }
  async halt(): Promise<void> {
    await this.#answer();
    this.orders.push('halt');
    this.#target = null;
    this.#speed = { pan: 0, tilt: 0, zoom: 0 };
  }
  savePreset(): Promise<void> {
    return Promise.resolve();
  }
  recallPreset(): Promise<void> {
    return Promise.resolve();
  }
  async home(): Promise<void> {
    await this.#answer();
    this.orders.push('home');
    this.#speed = { pan: 0, tilt: 0, zoom: 0 };
    this.#target = { panDeg: 0, tiltDeg: 0, hfovDeg: this.hfovDeg };
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }

  #answer(): Promise<void> {
    const gone = new VigieError('head', 'The head does not answer', 'Check its power and its line');
    return this.silent ? Promise.reject(gone) : Promise.resolve();
  }
}

function towards(from: number, to: number, step: number): number {
  return Math.abs(to - from) <= step ? to : from + Math.sign(to - from) * step;
}

function clamp(value: number, [least, most]: readonly [number, number]): number {
  return Math.min(most, Math.max(least, value));
}

/** Moves the clock and the head together in steps, and lets promises settle after each. */
export async function run(
  clock: ManualClock,
  head: FakeHead,
  ms: number,
  each = (): void => undefined,
): Promise<void> {
  for (let gone = 0; gone < ms; gone += 10) {
    head.turn(10);
    clock.advance(10);
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    each();
  }
}
