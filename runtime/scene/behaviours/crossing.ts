/**
 * The behaviour "crossing": somebody goes over a tripwire (docs/events.md, "Crossing", C1 to C9). Fed by scene.ts with one
 * look after the other. It must never find anything on a place that was only predicted, nor on a foot point that moves
 * while its object does not.
 */
import type { Box, ObjectClass, Point } from '../../../pipelines/messages.js';
import type { Behaviour, SceneLook, Sighting, Subject } from '../behaviour.js';
import { crossingReason } from '../words/crossing.js';
import { USUAL_ASPECT, type Zone } from '../zone.js';

export interface CrossingOptions {
  classes: readonly ObjectClass[];
  line: readonly [Point, Point];
  /** a point on the forbidden side; both are when absent */
  towards?: Point | undefined;
  cooldownSeconds: number;
  /** lowest mean score of the looks that saw the track, 0..1 */
  minScore: number;
}

/** Who is nearer to the line than this share of the longer side of their own box is on neither side of it. */
const CLEAR_SHARE = 0.15;
/** Looks in a row that must see it clearly beyond. */
const BEYOND_LOOKS = 2;
/** The top of the box must go along by this share of what the foot point went. */
const TOP_SHARE = 0.25;
const LONGEST_GAP_US = 3_000_000;

type Side = 1 | -1;

/** A place relative to the line: how far from it, and how far along it, in heights of the picture. */
interface Place {
  across: number;
  along: number;
}

interface Way {
  seenUs: number;
  scores: { sum: number; looks: number };
  foot: Point;
  across: number;
  /** the side on which it was clearly last, and how far from the line its top was then and its foot */
  from: { side: Side; foot: number; top: number } | null;
  /** whether the last time that its foot went over the endless line, it was at the tripwire and in the zone */
  atTripwire: boolean;
  /** looks in a row that saw it clearly on the other side */
  beyondLooks: number;
}

export class Crossing implements Behaviour {
  readonly event = 'presence';
  readonly name = 'crossing';
  readonly #ways = new Map<string, Way>();
  /** width of the picture over its height */
  #aspect = Number.NaN;
  /** of the line, one height of the picture long */
  #direction: Point = [0, 0];
  #length = 0;
  #forbidden: Side | null = null;

  constructor(
    readonly zone: Zone,
    readonly options: CrossingOptions,
  ) {}

  get cooldownSeconds(): number {
    return this.options.cooldownSeconds;
  }

  observe({ subjects, monoUs, aspect = USUAL_ASPECT }: SceneLook): Sighting[] {
    if (aspect !== this.#aspect) this.#lay(aspect);
    const alive = new Set(subjects.map(({ track }) => track.id));
    for (const id of this.#ways.keys()) if (!alive.has(id)) this.#ways.delete(id);
    const watched = subjects.filter(({ track }) => track.seen && this.options.classes.includes(track.class));
    return watched.map((subject) => this.#follow(subject, monoUs)).filter((found) => found !== null);
  }

  reset(): void {
    this.#ways.clear();
  }

  /** The line in heights of the picture. */
  #lay(aspect: number): void {
    const { line, towards } = this.options;
    const [a, b] = line;
    const [dx, dy] = [(b[0] - a[0]) * aspect, b[1] - a[1]];
    this.#aspect = aspect;
    this.#length = Math.hypot(dx, dy);
    this.#direction = [dx / this.#length, dy / this.#length];
    this.#forbidden = towards ? sideOf(this.#place(towards).across) : null;
  }

  #follow(subject: Subject, monoUs: number): Sighting | null {
    const { track, foot } = subject;
    const { across } = this.#place(foot);
    const size = Math.max(track.box.width * this.#aspect, track.box.height);
    const top = this.#place(topOf(track.box)).across;
    const way = this.#way(subject, across, monoUs);
    way.seenUs = monoUs;
    way.scores.sum += track.score;
    way.scores.looks += 1;
    if (sideOf(way.across) !== sideOf(across)) way.atTripwire = this.#isAtTripwire(way, foot, across);
    way.foot = foot;
    way.across = across;
    const beyond = size > 0 ? Math.abs(across) / size : 0;
    if (beyond < CLEAR_SHARE) {
      way.beyondLooks = 0;
      return null;
    }
    const side = sideOf(across);
    const { from } = way;
    if (!from || from.side === side) {
      way.from = { side, foot: across, top };
      way.beyondLooks = 0;
      return null;
    }
    way.beyondLooks += 1;
    if (way.beyondLooks < BEYOND_LOOKS) return null;
    const went = (top - from.top) * side >= TOP_SHARE * Math.abs(across - from.foot);
    way.from = { side, foot: across, top };
    way.beyondLooks = 0;
    const counts = went && way.atTripwire && (this.#forbidden === null || this.#forbidden === side);
    const meanScore = way.scores.sum / way.scores.looks;
    return counts && meanScore >= this.options.minScore ? this.#sighting(subject, meanScore, beyond) : null;
  }

  #way({ track, foot }: Subject, across: number, monoUs: number): Way {
    const found = this.#ways.get(track.id);
    if (found && monoUs - found.seenUs <= LONGEST_GAP_US) return found;
    const way: Way = {
      seenUs: monoUs,
      scores: found?.scores ?? { sum: 0, looks: 0 },
      foot,
      across,
      from: null,
      atTripwire: false,
      beyondLooks: 0,
    };
    this.#ways.set(track.id, way);
    return way;
  }

  /** Where the straight way from the last place to this one meets the line: between its ends and in the zone? */
  #isAtTripwire({ foot: before, across: acrossBefore }: Way, foot: Point, across: number): boolean {
    const share = acrossBefore / (acrossBefore - across);
    const at: Point = [before[0] + share * (foot[0] - before[0]), before[1] + share * (foot[1] - before[1])];
    const { along } = this.#place(at);
    return along >= 0 && along <= this.#length && this.zone.contains(at);
  }

  #place([x, y]: Point): Place {
    const [x0, y0] = this.options.line[0];
    const [dx, dy] = [(x - x0) * this.#aspect, y - y0];
    const [ux, uy] = this.#direction;
    return { across: ux * dy - uy * dx, along: ux * dx + uy * dy };
  }

  #sighting(subject: Subject, score: number, beyond: number): Sighting {
    const { track } = subject;
    const speed = subject.speed === null ? [] : [speedOf(subject.speed)];
    return {
      key: track.id,
      subjects: [subject],
      box: track.box,
      score,
      measured: [
        { name: 'beyond', value: beyond, threshold: CLEAR_SHARE, unit: 'of its size' },
        { name: 'score', value: score, threshold: this.options.minScore, unit: '' },
        ...speed,
      ],
      reason: crossingReason(track.class, this.zone.name, this.#forbidden !== null, beyond, CLEAR_SHARE),
    };
  }
}

function speedOf(value: number): Sighting['measured'][number] {
  return { name: 'speed', value, threshold: null, unit: 'm/s' };
}

function topOf({ x, y, width }: Box): Point {
  return [x + width / 2, y];
}

function sideOf(across: number): Side {
  return across < 0 ? -1 : 1;
}
