/**
 * What the schema cannot say about one designated zone: hours that contradict each other, a line or an arrow that is none.
 * Part of checks.ts. It changes nothing.
 */
import type { Point } from '../../pipelines/messages.js';
import { contains } from '../scene/polygon.js';
import { firstOverlap } from '../week.js';
import type { WeekRange } from './week.js';
import type { Problem } from './wording.js';
import type { WatchedZone } from './zones.js';

/** Shorter than this share of the picture, a line or an arrow has no direction that can be relied on. */
const leastLength = 0.01;
/** Places of a line at which it is looked whether it lies in its zone. */
const samples = 200;

export function checkWatchedZone(zone: WatchedZone, path: PropertyKey[]): Problem[] {
  return [
    ...checkOverlap(zone.sensitivityAt, [...path, 'sensitivityAt']),
    ...checkCrossing(zone, [...path, 'crossing']),
    ...checkDirection(zone, [...path, 'direction']),
  ];
}

export function checkOverlap(ranges: readonly WeekRange[], path: PropertyKey[]): Problem[] {
  const overlap = firstOverlap(ranges);
  if (!overlap) return [];
  const [first, second] = overlap;
  const text =
    first === second ? 'overlaps itself' : `overlaps range ${first}: it is not said which of the two counts`;
  const hint = 'Let one end where the other begins; one that ends before it begins goes on to the next day';
  return [{ path: [...path, second], text, hint }];
}

function checkCrossing({ crossing, points }: WatchedZone, path: PropertyKey[]): Problem[] {
  if (!crossing) return [];
  const { line, towards } = crossing;
  const [a, b] = line;
  if (distance(a, b) < leastLength) {
    const hint = 'Give its two ends, as shares of the picture';
    return [{ path: [...path, 'line'], text: 'is too short to be crossed', hint }];
  }
  const problems: Problem[] = [];
  const places = Array.from({ length: samples + 1 }, (_, i) => between(a, b, i / samples));
  const inZone = places.filter((place) => contains(points, place)).length / places.length;
  if (inZone * distance(a, b) < leastLength) {
    const text = 'lies outside the zone, or only touches it: no crossing of it would be told';
    problems.push({
      path: [...path, 'line'],
      text,
      hint: 'Draw it through the zone, or draw the zone around it',
    });
  }
  if (towards && Math.abs(across(a, b, towards)) < leastLength) {
    const text = 'lies on the line, or next to it: it is not said which side is forbidden';
    problems.push({ path: [...path, 'towards'], text, hint: 'Give a point well on the forbidden side' });
  }
  return problems;
}

function checkDirection({ direction }: WatchedZone, path: PropertyKey[]): Problem[] {
  if (!direction || distance(direction.from, direction.to) >= leastLength) return [];
  const hint = 'Give two points well apart, in the order in which traffic passes them';
  return [{ path: [...path, 'to'], text: 'is where `from` is: no direction is given', hint }];
}

function distance(a: Point, b: Point): number {
  return Math.hypot(b[0] - a[0], b[1] - a[1]);
}

function between(a: Point, b: Point, share: number): Point {
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
}

/** How far a point is from the endless line through two others. */
function across(a: Point, b: Point, p: Point): number {
  return ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])) / distance(a, b);
}
