/**
 * Wires the update to the camera: where its versions lie, what the repository may offer it, how the machine is, who is told.
 * Made by main.ts, started last and stopped first. Decides nothing itself; nothing that fails here ends the camera.
 */
import { mkdir } from 'node:fs/promises';
import { arch } from 'node:os';
import { clockTrusted } from '../board/linux/trusted-time.js';
import type { CardPort, Clock, Log } from '../board/ports.js';
import { errorLine } from '../errors.js';
import { download } from '../ota/download/download.js';
import { launcherExits } from '../ota/launcher/slot-state.js';
import { Floors } from '../ota/metadata/floors.js';
import type { UpdateOrders } from '../ota/update.js';
import { judgeFor } from '../ota/updater/judging.js';
import { Obtaining, type ObtainingDeps } from '../ota/updater/obtaining.js';
import { Updater } from '../ota/updater/updater.js';
import type { UpdaterDeps } from '../ota/updater/updater-parts.js';
import type { Authority } from './access/authorisation.js';
import type { Archive } from './archive.js';
import type { OtaConfig } from './config/ota.js';
import type { Config } from './config/schema.js';
import { ownPortAnswers } from './control/own-answer.js';
import type { Notice } from './health/health.js';
import { build } from './health/report.js';
import { UpdateVitals } from './update-vitals.js';
import { repositoryOf, unpack } from './updating-later.js';
import { type Slots, slotsOf } from './updating-slots.js';
import { Week } from './week.js';

/** A link below this is given up: the download would outlast every window. */
const slowest = { minimumBytesPerSecond: 1024, overSeconds: 120 } as const;
/** Stays free beside what is fetched, for what records. */
const reserveBytes = 64 * 2 ** 20;
/** Where no launcher ends a trial; as long as the launcher's own. */
const trialSecondsWithout = 180;

export interface UpdatingDeps {
  clock: Clock;
  log: Log;
  card: CardPort;
  authority: () => Authority;
  archive: Pick<Archive, 'tell' | 'stats' | 'recorder'>;
  /** as encoded, over the last seconds */
  framesPerSecond: () => number;
}

export class Updating {
  /** resolves to the exit code by which this process asks for another start */
  readonly ending: Promise<number>;
  readonly #updater: Updater;
  readonly #vitals: UpdateVitals;
  readonly #slots: Slots;
  #onEnding: (code: number) => void = () => undefined;
  #started: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();
  /** the port is known once the control plane listens */
  #port = 0;

  constructor(
    private readonly deps: UpdatingDeps,
    private readonly options: { config: Config; stateDirectory: string },
  ) {
    const { config, stateDirectory } = options;
    const { picture, ota } = config;
    this.ending = new Promise((resolve) => {
      this.#onEnding = resolve;
    });
    this.#slots = slotsOf(deps, { ota, stateDirectory, version: build().version });
    this.#vitals = new UpdateVitals(
      {
        clock: deps.clock,
        framesPerSecond: deps.framesPerSecond,
        framesRecorded: () => deps.archive.recorder.framesRecorded,
        storeState: () => deps.archive.stats.state,
        mayRecord: () => deps.authority().mayRecord,
        controlAnswers: () => this.#controlAnswers(),
      },
      picture,
    );
    this.#updater = new Updater(this.#updaterDeps(ota), {
      running: build(),
      cameraId: config.camera.id,
      channel: ota?.channel ?? null,
      checkEveryMinutes: ota?.checkEveryMinutes ?? 60,
      install: ota?.install ?? 'ordered',
      confirmSeconds: ota?.confirmSeconds ?? 30,
      trialSeconds: this.#slots.backend?.kind === 'rauc' ? trialSecondsWithout : null,
    });
  }

  /** What people may order. */
  get orders(): UpdateOrders {
    return this.#updater;
  }

  notices(): Notice[] {
    return this.#updater.notices();
  }

  /** @param port that the control plane listens on */
  start(signal: AbortSignal, port: number): void {
    if (!this.#slots.backend) return;
    this.#port = port;
    this.#vitals.start();
    this.#started = this.#start(AbortSignal.any([signal, this.#stopping.signal])).catch((error: unknown) =>
      this.deps.log.error(`update: ${errorLine(error)}`),
    );
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#vitals.stop();
    await this.#started;
    await this.#updater.stop();
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { trustDirectory } = this.#slots;
    // On a full card a trial is still confirmed, and whoever asks is still answered.
    await mkdir(trustDirectory, { recursive: true, mode: 0o700 }).catch((error: unknown) =>
      this.deps.log.error(`update: ${errorLine(error)}`),
    );
    await this.#updater.start(signal);
  }

  #updaterDeps(ota: OtaConfig | undefined): UpdaterDeps {
    const { clock, log, archive } = this.deps;
    const { backend, activeSlot, trustDirectory, downloadDirectory } = this.#slots;
    const floors = new Floors({ log }, { directory: trustDirectory });
    const trusted = (): boolean => clockTrusted() && clock.wallMs() >= floors.timeMs;
    const window = new Week(ota?.window ?? [], ota?.timeZone);
    const obtaining = new Obtaining(
      { fetch: this.#fetch(ota), unpack },
      { directory: downloadDirectory, activeSlot },
    );
    const place = ota && placeOf(ota, this.options.config);
    return {
      clock,
      log,
      backend,
      repository:
        ota && place
          ? repositoryOf(
              { clock, log, clockTrusted, floors },
              { directory: trustDirectory, url: ota.url, place, caFile: ota.caFile ?? null },
            )
          : null,
      judge: judgeFor(() => ({
        ...(place ?? { customer: '', board: '', channel: 'stable' }),
        version: build().version,
        floor: floors.version,
        arch: arch() === 'arm64' ? 'arm64' : 'x64',
        takes: backend?.kind === 'rauc' ? 'rauc' : 'tree',
        cameraId: this.options.config.camera.id,
        groups: ota?.groups ?? [],
      })),
      floor: floors,
      obtaining,
      vitals: () => this.#vitals.read(),
      tell: (told) => archive.tell(told),
      restart: () => this.#onEnding(launcherExits.restart),
      giveUp: () => this.#onEnding(launcherExits.unhealthy),
      clockTrusted: trusted,
      windowOpen: (wallMs) => !window.timed || window.at(wallMs) !== null,
      seenMs: () => (floors.timeMs > 0 ? floors.timeMs : null),
    };
  }

  #fetch(ota: OtaConfig | undefined): ObtainingDeps['fetch'] {
    const { clock, log, card } = this.deps;
    const limitBytesPerSecond = ota?.limitKbps === undefined ? null : (ota.limitKbps * 1000) / 8;
    const caFile = ota?.caFile;
    return (wanted, { progress, mayGoOn }, signal) =>
      download(
        { clock, log, space: (path) => card.space(path) },
        { ...slowest, limitBytesPerSecond, reserveBytes, mayGoOn },
        { ...wanted, ...(caFile !== undefined && { caFile }) },
        progress,
        signal,
      );
  }

  #controlAnswers(): Promise<boolean> {
    const { host, tls } = this.options.config.control;
    const clientCertificates = tls?.clientAuthorityFile !== undefined;
    return ownPortAnswers({ host, port: this.#port, tls: tls !== undefined, clientCertificates });
  }
}

function placeOf(
  { customer, board, channel }: OtaConfig,
  config: Config,
): { customer: string; board: string; channel: OtaConfig['channel'] } {
  return { customer, board: board ?? config.board, channel };
}
