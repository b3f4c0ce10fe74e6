/**
 * The mechanics of the simulated head: three axes with inertia, slew limits and ends, homing, and the true view of the
 * last ten seconds. Ordered about by head-voice.ts. It steps in whole milliseconds of the clock it is given, so that the
 * same orders at the same times give the same movement.
 */
import type { Clock } from '../ports.js';
import type { TrueView } from './true-view.js';

/** Degrees, or stops (halvings of the field of view's tangent) for the zoom; and a second. */
export interface AxisOptions {
  least: number;
  most: number;
  /** turns round without end; `least` and `most` are then not used */
  endless: boolean;
  fastest: number;
  /** of speeding up and of slowing down */
  acceleration: number;
}

const stepS = 0.001;

/** One motor with its load. */
class Axis {
  at: number;
  speed = 0;
  /** where it is wanted; null while it is driven */
  #target: number | null = null;
  #driven = 0;

  constructor(
    readonly options: AxisOptions,
    at: number,
  ) {
    this.at = at;
  }

  get resting(): boolean {
    return this.speed === 0 && this.#driven === 0 && this.#target === null;
  }

  /** @param share of the fastest, -1 to 1 */
  drive(share: number): void {
    this.#target = null;
    this.#driven = Math.max(-1, Math.min(1, share)) * this.options.fastest;
  }

  moveTo(target: number): void {
    const { endless, least, most } = this.options;
    this.#driven = 0;
    if (!endless) this.#target = Math.max(least, Math.min(most, target));
    else this.#target = this.at + ((((target - this.at) % 360) + 540) % 360) - 180;
  }

  step(): void {
    const { acceleration, endless, least, most } = this.options;
    const wanted = this.#wantedSpeed();
    const change = acceleration * stepS;
    this.speed += Math.max(-change, Math.min(change, wanted - this.speed));
    this.at += this.speed * stepS;
    if (
      this.#target !== null &&
      Math.abs(this.#target - this.at) < 0.002 &&
      Math.abs(this.speed) <= 2 * change
    ) {
      this.at = this.#target;
      this.speed = 0;
      this.#target = null;
    }
    if (endless || (this.at >= least && this.at <= most)) return;
    this.at = Math.max(least, Math.min(most, this.at));
    this.speed = 0;
  }

  #wantedSpeed(): number {
    if (this.#target === null) return this.#driven;
    const way = this.#target - this.at;
    const { acceleration, fastest } = this.options;
    // Slow enough to stop in time, with a little left for the length of a step.
    const speed = Math.min(fastest, Math.sqrt(1.8 * acceleration * Math.abs(way)), Math.abs(way) / stepS);
    return Math.sign(way) * speed;
  }
}

export interface MotionOptions {
  pan: AxisOptions;
  tilt: AxisOptions;
  zoom: AxisOptions;
  /** field of view at zoom 0, degrees */
  wideDeg: number;
  startAt: { panDeg: number; tiltDeg: number; zoomStops: number };
}

const rememberedMs = 10_000;

export class HeadMotion {
  readonly pan: Axis;
  readonly tilt: Axis;
  readonly zoom: Axis;
  #nowMs: number;
  /** pan, tilt, zoom of each millisecond, a ring */
  #history = new Float64Array(rememberedMs * 3);
  #oldestMs: number;
  #homing: 'no' | 'to the ends' | 'to zero' = 'no';
  /** what the head's counters are off by, until it found its ends */
  #counterOff = { pan: 0, tilt: 0 };

  constructor(
    private readonly deps: { clock: Clock },
    private readonly options: MotionOptions,
  ) {
    const { startAt } = options;
    this.pan = new Axis(options.pan, startAt.panDeg);
    this.tilt = new Axis(options.tilt, startAt.tiltDeg);
    this.zoom = new Axis(options.zoom, startAt.zoomStops);
    this.#nowMs = Math.floor(deps.clock.monoUs() / 1000);
    this.#oldestMs = this.#nowMs;
    this.#remember();
  }

  get homing(): boolean {
    return this.#homing !== 'no';
  }

  /** Brings the mechanics to the clock's time; to be called before anything is ordered or read. */
  advance(): void {
    const end = Math.floor(this.deps.clock.monoUs() / 1000);
    while (this.#nowMs < end) {
      this.#nowMs += 1;
      for (const axis of [this.pan, this.tilt, this.zoom]) axis.step();
      this.#home();
      this.#remember();
    }
    this.#oldestMs = Math.max(this.#oldestMs, this.#nowMs - rememberedMs + 1);
  }

  /** Where it truly is, or was. */
  trueView(monoUs: number): TrueView {
    this.advance();
    const [pan, tilt, zoom] = this.#at(monoUs);
    return { panDeg: this.#turned(pan), tiltDeg: tilt, hfovDeg: this.hfovDeg(zoom) };
  }

  /** What the head's own counters said then: off from the truth from power-up until the ends are found. */
  counted(monoUs: number): { panDeg: number; tiltDeg: number; zoomStops: number } {
    this.advance();
    const [pan, tilt, zoomStops] = this.#at(monoUs);
    const panDeg = this.#turned(pan - this.#counterOff.pan);
    return { panDeg, tiltDeg: tilt - this.#counterOff.tilt, zoomStops };
  }

  hfovDeg(zoomStops: number): number {
    const wide = Math.tan((this.options.wideDeg * Math.PI) / 360);
    return (Math.atan(wide / 2 ** zoomStops) * 360) / Math.PI;
  }

  /** Motors without current: everything runs out. */
  powerOff(): void {
    this.advance();
    this.#homing = 'no';
    for (const axis of [this.pan, this.tilt, this.zoom]) axis.drive(0);
  }

  /** The counters begin at zero wherever it stands; then it looks for its ends. */
  powerOn(): void {
    this.advance();
    this.#counterOff = { pan: this.pan.at, tilt: this.tilt.at };
    this.#homing = 'to the ends';
    this.pan.moveTo(this.pan.options.endless ? this.pan.at + 170 : this.pan.options.least);
    this.tilt.moveTo(this.tilt.options.least);
    this.zoom.moveTo(0);
  }

  #home(): void {
    if (this.#homing === 'no' || ![this.pan, this.tilt, this.zoom].every((axis) => axis.resting)) return;
    if (this.#homing === 'to zero') {
      this.#homing = 'no';
      return;
    }
    this.#counterOff = { pan: 0, tilt: 0 };
    this.#homing = 'to zero';
    this.pan.moveTo(0);
    this.tilt.moveTo(0);
  }

  #turned(pan: number): number {
    return this.options.pan.endless ? ((pan % 360) + 360) % 360 : pan;
  }

  #remember(): void {
    this.#history.set([this.pan.at, this.tilt.at, this.zoom.at], (this.#nowMs % rememberedMs) * 3);
  }

  #at(monoUs: number): [pan: number, tilt: number, zoom: number] {
    const ms = Math.max(this.#oldestMs, Math.min(this.#nowMs, monoUs / 1000));
    const low = Math.floor(ms);
    const high = Math.min(this.#nowMs, low + 1);
    const value = (axis: number): number => {
      const from = this.#history[(low % rememberedMs) * 3 + axis] ?? 0;
      const to = this.#history[(high % rememberedMs) * 3 + axis] ?? 0;
      return from + (to - from) * (ms - low);
    };
    return [value(0), value(1), value(2)];
  }
}
