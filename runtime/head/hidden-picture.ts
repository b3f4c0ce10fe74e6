/**
 * Why the picture of a camera on a head is hidden whole, and for how long: from what the watch says and from the stamps that
 * the pipeline process gives, for it alone compares with the picture. Fed by runtime/head-parts.ts; read for notices and by
 * home-again.ts. Holds no clock.
 */
import type { HiddenBecause, MaskStamp } from '../../pipelines/frame.js';

/** A stamp older than this says nothing of now: no pictures come. */
const stampHoldsUs = 2_000_000;

export interface Hidden {
  why: HiddenBecause;
  /** hidden for any reason for as long */
  forMs: number;
  /** and for this one */
  whyForMs: number;
}

export class HiddenPicture {
  #told: HiddenBecause | null = null;
  #stamp: { why: HiddenBecause | null; monoUs: number } = { why: null, monoUs: 0 };
  #since: { why: HiddenBecause; fromUs: number; whyFromUs: number } | null = null;

  /** What the newest position says. */
  told(hide: HiddenBecause | null, nowUs: number): void {
    this.#told = hide;
    this.#follow(nowUs);
  }

  /** What the newest picture says. */
  stamped({ state, why }: Pick<MaskStamp, 'state' | 'why'>, nowUs: number): void {
    this.#stamp = { why: state === 'full' ? (why ?? null) : null, monoUs: nowUs };
    this.#follow(nowUs);
  }

  /** Null while the picture is shown. */
  at(nowUs: number): Hidden | null {
    this.#follow(nowUs);
    if (!this.#since) return null;
    const { why, fromUs, whyFromUs } = this.#since;
    return { why, forMs: (nowUs - fromUs) / 1000, whyForMs: (nowUs - whyFromUs) / 1000 };
  }

  #follow(nowUs: number): void {
    const fresh = nowUs - this.#stamp.monoUs <= stampHoldsUs;
    const why = this.#told ?? (fresh ? this.#stamp.why : null);
    if (why === null) this.#since = null;
    else if (!this.#since) this.#since = { why, fromUs: nowUs, whyFromUs: nowUs };
    else if (this.#since.why !== why) this.#since = { ...this.#since, why, whyFromUs: nowUs };
  }
}
