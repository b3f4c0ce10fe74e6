/**
 * The pixels that the check demands, against a projection the other way: directions to pixels, written here for itself from the
 * words of docs/mask.md.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { View } from '../../pipelines/frame.js';
import type { Direction, Lens, MaskTable } from '../../pipelines/messages.js';
import { hiddenPixels } from '../../runtime/mask-log/hidden-pixels.js';
import { Sight } from '../../runtime/mask-log/sight.js';
import { seeded } from '../random.js';

const size = { width: 160, height: 90 };
const plain: Lens = { principal: [0.5, 0.5], k1: 0, k2: 0, rollDeg: 0 };
const bent: Lens = { principal: [0.48, 0.53], k1: -0.12, k2: 0.01, rollDeg: 7 };
const rad = Math.PI / 180;

type Place = [x: number, y: number];

/** Turns a vector about x, y or z the way a right hand does. */
function turned([x, y, z]: number[], axis: 'x' | 'y', angle: number): number[] {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return axis === 'y' ? [c * x + s * z, y, c * z - s * x] : [x, c * y - s * z, s * y + c * z];
}

/** Where a direction is seen, pixels; null behind the camera, or where the lens shows nothing new. */
function seen([panDeg, tiltDeg]: Direction, view: View, lens: Lens): Place | null {
  const [p, t] = [panDeg * rad, tiltDeg * rad];
  const world = [Math.cos(t) * Math.sin(p), Math.sin(t), Math.cos(t) * Math.cos(p)];
  const [x = 0, up = 0, z = 0] = turned(turned(world, 'y', -view.panDeg * rad), 'x', view.tiltDeg * rad);
  if (z <= 0.02) return null;
  const r = Math.hypot(x, up) / z;
  if (lens.k1 < 0 && 1 + 3 * lens.k1 * r ** 2 + 5 * lens.k2 * r ** 4 <= 0) return null;
  const scale =
    (1 + lens.k1 * r ** 2 + lens.k2 * r ** 4) * (size.width / 2 / Math.tan((view.hfovDeg / 2) * rad));
  const [right, down] = [(x / z) * scale, (-up / z) * scale];
  const [c, s] = [Math.cos(lens.rollDeg * rad), Math.sin(lens.rollDeg * rad)];
  return [
    lens.principal[0] * size.width + right * c - down * s,
    lens.principal[1] * size.height + right * s + down * c,
  ];
}

/** A direction on the arc between two, by its share of the way. */
function between(a: Direction, b: Direction, share: number): Direction {
  const ray = ([p, t]: Direction): number[] => [
    Math.cos(t * rad) * Math.sin(p * rad),
    Math.sin(t * rad),
    Math.cos(t * rad) * Math.cos(p * rad),
  ];
  const [u, v] = [ray(a), ray(b)];
  const [x = 0, y = 0, z = 0] = u.map((value, i) => value * (1 - share) + (v[i] ?? 0) * share);
  return [Math.atan2(x, z) / rad, Math.atan2(y, Math.hypot(x, z)) / rad];
}

const table = (directions: Direction[]): MaskTable => ({ version: 1, zones: [{ name: 'Z', directions }] });

/** What the check demands. */
function demanded(directions: Direction[], view: View, lens: Lens): Set<number> {
  const [zone] = hiddenPixels(table(directions), { view, lens }, size) ?? [];
  return new Set(zone?.pixels);
}

/** The outline as it is seen, in short steps; null when any of it is not in front of the lens. */
function outline(directions: Direction[], view: View, lens: Lens): Place[] | null {
  const places: Place[] = [];
  for (const [i, from] of directions.entries()) {
    const to = directions[(i + 1) % directions.length] ?? from;
    for (let step = 0; step < 16; step++) {
      const place = seen(between(from, to, step / 16), view, lens);
      if (!place) return null;
      places.push(place);
    }
  }
  return places;
}

function depth(places: readonly Place[], x: number, y: number): number {
  let inside = false;
  let nearest = Infinity;
  for (const [i, [ax, ay]] of places.entries()) {
    const [bx, by] = places[(i + 1) % places.length] ?? [ax, ay];
    const length2 = (bx - ax) ** 2 + (by - ay) ** 2;
    const along =
      length2 === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2));
    nearest = Math.min(nearest, Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)));
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside ? nearest : -nearest;
}

test('a pixel shows the direction that is seen there', () => {
  const random = seeded(4);
  let compared = 0;
  for (let i = 0; i < 2000; i++) {
    const lens = i % 2 === 0 ? plain : bent;
    const view = {
      panDeg: random() * 720 - 360,
      tiltDeg: random() * 180 - 90,
      hfovDeg: 3 + random() * 80,
      marginPixels: 2,
    };
    const place: Place = [random() * size.width, random() * size.height];
    const ray = new Sight(lens, view, size).rayAt(...place);
    if (!ray) continue;
    const direction: Direction = [Math.atan2(ray[0], ray[2]) / rad, Math.asin(ray[1]) / rad];
    const again = seen(direction, view, lens);
    assert.ok(again, JSON.stringify({ view, place }));
    assert.ok(
      Math.hypot(again[0] - place[0], again[1] - place[1]) < 1e-3,
      JSON.stringify({ view, place, again }),
    );
    compared += 1;
  }
  assert.ok(compared > 1900);
});

test('what is demanded is the zone without its border, however the camera looks at it', () => {
  const random = seeded(9);
  let [zones, pixels] = [0, 0];
  for (let i = 0; i < 60; i++) {
    const lens = i % 2 === 0 ? plain : bent;
    const marginPixels = i % 3 === 0 ? 2 : 2 + random() * 12;
    const view = {
      panDeg: random() * 360,
      tiltDeg: random() * 120 - 60,
      hfovDeg: 20 + random() * 60,
      marginPixels,
    };
    const middle: Direction = [view.panDeg + random() * 20 - 10, view.tiltDeg + random() * 12 - 6];
    const wide = 3 + random() * 12;
    const corner = (turn: number): Direction => [
      middle[0] + (wide * Math.cos(turn)) / Math.cos(middle[1] * rad),
      middle[1] + wide * 0.7 * Math.sin(turn),
    ];
    const directions = [0.3, 1.9, 3.4, 5.1].map((turn) => corner(turn + random() * 0.6));
    const places = outline(directions, view, lens);
    if (!places) continue;
    const found = demanded(directions, view, lens);
    const least = 4 - marginPixels;
    for (let index = 0; index < size.width * size.height; index++) {
      const x = index % size.width;
      const at = depth(places, x + 0.5, (index - x) / size.width + 0.5);
      // An angle is made pixels where it is measured; far from there it may be off by a share.
      const slack = 0.3 + 0.25 * Math.abs(least);
      if (at > least + slack + (least > 0 ? 1 : 0) && at > slack)
        assert.ok(found.has(index), `${i}: missed at depth ${at}`);
      if (at < least - 0.2)
        assert.ok(!found.has(index), `${i}: demanded at depth ${at}, margin ${marginPixels}`);
    }
    zones += 1;
    pixels += found.size;
  }
  assert.ok(zones > 40 && pixels > 20_000, `${zones} zones, ${pixels} pixels`);
});

test('negative control: a view that is 2 degrees off demands other pixels', () => {
  const view = { panDeg: 10, tiltDeg: 0, hfovDeg: 50, marginPixels: 2 };
  const zone: Direction[] = [
    [5, -5],
    [15, -5],
    [15, 5],
    [5, 5],
  ];
  const [right, wrong] = [demanded(zone, view, plain), demanded(zone, { ...view, panDeg: 12 }, plain)];
  assert.ok([...right].some((index) => !wrong.has(index)));
});

test('a zone behind the camera demands nothing, one around it everything', () => {
  const around = (pan: number, half: number): Direction[] => [
    [pan - half, -half],
    [pan + half, -half],
    [pan + half, half],
    [pan - half, half],
  ];
  const view = { panDeg: 30, tiltDeg: 0, hfovDeg: 40, marginPixels: 2 };
  assert.equal(demanded(around(210, 40), view, plain).size, 0);
  assert.equal(demanded(around(30, 60), view, plain).size, size.width * size.height);
});

test('a ring around the ground below the camera is its smaller side', () => {
  const below: Direction[] = [
    [0, -45],
    [90, -45],
    [180, -45],
    [270, -45],
  ];
  const down = { panDeg: 0, tiltDeg: -90, hfovDeg: 40, marginPixels: 2 };
  assert.equal(demanded(below, down, plain).size, size.width * size.height);
  assert.equal(demanded(below, { ...down, tiltDeg: 90 }, plain).size, 0);
});

test('a zone that is fixed in the world cannot be placed without a view', () => {
  assert.equal(
    hiddenPixels(
      table([
        [0, 0],
        [1, 0],
        [1, 1],
      ]),
      null,
      size,
    ),
    null,
  );
});
