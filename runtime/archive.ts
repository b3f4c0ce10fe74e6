/**
 * Wires what is kept: the store and its recorder, the keys, the register and retention, the watch over the card. Made
 * by runtime/main.ts, which feeds it units and alerts. Decides nothing itself.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FileVault } from '../board/linux/file-vault.js';
import { clockTrusted } from '../board/linux/trusted-time.js';
import type { CardPort, Clock, Log } from '../board/ports.js';
import type { Authority } from './access/authorisation.js';
import { inState } from './camera-parts.js';
import { CardCare } from './card-care.js';
import type { Config } from './config/schema.js';
import type { Health, Notice } from './health/health.js';
import { KeyFaults } from './health/key-faults.js';
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
      { stateDirectory, cameraId: config.camera.id, keepDays: config.access.registerDays },
    );
    const keyFaults = new KeyFaults();
    this.store = new Store(
      {
        ...deps,
        openKeys: keyFaults.open,
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
    const { register } = this.#keeping;
    this.#care = new CardCare(
      { ...deps, store: this.store, keyFaults, register },
      { directory: this.#directory, stateDirectory },
    );
    const { store } = this.#care;
    this.recorder = new Recorder({ ...deps, store }, { picture: config.picture, clockTrusted });
  }

  /** Begins to watch the card and the state directory. */
  start(signal: AbortSignal): void {
    this.#care.start(signal);
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

  /** What the card tells, and what holds the keys where that is another device. */
  storage(): Pick<Health, 'card' | 'stateStorage'> {
    return this.#care.health();
  }

  notices(): Notice[] {
    return [...this.#care.notices(), ...this.#keeping.notices()];
  }

  /** The last GOP to the card, then everything closed. Idempotent. */
  async stop(): Promise<void> {
    await this.recorder.stop();
    this.#lastStats ??= this.recorder.stats();
    await this.#keeping.stop();
    await this.store.stop();
    this.#care.stop();
    await this.#vault.stop();
  }
}
