/**
 * Wires what is kept: the store and its recorder, the keys, the register and retention, the watch over the card. Made
 * by runtime/main.ts, which feeds it units and alerts. Decides nothing itself.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bootRun } from '../board/linux/boot.js';
import { FileVault } from '../board/linux/file-vault.js';
import { clockTrusted } from '../board/linux/trusted-time.js';
import type { CardPort, Clock, Log } from '../board/ports.js';
import type { Authority } from './access/authorisation.js';
import { inState } from './camera-parts.js';
import { CardCare } from './card-care.js';
import type { Config } from './config/schema.js';
import type { Notice } from './health/health.js';
import { Keeping } from './keeping.js';
import type { OnProgress } from './record/create.js';
import { ringDirectory } from './record/description.js';
import { Recorder } from './record/recorder.js';
import { Store, type StoreStats } from './record/store.js';

const MEBIBYTE = 2 ** 20;

export interface ArchiveDeps {
  clock: Clock;
  log: Log;
  card: CardPort;
  /** what the authorisation says now */
  authority: () => Authority;
}

export class Archive {
  readonly store: Store;
  readonly recorder: Recorder;
  readonly #vault: FileVault;
  readonly #keeping: Keeping;
  readonly #care: CardCare;
  readonly #directory: string;
  #open = false;
  /** of the store when it was stopped, for the report */
  #lastStats: StoreStats | null = null;

  constructor({ authority, ...deps }: ArchiveDeps, options: { config: Config; stateDirectory: string }) {
    const { config, stateDirectory } = options;
    this.#directory = inState(stateDirectory, config.record.directory);
    const keysDirectory = join(stateDirectory, 'keys');
    this.#vault = new FileVault({ file: join(keysDirectory, 'device.key') });
    this.#keeping = new Keeping(
      { ...deps, clockTrusted, vault: this.#vault, terms: () => authority().terms },
      { stateDirectory, cameraId: config.camera.id },
    );
    const run = bootRun();
    this.store = new Store(
      {
        ...deps,
        ...(run !== null && { run }),
        vault: this.#vault,
        clockTrusted,
        onSegment: (event) => this.#keeping.onSegment(event),
        held: (segment) => this.#keeping.holds(segment),
      },
      {
        directory: this.#directory,
        keysDirectory,
        capacityBytes: config.record.capacityMiB * MEBIBYTE,
        segmentBytes: config.record.segmentMiB * MEBIBYTE,
        cameraId: config.camera.id,
      },
    );
    this.#care = new CardCare({ ...deps, store: this.store }, { directory: this.#directory });
    const { store } = this.#care;
    this.recorder = new Recorder({ ...deps, store }, { picture: config.picture, clockTrusted });
  }

  /** Begins to watch the card. */
  start(signal: AbortSignal): void {
    this.#care.watch.start(signal);
  }

  /**
   * The store is made and the gate opened only under authority. What was recorded under one that is gone is still
   * destroyed at its term.
   */
  async apply(authority: Authority, signal: AbortSignal, onProgress?: OnProgress): Promise<void> {
    if (!authority.mayRecord) this.recorder.shut(authority.refusal?.code ?? 'not authorised');
    if (!this.#open && (authority.mayRecord || existsSync(ringDirectory(this.#directory)))) {
      await this.#vault.start();
      await this.store.start(signal, onProgress ? { onProgress } : {});
      await this.#keeping.start(this.store);
      this.#open = true;
    }
    if (authority.mayRecord) this.recorder.open();
  }

  get stats(): StoreStats {
    return this.#lastStats ?? this.recorder.stats();
  }

  notices(): Notice[] {
    return [...this.#care.watch.notices(), ...this.#keeping.notices()];
  }

  /** The last GOP to the card, then everything closed. Idempotent. */
  async stop(): Promise<void> {
    await this.recorder.stop();
    this.#lastStats ??= this.recorder.stats();
    await this.#keeping.stop();
    await this.store.stop();
    this.#care.watch.stop();
    await this.#vault.stop();
  }
}
