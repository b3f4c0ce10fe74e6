/**
 * Where the head was at the time of a frame, from the positions that the runtime sends (docs/mask.md, "When the whole
 * picture is hidden"). Fed by placement.ts. It never guesses beyond the newest position: a frame waits for it.
 */
import type { HiddenBecause } from '../frame.js';
import type { Pose } from '../messages.js';
import type { Look } from './lens.js';

/** Positions kept: three seconds at twenty a second. */
const KEPT = 64;
/** Two positions further apart say nothing of what was between them. */
const MOST_APART_US = 400_000;
/** Half of what a frame takes to be exposed and read out: what turns meanwhile is smeared by it. */
const EXPOSED_US = 10_000;
/** Beyond what the positions themselves allow, they contradict each other. */
const SLACK = { deg: 0.05, zoom: 0.01 };

/** A view, and how far off it may be. */
export interface Placed extends Look {
  /** of each of pan and tilt */
  errorDeg: number;
  /** and besides, while the picture does not confirm it */
  doubtDeg: number;
  /** share of the field of view */
  errorZoom: number;
}

export class Poses {
  #poses: Pose[] = [];

  /** Takes a position, in any order of arrival. Of two for one time, the one that hides counts. */
  add(pose: Pose): void {
    const at = this.#poses.findLastIndex(({ monoUs }) => monoUs <= pose.monoUs);
    const same = at >= 0 && this.#poses[at].monoUs === pose.monoUs;
    if (same && this.#poses[at].hide !== null) return;
    this.#poses.splice(same ? at : at + 1, same ? 1 : 0, pose);
    if (this.#poses.length > KEPT) this.#poses.shift();
  }

  /** The view at a time that may be off by `errorUs`; why there is none; null while the position that follows has yet to come. */
  at(us: number, errorUs = 0): Placed | HiddenBecause | null {
    const i = this.#poses.findLastIndex(({ monoUs }) => monoUs <= us);
    const before = this.#poses[i];
    const after = this.#poses[i + 1];
    if (before?.hide) return before.hide;
    if (!before) return after ? 'late' : null;
    if (!after) return null;
    if (after.hide) return after.hide;
    return between(before, after, us, errorUs);
  }
}

function between(a: Pose, b: Pose, us: number, errorUs: number): Placed | HiddenBecause {
  const apartUs = b.monoUs - a.monoUs;
  if (apartUs > MOST_APART_US) return 'late';
  if (a.hfovDeg <= 0 || b.hfovDeg <= 0) return 'zoom-unknown';
  const seconds = apartUs / 1e6;
  const share = (us - a.monoUs) / apartUs;
  const pan = around(b.panDeg - a.panDeg);
  const tilt = b.tiltDeg - a.tiltDeg;
  const zoom = Math.log(b.hfovDeg / a.hfovDeg);
  const unsure = Math.max(a.uncertaintyDeg, b.uncertaintyDeg);
  const reach = a.speedDegPerS * seconds;
  const zoomReach = a.zoomPerS * seconds;
  const turned = Math.max(Math.abs(pan), Math.abs(tilt));
  if (turned > reach + 2 * unsure + SLACK.deg) return 'disagrees';
  if (Math.abs(zoom) > zoomReach + SLACK.zoom) return 'disagrees';
  // No line that bends so little is further from its chord (docs/mask.md, "The margin").
  const chord = (share * (1 - share) * seconds * seconds) / 2;
  const bend = bentBy(chord, a.degPerS2, b.degPerS2);
  const zoomBend = bentBy(chord, a.zoomPerS2, b.zoomPerS2);
  const smeared = (EXPOSED_US + errorUs) / apartUs;
  return {
    panDeg: around(a.panDeg + share * pan),
    tiltDeg: a.tiltDeg + share * tilt,
    hfovDeg: a.hfovDeg * Math.exp(share * zoom),
    errorDeg:
      Math.min(bend, Math.max(off(reach, pan, share), off(reach, tilt, share))) + unsure + turned * smeared,
    doubtDeg: Math.max(a.doubtDeg ?? 0, b.doubtDeg ?? 0),
    errorZoom: Math.min(zoomBend, off(zoomReach, zoom, share)) + Math.abs(zoom) * smeared,
  };
}

/** Only where both positions can be relied on for it. */
function bentBy(chord: number, a: number | undefined, b: number | undefined): number {
  return a === undefined || b === undefined ? Number.POSITIVE_INFINITY : chord * Math.max(a, b);
}

/**
 * How far from the straight way something can be that covers `way` and never more than `reach` in all: it hurries first
 * and waits then, or the other way round.
 */
function off(reach: number, way: number, share: number): number {
  const d = Math.abs(way);
  const spare = Math.max(0, reach - d);
  const ahead = Math.min(share * spare, (1 - share) * (reach + d));
  const behind = Math.min((1 - share) * spare, share * (reach + d));
  return Math.max(ahead, behind);
}

/** Degrees in -180 to 180. */
function around(degrees: number): number {
  return degrees - 360 * Math.round(degrees / 360);
}
