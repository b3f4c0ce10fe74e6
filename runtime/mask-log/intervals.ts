/**
 * The mask's log: stretches of pictures that had the same mask, from the stamps of what is recorded (docs/mask-log.md). Used by
 * `vigie mask log`, and by film-log.ts to say what is in an export. Looks at no picture.
 */
import type { HiddenBecause, MaskStamp } from '../../pipelines/frame.js';
import type { GopUnit } from '../record/gop.js';
import { sameMask } from '../record/stamp.js';

/** Pictures further apart than this are a gap, as in `vigie store list`. */
const gapMs = 2_000;

export interface Span {
  from: number;
  to: number;
}

/** Between which directions the camera looked; degrees and pixels. */
export interface ViewSpan {
  panDeg: Span;
  tiltDeg: Span;
  hfovDeg: Span;
  marginPixels: Span;
}

export interface MaskInterval {
  /** wall clock of the first and of the last picture, milliseconds; corrected where it was */
  fromMs: number;
  toMs: number;
  pictures: number;
  version: number;
  digest: string;
  state: MaskStamp['state'];
  why: HiddenBecause | null;
  /** during a change: the table to come, by the start of its digest */
  next: { version: number; digest: string } | null;
  /** how people were covered; null when the stamp does not say that they were */
  people: 'covered' | 'area' | null;
  /** null for a camera that does not move, and where nobody knew */
  view: ViewSpan | null;
}

export class MaskIntervals {
  readonly #closed: MaskInterval[] = [];
  #last: { interval: MaskInterval; stamp: MaskStamp } | null = null;

  /** The next pictures, in the order in which they were recorded. */
  add(units: readonly Pick<GopUnit, 'wallMs' | 'mask'>[]): void {
    for (const { wallMs, mask } of units) {
      const last = this.#last;
      const apart = last ? Math.abs(wallMs - last.interval.toMs) > gapMs : true;
      if (last && !apart && sameMask(last.stamp, mask)) {
        last.interval.toMs = wallMs;
        last.interval.pictures += 1;
        widen(last.interval, mask);
      } else this.#begin(wallMs, mask);
    }
  }

  /** All of them so far, oldest first. */
  get all(): readonly MaskInterval[] {
    return this.#last ? [...this.#closed, this.#last.interval] : this.#closed;
  }

  #begin(wallMs: number, stamp: MaskStamp): void {
    if (this.#last) this.#closed.push(this.#last.interval);
    const { version, digest, state, why = null, next = null, people = null } = stamp;
    const times = { fromMs: wallMs, toMs: wallMs, pictures: 1 };
    this.#last = { interval: { ...times, version, digest, state, why, next, people, view: null }, stamp };
    widen(this.#last.interval, stamp);
  }
}

function widen(interval: MaskInterval, { view }: MaskStamp): void {
  if (!view) return;
  const { view: known } = interval;
  const span = (of: keyof ViewSpan): Span => ({
    from: Math.min(known?.[of].from ?? view[of], view[of]),
    to: Math.max(known?.[of].to ?? view[of], view[of]),
  });
  interval.view = {
    panDeg: span('panDeg'),
    tiltDeg: span('tiltDeg'),
    hfovDeg: span('hfovDeg'),
    marginPixels: span('marginPixels'),
  };
}
