/**
 * A part of a picture at another size. Used by bench/posture.ts, on pictures of clips only. Computes with whole pictures in
 * memory: it is no part of the camera.
 */
export interface Picture {
  /** height * width * 3 bytes */
  rgb: Uint8Array;
  width: number;
  height: number;
}

/** @param part in pixels; what lies outside the picture is black. Bilinear, pixel centres at halves. */
export function cropOf(
  from: Picture,
  part: { x: number; y: number; width: number; height: number },
  width: number,
  height: number,
): Picture {
  const rgb = new Uint8Array(width * height * 3);
  const at = (x: number, y: number, channel: number): number =>
    x < 0 || y < 0 || x >= from.width || y >= from.height
      ? 0
      : (from.rgb[(y * from.width + x) * 3 + channel] ?? 0);
  for (let row = 0; row < height; row++) {
    const y = part.y + ((row + 0.5) * part.height) / height - 0.5;
    const top = Math.floor(y);
    for (let column = 0; column < width; column++) {
      const x = part.x + ((column + 0.5) * part.width) / width - 0.5;
      const left = Math.floor(x);
      for (let c = 0; c < 3; c++) {
        const above = at(left, top, c) * (1 - x + left) + at(left + 1, top, c) * (x - left);
        const below = at(left, top + 1, c) * (1 - x + left) + at(left + 1, top + 1, c) * (x - left);
        rgb[(row * width + column) * 3 + c] = Math.round(above * (1 - y + top) + below * (y - top));
      }
    }
  }
  return { rgb, width, height };
}
