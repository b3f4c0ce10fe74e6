/** The lens both ways, against the same arithmetic written from the axes of the camera instead of rotations. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Camera, directionOf, type Vector, vectorOf } from '../../pipelines/mask/lens.js';
import type { Lens } from '../../pipelines/messages.js';
import { seeded } from '../random.js';

const size = { width: 1280, height: 720 };
const plain: Lens = { principal: [0.5, 0.5], k1: 0, k2: 0, rollDeg: 0 };
const lenses: Lens[] = [
  plain,
  { ...plain, principal: [0.47, 0.53], rollDeg: 12 },
  { ...plain, k1: -0.2, k2: 0.05, rollDeg: -90 },
  { ...plain, principal: [0.52, 0.49], k1: 0.15, rollDeg: 3 },
];

const angleDeg = (a: Vector, b: Vector): number =>
  (2 * Math.asin(Math.min(1, Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) / 2)) * 180) / Math.PI;

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

test('a pixel and its direction name each other', () => {
  const random = seeded(4);
  for (const lens of lenses) {
    const camera = new Camera(size, lens);
    for (let i = 0; i < 300; i++) {
      const look = { panDeg: 360 * random() - 180, tiltDeg: 180 * random() - 90, hfovDeg: 2 + 60 * random() };
      assert.ok(camera.look(look, 2));
      const at = [random() * size.width, random() * size.height] as const;
      const to = camera.unproject(...at);
      assert.ok(to);
      const back = camera.project(to);
      assert.ok(
        back && Math.hypot(back[0] - at[0], back[1] - at[1]) < 1e-6,
        JSON.stringify({ lens, look, at, back }),
      );
      const again = camera.unproject(...back);
      assert.ok(again && angleDeg(again, to) < 1e-6);
      assert.ok(angleDeg(vectorOf(directionOf(to)), to) < 1e-6);
    }
  }
});

test('right, down and forward are what they are to somebody behind the camera', () => {
  const random = seeded(5);
  const camera = new Camera(size, plain);
  for (let i = 0; i < 300; i++) {
    const [panDeg, tiltDeg] = [360 * random() - 180, 170 * random() - 85];
    camera.look({ panDeg, tiltDeg, hfovDeg: 60 }, 0);
    const v = vectorOf([360 * random() - 180, 180 * random() - 90]);
    const [forward, right, up] = [
      vectorOf([panDeg, tiltDeg]),
      vectorOf([panDeg + 90, 0]),
      vectorOf([panDeg, tiltDeg + 90]),
    ];
    const pixel = camera.project(v);
    assert.equal(pixel === null, dot(v, forward) <= 1e-9);
    if (!pixel || dot(v, forward) < 0.01) continue;
    const f = 640 / Math.tan(Math.PI / 6);
    assert.ok(Math.abs(pixel[0] - (640 + (f * dot(v, right)) / dot(v, forward))) < 1e-6);
    assert.ok(Math.abs(pixel[1] - (360 - (f * dot(v, up)) / dot(v, forward))) < 1e-6);
  }
});

test('the mounting roll turns the picture clockwise', () => {
  const camera = new Camera(size, { ...plain, rollDeg: 90 });
  camera.look({ panDeg: 0, tiltDeg: 0, hfovDeg: 60 }, 0);
  const right = camera.project(vectorOf([5, 0]));
  assert.ok(right && Math.abs(right[0] - 640) < 1e-6 && right[1] > 360, 'what was to the right is below');
});

test('the field of view is that of the whole width, and a lens may stretch what it shows', () => {
  const camera = new Camera(size, plain);
  camera.look({ panDeg: 10, tiltDeg: 0, hfovDeg: 60 }, 0);
  assert.deepEqual(camera.project(vectorOf([40, 0]))?.map(Math.round), [1280, 360]);
  const barrel = new Camera(size, { ...plain, k1: -0.1 });
  barrel.look({ panDeg: 10, tiltDeg: 0, hfovDeg: 60 }, 0);
  assert.ok((barrel.project(vectorOf([40, 0]))?.[0] ?? 0) < 1270);
});

test('no field of view, or one at which the model folds inside the picture, is not known', () => {
  const look = { panDeg: 0, tiltDeg: 0 };
  const camera = new Camera(size, { ...plain, k1: -0.3 });
  assert.equal(camera.look({ ...look, hfovDeg: 0 }, 2), false);
  assert.equal(camera.look({ ...look, hfovDeg: 90 }, 2), false);
  assert.equal(camera.look({ ...look, hfovDeg: Number.NaN }, 2), false);
  assert.equal(camera.look({ ...look, hfovDeg: 40 }, 2), true);
});
