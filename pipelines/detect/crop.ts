/**
 * A masked frame, or a window of it, at the size the model looks at. Called by look.ts, read by detector.ts. A window is
 * another size each time, for which GStreamer would have to build its scaler anew, and handing a frame to it copies the frame:
 * so the few elements that are needed are read here: bilinear over the nearest four, or the mean of sixteen where an element
 * stands for more than two by two, so that nothing fine is made into something coarse. Colour at half the size, and BT.601
 * limited range to RGB.
 */
import type { MaskedFrame } from '../frame.js';
import { type SmallPicture, smallPictureOf } from './small-picture.js';
import type { Window } from './window.js';

/** Weights of the bilinear sum are whole numbers of this many parts: integers are what makes it fast enough. */
const PARTS = 64;
const PARTS_SQUARED = PARTS * PARTS;
/** BT.601 limited range to RGB, in parts of 2 ^ 14. */
const [LUMA, RED_V, GREEN_U, GREEN_V, BLUE_U] = [19077, 26149, 6419, 13320, 33050];

/** Elements of the frame for one of the output, each way, above which the mean of sixteen is taken. */
const COARSE = 2;

/**
 * One direction of the scaling: the two elements that an output element lies between, and the parts of the second. Coarse:
 * the first elements of two pairs, a quarter of its extent before its middle and after.
 */
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
  scaleRow: typeof bilinearRow;
}

/** The window of the frame as a small picture. */
export function cropped(frame: MaskedFrame, { box, input }: Window): SmallPicture {
  const { width, height, data } = frame;
  const [halfWidth, halfHeight] = [width >> 1, height >> 1];
  const plane = (at: number, w: number, h: number, columns: number, rows: number): Plane => {
    const [across, down] = [box.width * w, box.height * h];
    const isCoarse = across > COARSE * columns && down > COARSE * rows;
    const taps = isCoarse ? pairs : neighbours;
    const [x, y] = [taps(box.x * w, across, columns, w), taps(box.y * h, down, rows, h)];
    return { at, stride: w, x, y, scaleRow: isCoarse ? meanRow : bilinearRow };
  };
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
    luma.scaleRow(bytes, luma, row, y);
    if (row % 2 === 0) {
      blue.scaleRow(bytes, blue, row >> 1, u);
      red.scaleRow(bytes, red, row >> 1, v);
    }
    writeRow(y, u, v, rgb, row * input.width * 3);
  }
  return smallPictureOf(frame, input.width, input.height, new Uint8Array(rgb.buffer));
}

function tapsFor(count: number): Taps {
  return { first: new Int32Array(count), second: new Int32Array(count), parts: new Int32Array(count) };
}

function neighbours(from: number, span: number, count: number, size: number): Taps {
  const found = tapsFor(count);
  for (let i = 0; i < count; i++) {
    const at = Math.min(size - 1, Math.max(0, from + ((i + 0.5) * span) / count - 0.5));
    const first = Math.floor(at);
    found.first[i] = first;
    found.second[i] = Math.min(size - 1, first + 1);
    found.parts[i] = Math.round((at - first) * PARTS);
  }
  return found;
}

function pairs(from: number, span: number, count: number, size: number): Taps {
  const found = tapsFor(count);
  const quarter = span / count / 4;
  const pairAt = (middle: number): number => Math.min(size - 2, Math.max(0, Math.round(middle) - 1));
  for (let i = 0; i < count; i++) {
    const middle = from + ((i + 0.5) * span) / count;
    found.first[i] = pairAt(middle - quarter);
    found.second[i] = pairAt(middle + quarter);
  }
  return found;
}

/** One row of a plane at its new size, times PARTS squared. */
function bilinearRow(data: Uint8Array, { at, stride, x, y }: Plane, row: number, out: Int32Array): void {
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

/** The same, as the mean of four by four: the two pairs across in each of the two pairs down. */
function meanRow(data: Uint8Array, { at, stride, x, y }: Plane, row: number, out: Int32Array): void {
  const a = at + (y.first[row] as number) * stride;
  const b = a + stride;
  const c = at + (y.second[row] as number) * stride;
  const d = c + stride;
  const pair = (place: number): number => (data[place] as number) + (data[place + 1] as number);
  for (let i = 0; i < out.length; i++) {
    const left = x.first[i] as number;
    const right = x.second[i] as number;
    const upper = pair(a + left) + pair(a + right) + pair(b + left) + pair(b + right);
    const lower = pair(c + left) + pair(c + right) + pair(d + left) + pair(d + right);
    out[i] = (upper + lower) * (PARTS_SQUARED / 16);
  }
}

function writeRow(y: Int32Array, u: Int32Array, v: Int32Array, rgb: Uint8ClampedArray, from: number): void {
  for (let i = 0, at = from; i < y.length; i++, at += 3) {
    // With half a part more, so that what is cut off rounds: always downwards would make the picture darker.
    const light = ((((y[i] as number) + 0x800) >> 12) - 16) * LUMA + 0x2000;
    const blue = (((u[i >> 1] as number) + 0x800) >> 12) - 128;
    const red = (((v[i >> 1] as number) + 0x800) >> 12) - 128;
    rgb[at] = (light + red * RED_V) >> 14;
    rgb[at + 1] = (light - blue * GREEN_U - red * GREEN_V) >> 14;
    rgb[at + 2] = (light + blue * BLUE_U) >> 14;
  }
}
