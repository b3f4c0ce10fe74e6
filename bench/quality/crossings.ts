/**
 * Crossings on the sample clip against its ground truth: over several tripwires, which were told, which were missed, which were
 * told and are none. Run by `npm run bench -- quality`. Product's stages and defaults; what counts as crossing is the same for
 * both: clearly on one side, then clearly on the other, through the line between its ends.
 */
import { join } from 'node:path';
import type { Box, Point, Tracks } from '../../pipelines/messages.js';
import { iou } from '../../pipelines/track/association.js';
import { watchedZone } from '../../runtime/config/zones.js';
import { Crossing } from '../../runtime/scene/behaviours/crossing.js';
import { Subjects } from '../../runtime/scene/subjects.js';
import { footPoint, Zone } from '../../runtime/scene/zone.js';
import { sampleClip } from '../clip.js';
import { clipSize, readTruth } from '../detect.js';
import { type Row, row } from '../report.js';

import { duePictures, WatchedFootage } from './footage.js';
import type { TruthBox } from './mot.js';

const CLIP_RATE = 10;
const aspect = clipSize.width / clipSize.height;
type Line = [Point, Point];
/** Across the clip's paths, chosen before any was counted: three down the picture, three across it. */
const lines: Line[] = [
  ...[0.35, 0.5, 0.65].map(
    (x): Line => [
      [x, 0.15],
      [x, 0.98],
    ],
  ),
  ...[0.35, 0.5, 0.65].map(
    (y): Line => [
      [0.2, y],
      [0.98, y],
    ],
  ),
];
const whole: Point[] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];
/** As rule C3 of the behaviour. */
const CLEAR_SHARE = 0.15;
/** An answer is about a crossing when it comes within this time of it and its box covers the person's. */
const WITHIN_S = 2;
const LEAST_OVERLAP = 0.1;

interface Crossed {
  id: number;
  /** when the line was gone over, seconds of the clip */
  seconds: number;
  ignored: boolean;
}

/** @param directory holds pets09/gt.txt; @throws VigieError `config` without it, `model` or `source` without set-up */
export async function crossingRows(directory: string): Promise<Row[]> {
  const truth = await readTruth(join(directory, 'pets09', 'gt.txt'));
  const looks: Tracks[] = [];
  const camera = new WatchedFootage(clipSize, [[]]);
  await camera.start();
  try {
    for await (const picture of duePictures(sampleClip(), clipSize, CLIP_RATE))
      looks.push((await camera.take(picture)).look);
  } finally {
    await camera.stop();
  }
  const sums = { expected: 0, told: 0, found: 0, extra: 0 };
  for (const line of lines) {
    const one = countAt(line, looks, truth);
    sums.expected += one.expected;
    sums.told += one.told;
    sums.found += one.found;
    sums.extra += one.extra;
  }
  const hours = (looks.length * 0.2 * lines.length) / 3600;
  return [
    row('crossings, tripwires', lines.length, 'lines'),
    row('crossings, by the ground truth', sums.expected, 'crossings'),
    row('crossings, told', sums.told, 'crossings'),
    row('crossings, missed', sums.expected - sums.found, 'crossings'),
    row('crossings, told and none, or told twice', sums.extra, 'crossings'),
    row('crossings, told and none, or told twice, for each tripwire', sums.extra / hours, 'an hour'),
  ];
}

function countAt(
  line: Line,
  looks: readonly Tracks[],
  truth: ReadonlyMap<number, TruthBox[]>,
): { expected: number; told: number; found: number; extra: number } {
  const crossed = truthAt(line, truth);
  const { crossing } = watchedZone.parse({ name: 'line', points: whole, crossing: { line } });
  if (!crossing) throw new RangeError('no crossing');
  const behaviour = new Crossing(new Zone('line', whole), crossing);
  const subjects = new Subjects(null, aspect);
  const open = new Set(crossed);
  let [told, extra] = [0, 0];
  for (const look of looks) {
    const rest = { stills: null, occupied: new Map(), signals: [], aspect };
    const own = { seq: look.seq, monoUs: look.monoUs, wallMs: look.wallMs, ...rest };
    const seconds = look.monoUs / 1e6 - 1;
    const people = truth.get(Math.round(seconds * CLIP_RATE)) ?? [];
    for (const { box } of behaviour.observe({ ...own, subjects: subjects.of(look.tracks, look.monoUs) })) {
      told++;
      const near = [...open].filter(
        (one) => Math.abs(one.seconds - seconds) <= WITHIN_S && covers(box, one.id, people),
      );
      const first = near[0];
      if (first) open.delete(first);
      else if (!people.some((p) => p.ignored && iou(box, p.box) >= LEAST_OVERLAP)) extra++;
    }
  }
  const expected = crossed.filter(({ ignored }) => !ignored);
  return { expected: expected.length, told, found: expected.filter((one) => !open.has(one)).length, extra };
}

function covers(box: Box, id: number, people: readonly TruthBox[]): boolean {
  return people.some((p) => p.id === id && iou(box, p.box) >= LEAST_OVERLAP);
}

/** Everybody's way in the ground truth, against the line. */
function truthAt(line: Line, truth: ReadonlyMap<number, TruthBox[]>): Crossed[] {
  const ways = new Map<number, { foot: Point; side: number; atLine: number | null; ignored: boolean }>();
  const crossed: Crossed[] = [];
  for (const frame of [...truth.keys()].sort((a, b) => a - b)) {
    for (const { id, box, ignored } of truth.get(frame) ?? []) {
      const foot = footPoint(box);
      const across = acrossLine(foot, line);
      const way = ways.get(id) ?? { foot, side: 0, atLine: null, ignored };
      ways.set(id, way);
      if (Math.sign(across) !== Math.sign(acrossLine(way.foot, line)))
        way.atLine = between(way.foot, foot, line) ? frame / CLIP_RATE : null;
      way.foot = foot;
      way.ignored ||= ignored;
      if (Math.abs(across) < CLEAR_SHARE * Math.max(box.width * aspect, box.height)) continue;
      const side = Math.sign(across);
      if (way.side !== 0 && way.side !== side && way.atLine !== null)
        crossed.push({ id, seconds: way.atLine, ignored: way.ignored });
      way.side = side;
    }
  }
  return crossed;
}

/** Distance from the endless line, heights of the picture, with the side as its sign. */
function acrossLine([x, y]: Point, [[x0, y0], [x1, y1]]: Line): number {
  const [dx, dy] = [(x1 - x0) * aspect, y1 - y0];
  return (dx * (y - y0) - dy * (x - x0) * aspect) / Math.hypot(dx, dy);
}

/** Whether the way from one point to the other meets the line between its ends. */
function between(from: Point, to: Point, [a, b]: Line): boolean {
  return acrossLine(a, [from, to]) * acrossLine(b, [from, to]) <= 0;
}
