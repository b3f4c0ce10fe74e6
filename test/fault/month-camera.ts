/**
 * A camera without pictures: recorder, two stores, register and retention as runtime/archive.ts wires them, on a clock
 * that is moved by hand and on cards that go on command. Driven by month.ts; tells it what was acknowledged, and where.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { FileVault } from '../../board/linux/file-vault.js';
import { ManualClock } from '../../board/virtual/clock.js';
import type { Unit } from '../../pipelines/messages.js';
import type { Terms } from '../../runtime/access/register/entry.js';
import { Keeping } from '../../runtime/keeping.js';
import { HoldRequests } from '../../runtime/record/hold-requests.js';
import { Recorder } from '../../runtime/record/recorder.js';
import { Store } from '../../runtime/record/store.js';
import { type StoredAt, StorePair } from '../../runtime/record/store-pair.js';
import { fakeLock } from '../unit/register-fake.js';
import { fakeUnit, MemoryLog, segmentBytes } from '../unit/store-fake.js';
import { type Acknowledged, accounted, type Power, quickCard, sickCard } from './month-card.js';

export const hourMs = 3_600_000;
/** Records of one segment begin within this. */
export const spanMs = 4 * hourMs;
/** What an alert keeps. */
export const around = { beforeMs: hourMs, afterMs: 1.5 * hourMs };
export const unitsPerGop = 3;
const unitBytes = 2000;
const unitMs = 400;
/** From the first to the last picture of a GOP. */
export const gopMs = (unitsPerGop - 1) * unitMs;

export const storeNames = ['first', 'second'] as const;
export type StoreName = (typeof storeNames)[number];
/** `out` also takes the ring away. */
export type Illness = 'none' | 'EIO' | 'out';
/** What this camera does wrong, on purpose. */
export type Wrong = 'believes-jumps' | 'ignores-corrections' | 'keeps-keys' | 'no-buffer';

export interface CameraOptions {
  directory: string;
  terms: Terms;
  bufferBytes: number;
  /** segments of the first and of the second ring */
  slots: Record<StoreName, number>;
  wrong: Wrong | null;
}

/** The pictures of GOP number `n`; their bytes are the same for the same number. */
export function unitsOf(n: number, at: { monoUs: number; wallMs: number }): Unit[] {
  return Array.from({ length: unitsPerGop }, (_, i) => {
    const seq = n * unitsPerGop + i;
    const times = { monoUs: Math.round(at.monoUs + i * unitMs * 1000), wallMs: at.wallMs + i * unitMs };
    const data = createHash('shake256', { outputLength: unitBytes - (seq % 7) })
      .update(`${seq}`)
      .digest();
    return fakeUnit(seq, { key: i === 0, ...times, data }, 0);
  });
}

interface Parts {
  keeping: Keeping;
  stores: Record<StoreName, Store>;
  recorder: Recorder<StoredAt>;
}

export class MonthCamera {
  clock = new ManualClock();
  log = new MemoryLog();
  trusted = true;
  /** true time since which the camera may know the time; Infinity: not in this boot */
  knowsSinceMs = Number.POSITIVE_INFINITY;
  readonly ill: Record<StoreName, Illness> = { first: 'none', second: 'none' };
  #run = '';
  /** true time when the monotonic clock of this boot showed zero */
  #zeroMs = 0;
  readonly #power: Power = { state: 'on' };
  readonly #lock = fakeLock();
  #parts: Parts | null = null;

  constructor(
    private readonly options: CameraOptions,
    private readonly onStored: (stored: Acknowledged) => void,
  ) {}

  get trueMs(): number {
    return this.#zeroMs + this.clock.monoUs() / 1000;
  }

  get run(): string {
    return this.#run;
  }

  get parts(): Parts {
    if (!this.#parts) throw new Error('the camera is off');
    return this.#parts;
  }

  /** Another boot, at this true time, whose wall clock shows something else perhaps. */
  async boot(trueMs: number, { wallMs = trueMs, trusted = true } = {}): Promise<void> {
    this.clock = new ManualClock(wallMs);
    this.#zeroMs = trueMs - this.clock.monoUs() / 1000;
    this.#run = randomBytes(8).toString('hex');
    this.trusted = trusted;
    await this.start();
  }

  /** Another process in the same boot. */
  async start(): Promise<void> {
    this.knowsSinceMs = this.trusted ? this.trueMs : Number.POSITIVE_INFINITY;
    this.#power.state = 'on';
    const vault = new FileVault({ file: join(this.options.directory, 'keys', 'device.key') });
    await vault.start();
    const deps = { clock: this.clock, log: this.log, vault };
    const card = { lock: this.#lock };
    const believed = (): boolean => this.options.wrong === 'believes-jumps' || this.trusted;
    const keeping: Keeping = new Keeping(
      { ...deps, card, clockTrusted: believed, terms: () => this.options.terms },
      { stateDirectory: this.options.directory, cameraId: 'cam-1', keepDays: 400 },
    );
    const first = this.#store('first', vault, keeping);
    const second = this.#store('second', vault, keeping);
    for (const store of [first, second])
      await store.start(new AbortController().signal, { withoutCard: true });
    await keeping.start([first, second]);
    const alone = this.options.wrong === 'no-buffer';
    const pair = new StorePair({
      first: accounted(first, this.onStored),
      second: alone ? null : accounted(second, this.onStored),
      clock: this.clock,
    });
    const recorder = new Recorder<StoredAt>(
      { store: pair, clock: this.clock, log: this.log },
      {
        picture: { width: 64, height: 48 },
        clockTrusted: () => this.trusted,
        bufferBytes: alone ? 1 : this.options.bufferBytes,
        terminus: around,
      },
    );
    recorder.open();
    this.#parts = { keeping, stores: { first, second }, recorder };
  }

  /** What is gathered and what waits is written, if a card accepts. */
  async stop(): Promise<void> {
    const { recorder, keeping, stores } = this.parts;
    await recorder.stop();
    await keeping.stop();
    for (const name of storeNames) await stores[name].stop();
    this.#parts = null;
  }

  /** The power goes in the middle of the next write; nothing is written after it. */
  async cut(): Promise<void> {
    this.#power.state = 'tearing';
    await this.stop();
  }

  setClock(offMs: number, trusted: boolean): void {
    this.clock.jumpWall(this.trueMs + offMs - this.clock.wallMs());
    this.trusted = trusted;
    if (trusted) this.knowsSinceMs = Math.min(this.knowsSinceMs, this.trueMs);
  }

  async setIllness(name: StoreName, illness: Illness): Promise<void> {
    const ring = join(this.directoryOf(name), 'ring');
    if (illness === 'out') await rename(ring, `${ring}.out`);
    else if (existsSync(`${ring}.out`)) await rename(`${ring}.out`, ring);
    this.ill[name] = illness;
  }

  feed(n: number): void {
    const at = { monoUs: this.clock.monoUs(), wallMs: this.clock.wallMs() };
    for (const unit of unitsOf(n, at)) this.parts.recorder.onUnit(unit);
  }

  alert(): void {
    this.parts.recorder.alert(this.clock.monoUs());
  }

  /** Whatever goes on by itself is done, and retention has looked. */
  async settle(): Promise<void> {
    await this.parts.recorder.flushed();
    await this.parts.keeping.look();
    await this.parts.recorder.flushed();
  }

  requests(): HoldRequests {
    return new HoldRequests({ directory: join(this.options.directory, 'register') });
  }

  directoryOf(name: StoreName): string {
    return join(this.options.directory, name);
  }

  #store(name: StoreName, vault: FileVault, keeping: Keeping): Store {
    const directory = this.directoryOf(name);
    const refuses = (write: boolean): boolean =>
      this.ill[name] === 'out' || (write && this.ill[name] === 'EIO');
    const store: Store = new Store(
      {
        clock: this.clock,
        log: this.log,
        vault,
        card: { ...quickCard, lock: this.#lock, mounted: async () => this.ill[name] !== 'out' },
        run: this.#run,
        clockTrusted: () => this.trusted,
        open: sickCard(this.#power, refuses),
        openKeys: sickCard(this.#power, () => false),
        onSegment: (event) => keeping.onSegment(event),
        held: (segment, storeId) => keeping.holds(segment, storeId),
        onFound: (storeId) => keeping.found(directory, storeId),
        onOpened: () => void keeping.opened(store),
      },
      {
        directory,
        mountPoint: directory,
        keysDirectory: join(this.options.directory, 'keys'),
        capacityBytes: this.options.slots[name] * segmentBytes,
        segmentBytes,
        cameraId: 'cam-1',
        maxSpanMs: spanMs,
      },
    );
    return this.#spoilt(store);
  }

  #spoilt(store: Store): Store {
    const { wrong } = this.options;
    if (wrong === 'ignores-corrections') store.correctTimes = async () => undefined;
    if (wrong === 'keeps-keys') store.destroy = async () => true;
    return store;
  }
}
