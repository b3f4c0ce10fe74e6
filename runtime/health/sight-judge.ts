/**
 * What is wrong with the sight of the camera (docs/sight.md): from measures to faults, with thresholds that differ for begin
 * and end, and least times. Fed by sight-watch.ts in the order of the pictures; the only time is theirs.
 */
import type { Sight } from '../../pipelines/messages.js';
import type { Comparison } from './sight-reference.js';

/** In the order in which they are told: what hides the others first. */
export const sightFaults = ['frozen', 'blinded', 'covered', 'dark', 'moved', 'defocused', 'noisy'] as const;
export type SightFault = (typeof sightFaults)[number];

/** `yes`: it is so; `weak`: enough to go on, not to begin; `no`; `unseen`: cannot be told now. */
type Sign = 'yes' | 'weak' | 'no' | 'unseen';

/** Seconds that a fault must last before it is told, and be gone before it has ended. */
const lasting: Record<SightFault, { tellsAfter: number; endsAfter: number }> = {
  frozen: { tellsAfter: 30, endsAfter: 2 },
  blinded: { tellsAfter: 5, endsAfter: 5 },
  covered: { tellsAfter: 8, endsAfter: 5 },
  dark: { tellsAfter: 30, endsAfter: 10 },
  moved: { tellsAfter: 10, endsAfter: 5 },
  defocused: { tellsAfter: 20, endsAfter: 5 },
  noisy: { tellsAfter: 30, endsAfter: 10 },
};
/** A stretch without it, up to this long, does not end what has not been told yet, seconds. */
const GAP = 1.2;
/** Measures further apart than this have nothing between them, seconds. */
const APART = 3;
/** From light to black within this is sudden, seconds; so was light. */
const SUDDEN = 2;
const LIGHT_LUMA = 50;
/** A view that was usual this long ago was not moved by the light of the day, seconds. */
const LATELY = 20;
/** Share by which the mean of what it lies beside follows at each measure. */
const SWAYS = 0.2;

/** Thresholds as [begins, goes on]. */
const limits = {
  /** share of nearly white cells */
  bright: [0.6, 0.45],
  /** nothing is left to see: edges lost, flat cells, contrast, likeness; or flat cells alone */
  lost: [0.7, 0.5],
  flat: [0.6, 0.45],
  flatContrast: [0.4, 0.5],
  flatFit: [0.4, 0.5],
  flatAlone: [0.92, 0.85],
  /** luma: what is too dark, and from where on what is left is bright */
  dark: [30, 34],
  lightLuma: 110,
  /** levels */
  noise: [6, 4.5],
  /** share of the usual sharpness */
  sharpness: [0.5, 0.65],
  /** noise in which sharpness and place are still told, levels */
  clearNoise: 4,
  /** a fit elsewhere, and by how much better than here */
  elsewhere: [0.6, 0.5],
  better: [0.15, 0.08],
  /** beside its place by so much of a cell, on average over a few seconds: a mast that sways is on average in its place */
  beside: [0.2, 0.12],
  /** no likeness anywhere; likeness that was the usual view; luma in which that means something, share of the usual */
  unlike: [0.2, 0.3],
  alike: 0.5,
  sameLight: [0.7, 1.4],
} as const;

type Pair = readonly [begins: number, goesOn: number];
const above = (value: number, [begins, goesOn]: Pair): Sign =>
  value >= begins ? 'yes' : value >= goesOn ? 'weak' : 'no';
const below = (value: number, [begins, goesOn]: Pair): Sign => above(-value, [-begins, -goesOn]);
const order: Record<Sign, number> = { no: 0, unseen: 1, weak: 2, yes: 3 };
const all = (...signs: Sign[]): Sign => signs.reduce((a, b) => (order[a] <= order[b] ? a : b));
const either = (...signs: Sign[]): Sign => signs.reduce((a, b) => (order[a] >= order[b] ? a : b));

/** Evidence of one fault over time. */
class Course {
  told = false;
  #sinceUs: number | null = null;
  #lastUs = 0;

  constructor(private readonly fault: SightFault) {}

  observe(sign: Sign, monoUs: number, passedUs: number): void {
    const { tellsAfter, endsAfter } = lasting[this.fault];
    if (sign === 'unseen') {
      // Time in which nothing can be told counts neither way.
      this.#lastUs += passedUs;
      if (this.#sinceUs !== null) this.#sinceUs += passedUs;
      return;
    }
    if (sign === 'yes' || (sign === 'weak' && this.#sinceUs !== null)) {
      this.#sinceUs ??= monoUs;
      this.#lastUs = monoUs;
      if (monoUs - this.#sinceUs >= tellsAfter * 1e6) this.told = true;
      return;
    }
    if (monoUs - this.#lastUs < (this.told ? endsAfter : GAP) * 1e6) return;
    this.told = false;
    this.#sinceUs = null;
  }
}

export class SightJudge {
  readonly #courses = new Map(sightFaults.map((fault) => [fault, new Course(fault)]));
  #lastUs: number | null = null;
  /** when the picture was last of the usual view, and when it was last light; null: never yet */
  #usualUs: number | null = null;
  #lightUs: number | null = null;
  #isBlack = false;
  /** it became black at once */
  #sudden = false;
  #calm = true;
  readonly #beside = { x: 0, y: 0 };

  /** Nothing is suspected: the picture may teach what is usual. */
  get calm(): boolean {
    return this.#calm;
  }

  /** What is told now, in the order of `sightFaults`. */
  get faults(): SightFault[] {
    return sightFaults.filter((fault) => this.#courses.get(fault)?.told);
  }

  /** @param compared null while nothing is known to compare with, and on a head */
  observe(sight: Sight, compared: Comparison | null): void {
    const passedUs = this.#lastUs === null ? 0 : sight.monoUs - this.#lastUs;
    if (passedUs < 0) return;
    this.#lastUs = sight.monoUs;
    const signs = this.#signs(sight, compared);
    for (const [fault, course] of this.#courses) {
      if (passedUs > APART * 1e6) course.observe('unseen', sight.monoUs, passedUs);
      else course.observe(signs[fault], sight.monoUs, passedUs);
    }
    const suspected = sightFaults.filter((fault) => signs[fault] === 'yes' || this.#courses.get(fault)?.told);
    // A picture that stands still for a moment teaches nothing wrong.
    this.#calm = suspected.every((fault) => fault === 'frozen');
  }

  #signs(sight: Sight, compared: Comparison | null): Record<SightFault, Sign> {
    const empty = nothingLeft(sight, compared);
    this.#remember(sight, compared);
    const { luma, bright, noise, changed } = sight;
    const isBlack = luma <= limits.dark[1];
    const covers = all(
      empty,
      luma < limits.lightLuma ? 'yes' : 'no',
      isBlack && !this.#sudden ? 'no' : 'yes',
    );
    const blinds = either(above(bright, limits.bright), all(empty, luma >= limits.lightLuma ? 'yes' : 'no'));
    const blind = order[covers] >= order.weak || order[blinds] >= order.weak;
    const dark = blind ? 'no' : below(luma, limits.dark);
    const clear = !blind && !this.#isBlack && noise !== null && noise <= limits.clearNoise;
    return {
      frozen: changed === null ? 'unseen' : changed === 0 ? 'yes' : 'no',
      blinded: blinds,
      covered: covers,
      dark,
      moved: clear && compared ? this.#moved(compared, sight.monoUs) : 'unseen',
      defocused: clear && compared ? defocused(compared) : 'unseen',
      noisy: blind || noise === null ? 'unseen' : above(noise, limits.noise),
    };
  }

  /** Keeps when the picture was last as usual, and how it became black. */
  #remember({ monoUs, luma }: Sight, compared: Comparison | null): void {
    if (compared && compared.fit >= limits.alike) this.#usualUs = monoUs;
    if (luma >= LIGHT_LUMA) this.#lightUs = monoUs;
    const isBlack = luma <= limits.dark[1];
    if (isBlack && !this.#isBlack)
      this.#sudden = this.#lightUs !== null && monoUs - this.#lightUs <= SUDDEN * 1e6;
    this.#isBlack = isBlack;
  }

  #moved({ fit, best, drift, sharpness, luma }: Comparison, monoUs: number): Sign {
    for (const axis of ['x', 'y'] as const) this.#beside[axis] += (drift[axis] - this.#beside[axis]) * SWAYS;
    const { x, y } = this.#beside;
    const slight = all(fit >= limits.alike ? 'yes' : 'no', above(Math.hypot(x, y), limits.beside));
    const elsewhere = best.x !== 0 || best.y !== 0 ? 'yes' : 'no';
    const near = all(elsewhere, above(best.fit, limits.elsewhere), above(best.fit - fit, limits.better));
    const [from, to] = limits.sameLight;
    const told = this.#courses.get('moved')?.told === true;
    const wasUsual = this.#usualUs !== null && monoUs - this.#usualUs <= LATELY * 1e6;
    const comparable = told || wasUsual || (luma >= from && luma <= to);
    const sharp = sharpness > limits.sharpness[0] ? 'yes' : 'no';
    const far = comparable ? all(sharp, below(best.fit, limits.unlike)) : 'no';
    // Between them it is neither back nor found: what was told goes on.
    const back = fit >= limits.alike ? 'no' : 'weak';
    return told ? either(near, far, slight, back) : either(near, far, slight);
  }
}

/** Little or nothing of the usual edges, and little that is new. */
function nothingLeft({ flat }: Sight, compared: Comparison | null): Sign {
  const alone = above(flat, limits.flatAlone);
  if (!compared || compared.lost === null) return alone;
  const { lost, contrast, fit } = compared;
  const gone = all(
    above(lost, limits.lost),
    above(flat, limits.flat),
    below(contrast, limits.flatContrast),
    below(fit, limits.flatFit),
  );
  return either(gone, alone);
}

/** Fine detail is gone, and the street is still there. */
function defocused({ sharpness, contrast, fit }: Comparison): Sign {
  return all(below(sharpness, limits.sharpness), contrast >= 0.4 && fit >= 0.15 ? 'yes' : 'no');
}
