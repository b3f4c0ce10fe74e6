/**
 * What is usual in one zone, as counts: where, how fast, how large, which class, at what hour, and how unusual the tracks
 * of the past were. Fed by followed.ts with tracks that are over, read by memory.ts. It must never hold a track, a path, a
 * picture or a time of day finer than the hour. docs/novelty.md says how the figures are made.
 */
import { medianOf, placeOf, sizeBins, speedBins, tailFrom } from './bins.js';
import { across, around, cellCount, down, type Group, groups, wholeZone } from './cells.js';

/** A track at one place, as it is compared with what is usual there. */
export interface Features {
  cell: number;
  group: Group;
  /** null: not known, and then not compared */
  speed: number | null;
  size: number;
  /** of the day, 0 to 23; null: not known */
  hour: number | null;
}

/** A track that is over: once for each place, and once for the zone. */
export interface TrackSummary {
  group: Group;
  hour: number | null;
  /** by place: its highest speed there (null: not known) and its usual size there */
  places: ReadonlyMap<number, { speed: number | null; size: number }>;
  /** highest score it reached; null: it could not be told */
  score: number | null;
}

export const features = ['place', 'class', 'speed', 'size', 'hour'] as const;
export type Feature = (typeof features)[number];
export interface Rarity {
  /** share of what was learned that is at least as unusual, by feature */
  shares: Record<Feature, number>;
  /** of all features together: the sum of their -ln(share) */
  score: number;
}

/** Weight of the wider view (the zone, all groups) against counts of one place. */
const PRIOR_TRACKS = 20;
/** Tracks at a place from which its usual size is taken for its own. */
const LEAST_FOR_SIZE = 8;
/** Hours of the day say nothing before this many days were seen. */
const LEAST_DAYS = 14;
/** Steps of the scores of the past. */
const SCORE_STEP = 0.25;
const SCORE_BINS = 160;

/** All counts; every number is finite and at least 0. What is written to the file is exactly this. */
export interface Counts {
  /** tracks, faded */
  weight: number;
  /** tracks, ever */
  learned: number;
  /** days seen */
  days: number;
  /** local day of the last look; null before the first */
  day: string | null;
  /** by group and place */
  tracks: Float32Array;
  speed: Float32Array;
  size: Float32Array;
  hours: Float32Array;
  scores: Float32Array;
}

export const shapeOfCounts = {
  tracks: groups.length * cellCount,
  speed: groups.length * cellCount * speedBins.count,
  size: groups.length * cellCount * sizeBins.count,
  hours: groups.length * 24,
  scores: SCORE_BINS,
} as const;

export function emptyCounts(): Counts {
  const made = Object.entries(shapeOfCounts).map(([name, length]) => [name, new Float32Array(length)]);
  return { weight: 0, learned: 0, days: 0, day: null, ...Object.fromEntries(made) } as Counts;
}

export class Statistics {
  constructor(readonly counts: Counts = emptyCounts()) {}

  /** How unusual this is, each feature by itself and together. */
  rarity({ cell, group, speed, size, hour }: Features): Rarity {
    const g = groups.indexOf(group);
    const shares: Record<Feature, number> = {
      place: this.#placeShare(cell),
      class: this.#groupShare(g, cell),
      speed: speed === null ? 1 : this.#tailShare('speed', g, cell, placeOf(speedBins, speed)),
      size: this.#tailShare('size', g, cell, placeOf(sizeBins, size)),
      hour: hour === null || this.counts.days < LEAST_DAYS ? 1 : this.#hourShare(hour),
    };
    return { shares, score: features.reduce((sum, name) => sum - Math.log(Math.min(1, shares[name])), 0) };
  }

  /** Share of the tracks learned whose highest score was at least this; never below what their number can tell. */
  calibrated(score: number): number {
    const { scores } = this.counts;
    let total = 0;
    let above = 0;
    scores.forEach((count, bin) => {
      total += count;
      if (bin >= scoreBin(score)) above += count;
    });
    return (above + 1) / (total + 1);
  }

  /** Usual size of people at a place; null where too few were seen. */
  usualSize(cell: number): number | null {
    const person = groups.indexOf('person');
    const here = offsetOf(person, cell, sizeBins.count);
    return medianOf(this.counts.size, here, sizeBins, LEAST_FOR_SIZE);
  }

  /** Takes in a track that is over. */
  learn({ group, hour, places, score }: TrackSummary): void {
    const g = groups.indexOf(group);
    const { counts } = this;
    let fastest: number | null = null;
    let largest = 0;
    for (const [cell, { speed, size }] of places) {
      this.#count(g, cell, speed, size);
      if (speed !== null) fastest = Math.max(fastest ?? 0, speed);
      largest = Math.max(largest, size);
    }
    this.#count(g, wholeZone, fastest, largest);
    if (hour !== null) add(counts.hours, g * 24 + hour, 1);
    if (score !== null) add(counts.scores, scoreBin(score), 1);
    counts.weight++;
    counts.learned++;
  }

  /** A day is over: what is old weighs less. @param share what is left of every count, 0..1 */
  fade(share: number): void {
    const { counts } = this;
    for (const table of [counts.tracks, counts.speed, counts.size, counts.hours, counts.scores])
      table.forEach((count, i) => {
        table[i] = count * share < 1e-3 ? 0 : count * share;
      });
    counts.weight *= share;
    counts.days++;
  }

  #count(g: number, cell: number, speed: number | null, size: number): void {
    add(this.counts.tracks, g * cellCount + cell, 1);
    if (speed !== null)
      add(this.counts.speed, offsetOf(g, cell, speedBins.count) + Math.floor(placeOf(speedBins, speed)), 1);
    add(this.counts.size, offsetOf(g, cell, sizeBins.count) + Math.floor(placeOf(sizeBins, size)), 1);
  }

  #tracksAt(cell: number): number {
    let sum = 0;
    for (let g = 0; g < groups.length; g++) sum += this.counts.tracks[g * cellCount + cell] ?? 0;
    return sum;
  }

  /** Mean over the place and those beside it: a step aside is not another place. */
  #visits(cell: number): number {
    const near = around(cell);
    return near.reduce((sum, c) => sum + this.#tracksAt(c), 0) / near.length;
  }

  /** Share of all visits that were to places at most as often visited. */
  #placeShare(cell: number): number {
    const own = this.#visits(cell);
    let all = 0;
    let rarer = 0;
    for (let c = 0; c < across * down; c++) {
      const visits = this.#visits(c);
      all += visits;
      if (visits <= own) rarer += visits;
    }
    return (rarer + 1) / (all + 1);
  }

  /** Share of the tracks of groups that are at most as frequent, at the place, leaning on the zone. */
  #groupShare(g: number, cell: number): number {
    const share = (at: number, prior: number, weight: number): number => {
      const own = this.counts.tracks[g * cellCount + at] ?? 0;
      let rarer = 0;
      for (let other = 0; other < groups.length; other++) {
        const count = this.counts.tracks[other * cellCount + at] ?? 0;
        if (count <= own) rarer += count;
      }
      return (rarer + weight * prior) / (this.#tracksAt(at) + weight);
    };
    return share(cell, share(wholeZone, 1, 1), PRIOR_TRACKS);
  }

  /** Share at or above, of the group at the place, leaning on the group in the zone, leaning on all of the zone. */
  #tailShare(name: 'speed' | 'size', g: number, cell: number, place: number): number {
    const bins = name === 'speed' ? speedBins : sizeBins;
    const tail = (group: number, at: number): { above: number; all: number } => {
      const offset = offsetOf(group, at, bins.count);
      const table = this.counts[name];
      return { above: tailFrom(table, offset, bins, place), all: tailFrom(table, offset, bins, 0) };
    };
    const everyone = groups.map((_, group) => tail(group, wholeZone));
    const above = everyone.reduce((sum, t) => sum + t.above, 0);
    const all = everyone.reduce((sum, t) => sum + t.all, 0);
    const ofZone = (above + 1) / (all + 1);
    const group = everyone[g] as { above: number; all: number };
    const ofGroup = (group.above + PRIOR_TRACKS * ofZone) / (group.all + PRIOR_TRACKS);
    const here = tail(g, cell);
    return (here.above + PRIOR_TRACKS * ofGroup) / (here.all + PRIOR_TRACKS);
  }

  /** Share of the tracks of hours at most as busy. */
  #hourShare(hour: number): number {
    const of = (h: number): number =>
      groups.reduce((sum, _, g) => sum + (this.counts.hours[g * 24 + h] ?? 0), 0);
    const own = of(hour);
    let all = 0;
    let rarer = 0;
    for (let h = 0; h < 24; h++) {
      const count = of(h);
      all += count;
      if (count <= own) rarer += count;
    }
    return (rarer + 1) / (all + 1);
  }
}

function offsetOf(group: number, cell: number, bins: number): number {
  return (group * cellCount + cell) * bins;
}

function scoreBin(score: number): number {
  return Math.min(SCORE_BINS - 1, Math.max(0, Math.floor(score / SCORE_STEP)));
}

function add(table: Float32Array, index: number, by: number): void {
  table[index] = (table[index] ?? 0) + by;
}
