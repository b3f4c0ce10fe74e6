/**
 * Composition root of the runtime process: makes the parts, joins them, starts and stops them in order.
 * It decides nothing itself. The parts know each other only through what is passed here.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FileVault } from '../board/linux/file-vault.js';
import { clockTrusted } from '../board/linux/trusted-time.js';
import type { CardPort, Clock, Log } from '../board/ports.js';
import { errorLine } from '../errors.js';
import type { Tracks, Unit } from '../pipelines/messages.js';
import type { Authority } from './access/authorisation.js';
import { AuthorityWatch } from './access/authority-watch.js';
import type { Right } from './access/rights.js';
import { Sessions } from './access/sessions.js';
import { Users } from './access/users.js';
import { allowedZones, firstMaskTable, inState, pipelineOptions } from './camera-parts.js';
import { CardCare } from './card-care.js';
import type { Config } from './config/schema.js';
import { AlertQueue } from './control/alerts.js';
import { LiveFeed } from './control/live.js';
import { ControlServer } from './control/server.js';
import type { Health } from './health/health.js';
import { RateMeter } from './health/rate-meter.js';
import { readHealth } from './health/read-health.js';
import { build } from './health/report.js';
import { Supervisor } from './health/supervisor.js';
import { Keeping } from './keeping.js';
import type { OnProgress } from './record/create.js';
import { ringDirectory } from './record/description.js';
import { Recorder } from './record/recorder.js';
import { Store, type StoreStats } from './record/store.js';
import type { Alert } from './scene/alert.js';
import { Scene } from './scene/scene.js';

const MEBIBYTE = 2 ** 20;

export interface CameraOptions {
  config: Config;
  /** absolute; relative paths of the configuration start here */
  stateDirectory: string;
  /** plug-in registry made by set-up; null lets GStreamer keep its own */
  gstRegistry: string | null;
}

/** An alert and how long after its picture it was told, milliseconds. */
export interface ToldAlert {
  alert: Alert;
  latencyMs: number;
}

export class Camera {
  readonly config: Config;
  readonly store: Store;
  readonly recorder: Recorder;
  readonly supervisor: Supervisor;
  readonly alerts: AlertQueue;
  readonly control: ControlServer;
  /** alerts of this run, oldest first */
  readonly told: ToldAlert[] = [];
  /** resolves when a clip that plays once is over */
  readonly ended: Promise<void>;
  readonly #deps: { clock: Clock; log: Log };
  readonly #live: LiveFeed;
  readonly #rate: RateMeter;
  readonly #authority: AuthorityWatch;
  readonly #vault: FileVault;
  readonly #keeping: Keeping;
  readonly #care: CardCare;
  #scene: Scene;
  readonly #storeDirectory: string;
  #storeOpen = false;
  readonly #stopping = new AbortController();
  /** of the store when it was stopped, for the report */
  #lastStats: StoreStats | null = null;
  #tracksNow = 0;

  /** Reads what must be known before the parts can be made. Rejects with a VigieError that says what to correct. */
  static async make(
    deps: { clock: Clock; log: Log; card: CardPort },
    options: CameraOptions,
  ): Promise<Camera> {
    const { config, stateDirectory } = options;
    const authority = await AuthorityWatch.open(deps, {
      file: inState(stateDirectory, config.access.authorisationFile),
      cameraId: config.camera.id,
    });
    const zones = allowedZones(config, authority.current);
    const pipeline = await pipelineOptions(config, zones);
    return new Camera(deps, options, { authority, zones, pipeline });
  }

  private constructor(
    deps: { clock: Clock; log: Log; card: CardPort },
    { config, stateDirectory, gstRegistry }: CameraOptions,
    known: {
      authority: AuthorityWatch;
      zones: Config['zones'];
      pipeline: Awaited<ReturnType<typeof pipelineOptions>>;
    },
  ) {
    this.#deps = deps;
    this.config = config;
    this.#authority = known.authority;
    this.#rate = new RateMeter(deps.clock);
    this.#scene = new Scene({}, { cameraId: config.camera.id, zones: known.zones });
    this.alerts = new AlertQueue(deps, { directory: join(stateDirectory, 'alerts') });
    this.#live = new LiveFeed(deps, config.picture);
    this.#storeDirectory = inState(stateDirectory, config.record.directory);
    const keysDirectory = join(stateDirectory, 'keys');
    this.#vault = new FileVault({ file: join(keysDirectory, 'device.key') });
    this.#keeping = new Keeping(
      { ...deps, clockTrusted, vault: this.#vault, terms: () => this.#authority.current.terms },
      { stateDirectory, cameraId: config.camera.id },
    );
    this.store = this.#makeStore(deps, keysDirectory);
    this.#care = new CardCare({ ...deps, store: this.store }, { directory: this.#storeDirectory });
    const { store } = this.#care;
    this.recorder = new Recorder({ ...deps, store }, { picture: config.picture, clockTrusted });
    let onEnded = (): void => undefined;
    this.ended = new Promise((resolve) => {
      onEnded = resolve;
    });
    this.supervisor = new Supervisor(
      {
        ...deps,
        events: {
          unit: (unit) => this.#onUnit(unit),
          tracks: (tracks) => this.#onTracks(tracks),
          interrupted: () => this.#onInterrupted(),
          ended: onEnded,
        },
      },
      {
        ...config.supervise,
        pipeline: known.pipeline,
        memoryCeilingBytes: config.supervise.memoryCeilingMiB * MEBIBYTE,
        gstRegistry,
      },
    );
    this.control = this.#controlServer(stateDirectory);
  }

  /**
   * Starts: the store first, the picture last, so that the first frame already has a place.
   * @param onProgress told while the store is made for the first time
   */
  async start(onProgress: OnProgress = () => undefined): Promise<{ url: string }> {
    this.#care.watch.start(this.#stopping.signal);
    try {
      await this.#openStore(this.#authority.current, onProgress);
      await this.alerts.start();
      const { url } = await this.control.start();
      await this.supervisor.start(firstMaskTable(this.config));
      this.#authority.start((authority) => this.#onAuthority(authority));
      return { url };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Stops in the order of the frame: no new picture, then the last GOP to the card, then the rest. Idempotent. */
  async stop(): Promise<void> {
    await this.#authority.stop();
    await this.supervisor.stop();
    await this.recorder.stop();
    this.#lastStats = this.recorder.stats();
    await this.#keeping.stop();
    await this.store.stop();
    this.#care.watch.stop();
    await this.#vault.stop();
    await this.control.stop();
    await this.alerts.stop();
  }

  health(): Health {
    const health = readHealth({
      atMs: this.#deps.clock.wallMs(),
      config: this.config,
      authority: this.#authority.current,
      supervisor: this.supervisor,
      store: this.#lastStats ?? this.recorder.stats(),
      framesRecorded: this.recorder.framesRecorded,
      alerts: this.alerts.counts(),
      rate: this.#rate,
      tracks: this.#tracksNow,
    });
    const notices = [...health.notices, ...this.#care.watch.notices(), ...this.#keeping.notices()];
    return { ...health, notices };
  }

  /** An address that lets a browser in once, with these rights. Print it; never log it. */
  oneTimeLink(rights: readonly Right[]): string {
    return this.control.oneTimeLink(rights);
  }

  #makeStore(deps: { clock: Clock; log: Log; card: CardPort }, keysDirectory: string): Store {
    const { camera, record } = this.config;
    return new Store(
      {
        ...deps,
        vault: this.#vault,
        clockTrusted,
        onSegment: (event) => this.#keeping.onSegment(event),
        held: (segment) => this.#keeping.holds(segment),
      },
      {
        directory: this.#storeDirectory,
        keysDirectory,
        capacityBytes: record.capacityMiB * MEBIBYTE,
        segmentBytes: record.segmentMiB * MEBIBYTE,
        cameraId: camera.id,
      },
    );
  }

  #controlServer(stateDirectory: string): ControlServer {
    const { clock, log } = this.#deps;
    const { camera, picture, zones } = this.config;
    return new ControlServer(
      {
        clock,
        log,
        users: new Users({ file: inState(stateDirectory, this.config.access.usersFile) }),
        sessions: new Sessions({ clock }),
        alerts: this.alerts,
        live: this.#live,
        health: () => this.health(),
        snapshot: () => this.supervisor.picture(null),
        info: {
          version: build().version,
          camera: { id: camera.id, name: camera.name },
          picture,
          zones: zones.map(({ name, points }) => ({ name, points })),
        },
      },
      this.config.control,
    );
  }

  /**
   * The store is made and the gate opened only under authority. What was recorded under one that is gone is still
   * destroyed at its term.
   */
  async #openStore(authority: Authority, onProgress?: OnProgress): Promise<void> {
    if (!authority.mayRecord) this.recorder.shut(authority.refusal?.code ?? 'not authorised');
    if (!this.#storeOpen && (authority.mayRecord || existsSync(ringDirectory(this.#storeDirectory)))) {
      await this.#vault.start();
      await this.store.start(this.#stopping.signal, onProgress ? { onProgress } : {});
      await this.#keeping.start(this.store);
      this.#storeOpen = true;
    }
    if (authority.mayRecord) this.recorder.open();
  }

  /** The authority changed while the camera runs: the gate first, then what is looked for. */
  async #onAuthority(authority: Authority): Promise<void> {
    const zones = allowedZones(this.config, authority);
    this.#scene = new Scene({}, { cameraId: this.config.camera.id, zones });
    this.#tracksNow = 0;
    await this.#openStore(authority);
    const pipeline = await pipelineOptions(this.config, zones);
    if ((pipeline.detect !== null) !== this.supervisor.detects) this.supervisor.reconfigure(pipeline);
  }

  #onUnit(unit: Unit): void {
    this.#rate.frame(unit);
    this.recorder.onUnit(unit);
    this.#live.onUnit(unit);
  }

  #onTracks(tracks: Tracks): void {
    this.#rate.look();
    this.#tracksNow = tracks.tracks.filter((track) => track.seen).length;
    for (const alert of this.#scene.observe(tracks)) {
      const numbered = this.alerts.push(alert);
      this.recorder.alert(alert.atMonoUs);
      this.told.push({ alert: numbered, latencyMs: (this.#deps.clock.monoUs() - alert.atMonoUs) / 1000 });
      this.#attachPicture(numbered);
    }
  }

  /** The picture follows the alert: the operator is told first. */
  #attachPicture(alert: Alert): void {
    this.supervisor
      .picture(alert.frameSeq)
      .then((picture) => this.alerts.attachPicture(alert.id, Buffer.from(picture.jpeg)))
      .catch((error: unknown) =>
        this.#deps.log.warn(`Alert ${alert.number} has no picture: ${errorLine(error)}`),
      );
  }

  #onInterrupted(): void {
    this.recorder.interrupt();
    this.#live.interrupt();
    this.#scene.reset();
    this.#tracksNow = 0;
  }
}
