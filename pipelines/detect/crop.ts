/**
 * A masked frame, or a window of it, at the size the model looks at. Called by look.ts, read by detector.ts. A window is
 * another size each time, for which GStreamer would have to build its scaler anew, and handing a frame to it copies the frame:
 * so the few elements that are needed are read here. Bilinear over the nearest four, colour at half the size, and BT.601
 * limited range to RGB.
 */
import type { MaskedFrame } from '../frame.js';
import { type SmallPicture, smallPictureOf } from './small-picture.js';
import type { Window } from './window.js';

/** Weights of the bilinear sum are whole numbers of this many parts: integers are what makes it fast enough. */
const PARTS = 64;
/** BT.601 limited range to RGB, in parts of 2 ^ 14. */
const [LUMA, RED_V, GREEN_U, GREEN_V, BLUE_U] = [19077, 26149, 6419, 13320, 33050];

/** One direction of the scaling: the two elements that an output element lies between, and the parts of the second. */
interface Taps {
  first: Int32Array;
  second: Int32Array;
  parts: Int32Array;
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
  const plane = (at: number, w: number, h: number, columns: number, rows: number): Plane => ({
    at,
    stride: w,
    x: taps(box.x * w, box.width * w, columns, w),
    y: taps(box.y * h, box.height * h, rows, h),
  });
  // Colour at half the size, as in the frame: one of it for two by two elements.
  const [columns, rows] = [input.width >> 1, input.height >> 1];
  const luma = plane(0, width, height, input.width, input.height);
  const blue = plane(width * height, halfWidth, halfHeight, columns, rows);
  const red = { ...blue, at: blue.at + halfWidth * halfHeight };
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  const [y, u, v] = [input.width, columns, columns].map((n) => new Int32Array(n)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const rgb = new Uint8ClampedArray(input.width * input.height * 3);
  for (let row = 0; row < input.height; row++) {
    scaleRow(bytes, luma, row, y);
    if (row % 2 === 0) {
      scaleRow(bytes, blue, row >> 1, u);
      scaleRow(bytes, red, row >> 1, v);
    }
    writeRow(y, u, v, rgb, row * input.width * 3);
  }
  return smallPictureOf(frame, input.width, input.height, new Uint8Array(rgb.buffer));
}

function taps(from: number, span: number, count: number, size: number): Taps {
  const found = { first: new Int32Array(count), second: new Int32Array(count), parts: new Int32Array(count) };
  for (let i = 0; i < count; i++) {
    const at = Math.min(size - 1, Math.max(0, from + ((i + 0.5) * span) / count - 0.5));
    const first = Math.floor(at);
    found.first[i] = first;
    found.second[i] = Math.min(size - 1, first + 1);
    found.parts[i] = Math.round((at - first) * PARTS);
  }
  return found;
}

/** One row of a plane at its new size, times PARTS squared. */
function scaleRow(data: Uint8Array, { at, stride, x, y }: Plane, row: number, out: Int32Array): void {
  const above = at + (y.first[row] as number) * stride;
  const below = at + (y.second[row] as number) * stride;
  const down = y.parts[row] as number;
  const { first, second, parts } = x;
  for (let i = 0; i < out.length; i++) {
    const left = first[i] as number;
    const right = second[i] as number;
    const across = parts[i] as number;
    const upper =
      (data[above + left] as number) * (PARTS - across) + (data[above + right] as number) * across;
    const lower =
      (data[below + left] as number) * (PARTS - across) + (data[below + right] as number) * across;
    out[i] = upper * (PARTS - down) + lower * down;
  }
}

function writeRow(y: Int32Array, u: Int32Array, v: Int32Array, rgb: Uint8ClampedArray, from: number): void {
  for (let i = 0, at = from; i < y.length; i++, at += 3) {
    const light = (((y[i] as number) >> 12) - 16) * LUMA;
    const blue = ((u[i >> 1] as number) >> 12) - 128;
    const red = ((v[i >> 1] as number) >> 12) - 128;
    rgb[at] = (light + red * RED_V) >> 14;
    rgb[at + 1] = (light - blue * GREEN_U - red * GREEN_V) >> 14;
    rgb[at + 2] = (light + blue * BLUE_U) >> 14;
  }
}
