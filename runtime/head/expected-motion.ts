/**
 * Where the head may be, from what it was told and how fast it can go. Fed by pose-watch.ts with every order and every
 * position; says how fast it may turn now, and what a position contradicts. Never asks the head anything, and holds no
 * clock: all times are those of the orders and positions (docs/head.md, H2 to H6).
 */
import type { HeadLimits, HeadPosition } from '../../board/ports.js';

/** What the head was told. `move` without `hfovDeg` leaves the zoom as it is. */
export type Order =
  | { kind: 'move'; panDeg: number; tiltDeg: number; hfovDeg?: number }
  | { kind: 'drive'; pan: number; tilt: number; zoom: number }
  | { kind: 'halt' }
  | { kind: 'home' };

/** `untold`: it moves, or faster, than it was told; `jump`: no head goes so fast; `stuck`: it does not do what it was told */
export type Contradiction = 'untold' | 'jump' | 'stuck';

/** Fastest change until the next position: degrees a second, and share of the field of view a second. */
export interface Speed {
  /** of both axes together */
  degPerS: number;
  /** of the faster of the two: what the mask allows for on each */
  axisDegPerS: number;
  zoomPerS: number;
}

export interface MotionOptions {
  limits: HeadLimits;
  /** two positions of a head at rest differ by no more, degrees */
  stillDeg: number;
  /** and two fields of view by no more, as a share */
  stillZoom: number;
  /** a head that was told to move shows it within this time, and one that was told to stop has stopped */
  settleMs: number;
}

/** A head obeys speeds roughly: what it was told, and so much more. */
const obeysWithin = 1.25;
/** Below this share of what was told it counts as stuck. */
const leastProgress = 0.25;
/** A move may go slower than the head can by this much. */
const slowMove = 0.2;
/** Positions in a row without a change, after which the head rests. */
const quietAtRest = 3;

/** A position with everything in it. */
export type Good = HeadPosition & { hfovDeg: number };

export class ExpectedMotion {
  readonly #options: MotionOptions;
  #order: Order | null = null;
  #orderUs = 0;
  /** where a head at rest is; null while it moves */
  #rest: Good | null = null;
  /** of the orders before, which the head may still be following */
  #before: { speed: Speed; untilUs: number } = { speed: still, untilUs: 0 };
  /** fastest since the last position: orders may have come between */
  #most: Speed = still;
  /** where it last got on */
  #progress: Good | null = null;
  #zoomProgress: Good | null = null;
  /** positions in a row that did not change */
  #quiet = 0;

  constructor(options: MotionOptions) {
    this.#options = options;
  }

  /** The order under way; null when the head is to be at rest. */
  get order(): Order | null {
    return this.#order;
  }

  /** An order is about to go out. @param from the last position, if any */
  told(order: Order, monoUs: number, from: Good | null): void {
    const untilUs = monoUs + this.#options.settleMs * 1000;
    this.#before = { speed: this.speed(monoUs), untilUs };
    // A stick that is held at slightly other angles is one order: else it would never be late.
    const goesOn = sameWay(this.#order, order);
    this.#order = order;
    this.#rest = null;
    this.#quiet = 0;
    if (!goesOn) {
      this.#orderUs = monoUs;
      this.#progress = from && { ...from, monoUs };
      this.#zoomProgress = this.#progress;
    }
    this.#most = fastest(this.#most, this.speed(monoUs));
  }

  /** Whatever was told before, the head rests here. */
  restsAt(position: Good): void {
    this.#order = null;
    this.#rest = position;
    this.#before = { speed: still, untilUs: 0 };
    this.#most = still;
  }

  /** How fast it may turn at this time. */
  speed(monoUs: number): Speed {
    const told = this.#order ? this.#speedOf(this.#order) : still;
    return monoUs < this.#before.untilUs ? fastest(told, this.#before.speed) : told;
  }

  /**
   * How much its speed changes at most, for what is known of it and may be relied on: a head that was told to turn and tells
   * the place where it was may be turning all the same. What it has reached, or is seen to do, counts.
   */
  bends(before: HeadPosition | null, now: HeadPosition | null): { degPerS2?: number; zoomPerS2?: number } {
    const { stillDeg, stillZoom, limits } = this.#options;
    if (!before?.hfovDeg || !now?.hfovDeg) return {};
    const { degPerS2, zoomPerS2 } = limits;
    const { degPerS, zoomPerS } = this.speed(now.monoUs);
    const to = this.#order?.kind === 'move' ? this.#order : null;
    const turns =
      degPerS === 0 ||
      this.apart(before, now) > stillDeg / 4 ||
      (to !== null && this.apart(to, now) <= 2 * stillDeg);
    const zooms =
      zoomPerS === 0 ||
      Math.abs(Math.log(now.hfovDeg / before.hfovDeg)) > stillZoom / 4 ||
      (to?.hfovDeg !== undefined && Math.abs(Math.log(to.hfovDeg / now.hfovDeg)) <= 2 * stillZoom);
    return {
      ...(turns && degPerS2 !== undefined && { degPerS2 }),
      ...(zooms && zoomPerS2 !== undefined && { zoomPerS2 }),
    };
  }

  /** What a position contradicts, if anything. @param last the one before that counted */
  judge(last: Good | null, now: Good): Contradiction | null {
    if (!last) return null;
    const seconds = (now.monoUs - last.monoUs + (now.roundTripUs + last.roundTripUs) / 2) / 1e6;
    const { limits, stillDeg, stillZoom } = this.#options;
    const turned = this.apart(last, now);
    const zoomed = zoomApart(last, now);
    if (
      turned > fullSpeed(limits).degPerS * obeysWithin * seconds + stillDeg ||
      zoomed > limits.zoomPerS * obeysWithin * seconds + stillZoom
    )
      return 'jump';
    const most = fastest(this.#most, this.speed(now.monoUs));
    this.#most = this.speed(now.monoUs);
    if (turned > most.degPerS * seconds + stillDeg || zoomed > most.zoomPerS * seconds + stillZoom)
      return 'untold';
    if (this.#rest) return this.#restsBadly(this.#rest, now) ? 'untold' : null;
    return this.#follows(last, now);
  }

  /** Degrees between two positions, at least what the axis turned between them. */
  apart(a: { panDeg: number; tiltDeg: number }, b: { panDeg: number; tiltDeg: number }): number {
    return Math.hypot(this.#panFromTo(a.panDeg, b.panDeg), b.tiltDeg - a.tiltDeg);
  }

  #restsBadly(rest: Good, now: Good): boolean {
    const { stillDeg, stillZoom } = this.#options;
    return this.apart(rest, now) > stillDeg || zoomApart(rest, now) > stillZoom;
  }

  /** While it moves: whether it does so as told, and whether it has come to rest. */
  #follows(last: Good, now: Good): Contradiction | null {
    const order = this.#order;
    const { stillDeg, stillZoom, settleMs } = this.#options;
    const since = (now.monoUs - this.#orderUs) / 1000;
    const same = this.apart(last, now) <= stillDeg / 4 && zoomApart(last, now) <= stillZoom / 4;
    this.#quiet = same ? this.#quiet + 1 : 0;
    const quiet = this.#quiet >= quietAtRest;
    if (!this.#progress || this.apart(this.#progress, now) > stillDeg) {
      if (this.#progress && since > settleMs && this.#wrongWay(this.#progress, now)) return 'stuck';
      this.#progress = now;
    }
    if (!this.#zoomProgress || zoomApart(this.#zoomProgress, now) > stillZoom) this.#zoomProgress = now;
    if (order?.kind === 'halt' && (since > settleMs || quiet)) this.restsAt(now);
    else if (order?.kind === 'move' && quiet && this.#arrived(order, now)) this.restsAt(now);
    else if (order && this.#stuck(order, now)) return 'stuck';
    return null;
  }

  #arrived(order: Extract<Order, { kind: 'move' }>, now: Good): boolean {
    const { stillDeg, stillZoom } = this.#options;
    const zoomThere =
      order.hfovDeg === undefined || Math.abs(Math.log(order.hfovDeg / now.hfovDeg)) <= 2 * stillZoom;
    return this.apart(order, now) <= 2 * stillDeg && zoomThere;
  }

  /** It was driven one way for long enough and went the other. */
  #wrongWay(from: Good, now: Good): boolean {
    if (this.#order?.kind !== 'drive') return false;
    const { stillDeg } = this.#options;
    const pan = this.#panFromTo(from.panDeg, now.panDeg) * Math.sign(this.#order.pan);
    const tilt = (now.tiltDeg - from.tiltDeg) * Math.sign(this.#order.tilt);
    return pan < -stillDeg || tilt < -stillDeg;
  }

  /** It got on less than it must have since it last did, or since it was told. */
  #stuck(order: Order, now: Good): boolean {
    const { stillDeg, stillZoom, settleMs } = this.#options;
    const least = this.#leastSpeed(order, now);
    const secondsSince = (mark: Good | null): number =>
      (now.monoUs - Math.max(this.#orderUs, mark?.monoUs ?? 0)) / 1e6 - settleMs / 1000;
    return (
      least.degPerS * leastProgress * secondsSince(this.#progress) > 2 * stillDeg ||
      least.zoomPerS * leastProgress * secondsSince(this.#zoomProgress) > 2 * stillZoom
    );
  }

  /** What it must do at least; an axis that is at its end, or where it is to be, owes nothing. */
  #leastSpeed(order: Order, now: Good): Speed {
    const { limits, stillDeg, stillZoom } = this.#options;
    if (order.kind === 'move') {
      const pan = Math.abs(this.#panFromTo(order.panDeg, now.panDeg)) > 2 * stillDeg ? limits.panDegPerS : 0;
      const tilt = Math.abs(order.tiltDeg - now.tiltDeg) > 2 * stillDeg ? limits.tiltDegPerS : 0;
      const zoomOff = order.hfovDeg === undefined ? 0 : Math.abs(Math.log(order.hfovDeg / now.hfovDeg));
      const zoom = zoomOff > 2 * stillZoom ? limits.zoomPerS : 0;
      const degPerS = slowMove * Math.max(pan, tilt);
      return { degPerS, axisDegPerS: degPerS, zoomPerS: slowMove * zoom };
    }
    if (order.kind !== 'drive') return still;
    const owes = (
      share: number,
      at: number,
      [least, most]: readonly [number, number],
      tolerance: number,
    ): number =>
      (share > 0 && at >= most - tolerance) || (share < 0 && at <= least + tolerance) ? 0 : Math.abs(share);
    const pan = limits.panEndless
      ? Math.abs(order.pan)
      : owes(order.pan, now.panDeg, limits.panDeg, 2 * stillDeg);
    const tilt = owes(order.tilt, now.tiltDeg, limits.tiltDeg, 2 * stillDeg);
    const zoom = owes(-order.zoom, now.hfovDeg, limits.hfovDeg, 2 * stillZoom * now.hfovDeg);
    return {
      ...ofAxes(pan * limits.panDegPerS, tilt * limits.tiltDegPerS),
      zoomPerS: zoom * limits.zoomPerS,
    };
  }

  #speedOf(order: Order): Speed {
    const { limits } = this.#options;
    if (order.kind === 'halt') return still;
    if (order.kind === 'drive') {
      return {
        ...ofAxes(order.pan * limits.panDegPerS * obeysWithin, order.tilt * limits.tiltDegPerS * obeysWithin),
        zoomPerS: order.zoom === 0 ? 0 : limits.zoomPerS * obeysWithin,
      };
    }
    const { panDegPerS, tiltDegPerS, zoomPerS } = limits;
    const zooms = order.kind === 'home' || order.hfovDeg !== undefined;
    return {
      ...ofAxes(panDegPerS * obeysWithin, tiltDegPerS * obeysWithin),
      zoomPerS: zooms ? zoomPerS * obeysWithin : 0,
    };
  }

  #panFromTo(from: number, to: number): number {
    const turn = to - from;
    return this.#options.limits.panEndless ? turn - 360 * Math.round(turn / 360) : turn;
  }
}

const still: Speed = { degPerS: 0, axisDegPerS: 0, zoomPerS: 0 };

function fullSpeed({ panDegPerS, tiltDegPerS, zoomPerS }: HeadLimits): Speed {
  return { ...ofAxes(panDegPerS, tiltDegPerS), zoomPerS };
}

function ofAxes(pan: number, tilt: number): Pick<Speed, 'degPerS' | 'axisDegPerS'> {
  return { degPerS: Math.hypot(pan, tilt), axisDegPerS: Math.max(Math.abs(pan), Math.abs(tilt)) };
}

function fastest(a: Speed, b: Speed): Speed {
  return {
    degPerS: Math.max(a.degPerS, b.degPerS),
    axisDegPerS: Math.max(a.axisDegPerS, b.axisDegPerS),
    zoomPerS: Math.max(a.zoomPerS, b.zoomPerS),
  };
}

function zoomApart(a: Good, b: Good): number {
  return Math.abs(Math.log(b.hfovDeg / a.hfovDeg));
}

function sameWay(before: Order | null, now: Order): boolean {
  if (before?.kind !== 'drive' || now.kind !== 'drive') return false;
  return (['pan', 'tilt', 'zoom'] as const).every((axis) => Math.sign(before[axis]) === Math.sign(now[axis]));
}
