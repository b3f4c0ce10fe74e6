/**
 * Decides which gathered GOPs go on to the card (docs/recording.md): all, or what surrounds an occasion. Fed by recorder.ts with
 * every piece and with what the pipeline process saw; keeps what came just before in memory, bounded. Never lets out a piece
 * that `off` forbids, never changes their order.
 */
import type { Clock } from '../../board/ports.js';
import type { Tracks } from '../../pipelines/messages.js';
import type { RecordMode, RecordWhen } from '../config/recording.js';
import type { GatheredGop } from './gathering.js';
import { OccasionObjects } from './occasion-objects.js';
import { type OccasionKind, OccasionWindows } from './occasion-windows.js';
import { Pauses } from './pauses.js';
import type { Schedule } from './schedule.js';

/** How late an occasion may be told, on top of the pre-roll. */
const lateUs = 2_000_000;
/** What the ring holds at most, whatever the times say. */
export const ringBytes = 32 * 2 ** 20;

/** What counts in each mode. `blind`: whoever should look does not. */
const kindsOf: Record<RecordMode, readonly OccasionKind[]> = {
  continuous: [],
  motion: ['motion', 'detection', 'alert'],
  detection: ['detection', 'alert'],
  off: [],
};

export interface OccasionsDeps {
  clock: Clock;
  schedule: Schedule;
  /** the time that is known to be right, docs/retention.md; `sure` is false before it was right once */
  time: () => { ms: number; sure: boolean };
}

export interface OccasionsOptions {
  when: Pick<RecordWhen, 'preRollSeconds' | 'postRollSeconds' | 'motionShare'>;
  /** what an alert keeps */
  alert: { beforeUs: number; afterUs: number };
  /** a detector that looks less often than this is silent */
  detectorSilenceUs: number;
  /** default 32 MiB */
  ringBytes?: number;
}

interface Held extends GatheredGop {
  mode: RecordMode;
  firstUs: number;
  lastUs: number;
}

/** Silence after which the motion measure is not believed to look. */
const motionSilenceUs = 2_000_000;

export class Occasions {
  /** units left out because nothing happened, or because of the schedule */
  framesLeftOut = 0;
  #ring: Held[] = [];
  #ringBytes = 0;
  readonly #windows = new OccasionWindows();
  readonly #objects = new OccasionObjects();
  readonly #pauses = new Pauses();
  /** when each of them last said something; null: not since pictures flow */
  readonly #heardUs: { motion: number | null; detection: number | null } = { motion: null, detection: null };
  #newestUs = 0;
  /** GOP that is let through: its further pieces follow */
  #passing = 0;
  /** GOP of which a piece was left out: its further pieces are worth nothing */
  #leftOut = 0;
  #mode: RecordMode = 'continuous';
  /** the mask of the newest picture that was not hidden whole */
  #table = '';
  #blind = false;
  #flowing = true;

  constructor(
    private readonly deps: OccasionsDeps,
    private readonly options: OccasionsOptions,
  ) {}

  /** How it stands with the newest piece. */
  get state(): 'recording' | 'waiting' | 'off-hours' {
    if (this.#mode === 'off') return 'off-hours';
    return this.#flowing ? 'recording' : 'waiting';
  }

  /** Whoever should look does not: all is recorded. */
  get blind(): boolean {
    return this.#blind;
  }

  /** The schedule waits for a clock that is right. */
  get withoutTime(): boolean {
    return this.deps.schedule.timed && !this.deps.time().sure;
  }

  /**
   * Takes the next piece.
   * @returns what is to be recorded now, in order
   */
  take(piece: GatheredGop): GatheredGop[] {
    const { units } = piece.gop;
    const [firstUs, lastUs] = [units[0]?.monoUs ?? 0, units.at(-1)?.monoUs ?? 0];
    this.#pauses.seen(firstUs, lastUs);
    this.#newestUs = lastUs;
    this.#mode = this.#modeOf(firstUs, lastUs);
    const held = { ...piece, mode: this.#mode, firstUs, lastUs };
    if (this.#mode === 'off') {
      this.clear();
      this.#leaveOut(held);
      return [];
    }
    if (piece.of === this.#leftOut) {
      this.#leaveOut(held);
      return [];
    }
    this.#dropOtherMasks(held);
    this.#judgeSilence(held);
    this.#ring.push(held);
    this.#ringBytes += held.bytes;
    const out = this.#settle();
    this.#flowing = this.#passing === piece.of;
    return out;
  }

  /** @param share of the picture that changed, in the picture of this time */
  motion(monoUs: number, share: number): GatheredGop[] {
    this.#heardUs.motion = monoUs;
    return share >= this.options.when.motionShare ? this.#occasion('motion', monoUs) : [];
  }

  tracks({ tracks, monoUs }: Pick<Tracks, 'tracks' | 'monoUs'>): GatheredGop[] {
    this.#heardUs.detection = monoUs;
    return this.#objects.observe(tracks, monoUs) ? this.#occasion('detection', monoUs) : [];
  }

  alert(monoUs: number): GatheredGop[] {
    const { beforeUs, afterUs } = this.options.alert;
    this.#windows.open('alert', monoUs - beforeUs, monoUs + afterUs);
    return this.#settle();
  }

  /** The alert was told before a restart: it goes on. */
  resume(windows: readonly { fromUs: number; toUs: number }[]): void {
    for (const { fromUs, toUs } of windows) this.#windows.open('alert', fromUs, toUs);
  }

  /** The pipeline process was replaced: who looks begins anew. */
  interrupted(): void {
    this.#heardUs.motion = null;
    this.#heardUs.detection = null;
    this.#objects.reset();
  }

  /** Lets go of everything that waits. */
  clear(): void {
    for (const held of this.#ring) this.#leaveOut(held);
    this.#ring = [];
    this.#ringBytes = 0;
  }

  #occasion(kind: 'motion' | 'detection', monoUs: number): GatheredGop[] {
    const { preRollSeconds, postRollSeconds } = this.options.when;
    this.#windows.open(kind, monoUs - preRollSeconds * 1e6, monoUs + postRollSeconds * 1e6);
    return this.#settle();
  }

  /** `off` where one of the two ends is, else the wider of the two. */
  #modeOf(firstUs: number, lastUs: number): RecordMode {
    const { schedule, clock, time } = this.deps;
    if (!schedule.timed) return schedule.modeWithoutTime;
    const { ms, sure } = time();
    if (!sure) return schedule.modeWithoutTime;
    const nowUs = clock.monoUs();
    const modes = [firstUs, lastUs].map((us) => schedule.modeAt(ms - (nowUs - us) / 1000));
    const order: readonly RecordMode[] = ['off', 'continuous', 'motion', 'detection'];
    return order.find((mode) => modes.includes(mode)) ?? 'continuous';
  }

  /** O5 */
  #judgeSilence({ mode, firstUs, lastUs }: Held): void {
    this.#heardUs.motion ??= firstUs;
    this.#heardUs.detection ??= firstUs;
    const { motion, detection } = this.#heardUs;
    const heardUs = mode === 'motion' ? motion : detection;
    const limitUs = mode === 'motion' ? motionSilenceUs : this.options.detectorSilenceUs;
    this.#blind = mode !== 'continuous' && lastUs - heardUs > limitUs;
    if (this.#blind) this.#windows.open('blind', heardUs, lastUs);
  }

  /** What was masked by another table than it would be now is not kept in wait; what is hidden whole may be (O3). */
  #dropOtherMasks({ gop }: Held): void {
    const now = tablesOf(gop).at(-1) ?? this.#table;
    this.#table = now;
    const stale = this.#ring.filter((held) => tablesOf(held.gop).some((table) => table !== now));
    if (stale.length === 0) return;
    const gops = new Set(stale.map(({ of }) => of));
    this.#keepIf(({ of }) => !gops.has(of));
  }

  /** Lets go on what is wanted, and lets go of what is too old to be wanted. */
  #settle(): GatheredGop[] {
    const wanted = new Set(this.#ring.filter((held) => this.#wanted(held)).map(({ of }) => of));
    const last = this.#ring.findLast(({ of }) => wanted.has(of))?.of ?? 0;
    const out = this.#ring.filter(({ of }) => wanted.has(of));
    if (last > 0) {
      this.#passing = last;
      // O6: what is older than the last that goes on may not follow it.
      this.#keepIf(({ of }) => of > last, wanted);
    }
    this.#bound();
    this.#windows.forget(this.#newestUs - this.#spanUs);
    return out.map((held) => this.#let(held));
  }

  #wanted({ mode, of, firstUs, lastUs }: Held): boolean {
    if (mode === 'continuous' || of === this.#passing) return true;
    return this.#windows.covers([...kindsOf[mode], 'blind'], firstUs, lastUs);
  }

  get #spanUs(): number {
    const { when, alert } = this.options;
    return Math.max(when.preRollSeconds * 1e6, alert.beforeUs) + lateUs;
  }

  /** O3 */
  #bound(): void {
    const oldestUs = this.#newestUs - this.#spanUs;
    const ends = new Map(this.#ring.map(({ of, lastUs }) => [of, lastUs]));
    this.#keepIf(({ of }) => (ends.get(of) ?? 0) >= oldestUs);
    const most = this.options.ringBytes ?? ringBytes;
    while (this.#ringBytes > most) {
      const oldest = this.#ring[0]?.of;
      this.#keepIf(({ of }) => of !== oldest);
    }
  }

  /** @param passed GOPs that are not left out, but let through */
  #keepIf(keep: (held: Held) => boolean, passed: ReadonlySet<number> = new Set()): void {
    for (const held of this.#ring) if (!keep(held) && !passed.has(held.of)) this.#leaveOut(held);
    this.#ring = this.#ring.filter(keep);
    this.#ringBytes = this.#ring.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #leaveOut({ of, gop }: GatheredGop): void {
    this.#leftOut = Math.max(this.#leftOut, of);
    this.framesLeftOut += gop.units.length;
    this.#pauses.leftOut();
  }

  #let({ gop, of, bytes, firstUs, lastUs }: Held): GatheredGop {
    const afterPause = this.#pauses.passed(firstUs, lastUs);
    return { gop: afterPause ? { ...gop, afterPause } : gop, of, bytes };
  }
}

/** Under which masks its pictures were shown, in order, each once in a row; those that were hidden whole are left out. */
function tablesOf(gop: GatheredGop['gop']): string[] {
  const shown = gop.units.filter(({ mask }) => mask.state !== 'full');
  const tables = shown.map(({ mask: { version, state, digest } }) => `${version} ${state} ${digest}`);
  return tables.filter((table, index) => table !== tables[index - 1]);
}
