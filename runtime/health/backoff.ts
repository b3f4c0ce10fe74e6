/**
 * How long to wait before the pipeline process is started again. Used by supervisor.ts. At once after a life that was
 * steady; longer and longer, up to two seconds, while lives are short: one that fails with its first frames must not
 * take the whole machine with its restarts.
 */

const WAITS_MS = [0, 250, 500, 1000, 2000];
/** A life with frames for this long was steady. */
const STEADY_MS = 10_000;

export class Backoff {
  #shortLives = 0;

  /**
   * A life is over.
   * @param framesForMs from its first frame to its end; 0 when it gave none
   * @returns milliseconds to wait before the next
   */
  after(framesForMs: number): number {
    if (framesForMs >= STEADY_MS) this.#shortLives = 0;
    return WAITS_MS[Math.min(this.#shortLives++, WAITS_MS.length - 1)];
  }
}
