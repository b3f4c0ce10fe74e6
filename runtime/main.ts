/**
 * Composition root of the runtime process: makes the parts, joins them, starts and stops them in order.
 * It decides nothing itself. The parts know each other only through what is passed here.
 */
import { join } from 'node:path';
import { clockTrusted } from '../board/linux/trusted-time.js';
import type { CardPort, Clock, Log } from '../board/ports.js';
import type { PipelineOptions, Tracks, Unit } from '../pipelines/messages.js';
import type { Authority } from './access/authorisation.js';
import { AuthorityWatch } from './access/authority-watch.js';
import type { RegisterEvent } from './access/register/entry.js';
import type { Right } from './access/rights.js';
import { Sessions } from './access/sessions.js';
import { Users } from './access/users.js';
import { Archive } from './archive.js';
import { allowedZones, drawnZone, inState, maskZones } from './camera-parts.js';
import type { Config } from './config/schema.js';
import { AlertQueue } from './control/alerts.js';
import { LiveFeed } from './control/live.js';
import { ControlServer } from './control/server.js';
import { type CameraHead, cameraHead } from './head-parts.js';
import type { Health } from './health/health.js';
import { PictureHealth } from './health/picture-health.js';
import type { EarlyPipeline } from './health/pipeline-child.js';
import { readHealth } from './health/read-health.js';
import { build } from './health/report.js';
import { Supervisor } from './health/supervisor.js';
import { Looking } from './looking.js';
import type { MaskZones } from './mask-zones/mask-zones.js';
import { zoneNotices } from './mask-zones/notices.js';
import type { OnProgress } from './record/create.js';
import { Updating } from './updating.js';
import { type ToldAlert, Watching } from './watching.js';

export interface CameraOptions {
  config: Config;
  /** absolute; relative paths of the configuration start here */
  stateDirectory: string;
  /** plug-in registry made by set-up; null lets GStreamer keep its own */
  gstRegistry: string | null;
  /** a pipeline process that was started before this camera was made */
  early?: EarlyPipeline | undefined;
}

export class Camera {
  readonly config: Config;
  readonly archive: Archive;
  readonly supervisor: Supervisor;
  readonly alerts: AlertQueue;
  readonly control: ControlServer;
  /** null: the camera does not move */
  readonly head: CameraHead | null;
  /** the private zones in force */
  readonly mask: MaskZones;
  readonly updating: Updating;
  /** resolves when a clip that plays once is over */
  readonly ended: Promise<void>;
  readonly #deps: { clock: Clock; log: Log };
  readonly #live: LiveFeed;
  readonly #pictureHealth: PictureHealth;
  readonly #authority: AuthorityWatch;
  readonly #watching: Watching;
  readonly #looking: Looking;
  /** ends a start that is under way; a camera that runs is stopped in order instead */
  readonly #startEnded = new AbortController();
  #started = false;

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
    const looking = new Looking(deps, options, { zones, authority: authority.current });
    return new Camera(deps, options, { authority, looking, zones, pipeline: await looking.pipeline() });
  }

  private constructor(
    deps: { clock: Clock; log: Log; card: CardPort },
    { config, stateDirectory, gstRegistry, early }: CameraOptions,
    known: {
      authority: AuthorityWatch;
      looking: Looking;
      zones: Config['zones'];
      pipeline: PipelineOptions;
    },
  ) {
    this.#deps = deps;
    this.config = config;
    this.#authority = known.authority;
    this.#looking = known.looking;
    this.#pictureHealth = new PictureHealth(deps, { stateDirectory, picture: config.picture });
    this.alerts = new AlertQueue(deps, { directory: join(stateDirectory, 'alerts') });
    this.#live = new LiveFeed(deps, config.picture);
    const authority = (): Authority => this.#authority.current;
    this.archive = new Archive({ ...deps, authority }, { config, stateDirectory });
    this.#watching = this.#watchingOf(known.zones, stateDirectory);
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
          motion: (motion) => this.recorder.motion(motion),
          sight: (sight) => this.#pictureHealth.sight.take(sight),
          mask: (table) => void this.archive.masks.keep(table, known.pipeline.head?.lens ?? null),
          interrupted: (why) => this.#onInterrupted(why),
          ended: onEnded,
        },
      },
      {
        ...config.supervise,
        pipeline: known.pipeline,
        memoryCeilingBytes: config.supervise.memoryCeilingMiB * 2 ** 20,
        gstRegistry,
        early,
      },
    );
    this.head = cameraHead(config.head, {
      ...deps,
      send: (pose) => this.supervisor.pose(pose),
      register: (told) => this.archive.headOrdered(told),
    });
    const setMask = this.supervisor.setMask.bind(this.supervisor);
    this.mask = maskZones(deps.log, this.archive, { config, stateDirectory, setMask });
    const framesPerSecond = (): number => this.#pictureHealth.rate.framesPerSecond;
    const updatingDeps = { ...deps, authority, archive: this.archive, framesPerSecond };
    this.updating = new Updating(updatingDeps, { config, stateDirectory });
    this.control = this.#controlServer(stateDirectory);
  }

  /**
   * Starts: the store first, the picture last, so that the first frame already has a place.
   * @param onProgress told while the store is made for the first time
   */
  async start(onProgress: OnProgress = () => undefined): Promise<{ url: string }> {
    const steps = [
      () => this.archive.apply(this.#authority.current, this.#startEnded.signal, onProgress),
      () => this.alerts.start(),
      () => this.#watching.start(),
      async () => {
        ({ url, port } = await this.control.start());
      },
      async () => this.head?.start(this.#startEnded.signal),
      async () => this.supervisor.start(await this.mask.start()),
      async () => this.updating.start(this.#startEnded.signal, port),
    ];
    let [url, port] = ['', 0];
    this.archive.start(this.#startEnded.signal);
    try {
      for (const step of steps) {
        this.#startEnded.signal.throwIfAborted();
        await step();
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#started = true;
    this.#looking.start(this.supervisor);
    this.#authority.start((authority) => this.#onAuthority(authority));
    return { url };
  }

  /** Stops in the order of the frame: no new picture, then the last GOP to the card, then the rest. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#started) this.#startEnded.abort();
    await this.updating.stop();
    await this.#authority.stop();
    await this.#looking.stop();
    await this.supervisor.stop();
    await this.#watching.stop();
    await this.head?.stop();
    await this.archive.stop();
    await this.control.stop();
    await this.alerts.stop();
  }

  get recorder(): Archive['recorder'] {
    return this.archive.recorder;
  }

  /** the last alerts of this run, oldest first */
  get told(): readonly ToldAlert[] {
    return this.#watching.told;
  }

  /** of this run */
  get alertsTold(): number {
    return this.#watching.alertsTold;
  }

  /** Whether the authorisation allows recording now. */
  get mayRecord(): boolean {
    return this.#authority.current.mayRecord;
  }

  health(): Health {
    return readHealth({
      atMs: this.#deps.clock.wallMs(),
      config: this.config,
      authority: this.#authority.current,
      supervisor: this.supervisor,
      store: this.archive.stats,
      storage: this.archive.storage(),
      framesRecorded: this.recorder.framesRecorded,
      alerts: this.alerts.counts(),
      rate: this.#pictureHealth.rate,
      tracks: this.#watching.tracksNow,
      said: [this.#pictureHealth.sight, this.archive, this.head, this.#looking, this.#watching, this.updating]
        .flatMap((part) => part?.notices() ?? [])
        .concat(zoneNotices(this.mask)),
    });
  }

  /** An address that lets a browser in once, with these rights. Print it; never log it. */
  oneTimeLink(rights: readonly Right[]): string {
    return this.control.oneTimeLink(rights);
  }

  #watchingOf(zones: Config['zones'], stateDirectory: string): Watching {
    const parts = {
      ...this.#deps,
      alerts: this.alerts,
      clockTrusted,
      storeState: () => this.archive.stats.state,
      keep: (atMonoUs: number) => this.recorder.alert(atMonoUs),
      picture: (seq: number) => this.supervisor.picture(seq),
      tell: (event: RegisterEvent) => this.archive.tell(event),
    };
    return new Watching(parts, { config: this.config, stateDirectory, zones });
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
        head: this.head,
        mask: this.mask,
        updates: this.updating.orders,
        health: () => this.health(),
        snapshot: () => this.supervisor.picture(null),
        info: {
          version: build().version,
          camera: { id: camera.id, name: camera.name },
          picture,
          zones: zones.map(drawnZone),
        },
      },
      this.config.control,
    );
  }

  /** The authority changed while the camera runs: the gate first, then what is looked for. */
  async #onAuthority(authority: Authority): Promise<void> {
    const zones = allowedZones(this.config, authority);
    this.#watching.watch(zones);
    // What may not be analysed any more stops first: whatever fails after this is tried again.
    this.#looking.allow({ zones, authority });
    await this.archive.apply(authority, this.#startEnded.signal);
    if (authority.mayRecord) await this.#looking.apply();
  }

  #onUnit(unit: Unit): void {
    this.#pictureHealth.rate.frame(unit);
    this.head?.seen(unit.mask);
    this.recorder.onUnit(unit);
    this.#live.onUnit(unit);
  }

  #onTracks(tracks: Tracks): void {
    this.#pictureHealth.rate.look();
    this.recorder.tracks(tracks);
    this.#watching.onTracks(tracks);
  }

  #onInterrupted(why: string): void {
    if (why !== 'reconfigured') this.#looking.lost();
    this.recorder.interrupt();
    this.#live.interrupt();
    this.#watching.interrupted();
  }
}
