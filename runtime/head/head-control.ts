/**
 * Orders the head about: for operators, for patrols, and for the watch when the head must stop or go home. Made by
 * runtime/head-parts.ts, asked by the control plane. No order leaves before the watch knows of it and its poses are
 * sent; none leaves the soft limits; a drive that is not repeated ends (docs/head.md, H10 to H16).
 */
import type { Clock, HeadPort, Log } from '../../board/ports.js';
import { errorLine, VigieError } from '../../errors.js';
import type { Pose } from '../../pipelines/messages.js';
import type { Order } from './expected-motion.js';
import type { PoseWatch } from './pose-watch.js';

export interface SoftLimits {
  panDeg: readonly [least: number, most: number];
  tiltDeg: readonly [least: number, most: number];
  hfovDeg: readonly [tele: number, wide: number];
}

export interface Preset {
  name: string;
  panDeg: number;
  tiltDeg: number;
  hfovDeg: number;
}

export interface Patrol {
  name: string;
  stops: readonly { preset: string; seconds: number }[];
}

export interface ControlDeps {
  clock: Clock;
  log: Log;
  head: HeadPort;
  watch: PoseWatch;
  send: (pose: Pose) => void;
}

export interface ControlOptions {
  limits: SoftLimits;
  presets: readonly Preset[];
  patrols: readonly Patrol[];
  /** a drive that is not repeated within this time ends */
  deadManMs: number;
}

/** A homing that takes longer is ordered again. */
const homeAgainMs = 60_000;
/** A drive ends so long before the limit as the head goes in this time at its fastest. */
const brakesMs = 250;

export class HeadControl {
  readonly #deps: ControlDeps;
  readonly #options: ControlOptions;
  #drive: { pan: number; tilt: number; zoom: number } | null = null;
  #cancelDeadMan = (): void => undefined;
  #patrol: { patrol: Patrol; next: number } | null = null;
  #cancelPatrol = (): void => undefined;
  #wasLost = false;
  #homedUs: number | null = null;

  constructor(deps: ControlDeps, options: ControlOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Name of the patrol under way. */
  get patrolling(): string | null {
    return this.#patrol?.patrol.name ?? null;
  }

  /** Goes there. @throws VigieError `head`: outside the limits, not obeying, no answer */
  async moveTo(to: { panDeg: number; tiltDeg: number; hfovDeg?: number }): Promise<void> {
    this.#mayMove();
    this.#mustBeInside(to);
    this.#forget();
    await this.#order({ kind: 'move', ...to }, () => this.#deps.head.moveTo(to));
  }

  /** Goes on from where it is, as far as the limits allow. @throws VigieError `head` */
  async moveBy({
    panDeg,
    tiltDeg,
    times,
  }: {
    panDeg: number;
    tiltDeg: number;
    times: number;
  }): Promise<void> {
    this.#mayMove();
    const at = this.#deps.watch.position;
    if (!at) throw notObeying();
    const { limits } = this.#options;
    await this.moveTo({
      panDeg: this.#endless ? at.panDeg + panDeg : clamp(at.panDeg + panDeg, limits.panDeg),
      tiltDeg: clamp(at.tiltDeg + tiltDeg, limits.tiltDeg),
      ...(at.hfovDeg !== null && times !== 1 ? { hfovDeg: clamp(at.hfovDeg / times, limits.hfovDeg) } : {}),
    });
  }

  /** Turns until it is told otherwise, or not told again in time. Shares of the fastest, -1 to 1. @throws VigieError `head` */
  async drive(at: { pan: number; tilt: number; zoom: number }): Promise<void> {
    this.#mayMove();
    if (at.pan === 0 && at.tilt === 0 && at.zoom === 0) return this.halt();
    this.#endPatrol();
    this.#cancelDeadMan();
    this.#cancelDeadMan = this.#deps.clock.after(this.#options.deadManMs, () => this.#itself(this.halt()));
    await this.#driveWithin(at);
  }

  /** Stops, whatever it does. @throws VigieError `head` when it does not answer */
  async halt(): Promise<void> {
    this.#forget();
    await this.#order({ kind: 'halt' }, () => this.#deps.head.halt());
  }

  /** Finds its zero again; the whole picture is hidden meanwhile. @throws VigieError `head` */
  async home(): Promise<void> {
    this.#endPatrol();
    await this.homeAgain();
  }

  /** The same, ordered by the camera itself: a patrol goes on afterwards. @throws VigieError `head` */
  async homeAgain(): Promise<void> {
    this.#cancelDeadMan();
    this.#drive = null;
    this.#homedUs = this.#deps.clock.monoUs();
    await this.#order({ kind: 'home' }, () => this.#deps.head.home());
  }

  /** Goes to a preset of the configuration. @throws VigieError `head`: no such preset, and as moveTo */
  async goTo(name: string): Promise<void> {
    await this.moveTo(this.#preset(name));
  }

  /** Goes from stop to stop until another order comes. @throws VigieError `head`: no such patrol, not obeying */
  async startPatrol(name: string): Promise<void> {
    this.#mayMove();
    const patrol = this.#options.patrols.find((known) => known.name === name);
    if (!patrol) throw new VigieError('head', 'There is no such patrol', 'Name one of head.patrols');
    this.#forget();
    this.#patrol = { patrol, next: 0 };
    await this.#nextStop();
  }

  /** After every question to the head: ends drives at the limits, stops a head that is back, sends home what must. */
  followWatch(): void {
    const { watch, clock } = this.#deps;
    if (watch.lost !== this.#wasLost) {
      this.#wasLost = watch.lost;
      // A head that comes back may still do what it was told before the line broke.
      if (watch.lost) this.#forget();
      else this.#itself(this.halt());
      return;
    }
    if (watch.lost) return;
    const overdue = this.#homedUs !== null && clock.monoUs() - this.#homedUs > homeAgainMs * 1000;
    if (watch.obeys) this.#homedUs = null;
    else if (watch.needsHome || overdue) this.#itself(this.homeAgain());
    if (this.#drive) this.#itself(this.#driveWithin(this.#drive));
  }

  /** Takes back what is under way here, not at the head. Idempotent. */
  stop(): void {
    this.#forget();
  }

  async #nextStop(): Promise<void> {
    const { patrol, next } = this.#patrol ?? { patrol: null, next: 0 };
    const stop = patrol?.stops[next % patrol.stops.length];
    if (!patrol || !stop) return;
    this.#patrol = { patrol, next: (next + 1) % patrol.stops.length };
    this.#cancelPatrol = this.#deps.clock.after(stop.seconds * 1000, () => this.#itself(this.#nextStop()));
    // While it is homing or silent the patrol waits, and goes on with the stop that is then due.
    if (!this.#deps.watch.obeys) return;
    const to = this.#preset(stop.preset);
    await this.#order({ kind: 'move', ...aim(to) }, () => this.#deps.head.moveTo(aim(to)));
  }

  /** The drive without the axes that would leave the limits; tells the head only what is new. */
  async #driveWithin(at: { pan: number; tilt: number; zoom: number }): Promise<void> {
    const { head, watch } = this.#deps;
    const { limits } = this.#options;
    const { position } = watch;
    const seconds = brakesMs / 1000;
    const axis = (
      share: number,
      now: number,
      [least, most]: readonly [number, number],
      fastest: number,
    ): number =>
      (share > 0 && now >= most - share * fastest * seconds) ||
      (share < 0 && now <= least - share * fastest * seconds)
        ? 0
        : share;
    const within = position
      ? {
          pan: this.#endless ? at.pan : axis(at.pan, position.panDeg, limits.panDeg, head.limits.panDegPerS),
          tilt: axis(at.tilt, position.tiltDeg, limits.tiltDeg, head.limits.tiltDegPerS),
          zoom: zoomWithin(at.zoom, position.hfovDeg, limits.hfovDeg),
        }
      : { pan: 0, tilt: 0, zoom: 0 };
    const before = this.#drive;
    if (within.pan === 0 && within.tilt === 0 && within.zoom === 0) return this.halt();
    this.#drive = within;
    if (before && within.pan === before.pan && within.tilt === before.tilt && within.zoom === before.zoom)
      return;
    await this.#order({ kind: 'drive', ...within }, () => head.drive(within));
  }

  /** The poses first: the pipeline process must know of the movement before it begins. */
  async #order(order: Order, tell: () => Promise<void>): Promise<void> {
    const { clock, watch, send } = this.#deps;
    for (const pose of watch.ordered(order, clock.monoUs())) send(pose);
    await tell();
  }

  #forget(): void {
    this.#cancelDeadMan();
    this.#drive = null;
    this.#endPatrol();
  }

  #endPatrol(): void {
    this.#cancelPatrol();
    this.#patrol = null;
  }

  #mayMove(): void {
    if (!this.#deps.watch.obeys) throw notObeying();
  }

  #mustBeInside({ panDeg, tiltDeg, hfovDeg }: { panDeg: number; tiltDeg: number; hfovDeg?: number }): void {
    const { limits } = this.#options;
    const pan = this.#endless || isInside(panDeg, limits.panDeg);
    const zoom = hfovDeg === undefined || isInside(hfovDeg, limits.hfovDeg);
    if (pan && isInside(tiltDeg, limits.tiltDeg) && zoom) return;
    throw new VigieError('head', 'The limits do not let the head look there', 'Stay within head.limits');
  }

  get #endless(): boolean {
    const [least, most] = this.#options.limits.panDeg;
    return this.#deps.head.limits.panEndless && most - least >= 360;
  }

  #preset(name: string): { panDeg: number; tiltDeg: number; hfovDeg: number } {
    const preset = this.#options.presets.find((known) => known.name === name);
    if (!preset) throw new VigieError('head', 'There is no such preset', 'Name one of head.presets');
    return aim(preset);
  }

  /** What nobody waits for: it goes to the log when it fails. */
  #itself(done: Promise<void>): void {
    done.catch((error: unknown) => this.#deps.log.warn(`The head did not obey: ${errorLine(error)}`));
  }
}

function aim({ panDeg, tiltDeg, hfovDeg }: { panDeg: number; tiltDeg: number; hfovDeg: number }): {
  panDeg: number;
  tiltDeg: number;
  hfovDeg: number;
} {
  return { panDeg, tiltDeg, hfovDeg };
}

function notObeying(): VigieError {
  return new VigieError('head', 'The head takes no order now', 'Wait until it answers and has been home');
}

function zoomWithin(share: number, hfovDeg: number | null, [tele, wide]: readonly [number, number]): number {
  if (hfovDeg === null) return 0;
  return (share > 0 && hfovDeg <= tele * 1.02) || (share < 0 && hfovDeg >= wide / 1.02) ? 0 : share;
}

/** Written so that a NaN is outside. */
function isInside(value: number, [least, most]: readonly [number, number]): boolean {
  return value >= least && value <= most;
}

function clamp(value: number, [least, most]: readonly [number, number]): number {
  return Math.min(most, Math.max(least, value));
}
