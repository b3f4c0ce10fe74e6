/**
 * Where the simulated head really looks: what the panorama sensor draws from. Told by board/virtual/head.ts, read by
 * what simulates the sensor and by tests that look for what leaked. The product itself must never read it: a real
 * head has no such thing.
 */

/** Degrees: pan clockwise seen from above, tilt upwards, from the head's own zero; the field of view is of the whole width. */
export interface TrueView {
  panDeg: number;
  tiltDeg: number;
  hfovDeg: number;
}

export interface TrueViews {
  /**
   * The view at a time of the same clock, now or past. A time before what is remembered (ten seconds) gets the oldest
   * view that is, a time to come the newest.
   * @param monoUs CLOCK_MONOTONIC, microseconds
   */
  trueView(monoUs: number): TrueView;
}
