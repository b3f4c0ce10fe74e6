/** Zones by directions under random views and lenses: nothing of a zone is ever seen, and little else is hidden. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { i420Bytes } from '../../pipelines/frame.js';
import { Camera, directionOf, type Look, type Vector, vectorOf } from '../../pipelines/mask/lens.js';
import { directionsFault } from '../../pipelines/mask/table.js';
import { WorldZones } from '../../pipelines/mask/world-zones.js';
import type { Direction, Lens } from '../../pipelines/messages.js';
import { seeded } from '../random.js';

const size = { width: 96, height: 64 };
const SHOWN = 200;
const plain: Lens = { principal: [0.5, 0.5], k1: 0, k2: 0, rollDeg: 0 };

function unit([x, y, z]: Vector): Vector {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

/** A zone around a middle: its corners `deg` away, in order. */
function around(middle: Vector, deg: readonly number[]): Vector[] {
  const aside: Vector = Math.abs(middle[1]) < 0.8 ? [0, 1, 0] : [1, 0, 0];
  const [a, b] = [aside, middle];
  const e1 = unit([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]);
  const e2: Vector = [b[1] * e1[2] - b[2] * e1[1], b[2] * e1[0] - b[0] * e1[2], b[0] * e1[1] - b[1] * e1[0]];
  return deg.map((away, i) => {
    const [turn, far] = [(2 * Math.PI * i) / deg.length, (away * Math.PI) / 180];
    const at = (j: number): number =>
      Math.cos(far) * middle[j] + Math.sin(far) * (Math.cos(turn) * e1[j] + Math.sin(turn) * e2[j]);
    return [at(0), at(1), at(2)];
  });
}

/** Directions in a zone that is all seen from its middle: on its sides and anywhere within. */
function inside(middle: Vector, corners: readonly Vector[], random: () => number, count: number): Vector[] {
  return Array.from({ length: count }, (_, n) => {
    const i = n % corners.length;
    const [p, q] = [corners[i], corners[(i + 1) % corners.length]];
    const [t, s] = [random(), random() < 0.3 ? 0 : random()];
    return unit([0, 1, 2].map((j) => s * middle[j] + (1 - s) * ((1 - t) * p[j] + t * q[j])) as Vector);
  });
}

/** Written from the camera's own axes and the lens's formula, not from pipelines/mask/lens.ts. */
function pixelOf(v: Vector, look: Look, lens: Lens): [number, number] | null {
  const axes = [
    vectorOf([look.panDeg + 90, 0]),
    vectorOf([look.panDeg, look.tiltDeg + 90]),
    vectorOf([look.panDeg, look.tiltDeg]),
  ];
  const [right, up, depth] = axes.map((axis) => axis[0] * v[0] + axis[1] * v[1] + axis[2] * v[2]);
  if (depth <= 1e-6) return null;
  const roll = (lens.rollDeg * Math.PI) / 180;
  const [x0, y0] = [right / depth, -up / depth];
  const [x, y] = [x0 * Math.cos(roll) - y0 * Math.sin(roll), x0 * Math.sin(roll) + y0 * Math.cos(roll)];
  const r2 = x * x + y * y;
  // Past the last radius that the model knows there is no picture (the views here are chosen so).
  for (let u = 0; u <= 1; u += 1 / 64)
    if (1 + 3 * lens.k1 * r2 * u + 5 * lens.k2 * (r2 * u) ** 2 <= 0) return null;
  const f =
    (size.width / 2 / Math.tan((look.hfovDeg * Math.PI) / 360)) * (1 + lens.k1 * r2 + lens.k2 * r2 * r2);
  return [lens.principal[0] * size.width + f * x, lens.principal[1] * size.height + f * y];
}

function hide(zones: Direction[][], look: Look, lens: Lens, margin: number): Uint8Array {
  const bytes = new Uint8Array(i420Bytes(size)).fill(SHOWN);
  const camera = new Camera(size, lens);
  assert.ok(camera.look(look, margin), 'a view that the lens knows');
  assert.ok(new WorldZones(zones, size).blank(bytes, camera, margin));
  return bytes;
}

/** Directions of the zone whose pixel is seen; with `grow`, whose pixels within the margin are. */
function leaks(bytes: Uint8Array, points: Vector[], look: Look, lens: Lens, grow: number): number {
  let found = 0;
  for (const v of points) {
    const pixel = pixelOf(v, look, lens);
    if (!pixel) continue;
    for (const [dx, dy] of [
      [0, 0],
      [-grow, -grow],
      [grow, -grow],
      [-grow, grow],
      [grow, grow],
    ]) {
      const [x, y] = [Math.floor(pixel[0] + dx), Math.floor(pixel[1] + dy)];
      if (x < 0 || y < 0 || x >= size.width || y >= size.height) continue;
      const chroma = size.width * size.height + (y >> 1) * (size.width / 2) + (x >> 1);
      const plane = (size.width * size.height) / 4;
      if (bytes[y * size.width + x] !== 16 || bytes[chroma] !== 128 || bytes[chroma + plane] !== 128) found++;
    }
  }
  return found;
}

interface Case {
  look: Look;
  lens: Lens;
  middle: Vector;
  corners: Vector[];
}

function cases(seed: number, count: number): { random: () => number; list: Case[] } {
  const random = seeded(seed);
  const list = Array.from({ length: count }, (_, n): Case => {
    const look = {
      panDeg: 360 * random() - 180,
      tiltDeg: n % 7 === 0 ? 90 : 180 * random() - 90,
      hfovDeg: n % 5 === 0 ? 2 + 3 * random() : 20 + 40 * random(),
    };
    const lens = {
      principal: [0.45 + 0.1 * random(), 0.45 + 0.1 * random()] as [number, number],
      k1: n % 2 ? 0 : 0.35 * random() - 0.2,
      k2: n % 4 ? 0 : 0.05 * random(),
      rollDeg: n % 3 ? 0 : 360 * random() - 180,
    };
    const near = vectorOf([
      look.panDeg + 80 * random() - 40,
      Math.max(-90, Math.min(90, look.tiltDeg + 60 * random() - 30)),
    ]);
    const middle = n % 6 === 0 ? vectorOf([360 * random(), 180 * random() - 90]) : near;
    const widest = n % 4 === 0 ? 80 : 15;
    const corners = around(
      middle,
      Array.from({ length: 3 + (n % 6) }, () => 1 + widest * random()),
    );
    return { look, lens, middle, corners };
  });
  return { random, list };
}

test('no direction of a zone is ever seen, nor its margin: any view, lens, roll and zoom', () => {
  const { random, list } = cases(11, 1500);
  let tried = 0;
  for (const [n, { look, lens, middle, corners }] of list.entries()) {
    const zone = corners.map(directionOf);
    if (directionsFault(zone) !== null) continue;
    tried++;
    const margin = [0, 2, 7.3][n % 3];
    const bytes = hide([zone], look, lens, margin);
    const points = inside(middle, corners, random, 120);
    assert.equal(
      leaks(bytes, points, look, lens, margin * 0.9999),
      0,
      JSON.stringify({ n, look, lens, zone }),
    );
  }
  assert.ok(tried > 1300, `${tried} zones could be placed`);
});

test('the search finds what is hidden for another view, roll or lens', () => {
  const { random, list } = cases(12, 300);
  const wrong = { pan: 0, roll: 0, lens: 0 };
  for (const { look, lens, middle, corners } of list) {
    const zone = corners.map(directionOf);
    if (directionsFault(zone) !== null) continue;
    const points = inside(middle, corners, random, 60);
    const found = (at: Look, through: Lens): number =>
      leaks(hide([zone], at, through, 0), points, look, lens, 0);
    wrong.pan += found({ ...look, panDeg: look.panDeg + look.hfovDeg / 20 }, lens);
    wrong.roll += found(look, { ...lens, rollDeg: lens.rollDeg + 5 });
    wrong.lens += found(look, { ...lens, k1: lens.k1 + 0.1 });
  }
  for (const [what, count] of Object.entries(wrong)) assert.ok(count > 20, `${what}: ${count}`);
});

test('no pixel farther than the margin and one from a convex zone is hidden', () => {
  const random = seeded(13);
  for (let n = 0; n < 60; n++) {
    const look = { panDeg: 360 * random() - 180, tiltDeg: 120 * random() - 60, hfovDeg: 30 + 30 * random() };
    const lens = { ...plain, rollDeg: 40 * random() };
    const middle = vectorOf([look.panDeg + 30 * random() - 15, look.tiltDeg + 20 * random() - 10]);
    const corners = around(middle, Array(3 + (n % 4)).fill(2 + 8 * random()) as number[]);
    const margin = n % 3;
    const bytes = hide([corners.map(directionOf)], look, lens, margin);
    const points = [...inside(middle, corners, random, 6000), ...corners].flatMap(
      (v) => pixelOf(v, look, lens) ?? [],
    );
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        if (bytes[y * size.width + x] === SHOWN) continue;
        const reach = margin + 1;
        let near = false;
        for (let i = 0; i < points.length && !near; i += 2)
          near =
            points[i] > x - reach &&
            points[i] < x + 1 + reach &&
            points[i + 1] > y - reach &&
            points[i + 1] < y + 1 + reach;
        assert.ok(near, `${n}: ${x},${y} is hidden for nothing`);
      }
    }
  }
});

test('a zone that surrounds the view hides all of it, one behind hides nothing', () => {
  const square = (pan: number, tilt: number, half: number): Direction[] =>
    around(vectorOf([pan, tilt]), [half, half, half, half]).map(directionOf);
  const look = { panDeg: 20, tiltDeg: 10, hfovDeg: 40 };
  const all = hide([square(25, 5, 84)], look, plain, 2);
  assert.equal(
    all.subarray(0, 96 * 64).every((luma) => luma === 16),
    true,
  );
  const none = hide([square(200, -10, 60)], look, plain, 2);
  assert.equal(
    none.every((luma) => luma === SHOWN),
    true,
  );
});

test('a zone round the zenith is hidden from below it and by a camera that looks straight up', () => {
  const sky: Direction[] = [0, 90, 180, 270].map((pan): Direction => [pan, 20]);
  assert.equal(directionsFault(sky), null);
  for (const panDeg of [-120, 0, 77]) {
    const up = hide([sky], { panDeg, tiltDeg: 90, hfovDeg: 50 }, plain, 0);
    assert.equal(
      up.subarray(0, 96 * 64).every((luma) => luma === 16),
      true,
    );
  }
  const level = hide([sky], { panDeg: 45, tiltDeg: 20, hfovDeg: 50 }, plain, 0);
  assert.deepEqual([level[5], level[63 * 96 + 5]], [16, SHOWN]);
});

test('what cannot be placed is named, and hides everything', () => {
  const bad: [string, Direction[]][] = [
    [
      'has a side of 170 degrees or more',
      [
        [0, 0],
        [175, 0],
        [90, 50],
      ],
    ],
    [
      'is larger than half of all directions',
      [
        [0, -30],
        [90, -30],
        [180, 30],
        [270, 30],
        [315, -35],
      ],
    ],
    [
      'crosses itself',
      [
        [0, 0],
        [20, 20],
        [20, 0],
        [0, 21],
      ],
    ],
    [
      'has no area',
      [
        [0, 0],
        [10, 0],
        [20, 0],
      ],
    ],
  ];
  const camera = new Camera(size, plain);
  camera.look({ panDeg: 0, tiltDeg: 0, hfovDeg: 60 }, 2);
  for (const [why, zone] of bad) {
    assert.equal(directionsFault(zone), why);
    assert.equal(new WorldZones([zone], size).blank(new Uint8Array(i420Bytes(size)), camera, 2), false);
  }
});
