/**
 * Frames of every millisecond, each compared with where the head truly was: what pipelines/mask/poses.ts allows for must hold it.
 * Used by head-margin.test.ts and head-unseen.test.ts.
 */
import type { TrueView } from '../../board/virtual/true-view.js';
import { Poses } from '../../pipelines/mask/poses.js';

/** Degrees: of the arithmetic. */
const rounding = 1e-6;
/** After so long a frame does not wait for a position any more. */
const heldUs = 200_000;

export interface Judged {
  shown: number;
  hidden: number;
  /** frames in which the head was further off than the margin allows, and by how much at most */
  wrong: number;
  worstDeg: number;
}

/** Frames of every millisecond, each judged as soon as the position that follows it is there. */
export class Frames {
  readonly poses = new Poses();
  readonly judged: Judged = { shown: 0, hidden: 0, wrong: 0, worstDeg: 0 };
  readonly #waiting: { us: number; truth: TrueView }[] = [];

  expose(us: number, truth: TrueView): void {
    this.#waiting.push({ us, truth });
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const placed = this.poses.at(first.us);
      if (placed === null && us - first.us < heldUs) return;
      this.#waiting.shift();
      if (placed === null || typeof placed === 'string') this.judged.hidden++;
      else this.#judge(placed, first.truth);
    }
  }

  #judge(placed: Exclude<ReturnType<Poses['at']>, string | null>, truth: TrueView): void {
    const { judged } = this;
    const turn = truth.panDeg - placed.panDeg;
    const pan = Math.abs(turn - 360 * Math.round(turn / 360));
    const zoom = Math.abs(Math.log(truth.hfovDeg / placed.hfovDeg)) - placed.errorZoom;
    // What a wrong field of view moves the border of the picture by; when it was told is in the angle's share.
    const zoomDeg = (Math.max(0, zoom) * placed.hfovDeg) / 2;
    const over = Math.max(pan, Math.abs(truth.tiltDeg - placed.tiltDeg)) + zoomDeg - placed.errorDeg;
    judged.shown++;
    judged.worstDeg = Math.max(judged.worstDeg, over);
    if (over > rounding) judged.wrong++;
  }
}
