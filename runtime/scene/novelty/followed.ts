/**
 * One track while it is in a zone: what it looks like now, smoothed, and what is learned of it when it is over. Owned by
 * memory.ts; ends with the track. It must never outlive it: only sums by place leave it.
 */
import type { Group } from './cells.js';
import type { TrackSummary } from './statistics.js';

/** What is told of a look is the middle of this much time, microseconds. */
const SMOOTH_US = 1_000_000;
/** Most looks that are kept for it. */
const MOST_LOOKS = 32;
/** Looks and time that a track must have to be learned. */
const LEAST_LOOKS = 3;
const LEAST_US = 1_000_000;

interface Seen {
  monoUs: number;
  speed: number | null;
  size: number;
}

export class Followed {
  group: Group = 'other';
  cell = 0;
  #recent: Seen[] = [];
  readonly #places: Map<number, { speed: number | null; size: number }> = new Map();
  readonly #hour: number | null;
  readonly #bornUs: number;
  #looks = 0;
  seenUs: number;
  /** highest score so far */
  highest: number | null = null;
  /** at the last look that saw it */
  score = 0;

  constructor(monoUs: number, hour: number | null) {
    this.#bornUs = monoUs;
    this.seenUs = monoUs;
    this.#hour = hour;
  }

  /** A look saw it. */
  see(seen: Seen, group: Group, cell: number): void {
    this.group = group;
    this.cell = cell;
    this.#looks++;
    this.seenUs = seen.monoUs;
    this.#recent = [...this.#recent, seen]
      .filter((s) => seen.monoUs - s.monoUs <= SMOOTH_US)
      .slice(-MOST_LOOKS);
    const { speed, size } = this.now;
    const before = this.#places.get(cell);
    this.#places.set(cell, {
      speed: speed === null ? (before?.speed ?? null) : Math.max(before?.speed ?? 0, speed),
      size: Math.max(before?.size ?? 0, size),
    });
  }

  /** The middle of the last second, the lower one of an even number: one odd look changes nothing. */
  get now(): { speed: number | null; size: number } {
    const speeds = this.#recent.flatMap(({ speed }) => (speed === null ? [] : [speed]));
    return {
      speed: speeds.length < 2 ? null : middle(speeds),
      size: middle(this.#recent.map(({ size }) => size)),
    };
  }

  /** Enough was seen of it to be compared. */
  get known(): boolean {
    return this.#looks >= 2;
  }

  /** Null when too little was seen of it to be learned. @param counted places where it has been learned before */
  summary(counted: ReadonlySet<number>): TrackSummary | null {
    if (this.#looks < LEAST_LOOKS || this.seenUs - this.#bornUs < LEAST_US) return null;
    const places = new Map([...this.#places].filter(([cell]) => !counted.has(cell)));
    return { group: this.group, hour: this.#hour, places, score: this.highest };
  }

  get visited(): Iterable<number> {
    return this.#places.keys();
  }
}

function middle(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}
