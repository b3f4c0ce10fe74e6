/**
 * Wires what watches the designated zones: looks in, alerts and their updates out, each with its picture and its place in the
 * recording. Made by main.ts, which feeds it the looks of the pipeline process. Decides nothing itself.
 */
import type { Clock, Log } from '../board/ports.js';
import { errorLine } from '../errors.js';
import { findModel } from '../models/manifest.js';
import type { Picture, Tracks } from '../pipelines/messages.js';
import type { Config } from './config/schema.js';
import type { WatchedZone } from './config/zones.js';
import type { AlertQueue } from './control/alerts.js';
import type { Health } from './health/health.js';
import type { Alert } from './scene/alert.js';
import { groundOf } from './scene/calibration.js';
import { Scene, type Told } from './scene/scene.js';

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
}

export class Watching {
  /** the last alerts of this run, oldest first */
  readonly told: ToldAlert[] = [];
  /** of this run */
  alertsTold = 0;
  /** objects that the last look saw */
  tracksNow = 0;
  #scene: Scene;

  /** @param zones those that may be watched */
  constructor(
    private readonly deps: WatchingDeps,
    private readonly config: Config,
    zones: readonly WatchedZone[],
  ) {
    this.#scene = this.#sceneOf(zones);
  }

  /** From now on these zones are watched, from nothing gathered; what was open before ends. */
  watch(zones: readonly WatchedZone[]): void {
    this.end();
    this.#scene = this.#sceneOf(zones);
    this.tracksNow = 0;
  }

  onTracks(look: Tracks): void {
    this.tracksNow = look.tracks.filter((track) => track.seen).length;
    this.#tell(this.#scene.observe(look));
  }

  /** The pipeline process was replaced. */
  interrupted(): void {
    this.#scene.reset();
    this.tracksNow = 0;
  }

  /** No look follows: what was held back is told, and each incident that is open gets its last update. Idempotent. */
  end(): void {
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

  #sceneOf(zones: readonly WatchedZone[]): Scene {
    const { camera, detect, picture, scene } = this.config;
    return new Scene(
      { clockTrusted: this.deps.clockTrusted, recording: (atMs) => this.#recording(atMs) },
      {
        cameraId: camera.id,
        zones,
        model: zones.length > 0 ? modelOf(detect.model) : { name: '', sha256: '' },
        timeZone: scene.timeZone,
        aspect: picture.width / picture.height,
        ground: groundOf(this.config),
      },
    );
  }

  /** What an alert keeps (docs/store.md, "Terminus"); `waiting` becomes recording with it. */
  #recording(atMs: number): Alert['recording'] {
    const state = this.deps.storeState();
    if (state !== 'recording' && state !== 'waiting') return null;
    const { beforeSeconds, afterSeconds } = this.config.record.terminus;
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
