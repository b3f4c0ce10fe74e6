/**
 * A street with a true time, a camera whose clock may be wrong, and a store that is only times: months in seconds. Says
 * what was destroyed early, late or not at all, segment by segment. Used by retention-month.test.ts.
 */
import { ManualClock } from '../../board/virtual/clock.js';
import type { Terms } from '../../runtime/access/register/entry.js';
import { Register } from '../../runtime/access/register/register.js';
import type { HoldRequest } from '../../runtime/record/hold.js';
import { type RecordClass, recordClasses } from '../../runtime/record/key-sector.js';
import { Retention } from '../../runtime/record/retention.js';
import { TermClock, type TermTime } from '../../runtime/record/retention-clock.js';
import type { LiveKey } from '../../runtime/record/retention-telling.js';
import { dayMs, type SegmentTimes } from '../../runtime/record/retention-terms.js';
import { fakeLock, QuietLog, startMs } from './register-fake.js';

export const hourMs = 3_600_000;
export const storeId = '00112233445566778899aabbccddeeff';
/** One look of retention, and one step of the simulation. */
export const stepMs = 60_000;
/** What may pass between a term and the destruction of its key. */
const toleranceMs = 60_000;

/** What is true of a segment, whatever the camera's clock said. */
export interface TrueSegment {
  times: SegmentTimes;
  /** true times of the first and the last record of each class */
  truth: Record<RecordClass, { firstMs: number; lastMs: number } | null>;
  live: Set<RecordClass>;
  /** true time, and the camera's own */
  destroyedMs: Partial<Record<RecordClass, { trueMs: number; by: 'term' | 'space' }>>;
}

export interface SimOptions {
  stateDirectory: string;
  terms: Terms;
  segmentMs: number;
  /** segments in the ring */
  slots: number;
  /** a clock that believes whatever the machine's shows: the negative control */
  gullible?: boolean;
}

export class Sim {
  readonly segments: TrueSegment[] = [];
  readonly log = new QuietLog();
  /** true time is that of the start plus what passed */
  readonly #startUs: number;
  readonly clock = new ManualClock(startMs);
  trusted = true;
  readonly requests: { name: string; request: HoldRequest | null }[] = [];
  register: Register | null = null;
  retention: Retention | null = null;
  #time: { check(): TermTime; now(): TermTime } | null = null;
  readonly #lock = fakeLock();

  constructor(readonly options: SimOptions) {
    this.#startUs = this.clock.monoUs();
  }

  get trueMs(): number {
    return startMs + (this.clock.monoUs() - this.#startUs) / 1000;
  }

  /** How far the camera's clock is off. */
  get offMs(): number {
    return Math.round(this.clock.wallMs() - this.trueMs);
  }

  setClock(offMs: number, trusted: boolean): void {
    this.clock.jumpWall(offMs - this.offMs);
    this.trusted = trusted;
  }

  async start(): Promise<void> {
    const term = new TermClock({ clock: this.clock, trusted: () => this.trusted });
    const gullible = (): TermTime => ({ ms: this.clock.wallMs(), sure: true });
    this.#time = this.options.gullible ? { check: gullible, now: gullible } : term;
    const { stateDirectory, terms } = this.options;
    const time = this.#time;
    this.register = new Register(
      { time: () => time.now(), log: this.log, lock: this.#lock },
      { stateDirectory, cameraId: 'cam-1', volumeBytes: 200_000 },
    );
    await this.register.start();
    term.notBefore(this.register.standing.lastTrustedMs ?? 0);
    this.retention = new Retention(
      {
        clock: this.clock,
        log: this.log,
        time,
        register: this.register,
        terms: () => terms,
        requests: {
          waiting: async () => [...this.requests],
          remove: async (name) =>
            void this.requests.splice(
              this.requests.findIndex((waiting) => waiting.name === name),
              1,
            ),
        },
        store: {
          storeId,
          segments: () => this.#inRing().map(({ times }) => times),
          liveKeys: () => this.#liveKeys(),
          destroy: async (sequence, of) => this.#destroy(sequence, of, 'term'),
        },
      },
      { everyMs: stepMs },
    );
    await this.retention.start();
  }

  /** The process ends; the board goes on counting. */
  async stop(): Promise<void> {
    await this.retention?.stop();
    await this.register?.stop();
  }

  /** A segment begins; the ring destroys what was in its slot. */
  begin(): void {
    const sequence = this.segments.length + 1;
    const old = this.segments[sequence - 1 - this.options.slots];
    if (old) for (const of of [...old.live]) this.#destroy(old.times.sequence, of, 'space');
    const perClass = { communal: null, terminus: null };
    this.segments.push({
      times: { sequence, perClass, trusted: true },
      truth: { ...perClass },
      live: new Set(recordClasses),
      destroyedMs: {},
    });
  }

  /** Something is recorded now, in the newest segment. */
  record(of: RecordClass): void {
    const newest = this.segments.at(-1);
    if (!newest) return;
    const wallMs = Math.round(this.clock.wallMs());
    const trueMs = Math.round(this.trueMs);
    const { times, truth } = newest;
    const [seen, real] = [times.perClass[of], truth[of]];
    times.perClass[of] = seen
      ? {
          ...seen,
          firstMs: Math.min(seen.firstMs, wallMs),
          lastMs: Math.max(seen.lastMs, wallMs),
          records: seen.records + 1,
        }
      : { firstMs: wallMs, lastMs: wallMs, records: 1 };
    truth[of] = { firstMs: real?.firstMs ?? trueMs, lastMs: trueMs };
    if (!this.trusted) times.trusted = false;
  }

  /** One step: time passes, retention looks. */
  async step(): Promise<void> {
    this.clock.advance(stepMs);
    await this.retention?.check();
  }

  /** Steps for this long, recording all the while; `alerts` are every so many segments. */
  async run(forMs: number, { alertEvery = 10, recording = true } = {}): Promise<void> {
    const steps = Math.round(forMs / stepMs);
    const perSegment = Math.round(this.options.segmentMs / stepMs);
    for (let i = 0; i < steps; i++) {
      if (recording) {
        if (i % perSegment === 0) await this.#next();
        this.record('communal');
        const alert = this.segments.length % alertEvery === 0 && i % perSegment > perSegment / 2;
        if (alert) this.record('terminus');
      }
      await this.step();
    }
  }

  /** What was destroyed at another time than it should have been. */
  wrong(holds: readonly { fromMs: number; toMs: number; setMs: number; endMs: number }[] = []): string[] {
    const found: string[] = [];
    for (const [index, segment] of this.segments.entries()) {
      for (const of of recordClasses) {
        const truth = segment.truth[of];
        if (!truth) continue;
        const days = of === 'communal' ? this.options.terms.communalDays : this.options.terms.terminusDays;
        const held = holds.filter(
          ({ fromMs, toMs, setMs }) =>
            fromMs <= this.#lastOf(segment) &&
            toMs >= this.#firstOf(segment) &&
            setMs < truth.firstMs + days * dayMs,
        );
        const dueMs = Math.max(truth.firstMs + days * dayMs, ...held.map(({ endMs }) => endMs));
        // Where the clock was wrong, the end of the last sure segment is all that is known.
        const before = this.segments.slice(0, index).findLast(({ times }) => times.trusted);
        const knownMs = segment.times.trusted ? dueMs : (before ? this.#lastOf(before) : 0) + days * dayMs;
        const gone = segment.destroyedMs[of];
        const name = `segment ${segment.times.sequence} ${of}`;
        if (gone?.by === 'space') continue;
        if (!gone) {
          if (dueMs + toleranceMs < this.trueMs) found.push(`${name} is still there`);
        } else if (gone.trueMs < Math.min(dueMs, knownMs)) found.push(`${name} was destroyed early`);
        else if (gone.trueMs > dueMs + toleranceMs) found.push(`${name} was destroyed late`);
      }
    }
    return found;
  }

  async #next(): Promise<void> {
    this.begin();
    await this.retention?.changed();
  }

  #firstOf({ truth }: TrueSegment): number {
    return Math.min(...recordClasses.flatMap((of) => truth[of]?.firstMs ?? []));
  }

  #lastOf({ truth }: TrueSegment): number {
    return Math.max(...recordClasses.flatMap((of) => truth[of]?.lastMs ?? []));
  }

  #inRing(): TrueSegment[] {
    return this.segments.slice(-this.options.slots);
  }

  #liveKeys(): LiveKey[] {
    return this.#inRing().flatMap(({ times, live }) =>
      [...live].map((of) => ({
        segmentSequence: times.sequence,
        class: of,
        createdMs: 0,
        clockTrusted: false,
      })),
    );
  }

  #destroy(sequence: number, of: RecordClass, by: 'term' | 'space'): boolean {
    const segment = this.segments[sequence - 1];
    if (!segment?.live.delete(of)) return false;
    segment.destroyedMs[of] = { trueMs: Math.round(this.trueMs), by };
    return true;
  }
}
