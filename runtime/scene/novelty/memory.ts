/**
 * What one zone has learned, and the tracks it follows now. Made by store.ts, fed by the behaviour (behaviours/novelty.ts)
 * with one look after the other; outlives the behaviour, which is made anew with each authorisation. A track is learned a
 * minute after it is over, once for each place, whatever an operator said of it.
 */
import type { Box, Point } from '../../../pipelines/messages.js';
import type { Subject } from '../behaviour.js';
import { Cells, type Group, groupOf } from './cells.js';
import { Followed } from './followed.js';
import type { LocalTime } from './local-time.js';
import { type Rarity, Statistics, type TrackSummary } from './statistics.js';

export interface MemoryOptions {
  points: readonly Point[];
  /** width of the picture over its height */
  aspect: number;
  /** `ground`: metres per second; `height`: usual sizes of a person at the place per second */
  speedFrom: 'ground' | 'height';
}

/** What a track looks like now, against what is usual. */
export interface Judged {
  subject: Subject;
  rarity: Rarity;
  /** share of the tracks learned that were at least as unusual */
  calibrated: number;
  speed: number | null;
}

/** One that begins where one ended, this long after, is the same one seen again: it is not counted twice. */
const SAME_AGAIN_US = 3_000_000;
/** Ends remembered for that. */
const MOST_ENDS = 256;
/** A day's share of every count: half is left after 30 days. */
const DAY_LEFT = 0.5 ** (1 / 30);
/** Somebody who is lost and found again must not have taught the zone in between. */
const LEARNED_AFTER_US = 60_000_000;
const MOST_WAITING = 1024;
/** A day of the wall clock takes at least this long. */
const LEAST_DAY_US = 20 * 3600e6;
const MOST_FOLLOWED = 512;

interface End {
  atUs: number;
  cell: number;
  group: Group;
  counted: ReadonlySet<number>;
}

export class ZoneMemory {
  readonly #cells: Cells;
  readonly #followed = new Map<string, { track: Followed; counted: ReadonlySet<number> }>();
  #ends: End[] = [];
  /** over, and not learned yet, oldest first */
  #waiting: { atUs: number; summary: TrackSummary }[] = [];
  #firstUs: number | null = null;
  #fadedUs: number | null = null;
  /** something was learned since it was last written */
  changed = false;
  /** false: it only compares; for measuring */
  learns = true;

  constructor(
    readonly options: MemoryOptions,
    public statistics = new Statistics(),
  ) {
    this.#cells = new Cells(options.points);
  }

  /**
   * Takes in a look.
   * @param subjects that stand in the zone
   * @returns how unusual each of them is that was seen, and known long enough
   */
  observe(subjects: readonly Subject[], monoUs: number, local: LocalTime): Judged[] {
    this.#newDay(local.day, monoUs);
    this.#learn(monoUs);
    const here = new Set(subjects.map(({ track }) => track.id));
    for (const [id, { track }] of this.#followed)
      if (!here.has(id) || monoUs - track.seenUs > SAME_AGAIN_US) this.#end(id, monoUs);
    return subjects
      .filter(({ track }) => track.seen)
      .flatMap((subject) => this.#judge(subject, monoUs, local.hour) ?? []);
  }

  /** Forgets the tracks that are followed, without learning them: nobody knows how they went on. */
  reset(): void {
    this.#followed.clear();
    this.#ends = [];
  }

  /** Forgets everything. */
  startOver(): void {
    this.reset();
    this.#waiting = [];
    this.statistics = new Statistics();
    this.changed = true;
  }

  get following(): number {
    return this.#followed.size;
  }

  #judge(subject: Subject, monoUs: number, hour: number | null): Judged | null {
    const { track: seen, foot } = subject;
    const cell = this.#cells.of(foot);
    const group = groupOf(seen.class);
    const followed = this.#followed.get(seen.id)?.track ?? this.#begin(seen.id, cell, group, monoUs, hour);
    if (!followed) return null;
    const size = this.#sideOf(seen.box);
    followed.see({ monoUs, speed: this.#speedOf(subject, cell), size }, group, cell);
    if (!followed.known) return null;
    const now = followed.now;
    const rarity = this.statistics.rarity({ cell, group, hour, ...now });
    followed.score = rarity.score;
    followed.highest = Math.max(followed.highest ?? 0, rarity.score);
    return { subject, rarity, calibrated: this.statistics.calibrated(rarity.score), speed: now.speed };
  }

  #learn(monoUs: number): void {
    const due = this.#waiting.filter(({ atUs }) => monoUs - atUs > LEARNED_AFTER_US);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.slice(due.length);
    for (const { summary } of due) this.statistics.learn(summary);
    this.changed = true;
  }

  /** Null when the ground is calibrated and says nothing of this place. */
  #speedOf({ track, speed }: Subject, cell: number): number | null {
    if (this.options.speedFrom === 'ground') return speed !== null && Number.isFinite(speed) ? speed : null;
    const { velocity, box } = track;
    const moved = Math.hypot(velocity.x * this.options.aspect, velocity.y);
    const side = Math.max(this.#sideOf(box), this.statistics.usualSize(cell) ?? 0);
    return Number.isFinite(moved) && side > 0 ? moved / side : null;
  }

  #sideOf({ width, height }: Box): number {
    return Math.sqrt(Math.max(0, width * this.options.aspect * height)) || 0;
  }

  #begin(id: string, cell: number, group: Group, monoUs: number, hour: number | null): Followed | null {
    if (this.#followed.size >= MOST_FOLLOWED) return null;
    const again = this.#ends.findIndex(
      (end) => end.cell === cell && end.group === group && monoUs - end.atUs <= SAME_AGAIN_US,
    );
    const [end] = again < 0 ? [] : this.#ends.splice(again, 1);
    const track = new Followed(monoUs, hour);
    this.#followed.set(id, { track, counted: end?.counted ?? new Set() });
    return track;
  }

  #end(id: string, monoUs: number): void {
    const ended = this.#followed.get(id);
    this.#followed.delete(id);
    if (!ended) return;
    const { track, counted } = ended;
    const summary = track.summary(counted);
    if (this.learns && summary && summary.places.size > 0)
      this.#waiting = [...this.#waiting, { atUs: monoUs, summary }].slice(-MOST_WAITING);
    const all = summary ? new Set([...counted, ...track.visited]) : counted;
    this.#ends = [...this.#ends, { atUs: monoUs, cell: track.cell, group: track.group, counted: all }]
      .filter(({ atUs }) => monoUs - atUs <= SAME_AGAIN_US)
      .slice(-MOST_ENDS);
  }

  /**
   * A camera that was off for a month has forgotten one day: what was not seen is not forgotten. A wall clock that jumps to and
   * fro makes no days, nor does a board that starts in 1970 each time.
   */
  #newDay(day: string | null, monoUs: number): void {
    const { counts } = this.statistics;
    this.#firstUs ??= monoUs;
    if (day === null || day === counts.day) return;
    if (this.#fadedUs !== null && monoUs - this.#fadedUs < LEAST_DAY_US) return;
    const earlier = counts.day !== null && day < counts.day;
    if (earlier && monoUs - this.#firstUs < LEAST_DAY_US) return;
    if (counts.day !== null && !earlier) {
      this.statistics.fade(DAY_LEFT);
      this.#fadedUs = monoUs;
    }
    counts.day = day;
    this.changed = true;
  }
}
