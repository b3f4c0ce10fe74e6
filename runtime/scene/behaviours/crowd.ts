/**
 * The behaviour "crowd": people in a zone who suddenly move fast, all the same way or apart from each other. Fed by scene.ts
 * with one look after the other. It measures how a group moves and never what made it; docs/events.md has the rules.
 */
import type { Point } from '../../../pipelines/messages.js';
import type { Behaviour, SceneLook, Sighting, Subject } from '../behaviour.js';
import { Evidence } from '../evidence.js';
import { crowdReason } from '../words/crowd.js';
import type { Zone } from '../zone.js';
import { boxOf } from './density.js';
import { UsualSpeed } from './usual-speed.js';

export interface CrowdOptions {
  /** who must take part */
  people: number;
  /** their median speed */
  metresPerSecond: number;
  /** and that many times the usual speed of the zone */
  timesUsual: number;
  seconds: number;
  cooldownSeconds: number;
}

/** `same`: all go the same way; `apart`: they go away from each other. */
export type CrowdPattern = 'same' | 'apart';

/** Mean resultant length of the directions: 1 when all are the same. */
const LEAST_SAME = 0.7;
/** Mean share of each direction that leads away from the middle of the group. */
const LEAST_APART = 0.6;
/** Who is slower than this share of the threshold takes no part. */
const TAKES_PART = 0.6;
/** It goes on until the median is below this share of the threshold. */
const WEAK_SHARE = 0.8;
/** So long ago at most they were still calm. */
const SUDDEN_US = 5e6;
const GAP_SECONDS = 1;

interface Mover {
  subject: Subject;
  speed: number;
  velocity: Point;
  place: Point;
}

interface Found {
  movers: Mover[];
  medianSpeed: number;
  threshold: number;
  pattern: CrowdPattern;
  /** of the pattern, 0..1 */
  strength: number;
}

export class Crowd implements Behaviour {
  readonly event = 'crowd';
  readonly name = 'crowd';
  readonly #evidence = new Evidence({ gapSeconds: GAP_SECONDS });
  readonly #usual = new UsualSpeed();
  #calmUs = Number.NEGATIVE_INFINITY;

  constructor(
    readonly zone: Zone,
    readonly options: CrowdOptions,
  ) {}

  get cooldownSeconds(): number {
    return this.options.cooldownSeconds;
  }

  observe({ subjects, monoUs }: SceneLook, sensitivity: number): Sighting[] {
    const known = subjects.flatMap((subject) => moverOf(subject, this.zone));
    const threshold = this.#threshold();
    const medianSpeed = median(known.map(({ speed }) => speed));
    this.#learn(known, medianSpeed, monoUs);
    const found = this.#found(known, medianSpeed, threshold);
    const begun = this.#evidence.sinceUs !== null;
    const sudden = begun || monoUs - this.#calmUs <= SUDDEN_US;
    const strong = found !== null && medianSpeed >= threshold && sudden;
    const lasted = this.#evidence.observe(strong ? 'yes' : found ? 'weak' : 'no', monoUs);
    const seconds = this.options.seconds / sensitivity;
    if (!found || lasted === null || lasted < seconds) return [];
    return [this.#sighting(found, lasted, seconds)];
  }

  /** The usual speed of the zone stays: it is true of the place, not of the tracks. */
  reset(): void {
    this.#evidence.reset();
    this.#calmUs = Number.NEGATIVE_INFINITY;
  }

  #threshold(): number {
    const { metresPerSecond, timesUsual } = this.options;
    return Math.max(metresPerSecond, timesUsual * (this.#usual.median ?? 0));
  }

  /** Half of a crowd that is slow is calm; what is usual is not learned from what may be an event. */
  #learn(known: readonly Mover[], medianSpeed: number, monoUs: number): void {
    const calm = medianSpeed < WEAK_SHARE * this.#threshold();
    if (calm && known.length >= this.options.people / 2) this.#calmUs = monoUs;
    if (this.#evidence.sinceUs === null) this.#usual.add(medianSpeed, monoUs);
  }

  #found(known: readonly Mover[], medianSpeed: number, threshold: number): Found | null {
    const movers = known.filter(({ speed }) => speed >= TAKES_PART * threshold);
    if (movers.length < this.options.people || !(medianSpeed >= WEAK_SHARE * threshold)) return null;
    const [same, apart] = [sameness(movers), apartness(movers)];
    const pattern = same >= LEAST_SAME ? 'same' : apart >= LEAST_APART ? 'apart' : null;
    if (pattern === null) return null;
    return { movers, medianSpeed, threshold, pattern, strength: pattern === 'same' ? same : apart };
  }

  #sighting(
    { movers, medianSpeed, threshold, pattern, strength }: Found,
    lasted: number,
    seconds: number,
  ): Sighting {
    const fastest = [...movers].sort((p, q) => q.speed - p.speed);
    const usual = this.#usual.median;
    const measured = fastest.every(({ subject }) => subject.speedFrom === 'ground');
    const least = pattern === 'same' ? LEAST_SAME : LEAST_APART;
    return {
      key: 'zone',
      subjects: fastest.map(({ subject }) => subject),
      box: boxOf(this.zone),
      score: movers.reduce((sum, { subject }) => sum + subject.track.score, 0) / movers.length,
      measured: [
        { name: 'speed', value: medianSpeed, threshold, unit: 'm/s' },
        { name: 'people', value: movers.length, threshold: this.options.people, unit: '' },
        { name: pattern, value: strength, threshold: least, unit: '' },
        ...(usual === null ? [] : [{ name: 'usual', value: usual, threshold: null, unit: 'm/s' }]),
        { name: 'lasted', value: lasted, threshold: seconds, unit: 's' },
      ],
      reason: crowdReason(this.zone.name, {
        people: movers.length,
        speed: medianSpeed,
        threshold,
        usual,
        pattern,
        measured,
      }),
    };
  }
}

function moverOf(subject: Subject, zone: Zone): Mover[] {
  const { track, speed, velocity, ground, foot, speedFrom } = subject;
  if (track.class !== 'person' || !track.seen || speed === null || velocity === null) return [];
  const place = speedFrom === 'ground' ? ground : foot;
  return place && zone.holds(track.box) ? [{ subject, speed, velocity, place }] : [];
}

function sameness(movers: readonly Mover[]): number {
  const [x, y] = mean(movers.map(({ velocity }) => unit(velocity)));
  return Math.hypot(x, y);
}

function apartness(movers: readonly Mover[]): number {
  const middle = mean(movers.map(({ place }) => place));
  const shares = movers.map(({ velocity, place }) => {
    const [v, out] = [unit(velocity), unit([place[0] - middle[0], place[1] - middle[1]])];
    return v[0] * out[0] + v[1] * out[1];
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

function unit([x, y]: Point): Point {
  const length = Math.hypot(x, y);
  return length > 0 && Number.isFinite(length) ? [x / length, y / length] : [0, 0];
}

function mean(points: readonly Point[]): Point {
  const sum = points.reduce((a, p): Point => [a[0] + p[0], a[1] + p[1]], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}

/** NaN of none. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((p, q) => p - q);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
