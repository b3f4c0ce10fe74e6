/**
 * Places the pictures of an export on one time line (docs/store.md, "Times"). Used by export.ts. Pure. Time on it
 * only ever rises, whatever the clocks did.
 */
import type { GopUnit } from './gop.js';

/** The least distance of two pictures, µs: a player cannot show two at once. */
const leastStepUs = 1_000;

interface Before {
  run: string;
  monoUs: number;
  wallMs: number;
  atUs: number;
}

export class Timeline {
  #before: Before | null = null;

  /**
   * The place of the next picture, microseconds from the first. Within a run the monotonic clock says it; from one run to
   * the next only the wall clock can.
   */
  place({ monoUs, wallMs }: Pick<GopUnit, 'monoUs' | 'wallMs'>, run: string): number {
    const before = this.#before;
    let atUs = 0;
    if (before) {
      const passedUs =
        before.run === run ? monoUs - before.monoUs : Math.round((wallMs - before.wallMs) * 1000);
      atUs = before.atUs + Math.max(passedUs, leastStepUs);
    }
    this.#before = { run, monoUs, wallMs, atUs };
    return atUs;
  }
}
