import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PictureSize } from '../../pipelines/frame.js';
import { spansOf } from '../../pipelines/mask/spans.js';
import type { Point } from '../../pipelines/messages.js';
import { seeded } from '../random.js';

const size: PictureSize = { width: 64, height: 48 };

function hiddenLuma(zones: Point[][], margin: number): Uint8Array {
  const hidden = new Uint8Array(size.width * size.height);
  const { luma } = spansOf(zones, size, margin);
  for (let i = 0; i < luma.length; i += 2) hidden.fill(1, luma[i], luma[i + 1]);
  return hidden;
}

/** Points spread over the polygon: a fine grid tested by winding, plus its sides. */
function samplesOf(zone: Point[]): Point[] {
  const samples: Point[] = [];
  const step = 0.25;
  for (let y = 0; y < size.height; y += step) {
    for (let x = 0; x < size.width; x += step) {
      if (winding(zone, x / size.width, y / size.height) !== 0) samples.push([x, y]);
    }
  }
  for (let i = 0; i < zone.length; i++) {
    const [ax, ay] = zone[i];
    const [bx, by] = zone[(i + 1) % zone.length];
    for (let t = 0; t <= 1; t += 1 / 64) {
      samples.push([(ax + t * (bx - ax)) * size.width, (ay + t * (by - ay)) * size.height]);
    }
  }
  return samples;
}

function winding(zone: Point[], x: number, y: number): number {
  let count = 0;
  for (let i = 0; i < zone.length; i++) {
    const [ax, ay] = zone[i];
    const [bx, by] = zone[(i + 1) % zone.length];
    const side = (bx - ax) * (y - ay) - (x - ax) * (by - ay);
    if (ay <= y && by > y && side > 0) count++;
    if (ay > y && by <= y && side < 0) count--;
  }
  return count;
}

test('every pixel that a zone touches is hidden, and so is its margin', () => {
  const random = seeded(1);
  for (let round = 0; round < 60; round++) {
    const margin = round % 3;
    const zone = Array.from({ length: 3 + (round % 6) }, (): Point => [random(), random()]);
    const hidden = hiddenLuma([zone], margin);
    for (const [x, y] of samplesOf(zone)) {
      for (const [dx, dy] of [
        [0, 0],
        [-margin, 0],
        [margin, 0],
        [0, -margin],
        [0, margin],
      ]) {
        const px = Math.floor(x + dx);
        const py = Math.floor(y + dy);
        if (px < 0 || py < 0 || px >= size.width || py >= size.height) continue;
        assert.equal(hidden[py * size.width + px], 1, `round ${round}: ${x},${y} + ${dx},${dy}`);
      }
    }
  }
});

test('no pixel farther than the margin and one is hidden', () => {
  const zone: Point[] = [
    [0.25, 0.25],
    [0.5, 0.25],
    [0.5, 0.5],
    [0.25, 0.5],
  ];
  const hidden = hiddenLuma([zone], 2);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const near = (grow: number): boolean =>
        x >= 16 - grow && x < 32 + grow && y >= 12 - grow && y < 24 + grow;
      if (near(2)) assert.equal(hidden[y * size.width + x], 1, `${x},${y} must be hidden`);
      if (!near(3)) assert.equal(hidden[y * size.width + x], 0, `${x},${y} must be seen`);
    }
  }
});

test('a zone thinner than a pixel still hides the pixels it crosses', () => {
  const hidden = hiddenLuma(
    [
      [
        [0.1, 0.5001],
        [0.9, 0.5001],
        [0.9, 0.5002],
      ],
    ],
    0,
  );
  const row = Math.floor(0.5001 * size.height);
  for (let x = 7; x < 57; x++) assert.equal(hidden[row * size.width + x], 1);
});

test('zones over the whole picture are one run a plane', () => {
  const { luma, chroma } = spansOf(
    [
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ],
    ],
    size,
    2,
  );
  assert.deepEqual([...luma], [0, 64 * 48]);
  assert.deepEqual([...chroma], [64 * 48, 64 * 48 * 1.5]);
});

test('colour is hidden wherever a hidden luma pixel shares it', () => {
  const zones: Point[][] = [
    [
      [0.3, 0.3],
      [0.72, 0.41],
      [0.5, 0.9],
    ],
  ];
  const hidden = hiddenLuma(zones, 1);
  const { chroma } = spansOf(zones, size, 1);
  const chromaHidden = new Uint8Array(size.width * size.height * 1.5);
  for (let i = 0; i < chroma.length; i += 2) chromaHidden.fill(1, chroma[i], chroma[i + 1]);
  const u = size.width * size.height;
  const v = u + (size.width >> 1) * (size.height >> 1);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const at = (y >> 1) * (size.width >> 1) + (x >> 1);
      if (hidden[y * size.width + x]) assert.ok(chromaHidden[u + at] && chromaHidden[v + at]);
    }
  }
});
