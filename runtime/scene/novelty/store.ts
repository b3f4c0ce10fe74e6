/**
 * What every zone with `novelty` has learned, over restarts. Made by the composition root, handed to scene.ts, which asks for
 * a zone each time it is made anew. Writes to its own directory, never to the card. A file that is damaged, or of another
 * zone, is as good as none: the zone starts over, and that is said.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Log } from '../../../board/ports.js';
import { errorLine } from '../../../errors.js';
import type { Point } from '../../../pipelines/messages.js';
import { replaceWhole } from '../../../whole-file.js';
import type { Notice } from '../../health/health.js';
import { basisOf, fileName, mostBytes, parseKept, textOf } from './file.js';
import { type LocalTime, localTime } from './local-time.js';
import { ZoneMemory } from './memory.js';
import { Statistics } from './statistics.js';

/** What the behaviour asks of it. */
export interface NoveltyZones {
  zone(name: string, points: readonly Point[]): ZoneMemory;
  /** hour and day where the camera stands */
  local(wallMs: number): LocalTime;
}

export interface NoveltyStoreOptions {
  /** absolute; made at the first write */
  directory: string;
  /** width of the picture over its height */
  aspect: number;
  /** the calibration that speeds are measured with; null: estimated from sizes */
  ground: unknown;
  /** IANA; that of the machine when absent */
  timeZone?: string | undefined;
}

const TICK_MS = 60_000;
/** A power cut loses at most this much learning. */
const SAVE_EVERY_MS = 600_000;

interface KeptZone {
  memory: ZoneMemory;
  basis: string;
  /** there is a file of it: when it is gone, somebody took it away */
  written: boolean;
}

export class NoveltyStore implements NoveltyZones {
  readonly #zones = new Map<string, KeptZone>();
  readonly #startedOver = new Set<string>();
  readonly local: NoveltyZones['local'];
  #savedMs: number;
  #failed: string | null = null;
  #ticking: (() => void) | null = null;
  #saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly deps: { clock: Clock; log: Log },
    private readonly options: NoveltyStoreOptions,
  ) {
    this.local = localTime(options.timeZone);
    this.#savedMs = deps.clock.monoUs() / 1000;
  }

  zone(name: string, points: readonly Point[]): ZoneMemory {
    const { aspect, ground } = this.options;
    const basis = basisOf(points, aspect, ground);
    const known = this.#zones.get(name);
    if (known?.basis === basis) return known.memory;
    const kept = this.#read(name, basis);
    const options = {
      points,
      aspect,
      speedFrom: ground === null ? ('height' as const) : ('ground' as const),
    };
    const memory = new ZoneMemory(options, kept ?? new Statistics());
    this.#zones.set(name, { memory, basis, written: kept !== null });
    return memory;
  }

  /** Looks once a minute whether something is to be written, or was taken away. */
  start(): void {
    const tick = (): void => {
      this.#ticking = this.deps.clock.after(TICK_MS, tick);
      this.#saving = this.#saving.then(() => this.tick());
    };
    this.#ticking ??= this.deps.clock.after(TICK_MS, tick);
  }

  /** Writes what was learned. Idempotent. */
  async stop(): Promise<void> {
    this.#ticking?.();
    this.#ticking = null;
    this.#saving = this.#saving.then(() => this.save());
    await this.#saving;
  }

  async tick(): Promise<void> {
    this.#forgetTaken();
    const nowMs = this.deps.clock.monoUs() / 1000;
    if (nowMs - this.#savedMs >= SAVE_EVERY_MS) await this.save();
  }

  /** Never rejects: a camera whose storage refuses goes on with what it has in memory, and says so. */
  async save(): Promise<void> {
    this.#savedMs = this.deps.clock.monoUs() / 1000;
    for (const [name, zone] of this.#zones) {
      // Each time anew: somebody may take files away while others are written.
      this.#forgetTaken();
      if (!zone.memory.changed) continue;
      zone.memory.changed = false;
      const { basis, memory } = zone;
      try {
        const text = textOf({ zone: name, basis, counts: memory.statistics.counts });
        await replaceWhole(this.#path(name), text, { makeDirectory: true });
        zone.written = true;
        this.#failed = null;
      } catch (error) {
        zone.memory.changed = true;
        if (this.#failed === null) this.deps.log.warn(`What is usual was not kept: ${errorLine(error)}`);
        this.#failed = errorLine(error);
      }
    }
  }

  notices(): Notice[] {
    const found: Notice[] = [...this.#startedOver].map((zone) => ({
      code: 'novelty-started-over',
      fr: `La zone « ${zone} » réapprend ce qui est habituel : ce qu’elle avait appris ne vaut plus ou est illisible.`,
      en: `Zone “${zone}” learns anew what is usual: what it had learned holds no more, or cannot be read.`,
    }));
    if (this.#failed === null) return found;
    const fr = 'Ce qui est habituel ne peut pas être conservé : la mémoire de la caméra refuse.';
    const en = 'What is usual cannot be kept: the storage of the camera refuses.';
    return [...found, { code: 'novelty-not-kept', fr, en }];
  }

  /** A file that is gone was taken away by `vigie novelty reset`: what is in memory goes too. */
  #forgetTaken(): void {
    for (const [name, zone] of this.#zones) {
      if (!zone.written || existsSync(this.#path(name))) continue;
      zone.memory.startOver();
      zone.written = false;
      this.#startedOver.delete(name);
      this.deps.log.info(`zone "${name}" learns anew what is usual, as it was asked to`);
    }
  }

  #read(name: string, basis: string): Statistics | null {
    const path = this.#path(name);
    try {
      const kept = statSync(path).size > mostBytes ? null : parseKept(readFileSync(path, 'utf8'));
      if (kept?.zone === name && kept.basis === basis) return new Statistics(kept.counts);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    }
    this.#startedOver.add(name);
    this.deps.log.warn(`zone "${name}" learns anew what is usual: ${path} is damaged, or of another zone`);
    return null;
  }

  #path(name: string): string {
    return join(this.options.directory, fileName(name));
  }
}
