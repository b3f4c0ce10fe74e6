/**
 * From the zoom counts of a head to the field of view, and back. Read by the two dialects; filled from the protocol's own
 * rule or from a table of the lens. A count that the scale does not cover has no field of view: the zoom is then unknown.
 */

/** Degrees of the whole width of the picture against the head's zoom counts. */
export interface ZoomScale {
  /** null when the counts are outside of what the scale knows */
  hfovDeg(counts: number): number | null;
  /** the nearest counts for a field of view; outside of the lens, those of its nearer end */
  counts(hfovDeg: number): number;
}

const radians = Math.PI / 180;
const halfTangent = (hfovDeg: number): number => Math.tan((hfovDeg * radians) / 2);
const fromHalfTangent = (tangent: number): number => (2 * Math.atan(tangent)) / radians;

/** Field of view of a lens at a magnification, against that at its wide end. */
export function magnified(wideDeg: number, times: number): number {
  return fromHalfTangent(halfTangent(wideDeg) / times);
}

/**
 * Pelco-D Protocol Manual, "Set Zoom Position": 65535 times the magnification over the greatest one. Counts of less than
 * 0.98 times are those of a head that counts otherwise: null.
 */
export function magnificationScale(wideDeg: number, mostTimes: number): ZoomScale {
  return {
    hfovDeg(counts) {
      const times = (counts / 65535) * mostTimes;
      return times < 0.98 ? null : magnified(wideDeg, Math.max(1, times));
    },
    counts(hfovDeg) {
      const times = halfTangent(wideDeg) / halfTangent(hfovDeg);
      return Math.round((Math.min(mostTimes, Math.max(1, times)) / mostTimes) * 65535);
    },
  };
}

/**
 * A table of the lens. Between two points the logarithm of the focal length is taken as straight.
 * @param points [counts, degrees], counts rising, field of view falling; at least two
 */
export function tableScale(points: readonly (readonly [counts: number, hfovDeg: number])[]): ZoomScale {
  const rows = points.map(([counts, hfovDeg]) => [counts, -Math.log(halfTangent(hfovDeg))] as const);
  const between = (value: number, from: 0 | 1, to: 0 | 1): number | null => {
    for (const [i, low] of rows.entries()) {
      const high = rows[i + 1];
      if (high === undefined || value < low[from] || value > high[from]) continue;
      return low[to] + ((value - low[from]) / (high[from] - low[from])) * (high[to] - low[to]);
    }
    return null;
  };
  return {
    hfovDeg(counts) {
      const log = between(counts, 0, 1);
      return log === null ? null : fromHalfTangent(Math.exp(-log));
    },
    counts(hfovDeg) {
      const log = -Math.log(halfTangent(hfovDeg));
      const inside = between(log, 1, 0);
      if (inside !== null) return Math.round(inside);
      return (log < (rows[0]?.[1] ?? 0) ? rows[0]?.[0] : rows.at(-1)?.[0]) ?? 0;
    },
  };
}

/** Optical zoom of the EVI-D70: counts at 1 to 18 times (Technical Manual, "Zoom Ratio and Zoom Position"). */
const eviD70 = [
  0x0000, 0x1606, 0x2151, 0x2860, 0x2cb5, 0x3060, 0x32d3, 0x3545, 0x3727, 0x38a9, 0x3a42, 0x3b4b, 0x3c85,
  0x3d75, 0x3e4e, 0x3ef7, 0x3fa0, 0x4000,
];

/** @param wideDeg 48 for the EVI-D70 */
export function eviD70Scale(wideDeg = 48): ZoomScale {
  return tableScale(eviD70.map((counts, i) => [counts, magnified(wideDeg, i + 1)] as const));
}
