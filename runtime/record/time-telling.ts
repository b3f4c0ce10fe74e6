/**
 * Corrects what this boot recorded before its clock was right, and keeps corrections in the ring for as long as they are
 * needed (docs/store.md, P-time). Made by store.ts, which calls it in turn with its writer. What the card does not take is
 * told again at the next call; the index in memory is corrected all the same.
 */
import type { Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import type { StoredGop } from './gop.js';
import type { RingIndex } from './ring-index.js';
import type { SegmentMaker } from './segment-maker.js';
import type { ClockPoint } from './time-corrections.js';
import type { RingWriter } from './writer.js';

/** The next segment, and those that a spell of failures may cost besides (docs/store.md, P2.4). */
const spellSegments = 4;

export interface TimeTellingDeps {
  index: RingIndex;
  maker: SegmentMaker;
  writer: RingWriter;
  log: Log;
  /** hex, 8 bytes: this boot */
  run: string;
}

export class TimeTelling {
  /** the newest segment when it was last looked at, and of how many boots it held something under a wrong clock */
  #lookedAt = '';

  constructor(private readonly deps: TimeTellingDeps) {}

  /** P-time 1 to 3. Never rejects. */
  async correct(point: ClockPoint): Promise<void> {
    const { index, maker, writer, log, run } = this.deps;
    if (!index.unsure(run)) return;
    if (index.corrections.offsetUs(run) === null) {
      index.believe(run, point);
      log.info('The clock is right now: what was recorded before it was is corrected');
    }
    if (writer.failure || index.told(run, maker.overwritesNext(spellSegments))) return;
    const wallUs = point.monoUs + (index.corrections.offsetUs(run) ?? 0);
    await this.#tell(run, { wallUs, monoUs: point.monoUs });
  }

  /** P-time 5: to be called before and after something is appended. Never rejects. */
  async keepTold(): Promise<void> {
    const { index, maker, writer } = this.deps;
    // Not only a new segment: what is recorded or copied into this one may need a correction that goes with the next.
    const newest = `${maker.sequence} ${index.get(maker.sequence)?.unsureRuns.size ?? 0}`;
    if (newest === this.#lookedAt || writer.failure) return;
    const next = maker.overwritesNext(spellSegments);
    for (const [i, { times }] of next.entries()) {
      for (const row of times) {
        if (!row.believed || index.told(row.run, next) || !index.unsure(row.run, next.slice(0, i + 1)))
          continue;
        if (!(await this.#tell(row.run, row))) return;
      }
    }
    this.#lookedAt = newest;
  }

  /** Before a copy: what corrects it may lie in the segment that the copy overwrites. Never rejects. */
  async keepFor({ clockTrusted, run, units }: StoredGop): Promise<void> {
    const { index, maker, writer } = this.deps;
    const offsetUs = clockTrusted ? null : index.corrections.offsetUs(run);
    const monoUs = units[0]?.monoUs;
    if (offsetUs === null || monoUs === undefined || writer.failure) return;
    if (index.told(run, maker.overwritesNext(spellSegments))) return;
    await this.#tell(run, { monoUs, wallUs: monoUs + offsetUs });
  }

  async #tell(run: string, point: ClockPoint): Promise<boolean> {
    try {
      await this.deps.writer.appendTime(run, point);
      return true;
    } catch (error) {
      this.deps.log.warn(`A time correction is not yet on the card. ${errorLine(error)}`);
      return false;
    }
  }
}
