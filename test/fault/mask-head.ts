/**
 * A head that turns as heads do, and what a runtime would tell the pipeline process of it: the stand-in by which
 * `npm run fault -- mask` plays both. Its true view is known at every time; its replies can be late, lost or lies.
 * The search for leaks reads the truth, the pipeline process only ever hears the replies.
 */
import type { TrueView, TrueViews } from '../../board/virtual/true-view.js';
import type { Pose } from '../../pipelines/messages.js';

const STEP_US = 5000;
/** Ten seconds of steps. */
const STEPS_KEPT = 2000;

/** What a head can do at the most. */
export interface HeadSpeed {
  degPerS: number;
  degPerS2: number;
  /** share of the field of view a second */
  zoomPerS: number;
}
export const quick: HeadSpeed = { degPerS: 100, degPerS2: 300, zoomPerS: 0.8 };
/** Turns so gently that one picture hardly differs from what the one before lets expect. */
export const gentle: HeadSpeed = { degPerS: 25, degPerS2: 20, zoomPerS: 0.1 };

interface Axis {
  at: number;
  to: number;
  speed: number;
}

/** Moves along the time it is asked about; never back. */
export class TurningHead implements TrueViews {
  readonly #pan: Axis = { at: 0, to: 0, speed: 0 };
  readonly #tilt: Axis = { at: 2, to: 2, speed: 0 };
  #hfov = { at: 60, to: 60 };
  #nowUs: number;
  #past: { monoUs: number; view: TrueView }[] = [];

  constructor(
    startUs: number,
    readonly speed: HeadSpeed,
  ) {
    this.#nowUs = startUs;
    this.#remember();
  }

  /** Where it was told to go. */
  get target(): TrueView {
    return { panDeg: this.#pan.to, tiltDeg: this.#tilt.to, hfovDeg: this.#hfov.to };
  }

  goTo(to: Partial<TrueView>, monoUs: number): void {
    this.#moveOn(monoUs);
    this.#pan.to = to.panDeg ?? this.#pan.to;
    this.#tilt.to = to.tiltDeg ?? this.#tilt.to;
    this.#hfov.to = to.hfovDeg ?? this.#hfov.to;
  }

  trueView(monoUs: number): TrueView {
    this.#moveOn(monoUs);
    const before = this.#past.findLastIndex((past) => past.monoUs < monoUs);
    if (before < 0) return this.#past[0].view;
    const [a, b] = [this.#past[before], this.#past[before + 1]];
    const share = (monoUs - a.monoUs) / (b.monoUs - a.monoUs);
    const mix = (from: number, to: number): number => from + (to - from) * share;
    return {
      panDeg: mix(a.view.panDeg, b.view.panDeg),
      tiltDeg: mix(a.view.tiltDeg, b.view.tiltDeg),
      hfovDeg: mix(a.view.hfovDeg, b.view.hfovDeg),
    };
  }

  #moveOn(monoUs: number): void {
    while (this.#nowUs < monoUs) {
      this.#nowUs += STEP_US;
      turn(this.#pan, this.speed);
      turn(this.#tilt, this.speed);
      const most = (this.#hfov.at * this.speed.zoomPerS * STEP_US) / 1e6;
      this.#hfov.at += Math.max(-most, Math.min(most, this.#hfov.to - this.#hfov.at));
      this.#remember();
    }
  }

  #remember(): void {
    const view = { panDeg: this.#pan.at, tiltDeg: this.#tilt.at, hfovDeg: this.#hfov.at };
    this.#past.push({ monoUs: this.#nowUs, view });
    if (this.#past.length > 2 * STEPS_KEPT) this.#past = this.#past.slice(-STEPS_KEPT);
  }
}

/** One step: as fast as it may, and so that it can still brake. */
function turn(axis: Axis, { degPerS, degPerS2 }: HeadSpeed): void {
  const seconds = STEP_US / 1e6;
  const left = axis.to - axis.at;
  const braking = Math.sqrt(2 * degPerS2 * 0.8 * Math.abs(left));
  const wanted = Math.sign(left) * Math.min(degPerS, braking, Math.abs(left) / seconds);
  const most = degPerS2 * seconds;
  axis.speed += Math.max(-most, Math.min(most, wanted - axis.speed));
  axis.at += axis.speed * seconds;
}

/** A reply as the runtime got it. */
export interface Reading {
  /** middle of question and answer */
  monoUs: number;
  roundTripUs: number;
  view: TrueView;
}

/** Readings in a row that must agree before a position counts again. */
const AGREEING = 6;

/** What the runtime makes of the readings: how sure it is, and when it says that nothing is sure. */
export class PoseWatch {
  readonly #speed: HeadSpeed;
  #last: Reading | null = null;
  #agreed = AGREEING;
  #still = 0;

  constructor(speed: HeadSpeed) {
    this.#speed = speed;
  }

  /** Nothing before counts: the head had no power, or begins anew. */
  forget(): void {
    this.#last = null;
    this.#agreed = 0;
  }

  judge(reading: Reading, target: TrueView, hide: Pose['hide']): Pose {
    const { view, monoUs, roundTripUs } = reading;
    const last = this.#last;
    this.#last = reading;
    const seconds = last ? (monoUs - last.monoUs) / 1e6 : 0.05;
    const panned = last ? view.panDeg - last.view.panDeg : 0;
    const tilted = last ? view.tiltDeg - last.view.tiltDeg : 0;
    const moved = Math.max(Math.abs(panned), Math.abs(tilted));
    const zoomed = last ? Math.abs(view.hfovDeg / last.view.hfovDeg - 1) / seconds : 0;
    const off = Math.max(Math.abs(target.panDeg - view.panDeg), Math.abs(target.tiltDeg - view.tiltDeg));
    this.#still = off > 0.5 && moved < 0.02 ? this.#still + 1 : 0;
    const reachable = this.#speed.degPerS * (seconds + roundTripUs / 1e6) + 0.5;
    const agrees = moved <= reachable && this.#still < 2;
    this.#agreed = agrees && hide === null ? this.#agreed + 1 : 0;
    const resting = off < 0.02 && moved < 0.02;
    const spare = this.#speed.degPerS2 * (seconds + 0.05);
    const speed = resting ? 0 : Math.min(this.#speed.degPerS, moved / seconds + spare);
    return {
      t: 'pose',
      monoUs: Math.round(monoUs),
      ...view,
      uncertaintyDeg:
        0.01 + (speed * roundTripUs) / 2e6 + (resting ? 0 : (this.#speed.degPerS2 * seconds * seconds) / 8),
      speedDegPerS: speed,
      zoomPerS: view.hfovDeg === target.hfovDeg && zoomed === 0 ? 0 : this.#speed.zoomPerS,
      hide: hide ?? (this.#agreed >= AGREEING ? null : 'disagrees'),
    };
  }
}
