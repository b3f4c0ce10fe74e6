/**
 * Watches how well the camera sees (docs/sight.md). Fed with the measures of the pipeline process; its notices are part of
 * the health of the camera. It needs no authorisation, because it watches the camera and nobody else: it gets no track and
 * no picture.
 */
import type { Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import type { Sight } from '../../pipelines/messages.js';
import type { Notice } from './health.js';
import type { SightFile } from './sight-file.js';
import { type SightFault, SightJudge } from './sight-judge.js';
import { sightNotices } from './sight-notices.js';
import { SightReference } from './sight-reference.js';

/** The usual view is kept this often, seconds of the pictures. */
const KEEP_EVERY = 600;
/** Without a measure for this long nothing is told: the picture is hidden, or there is none; seconds. */
const SILENT = 10;

export interface SightWatchDeps {
  log: Log;
  clock: { monoUs(): number };
  file: Pick<SightFile, 'load' | 'save'>;
}

export class SightWatch {
  readonly #deps: SightWatchDeps;
  readonly #size: string;
  #reference = new SightReference();
  #judge = new SightJudge();
  /** what the reference is of: mask table and size */
  #of: string | null = null;
  #loading: Promise<void> | null = null;
  #loaded = false;
  #saving: Promise<void> = Promise.resolve();
  #refused = false;
  #keptUs: number | null = null;
  #measuredUs = 0;
  #told: SightFault[] = [];

  /** @param size of the picture */
  constructor(deps: SightWatchDeps, { width, height }: { width: number; height: number }) {
    this.#deps = deps;
    this.#size = `${width}x${height}`;
  }

  /** Takes in one measure, later than the one before. The first ones wait for nothing: they are left out. */
  take(sight: Sight): void {
    // The channel's schema lets no such number in; what is usual must not depend on that.
    const { luma, bright, flat, detail, contrast, noise, changed } = sight;
    if (![luma, bright, flat, detail, contrast, noise ?? 0, changed ?? 0].every(Number.isFinite)) return;
    this.#measuredUs = this.#deps.clock.monoUs();
    if (!this.#loaded) {
      this.#loading ??= this.#load(`${sight.table} ${this.#size}`);
      return;
    }
    const of = `${sight.table} ${this.#size}`;
    if (of !== this.#of) this.#startAnew(of);
    const compared = this.#reference.compare(sight);
    this.#judge.observe(sight, compared);
    if (this.#judge.calm) this.#reference.learn(sight, compared);
    this.#tell(this.#judge.faults);
    this.#keep(sight.monoUs);
  }

  /** What is wrong now, what hides the rest first; empty while nothing is measured. */
  notices(): Notice[] {
    if (this.#deps.clock.monoUs() - this.#measuredUs > SILENT * 1e6) return [];
    return this.#told.map((fault) => sightNotices[fault]);
  }

  /** Resolves when the file has been read, and what was to be kept is. */
  async settled(): Promise<void> {
    await this.#loading;
    await this.#saving;
  }

  async #load(of: string): Promise<void> {
    const kept = await this.#deps.file.load();
    if (kept?.of === of) this.#reference = new SightReference(kept.reference);
    this.#of = of;
    this.#loaded = true;
  }

  /** Another mask, or another size: what was usual says nothing any more. */
  #startAnew(of: string): void {
    this.#of = of;
    this.#reference = new SightReference();
    this.#judge = new SightJudge();
    this.#keptUs = null;
  }

  #tell(faults: SightFault[]): void {
    const { log } = this.#deps;
    for (const fault of faults) {
      const { code, en } = sightNotices[fault];
      if (!this.#told.includes(fault)) log.warn(`${code}: ${en}`);
    }
    for (const fault of this.#told) {
      if (!faults.includes(fault)) log.info(`${sightNotices[fault].code}: no longer so`);
    }
    this.#told = faults;
  }

  #keep(monoUs: number): void {
    const due = this.#keptUs === null || monoUs - this.#keptUs >= KEEP_EVERY * 1e6;
    const reference = due && this.#judge.calm ? this.#reference.kept() : null;
    if (!reference || this.#of === null) return;
    this.#keptUs = monoUs;
    const kept = { of: this.#of, reference };
    this.#saving = this.#saving
      .then(() => this.#deps.file.save(kept))
      .then(
        () => {
          this.#refused = false;
        },
        (error: unknown) => {
          if (!this.#refused) this.#deps.log.warn(`The usual view cannot be kept. ${errorLine(error)}`);
          this.#refused = true;
        },
      );
  }
}
