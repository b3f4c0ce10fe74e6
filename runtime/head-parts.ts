/**
 * Makes the parts of a head that turns the camera, and joins them: line, watch, polling, control. Called by main.ts. It
 * decides nothing: when the picture is hidden is for head/pose-watch.ts, where the head may look for head/head-control.ts.
 */
import type { Clock, HeadPort, Log } from '../board/ports.js';
import { headOn } from '../board/ptz/open-head.js';
import type { HeadEvent } from '../board/ptz/serial-head.js';
import { serialLine } from '../board/ptz/serial-line.js';
import { eviD70Scale, magnificationScale, tableScale, type ZoomScale } from '../board/ptz/zoom-scale.js';
import { errorLine } from '../errors.js';
import type { MaskStamp } from '../pipelines/frame.js';
import type { HeadOptions, Pose } from '../pipelines/messages.js';
import type { HeadConfig } from './config/head.js';
import { HeadControl } from './head/head-control.js';
import { HeadPolling } from './head/head-polling.js';
import type { DrivenHead, HeadPlaces, HeadState } from './head/head-state.js';
import { HiddenPicture } from './head/hidden-picture.js';
import { HomeAgain } from './head/home-again.js';
import { type HeadOrder, OrderLog, type ToldOrders } from './head/order-log.js';
import { PoseWatch } from './head/pose-watch.js';
import { headNotices } from './health/head-notices.js';
import type { Notice } from './health/health.js';

/** Opens the line to a head; what happens to it unasked is told. */
export type OpenHead = (told: (event: HeadEvent) => void) => HeadPort;

export interface CameraHeadDeps {
  clock: Clock;
  log: Log;
  /** takes every pose to the pipeline process */
  send: (pose: Pose) => void;
  /** who moved the head */
  register?: (told: ToldOrders) => void;
  /** for tests */
  open?: OpenHead;
}

export class CameraHead implements DrivenHead {
  readonly control: HeadControl;
  readonly #head: HeadPort;
  readonly #watch: PoseWatch;
  readonly #polling: HeadPolling;
  readonly #config: HeadConfig;
  readonly #deps: CameraHeadDeps;
  readonly #hidden = new HiddenPicture();
  readonly #homeAgain: HomeAgain;
  readonly #orders: OrderLog;
  /** of the last look, for the log */
  #noticed = '';

  constructor(deps: CameraHeadDeps, config: HeadConfig) {
    this.#deps = deps;
    this.#config = config;
    this.#homeAgain = new HomeAgain({ afterSeconds: config.trust.homeAfterSeconds });
    this.#orders = new OrderLog({ clock: deps.clock, tell: deps.register ?? (() => undefined) });
    const told = (event: HeadEvent): void => this.#told(event, deps.send);
    this.#head = deps.open ? deps.open(told) : serialHead(deps, config, told);
    const { clock, log, send } = deps;
    const head = this.#head;
    this.#watch = new PoseWatch(head.limits, config.trust);
    const watch = this.#watch;
    const { limits, presets, patrols, deadManMs } = config;
    const soft = { ...pickLimits(head.limits), ...defined(limits) };
    this.control = new HeadControl(
      { clock, log, head, watch, send },
      { limits: soft, presets, patrols, deadManMs },
    );
    this.#polling = new HeadPolling({ clock, head, watch, send, asked: () => this.#asked() }, config.trust);
  }

  /** Opens the line and begins to ask. A head that does not answer is no error: the picture is hidden. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#config.trust.homeAtStart) this.#watch.doubt('homing');
    await this.#head.start(signal);
    this.#polling.start(signal);
  }

  /** The head is stopped where it is. Idempotent. */
  async stop(): Promise<void> {
    this.#polling.stop();
    // At the end nobody watches over it any more: it may not go on turning. A head that is not there cannot.
    if (this.#watch.moves) await this.control.halt().catch(() => undefined);
    this.control.stop();
    this.#orders.stop();
    await this.#head.stop();
  }

  get state(): HeadState {
    const { position, hide, moves, obeys } = this.#watch;
    const { panDeg, tiltDeg, hfovDeg } = position ?? { panDeg: null, tiltDeg: null, hfovDeg: null };
    return { panDeg, tiltDeg, hfovDeg, hide, moves, obeys, patrol: this.control.patrolling };
  }

  get places(): HeadPlaces {
    const { presets, patrols } = this.#config;
    return { presets: presets.map(({ name }) => name), patrols: patrols.map(({ name }) => name) };
  }

  /** How the newest picture was masked. */
  seen(mask: MaskStamp): void {
    this.#hidden.stamped(mask, this.#deps.clock.monoUs());
  }

  ordered(order: HeadOrder): void {
    this.#orders.add(order);
  }

  notices(): Notice[] {
    return headNotices(this.#hidden.at(this.#deps.clock.monoUs()), this.#homeAgain.gaveUp);
  }

  /** After every question to the head. */
  #asked(): void {
    this.control.followWatch();
    const nowUs = this.#deps.clock.monoUs();
    this.#hidden.told(this.#watch.hide, nowUs);
    const { log } = this.#deps;
    if (this.#homeAgain.due(this.#hidden.at(nowUs), this.#watch.obeys, nowUs)) {
      log.warn('The position of the head is contradicted: it is sent to find its zero');
      this.ordered({ order: 'home' });
      this.control.homeAgain().catch((error: unknown) => log.warn(errorLine(error)));
    }
    const [notice] = this.notices();
    if (notice && notice.code !== this.#noticed) log.warn(notice.en);
    if (!notice && this.#noticed !== '') log.info('The head is believed again: the picture is shown');
    this.#noticed = notice?.code ?? '';
  }

  #told(event: HeadEvent, send: (pose: Pose) => void): void {
    if (event === 'powered') for (const pose of this.#watch.doubt('power')) send(pose);
    // The line stopped the head when it came back: the order that it had is over.
    if (event === 'back') void this.control.halt().catch(() => undefined);
  }
}

/** Null for a camera that does not move. */
export function cameraHead(config: HeadConfig | undefined, deps: CameraHeadDeps): CameraHead | null {
  return config ? new CameraHead(deps, config) : null;
}

/** For the pipeline process; null for a camera that does not move. */
export function headOptions(config: HeadConfig | undefined): HeadOptions | null {
  if (!config) return null;
  const { principal, k1, k2, rollDeg } = config.lens;
  return {
    lens: { principal, k1, k2, rollDeg },
    frameDelayMs: config.frameDelayMs,
    holdMs: config.holdMs,
  };
}

function serialHead(
  { clock, log }: { clock: Clock; log: Log },
  { protocol, device, baud, address, travel, lens }: HeadConfig,
  told: (event: HeadEvent) => void,
): HeadPort {
  const zoom = zoomScale(protocol, travel.hfovDeg, lens.zoom);
  const deps = { clock, log, open: serialLine(device, baud), told };
  return headOn(deps, { protocol, address, limits: travel, zoom });
}

function zoomScale(
  protocol: HeadConfig['protocol'],
  [tele, wide]: readonly [number, number],
  table: HeadConfig['lens']['zoom'],
): ZoomScale {
  if (table) return tableScale(table);
  if (protocol === 'visca') return eviD70Scale(wide);
  return magnificationScale(wide, halfTangent(wide) / halfTangent(tele));
}

function halfTangent(degrees: number): number {
  return Math.tan((degrees * Math.PI) / 360);
}

function pickLimits({
  panDeg,
  tiltDeg,
  hfovDeg,
}: HeadPort['limits']): Pick<HeadPort['limits'], 'panDeg' | 'tiltDeg' | 'hfovDeg'> {
  return { panDeg, tiltDeg, hfovDeg };
}

function defined({ panDeg, tiltDeg, hfovDeg }: HeadConfig['limits']): Partial<ReturnType<typeof pickLimits>> {
  return { ...(panDeg && { panDeg }), ...(tiltDeg && { tiltDeg }), ...(hfovDeg && { hfovDeg }) };
}
