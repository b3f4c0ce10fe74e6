/**
 * How far a head can have gone that was told to and tells the place where it was: an answer may be stale, or the same for
 * ever. Fed by pose-watch.ts with every order and every position; until the head is seen to do what it was told, its positions are off
 * by that (docs/head.md, H6). Without the acceleration of the head it says nothing.
 */
import type { HeadLimits, HeadPosition } from '../../board/ports.js';
import type { Order, Speed } from './expected-motion.js';
import { UnseenWay } from './unseen-way.js';

/** Degrees: a head at rest that may be further off than this is sent home. */
const mostAtRestDeg = 2;

export interface UnseenOptions {
  limits: HeadLimits;
  /** two positions of a head at rest differ by no more, degrees */
  stillDeg: number;
  /** and two fields of view by no more, as a share */
  stillZoom: number;
}

export class UnseenMotion {
  readonly #options: UnseenOptions;
  readonly #turn: UnseenWay;
  readonly #zoom: UnseenWay;
  #order: Order | null = null;
  /** the last positions by which it was seen to turn, and to zoom */
  #turned: HeadPosition | null = null;
  #zoomed: HeadPosition | null = null;
  /** the last position with a field of view */
  #zoomTold: HeadPosition | null = null;

  constructor(options: UnseenOptions) {
    this.#options = options;
    const { limits, stillDeg, stillZoom } = options;
    this.#turn = new UnseenWay({ least: stillDeg / 4, perS2: limits.degPerS2, exact: true });
    // The zoom is asked for apart, and when it was told is known less well.
    this.#zoom = new UnseenWay({ least: stillZoom / 4, perS2: limits.zoomPerS2, exact: false });
  }

  /** It was told to turn, and none of its answers since shows it. */
  get isDoubted(): boolean {
    return this.#turn.isDoubted;
  }

  /** It rests, as far as is known, and may rest somewhere else. A zoom that may is shown again when it is seen to zoom. */
  get isAstray(): boolean {
    return this.#turn.way > mostAtRestDeg;
  }

  /** It had the time to go home from anywhere, and says that it is there. The zoom does not go home. */
  home(): void {
    this.#turn.forget();
  }

  /** An order goes out. @param before fastest until now; @param after fastest from now on */
  told(
    order: Order,
    us: number,
    { before, after, at }: { before: Speed; after: Speed; at: HeadPosition | null },
  ): void {
    this.#order = order;
    // Where it goes on its way home is not known; it is hidden all the while.
    const isHome = order.kind === 'home';
    const deg = at ? this.#roomDeg(order, at) : Number.POSITIVE_INFINITY;
    const share = at ? roomZoom(order, at, this.#options.limits) : Number.POSITIVE_INFINITY;
    this.#turn.told(us, { atRest: before.degPerS === 0, isHome, most: after.axisDegPerS, room: deg });
    this.#zoom.told(us, { atRest: before.zoomPerS === 0, isHome, most: after.zoomPerS, room: share });
  }

  /** A position came. @returns degrees by which it may be off, a wrong field of view among them */
  reading(before: HeadPosition | null, now: HeadPosition, most: Speed): number {
    if (!before) return 0;
    const owes = this.#order ? this.#owes(this.#order, now) : { turns: false, zooms: false };
    const toldUs = (before.roundTripUs + now.roundTripUs) / 2;
    const passed = { beforeUs: before.monoUs, us: now.monoUs, toldUs };
    this.#turned ??= before;
    const deg = this.#turn.reading({
      ...passed,
      most: most.axisDegPerS,
      owes: owes.turns && most.degPerS > 0,
      way: this.#apart(before, now),
      wayInAll: this.#apart(this.#turned, now),
    });
    if (this.#turn.isSeen) this.#turned = now;
    return deg + this.#zoomDeg(now, toldUs, most.zoomPerS, owes.zooms);
  }

  /** Of positions that tell the zoom; without it the picture is hidden. */
  #zoomDeg(now: HeadPosition, toldUs: number, most: number, owes: boolean): number {
    if (!now.hfovDeg) return 0;
    const before = this.#zoomTold;
    this.#zoomTold = now;
    if (!before) return 0;
    this.#zoomed ??= before;
    const share = this.#zoom.reading({
      beforeUs: before.monoUs,
      us: now.monoUs,
      toldUs,
      most,
      owes: owes && most > 0,
      way: zoomApart(before, now),
      wayInAll: zoomApart(this.#zoomed, now),
    });
    if (this.#zoom.isSeen) this.#zoomed = now;
    // A field of view that is off by a share moves the edge of the picture by that share of half of it.
    return ((Math.exp(Math.min(5, share)) - 1) * now.hfovDeg) / 2;
  }

  /** What it has yet to do. */
  #owes(order: Order, now: HeadPosition): { turns: boolean; zooms: boolean } {
    const { stillDeg, stillZoom } = this.#options;
    if (order.kind === 'halt') return { turns: false, zooms: false };
    if (order.kind === 'drive')
      return { turns: order.pan !== 0 || order.tilt !== 0, zooms: order.zoom !== 0 };
    const to = order.kind === 'home' ? { panDeg: 0, tiltDeg: 0 } : order;
    const zoom = order.kind === 'move' ? order.hfovDeg : undefined;
    return {
      turns: this.#apart(to, now) > 2 * stillDeg,
      zooms: zoom !== undefined && !!now.hfovDeg && Math.abs(Math.log(zoom / now.hfovDeg)) > 2 * stillZoom,
    };
  }

  /** Degrees that an axis can go at most, from rest. */
  #roomDeg(order: Order, at: HeadPosition): number {
    if (order.kind === 'move')
      return Math.max(
        Math.abs(this.#panFromTo(at.panDeg, order.panDeg)),
        Math.abs(order.tiltDeg - at.tiltDeg),
      );
    if (order.kind === 'drive' && order.pan === 0 && order.tilt === 0) return 0;
    return order.kind === 'halt' ? 0 : Number.POSITIVE_INFINITY;
  }

  #apart(a: Place, b: Place): number {
    return Math.hypot(this.#panFromTo(a.panDeg, b.panDeg), b.tiltDeg - a.tiltDeg);
  }

  #panFromTo(from: number, to: number): number {
    const turn = to - from;
    return this.#options.limits.panEndless ? turn - 360 * Math.round(turn / 360) : turn;
  }
}

type Place = Pick<HeadPosition, 'panDeg' | 'tiltDeg'>;

function zoomApart(a: HeadPosition, b: HeadPosition): number {
  return a.hfovDeg && b.hfovDeg ? Math.abs(Math.log(b.hfovDeg / a.hfovDeg)) : 0;
}

/** Share of the field of view that the zoom can go at most, from rest. */
function roomZoom(order: Order, at: HeadPosition, { hfovDeg: [tele, wide] }: HeadLimits): number {
  if (order.kind === 'move' && at.hfovDeg)
    return order.hfovDeg === undefined ? 0 : Math.abs(Math.log(order.hfovDeg / at.hfovDeg));
  if (order.kind === 'drive' && order.zoom === 0) return 0;
  if (order.kind === 'drive' && at.hfovDeg)
    return Math.max(0, order.zoom > 0 ? Math.log(at.hfovDeg / tele) : Math.log(wide / at.hfovDeg));
  return order.kind === 'halt' ? 0 : Number.POSITIVE_INFINITY;
}

/**
 * How fast each axis can have been at a position, from the way since the one before: at some time between the two it was as
 * fast as on average, and since then it can only have become so much faster. Never more than `most`.
 * @param way.turned degrees between the two
 */
export function fastestAt(
  { before, now, turned }: { before: HeadPosition; now: HeadPosition; turned: number },
  { degPerS2, zoomPerS2 }: { degPerS2?: number; zoomPerS2?: number },
  most: Speed,
  { accuracyDeg, stillZoom }: { accuracyDeg: number; stillZoom: number },
): Pick<Speed, 'axisDegPerS' | 'zoomPerS'> {
  const told = (before.roundTripUs + now.roundTripUs) / 2;
  const least = (now.monoUs - before.monoUs - told) / 1e6;
  const longest = (now.monoUs - before.monoUs + told) / 1e6;
  if (least <= 0) return most;
  const fastest = (way: number, perS2: number | undefined, bound: number): number =>
    perS2 === undefined ? bound : Math.min(bound, way / least + perS2 * longest);
  const zoomed =
    before.hfovDeg && now.hfovDeg ? Math.abs(Math.log(now.hfovDeg / before.hfovDeg)) + stillZoom / 4 : 10;
  return {
    axisDegPerS: fastest(turned + 2 * accuracyDeg, degPerS2, most.axisDegPerS),
    zoomPerS: fastest(zoomed, zoomPerS2, most.zoomPerS),
  };
}
