/**
 * The calibration of the configuration taken in: from marks or from people to the ground, with how well they agree. Used by the
 * check of the configuration, which refuses a fault, by scene.ts and by `vigie scene`. Pure functions.
 */
import type { Point } from '../../pipelines/messages.js';
import type { GroundConfig } from '../config/scene.js';
import { type PictureSize, PlaneGround } from './ground.js';
import { groundFromPeople } from './ground-people.js';
import { type Fault, type GroundMark, groundFromMarks } from './ground-points.js';

export type { Fault } from './ground-points.js';

export interface Calibration {
  ground: PlaneGround;
  from: 'points' | 'people';
  /** of each mark, in the order of the configuration; with four marks there is none left */
  off: number[];
  /** of a mark on the ground, or of a head in the picture */
  offUnit: 'm' | 'px';
}

/** A mark may be that far off: the larger of half a metre and this share of how far the marks lie apart. */
const MOST_OFF_METRES = 0.5;
const MOST_OFF_SHARE = 0.05;

/** @param size of the recorded picture */
export function calibrate({ points, people, hfovDeg }: GroundConfig, size: PictureSize): Calibration | Fault {
  if (people) {
    const found = groundFromPeople(people, size, hfovDeg);
    if (!('camera' in found)) return found;
    const ground = new PlaneGround(found.toGround, size);
    return { ground, from: 'people', off: found.residualPixels, offUnit: 'px' };
  }
  const marks = points ?? [];
  const found = groundFromMarks(marks, size);
  if ('text' in found) return found;
  const ground = new PlaneGround(found, size);
  const off = marks.map((mark) => offBy(ground, mark));
  const most = Math.max(...off);
  const allowed = Math.max(MOST_OFF_METRES, MOST_OFF_SHARE * spread(marks));
  if (most <= allowed) return { ground, from: 'points', off, offUnit: 'm' };
  const hint = 'Measure it again, or mark another place; all marks must lie on one plane';
  const odd = oddOne(marks, size, allowed);
  if (odd !== null) return { index: odd, text: 'is not where the other marks put it', hint };
  if (!Number.isFinite(most)) return { index: off.indexOf(most), text: 'is next to the horizon', hint };
  const text = `the marks do not agree: one is ${most.toFixed(1)} m from where all of them put it`;
  return { index: null, text, hint };
}

/** The mark without which the others agree, if there are enough others to tell, and one such mark alone. */
function oddOne(marks: readonly GroundMark[], size: PictureSize, allowed: number): number | null {
  if (marks.length < 6) return null;
  const without = marks.map((_, i) => {
    const others = marks.filter((_mark, k) => k !== i);
    const found = groundFromMarks(others, size);
    if ('text' in found) return Number.POSITIVE_INFINITY;
    return Math.max(...others.map((mark) => offBy(new PlaneGround(found, size), mark)));
  });
  const agree = without.filter((most) => most <= allowed);
  return agree.length === 1 ? without.indexOf(agree[0] as number) : null;
}

/** The ground for those who watch; null when there is no calibration. The configuration has been checked. */
export function groundOf(config: {
  scene: { ground?: GroundConfig | undefined };
  picture: PictureSize;
}): PlaneGround | null {
  const found = config.scene.ground && calibrate(config.scene.ground, config.picture);
  return found && 'ground' in found ? found.ground : null;
}

function offBy(ground: PlaneGround, { at, metres }: GroundMark): number {
  const found = ground.metresAt(at);
  return found ? Math.hypot(found[0] - metres[0], found[1] - metres[1]) : Number.POSITIVE_INFINITY;
}

function spread(marks: readonly GroundMark[]): number {
  const apart = (p: Point, q: Point): number => Math.hypot(p[0] - q[0], p[1] - q[1]);
  return Math.max(
    ...marks.map(({ metres }) => Math.max(...marks.map((other) => apart(metres, other.metres)))),
  );
}
