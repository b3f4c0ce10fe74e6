/** How a picture is made small: what is finer than an element of it becomes its mean, and everything stays in its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cropped } from '../../pipelines/detect/crop.js';
import type { SmallPicture } from '../../pipelines/detect/small-picture.js';
import { i420Bytes, type MaskedFrame, type PictureSize } from '../../pipelines/frame.js';
import { Masker } from '../../pipelines/mask/masker.js';
import type { Box } from '../../pipelines/messages.js';

const whole: Box = { x: 0, y: 0, width: 1, height: 1 };
const input = { width: 448, height: 256 };

/** A masked frame without zones, its luma (and its colour, when told) given for each place. */
function frameOf(
  size: PictureSize,
  luma: (x: number, y: number) => number,
  colour: (x: number, y: number) => number = () => 128,
): MaskedFrame {
  const data = Buffer.alloc(i420Bytes(size));
  const { width, height } = size;
  for (let y = 0, i = 0; y < height; y++) for (let x = 0; x < width; x++) data[i++] = luma(x, y);
  for (let plane = 0, i = width * height; plane < 2; plane++)
    for (let y = 0; y < height / 2; y++) for (let x = 0; x < width / 2; x++) data[i++] = colour(x, y);
  const masker = new Masker(size);
  masker.open(1, masker.load({ version: 1, zones: [] }));
  return masker.mask({ kind: 'raw', seq: 0, monoUs: 0, wallMs: 0, ...size, data });
}

function extremes({ rgb }: SmallPicture): [number, number] {
  let [least, most] = [255, 0];
  for (const value of rgb) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return [least, most];
}

test('a fine checkerboard becomes grey, whole and in a window, in luma and in colour', () => {
  const board = (x: number, y: number): number => ((x + y) % 2 === 0 ? 16 : 235);
  const colours = (x: number, y: number): number => ((x + y) % 2 === 0 ? 98 : 158);
  for (const size of [
    { width: 1920, height: 1080 },
    { width: 1280, height: 720 },
    { width: 2560, height: 1440 },
  ]) {
    const frame = frameOf(size, board, colours);
    const windows = [{ box: whole, input }];
    if (size.width > 1280) windows.push({ box: { x: 0.21, y: 0.13, width: 0.5, height: 0.5 }, input });
    for (const window of windows) {
      const [least, most] = extremes(cropped(frame, window));
      assert.ok(least >= 125 && most <= 131, `${JSON.stringify({ size, window })}: ${least} to ${most}`);
    }
  }
});

test('without many elements to one, the same board shows: the test above could fail', () => {
  const board = (x: number, y: number): number => ((x + y) % 2 === 0 ? 16 : 235);
  const small = frameOf({ width: 480, height: 272 }, board);
  const [least, most] = extremes(cropped(small, { box: whole, input }));
  assert.ok(least < 60 && most > 200, `${least} to ${most}`);
});

test('what is made small stays in its place and keeps its light', () => {
  const size = { width: 1920, height: 1080 };
  const ramps = [
    (x: number, _y: number): number => 16 + Math.round((219 * x) / size.width),
    (_x: number, y: number): number => 16 + Math.round((219 * y) / size.height),
  ];
  for (const [direction, ramp] of ramps.entries()) {
    const { rgb } = cropped(frameOf(size, ramp), { box: whole, input });
    let off = 0;
    for (let i = 0; i < input.width * input.height; i++) {
      const [x, y] = [(i % input.width) + 0.5, Math.floor(i / input.width) + 0.5];
      off += (rgb[3 * i + 1] as number) - 255 * (direction === 0 ? x / input.width : y / input.height);
    }
    const mean = off / (input.width * input.height);
    assert.ok(Math.abs(mean) < 0.4, `${mean} levels: ${(mean / 255) * input.width} elements of the output`);
  }
});

test('borders: black at the edge of the picture stays black to the edge, at every size', () => {
  for (const size of [
    { width: 1920, height: 1080 },
    { width: 1000, height: 562 },
    { width: 640, height: 360 },
  ]) {
    const { rgb } = cropped(
      frameOf(size, (x, y) => (x < size.width / 2 && y < size.height / 2 ? 16 : 235)),
      { box: whole, input },
    );
    const at = (x: number, y: number): number => rgb[(y * input.width + x) * 3] as number;
    assert.deepEqual(
      [at(0, 0), at(input.width - 1, input.height - 1), at(0, input.height - 1)],
      [0, 255, 255],
    );
    assert.deepEqual([at(input.width / 2 - 2, 5), at(input.width / 2 + 2, 5)], [0, 255]);
  }
});
