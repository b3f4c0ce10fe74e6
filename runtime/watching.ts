/**
 * Wires what watches the designated zones: looks in, alerts and their updates out, each with its picture and its place in the
 * recording. Made by main.ts, which feeds it the looks of the pipeline process. Decides nothing itself.
 */
import { join } from 'node:path';
import type { Clock, Log } from '../board/ports.js';
import { errorLine } from '../errors.js';
import { findModel } from '../models/manifest.js';
import type { Picture, Tracks } from '../pipelines/messages.js';
import type { RegisterEvent } from './access/register/entry.js';
import type { Config } from './config/schema.js';
import type { WatchedZone } from './config/zones.js';
import { AlertRegister } from './control/alert-register.js';
import type { AlertQueue } from './control/alerts.js';
import type { Health, Notice } from './health/health.js';
import { noveltyStore } from './novelty-parts.js';
import type { Alert } from './scene/alert.js';
import { groundOf } from './scene/calibration.js';
import type { NoveltyStore } from './scene/novelty/store.js';
import { Scene, type Told } from './scene/scene.js';
import { WatchedTime } from './scene/watched-time.js';

/** Alerts kept for the report of a run. */
const TOLD_KEPT = 1000;

/** An alert and how long after its picture it was told, milliseconds. */
export interface ToldAlert {
  alert: Alert;
  latencyMs: number;
}

export interface WatchingDeps {
  clock: Clock;
  log: Log;
  alerts: AlertQueue;
  clockTrusted: () => boolean;
  /** what the store says it does */
  storeState: () => Health['store']['state'];
  /** keeps the recording around this time, monotonic, microseconds */
  keep: (atMonoUs: number) => void;
  /** the masked picture of a frame */
  picture: (seq: number) => Promise<Picture>;
  /** an entry in the register; rejects while there is none */
  tell: (event: RegisterEvent) => Promise<unknown>;
}

export interface WatchingOptions {
  config: Config;
  stateDirectory: string;
  zones: readonly WatchedZone[];
}

export class Watching {
  /** the last alerts of this run, oldest first */
  readonly told: ToldAlert[] = [];
  /** of this run */
  alertsTold = 0;
  /** objects that the last look saw */
  tracksNow = 0;
  readonly #config: Config;
  readonly #register: AlertRegister;
  readonly #time: WatchedTime;
  readonly #novelty: NoveltyStore;
  #scene: Scene;

  /** @param options.zones those that may be watched; @param options.stateDirectory absolute */
  constructor(
    private readonly deps: WatchingDeps,
    { config, stateDirectory, zones }: WatchingOptions,
  ) {
    this.#config = config;
    this.#register = new AlertRegister(deps);
    this.#time = new WatchedTime(deps, { file: join(stateDirectory, 'alerts', 'watched.json') });
    this.#novelty = noveltyStore(deps, { config, stateDirectory });
    this.#scene = this.#sceneOf(zones);
  }

  async start(): Promise<void> {
    this.#novelty.start();
    this.#register.start();
    await this.#time.start();
  }

  /** After the last look: tells what is left to tell, and keeps what was learned. Idempotent. */
  async stop(): Promise<void> {
    this.#end();
    await this.#register.stop();
    await this.#time.stop();
    await this.#novelty.stop();
  }

  notices(): Notice[] {
    return this.#novelty.notices();
  }

  /** From now on these zones are watched, from nothing gathered; what was open before ends. */
  watch(zones: readonly WatchedZone[]): void {
    this.#end();
    this.#scene = this.#sceneOf(zones, this.#scene.toldUs);
    this.tracksNow = 0;
  }

  onTracks(look: Tracks): void {
    this.tracksNow = look.tracks.filter((track) => track.seen).length;
    this.#tell(this.#scene.observe(look));
    this.#time.look(look, this.#scene.watchedNow);
  }

  /** The pipeline process was replaced. */
  interrupted(): void {
    this.#scene.reset();
    this.tracksNow = 0;
  }

  /** No look follows: what was held back is told, and each incident that is open gets its last update. Idempotent. */
  #end(): void {
    this.#tell(this.#scene.end());
  }

  #tell({ alerts, updates }: Told): void {
    for (const alert of alerts) {
      const numbered = this.deps.alerts.push(alert);
      this.deps.keep(alert.atMonoUs);
      const latencyMs = (this.deps.clock.monoUs() - alert.atMonoUs) / 1000;
      this.#keepTold({ alert: numbered, latencyMs });
      this.#attachPicture(numbered);
    }
    for (const update of updates) this.deps.alerts.update(update);
  }

  #sceneOf(zones: readonly WatchedZone[], toldUs = Number.NEGATIVE_INFINITY): Scene {
    const { camera, detect, picture, scene } = this.#config;
    return new Scene(
      {
        clockTrusted: this.deps.clockTrusted,
        recording: (atMs) => this.#recording(atMs),
        novelty: this.#novelty,
      },
      {
        cameraId: camera.id,
        zones,
        toldUs,
        model: zones.length > 0 ? modelOf(detect.model) : { name: '', sha256: '' },
        timeZone: scene.timeZone,
        aspect: picture.width / picture.height,
        ground: groundOf(this.#config),
      },
    );
  }

  /** What an alert keeps (docs/store.md, "Terminus"); `waiting` becomes recording with it. */
  #recording(atMs: number): Alert['recording'] {
    const state = this.deps.storeState();
    if (state !== 'recording' && state !== 'waiting') return null;
    const { beforeSeconds, afterSeconds } = this.#config.record.terminus;
    return { fromMs: atMs - beforeSeconds * 1000, toMs: atMs + afterSeconds * 1000 };
  }

  #keepTold(told: ToldAlert): void {
    this.alertsTold++;
    this.told.push(told);
    if (this.told.length > TOLD_KEPT) this.told.shift();
  }

  /** The picture follows the alert: the operator is told first. */
  #attachPicture(alert: Alert): void {
    this.deps
      .picture(alert.frameSeq)
      .then((picture) => this.deps.alerts.attachPicture(alert.id, Buffer.from(picture.jpeg)))
      .catch((error: unknown) =>
        this.deps.log.warn(`Alert ${alert.number} has no picture: ${errorLine(error)}`),
      );
  }
}

/** A model that is not listed looks at nothing: then no alert names it. */
function modelOf(name: string): Alert['model'] {
  try {
    return { name, sha256: findModel(name).onnx.sha256 };
  } catch {
    return { name, sha256: '' };
  }
}
