/**
 * A part of a masked frame at the size the model looks at. Made by look.ts for a look at a window, read by detector.ts. The
 * whole picture goes through shrink.ts; a window is another size each time, for which GStreamer would have to build its
 * scaler anew. Bilinear over the nearest four elements, and BT.601 limited range to RGB, as there.
 */
import type { MaskedFrame } from '../frame.js';
import { type SmallPicture, smallPictureOf } from './small-picture.js';
import type { Window } from './window.js';

/** One direction of the scaling: the two elements that an output element lies between, and the weight of the second. */
interface Taps {
  first: Int32Array;
  second: Int32Array;
  weight: Float32Array;
}

interface Plane {
  at: number;
  stride: number;
  x: Taps;
  y: Taps;
}

/** The window of the frame as a small picture. */
export function cropped(frame: MaskedFrame, { box, input }: Window): SmallPicture {
  const { width, height, data } = frame;
  const [halfWidth, halfHeight] = [width >> 1, height >> 1];
  const plane = (at: number, w: number, h: number): Plane => ({
    at,
    stride: w,
    x: taps(box.x * w, box.width * w, input.width, w),
    y: taps(box.y * h, box.height * h, input.height, h),
  });
  const luma = plane(0, width, height);
  const blue = plane(width * height, halfWidth, halfHeight);
  const red = { ...blue, at: blue.at + halfWidth * halfHeight };
  const rgb = new Uint8ClampedArray(input.width * input.height * 3);
  for (let row = 0, out = 0; row < input.height; row++) {
    for (let column = 0; column < input.width; column++, out += 3) {
      const y = 1.164383 * (sample(data, luma, row, column) - 16);
      const u = sample(data, blue, row, column) - 128;
      const v = sample(data, red, row, column) - 128;
      rgb[out] = y + 1.596027 * v;
      rgb[out + 1] = y - 0.391762 * u - 0.812968 * v;
      rgb[out + 2] = y + 2.017232 * u;
    }
  }
  return smallPictureOf(frame, input.width, input.height, new Uint8Array(rgb.buffer));
}

function taps(from: number, span: number, count: number, size: number): Taps {
  const found = {
    first: new Int32Array(count),
    second: new Int32Array(count),
    weight: new Float32Array(count),
  };
  for (let i = 0; i < count; i++) {
    const at = Math.min(size - 1, Math.max(0, from + ((i + 0.5) * span) / count - 0.5));
    const first = Math.floor(at);
    found.first[i] = first;
    found.second[i] = Math.min(size - 1, first + 1);
    found.weight[i] = at - first;
  }
  return found;
}

function sample(data: Buffer, { at, stride, x, y }: Plane, row: number, column: number): number {
  const above = at + (y.first[row] as number) * stride;
  const below = at + (y.second[row] as number) * stride;
  const left = x.first[column] as number;
  const right = x.second[column] as number;
  const across = x.weight[column] as number;
  const top = data[above + left] as number;
  const bottom = data[below + left] as number;
  const upper = top + ((data[above + right] as number) - top) * across;
  const lower = bottom + ((data[below + right] as number) - bottom) * across;
  return upper + (lower - upper) * (y.weight[row] as number);
}
