/**
 * Wires what is kept: the stores and the recorder, the keys, the register and retention, the watch over the cards. Made
 * by runtime/main.ts, which feeds it units and alerts. Decides nothing itself.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bootRun } from '../board/linux/boot.js';
import { FileVault } from '../board/linux/file-vault.js';
import { clockTrusted } from '../board/linux/trusted-time.js';
import type { CardPort, Clock, Log } from '../board/ports.js';
import type { Authority } from './access/authorisation.js';
import type { RegisterEvent } from './access/register/entry.js';
import { inState } from './camera-parts.js';
import { CardCare } from './card-care.js';
import type { Config } from './config/schema.js';
import type { ToldOrders } from './head/order-log.js';
import { bufferNotices } from './health/buffer-notices.js';
import type { Health, Notice } from './health/health.js';
import { storageHealthOf } from './health/storage-health.js';
import { Keeping } from './keeping.js';
import { MaskTables } from './mask-log/tables.js';
import { type OccasionParts, occasionNotices, occasionParts } from './occasion-parts.js';
import type { OnProgress } from './record/create.js';
import { ringDirectory } from './record/description.js';
import { Recorder } from './record/recorder.js';
import { Store } from './record/store.js';
import { type StoredAt, StorePair } from './record/store-pair.js';
import type { StoredPiece } from './record/terminus.js';
import { StateCare } from './state-care.js';

const MEBIBYTE = 2 ** 20;
/** An alert keeps six minutes at most, with a record a second and copies of some. */
const recordsLookedAt = 1000;

export interface ArchiveDeps {
  clock: Clock;
  log: Log;
  card: CardPort;
  /** what the authorisation says now */
  authority: () => Authority;
}

/** Where recordings go: a card with its store. */
interface Place {
  directory: string;
  store: Store;
  care: CardCare;
  started: boolean;
}

export class Archive {
  readonly recorder: Recorder<StoredAt>;
  /** the tables that recordings name */
  readonly masks: MaskTables;
  readonly #vault: FileVault;
  readonly #keeping: Keeping;
  readonly #when: OccasionParts;
  readonly #places: [Place, ...Place[]];
  readonly #pair: StorePair;
  readonly #state: StateCare;
  #open = false;
  /** when it was stopped, for the report */
  #lastStats: Health['store'] | null = null;

  constructor(
    private readonly deps: ArchiveDeps,
    private readonly options: { config: Config; stateDirectory: string },
  ) {
    const { authority, ...rest } = deps;
    const { config, stateDirectory } = options;
    this.#vault = new FileVault({ file: join(stateDirectory, 'keys', 'device.key') });
    this.#keeping = new Keeping(
      { ...rest, clockTrusted, vault: this.#vault, terms: () => authority().terms },
      { stateDirectory, cameraId: config.camera.id, keepDays: config.access.registerDays },
    );
    const { register } = this.#keeping;
    this.#state = new StateCare(
      { ...rest, register, cardReading: () => this.#places[0].care.watch.vitals().reading },
      { stateDirectory },
    );
    const { second } = config.record;
    const first = this.#place(config.record, false);
    this.#places = second ? [first, this.#place(second, true)] : [first];
    this.#pair = new StorePair({
      first: first.care.timed,
      second: this.#places[1]?.care.timed ?? null,
      clock: rest.clock,
    });
    this.masks = new MaskTables(
      { ...rest, clockTrusted, oldestMs: () => this.#oldestMs() },
      { directory: join(stateDirectory, 'mask') },
    );
    this.#when = occasionParts({ ...rest, time: () => this.#keeping.now() }, { config, stateDirectory });
    const { occasions, terminusFile, terminus } = this.#when;
    const { picture, record } = config;
    this.recorder = new Recorder(
      { ...rest, store: this.#pair, occasions, remember: (windows) => terminusFile.save(windows) },
      { picture, clockTrusted, terminus, bufferBytes: record.bufferMiB * MEBIBYTE },
    );
  }

  /** Begins to watch the cards and the state directory. */
  start(signal: AbortSignal): void {
    for (const { care } of this.#places) care.watch.start(signal);
    this.#state.start(signal);
  }

  /**
   * A store is made, and the gate opened, only under authority. What was recorded under one that is gone is still
   * destroyed at its term.
   */
  async apply(authority: Authority, signal: AbortSignal, onProgress?: OnProgress): Promise<void> {
    if (!authority.mayRecord) this.recorder.shut(authority.refusal?.code ?? 'not authorised');
    try {
      await this.#startStores(authority.mayRecord, signal, onProgress);
    } catch (error) {
      if (!this.#open) await this.#stopStores();
      throw error;
    }
    if (authority.mayRecord) this.recorder.open();
  }

  /** An entry in the register, on the device when it resolves. Rejects while the register is not open. */
  tell(event: RegisterEvent): Promise<unknown> {
    return this.#keeping.register.append(event);
  }

  get stats(): Health['store'] {
    return this.#lastStats ?? this.#stats();
  }

  /** What the card tells, and what holds the keys where that is another device. */
  storage(): Pick<Health, 'card' | 'stateStorage'> {
    const card = storageHealthOf(this.#places[0].care.watch.vitals());
    return { card, stateStorage: this.#state.health() };
  }

  /** Who moved the head. Nothing waits for it; without the authority to record there is no register. */
  headOrdered(told: ToldOrders): void {
    if (!this.#open) return;
    // What fails is in the register's own words in the log and in the health.
    this.#keeping.register.append({ kind: 'head-ordered', ...told }).catch(() => undefined);
  }

  notices(): Notice[] {
    return [
      ...bufferNotices({ buffer: this.recorder.buffer, onSecond: this.#open && this.#pair.onSecond }),
      ...this.#places.flatMap(({ care }) => care.notices()),
      ...this.#state.notices(),
      ...this.#keeping.notices(),
      ...occasionNotices(this.#when.occasions),
    ];
  }

  /** The last GOP to the card, then everything closed. Idempotent. */
  async stop(): Promise<void> {
    await this.recorder.stop();
    this.#lastStats ??= this.#stats();
    await this.#keeping.stop();
    await this.masks.stop();
    await this.#stopStores();
    for (const { care } of this.#places) care.watch.stop();
    this.#state.stop();
    await this.#vault.stop();
  }

  /** Cards that fail or are away are waited for; what a person has to put right refuses the start. */
  async #startStores(mayRecord: boolean, signal: AbortSignal, onProgress?: OnProgress): Promise<void> {
    const hasKeys = existsSync(join(this.options.stateDirectory, 'keys', 'device.key'));
    const waiting = this.#places.filter(
      ({ started, directory }) => !started && (mayRecord || existsSync(ringDirectory(directory))),
    );
    if (waiting.length === 0 && (this.#open || !hasKeys)) return;
    await this.#vault.start();
    for (const place of waiting) {
      await place.store.start(signal, { ...(onProgress && { onProgress }), withoutCard: true });
      place.started = true;
      if (this.#open) await this.#keeping.opened(place.store);
    }
    if (this.#open) return;
    await this.#keeping.start(this.#places.map(({ store }) => store));
    this.#open = true;
    await this.#resume();
  }

  /** Goes on with the alerts of the run before, in the stores that are there. */
  async #resume(): Promise<void> {
    const { terminusFile } = this.#when;
    const pieces: StoredPiece<StoredAt>[] = [];
    let { windows } = await terminusFile.load([]);
    for (const [place, { store }] of this.#places.entries()) {
      const { storeId } = store;
      if (windows.length === 0 || storeId === null) continue;
      const found = await terminusFile.load(store.newest(recordsLookedAt));
      windows = found.windows;
      for (const piece of found.pieces) {
        // GOPs of one store are not those of the other.
        const of = piece.of - place * recordsLookedAt;
        pieces.push({ ...piece, of, record: { storeId, record: piece.record } });
      }
    }
    this.recorder.resume({ windows, pieces });
  }

  /** Wall clock of the oldest picture in any store, as it was recorded; null while that is not known. */
  #oldestMs(): number | null {
    const times = this.#open ? this.#places.map(({ store }) => store.stats().oldestMs) : [];
    const known = times.filter((ms) => ms !== null);
    return known.length > 0 ? Math.min(...known) : null;
  }

  async #stopStores(): Promise<void> {
    for (const place of this.#places) {
      await place.store.stop();
      place.started = false;
    }
  }

  #stats(): Health['store'] {
    const { bytes, capacityBytes, sinceMs } = this.recorder.buffer;
    const other = this.#places[1]?.store.stats();
    const second = other && {
      state: other.state,
      capacityBytes: other.capacityBytes,
      usedBytes: other.usedBytes,
      gops: other.gops,
      oldestMs: other.oldestMs,
      newestMs: other.newestMs,
    };
    return { ...this.recorder.stats(), buffer: { bytes, capacityBytes, sinceMs }, second: second ?? null };
  }

  #place(
    of: { directory: string; capacityMiB: number; mountPoint?: string | undefined },
    second: boolean,
  ): Place {
    const { config, stateDirectory } = this.options;
    const directory = inState(stateDirectory, of.directory);
    const { authority: _, ...deps } = this.deps;
    const run = bootRun();
    const store: Store = new Store(
      {
        ...deps,
        ...(run !== null && { run }),
        openKeys: this.#state.keyFaults.open,
        vault: this.#vault,
        clockTrusted,
        onSegment: (event) => this.#keeping.onSegment(event),
        held: (segment, storeId) => this.#keeping.holds(segment, storeId),
        onFound: (storeId) => this.#keeping.found(directory, storeId),
        onOpened: () => void this.#keeping.opened(store),
      },
      {
        directory,
        ...(of.mountPoint !== undefined && { mountPoint: of.mountPoint }),
        keysDirectory: join(stateDirectory, 'keys'),
        capacityBytes: of.capacityMiB * MEBIBYTE,
        segmentBytes: config.record.segmentMiB * MEBIBYTE,
        cameraId: config.camera.id,
        maxSpanMs: config.record.segmentSeconds * 1000,
      },
    );
    return {
      directory,
      store,
      care: new CardCare({ ...deps, store, elsewhere: this.#state.elsewhere }, { directory, second }),
      started: false,
    };
  }
}
