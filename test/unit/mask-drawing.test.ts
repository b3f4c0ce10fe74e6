/** Drawings under random views and lenses: the zone that comes of one hides it there, and anywhere else the head looks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { i420Bytes } from '../../pipelines/frame.js';
import { directionsOf, pointsOf } from '../../pipelines/mask/drawing.js';
import { Camera, type Vector } from '../../pipelines/mask/lens.js';
import { coversBy, type Flat, grown } from '../../pipelines/mask/outline.js';
import { WorldZones } from '../../pipelines/mask/world-zones.js';
import type { Direction, Lens, Point } from '../../pipelines/messages.js';
import { firstCrossing } from '../../runtime/scene/polygon.js';
import { seeded } from '../random.js';

const size = { width: 128, height: 96 };
const SHOWN = 200;
const LEAST_MARGIN = 2;
const random = seeded(4_711);
const between = (least: number, most: number): number => least + random() * (most - least);

interface Case {
  drawn: Point[];
  lens: Lens;
  view: { panDeg: number; tiltDeg: number; hfovDeg: number; marginPixels: number };
}

/** A star with corners at any distance from its middle: simple, and seldom convex. */
function star(): Point[] {
  const count = 3 + Math.floor(random() * 8);
  const [x, y] = [between(0.3, 0.7), between(0.3, 0.7)];
  return Array.from({ length: count }, (_, i): Point => {
    const [turn, far] = [((i + 0.8 * random()) / count) * 2 * Math.PI, between(0.05, 0.45)];
    const within = (value: number): number => Math.min(1, Math.max(0, value));
    return [within(x + far * Math.cos(turn)), within(y + far * Math.sin(turn))];
  });
}

function anyCase(distorts: boolean): Case {
  let drawn = star();
  while (firstCrossing(drawn)) drawn = star();
  const lens: Lens = {
    principal: [between(0.45, 0.55), between(0.45, 0.55)],
    k1: distorts ? between(-0.25, 0.2) : 0,
    k2: distorts ? between(-0.02, 0.02) : 0,
    rollDeg: between(-10, 10),
  };
  const view = {
    panDeg: between(-360, 360),
    tiltDeg: between(-85, 85),
    hfovDeg: between(3, 65),
    marginPixels: LEAST_MARGIN + (random() < 0.5 ? 0 : between(0, 6)),
  };
  return { drawn, lens, view };
}

/** Pixels of a drawing, by the rule of even and odd. */
function inside(corners: readonly Point[], x: number, y: number): boolean {
  let found = false;
  corners.forEach(([ax, ay], i) => {
    const [bx, by] = corners[(i + 1) % corners.length];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) found = !found;
  });
  return found;
}

function pixelsOf(drawn: readonly Point[]): [number, number][] {
  const corners = drawn.map(([x, y]): Point => [x * size.width, y * size.height]);
  const found: [number, number][] = [];
  for (let y = 0; y < size.height; y += 2)
    for (let x = 0; x < size.width; x += 2)
      if (inside(corners, x + 0.5, y + 0.5)) found.push([x + 0.5, y + 0.5]);
  return found;
}

/** Directions of what was drawn that a picture with this view shows clear. */
function seen(zone: Direction[], drawn: Vector[], camera: Camera, margin = LEAST_MARGIN): number {
  const bytes = new Uint8Array(i420Bytes(size)).fill(SHOWN);
  assert.ok(new WorldZones([zone], size).blank(bytes, camera, margin));
  let clear = 0;
  for (const direction of drawn) {
    const pixel = camera.project(direction);
    if (!pixel) continue;
    const [x, y] = [Math.floor(pixel[0]), Math.floor(pixel[1])];
    if (x < 0 || y < 0 || x >= size.width || y >= size.height) continue;
    if (bytes[y * size.width + x] === SHOWN) clear++;
  }
  return clear;
}

for (const distorts of [false, true]) {
  test(`what is drawn is hidden, there and elsewhere, ${distorts ? 'with' : 'without'} distortion`, () => {
    let [checked, missed, kept] = [0, 0, 0];
    for (let i = 0; i < 150; i++) {
      const { drawn, lens, view } = anyCase(distorts);
      const zone = directionsOf(drawn, { view, lens, size });
      // The model of a lens may end inside of a wide picture: then there is no zone, and none is made up.
      if (typeof zone === 'string') continue;
      kept++;
      const camera = new Camera(size, lens);
      assert.ok(camera.look(view, view.marginPixels));
      const pixels = pixelsOf(drawn).map(([x, y]) => camera.unproject(x, y));
      const directions = pixels.filter((v): v is Vector => v !== null);
      assert.equal(directions.length, pixels.length);
      missed += seen(zone, directions, camera);
      for (let other = 0; other < 3; other++) {
        const near = (deg: number): number => between(-deg, deg) * (view.hfovDeg / 60);
        const elsewhere = {
          panDeg: view.panDeg + near(25),
          tiltDeg: Math.max(-90, Math.min(90, view.tiltDeg + near(20))),
          hfovDeg: view.hfovDeg * between(0.5, 1.2),
        };
        if (!camera.look(elsewhere, LEAST_MARGIN)) continue;
        checked += directions.length;
        missed += seen(zone, directions, camera);
      }
      assert.ok(zone.length <= 256);
    }
    assert.ok(kept > 100, `${kept} zones`);
    assert.ok(checked > 10_000);
    assert.equal(missed, 0);
  });
}

test('negative control: corners alone, without more of them on the sides, leave something clear under distortion', () => {
  const lens: Lens = { principal: [0.5, 0.5], k1: 0.4, k2: 0, rollDeg: 0 };
  const view = { panDeg: 0, tiltDeg: 0, hfovDeg: 80, marginPixels: LEAST_MARGIN };
  const drawn: Point[] = [
    [0.02, 0.02],
    [0.3, 0.02],
    [0.3, 0.98],
    [0.02, 0.98],
  ];
  const camera = new Camera(size, lens);
  assert.ok(camera.look(view, LEAST_MARGIN));
  const directions = pixelsOf(drawn).map(([x, y]) => camera.unproject(x, y) as Vector);
  const bare = drawn.map(([x, y]): Direction => {
    const [dx, dy, dz] = camera.unproject(x * size.width, y * size.height) as Vector;
    return [(Math.atan2(dx, dz) * 180) / Math.PI, (Math.asin(dy) * 180) / Math.PI];
  });
  assert.ok(seen(bare, directions, camera, 0) > 0);
  const zone = directionsOf(drawn, { view, lens, size });
  assert.ok(typeof zone !== 'string' && zone.length > 4);
  assert.equal(seen(zone, directions, camera, 0), 0);
});

test('corners come back to where they were drawn, less what they were grown by', () => {
  for (let i = 0; i < 50; i++) {
    const { drawn, lens, view } = anyCase(false);
    const zone = directionsOf(drawn, { view, lens, size });
    assert.ok(typeof zone !== 'string');
    const shown = pointsOf(zone, { view, lens, size });
    const flat = (points: readonly Point[]): Flat[] =>
      points.map(([x, y]) => [x * size.width, y * size.height]);
    assert.ok(shown && coversBy(flat(shown), flat(drawn), view.marginPixels - LEAST_MARGIN));
  }
});

test('a lens that does not know the view makes no zone', () => {
  const lens: Lens = { principal: [0.5, 0.5], k1: -0.9, k2: 0, rollDeg: 0 };
  const seenAt = (hfovDeg: number): object | string =>
    directionsOf(star(), { view: { panDeg: 0, tiltDeg: 0, hfovDeg, marginPixels: 2 }, lens, size });
  assert.equal(seenAt(120), 'no-view');
  assert.equal(seenAt(0), 'no-view');
});

test('a grown polygon covers its distance, also around spikes, notches and corners given twice', () => {
  const shapes: Flat[][] = [
    [
      [0, 0],
      [100, 1],
      [0, 2],
    ],
    [
      [0, 0],
      [40, 0],
      [40, 40],
      [21, 40],
      [20, 5],
      [19, 40],
      [0, 40],
    ],
    [
      [0, 0],
      [0, 0],
      [10, 0],
      [10, 10],
    ],
  ];
  for (let i = 0; i < 200; i++)
    shapes.push(
      Array.from({ length: 3 + (i % 9) }, (_, n): Flat => {
        const [turn, far] = [(n / (3 + (i % 9))) * 2 * Math.PI, between(2, 60)];
        return [far * Math.cos(turn), far * Math.sin(turn)];
      }),
    );
  for (const shape of shapes)
    for (const by of [0.05, 1, 7])
      assert.ok(coversBy(grown(shape, by), shape, by - 1e-6), `${JSON.stringify(shape)} by ${by}`);
});
