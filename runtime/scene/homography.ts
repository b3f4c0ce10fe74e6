/**
 * Maps of one plane to another, as a picture is one of the ground. Used by ground.ts and by what makes a ground. Pure functions.
 */

/** Row by row. A factor changes nothing. */
export type Homography = readonly [number, number, number, number, number, number, number, number, number];

/** First `n`, then `m`. */
export function multiply(m: Homography, n: Homography): Homography {
  const cell = (_: number, k: number): number => {
    const [row, column] = [3 * Math.floor(k / 3), k % 3];
    return [0, 1, 2].reduce((sum, j) => sum + (m[row + j] as number) * (n[3 * j + column] as number), 0);
  };
  return m.map(cell) as unknown as Homography;
}

/** Up to a factor, which a homography does not have; null when the plane is seen as a line. */
export function invert([a, b, c, d, e, f, g, h, i]: Homography): Homography | null {
  const inverse: Homography = [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ];
  const determinant = a * inverse[0] + b * inverse[3] + c * inverse[6];
  if (!Number.isFinite(determinant) || determinant === 0) return null;
  return inverse.map((value) => value / determinant) as unknown as Homography;
}

/**
 * Focal length of the camera that sees a plane in this way, in pixels; null when it cannot be told, as of one that looks
 * straight down. Lengths on the plane are the same in every direction, and that leaves only one (Zhang, "A Flexible New
 * Technique for Camera Calibration", PAMI 2000), for square pixels and an axis in the middle of the picture.
 * @param toPicture from the plane to pixels, counted from that middle
 */
export function focalOf([a, b, , d, e, , g, h]: Homography): number | null {
  const lengths = [2 * (a * b + d * e), a * a + d * d - b * b - e * e] as const;
  const depths = [2 * g * h, g * g - h * h] as const;
  const squared = -(lengths[0] ** 2 + lengths[1] ** 2) / (lengths[0] * depths[0] + lengths[1] * depths[1]);
  return squared > 0 && Number.isFinite(squared) ? Math.sqrt(squared) : null;
}
