/**
 * The pixels that the check demands of a picture with zones by directions are worked out in squares, with what the zones of a table
 * share. They are compared with the same asked of every pixel and every side for itself (mask-hidden-slowly.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawPanorama } from '../../board/virtual/panorama.js';
import type { View } from '../../pipelines/frame.js';
import type { Direction, Lens } from '../../pipelines/messages.js';
import { hiddenPixels } from '../../runtime/mask-log/hidden-pixels.js';
import { seeded } from '../random.js';
import { slowlyHidden } from './mask-hidden-slowly.js';

const sizes = [
  { width: 160, height: 90 },
  { width: 100, height: 76 },
];
const lenses: Lens[] = [
  { principal: [0.5, 0.5], k1: 0, k2: 0, rollDeg: 0 },
  { principal: [0.48, 0.53], k1: -0.12, k2: 0.01, rollDeg: 7 },
  // One that shows nothing new in its corners, and one that bends the other way.
  { principal: [0.55, 0.5], k1: -0.4, k2: 0, rollDeg: -3 },
  { principal: [0.5, 0.45], k1: 0.08, k2: 0.02, rollDeg: 181 },
];

type Random = () => number;

/** Round, with dents, crossing itself, thin, or with corners that fall together; some larger than the picture. */
function anyZone(random: Random, [panDeg, tiltDeg]: Direction): Direction[] {
  const corners = 3 + Math.floor(random() * 14);
  const [wide, high] = [0.2 + random() ** 3 * 70, 0.2 + random() ** 3 * 40];
  const dents = random() < 0.5 ? 0 : random();
  const turns = random() < 0.2 ? 2 : 1;
  const zone = Array.from({ length: corners }, (_, i): Direction => {
    const turn = (i / corners) * turns * 2 * Math.PI;
    const far = 1 - dents * random();
    return [
      panDeg + wide * far * Math.cos(turn),
      Math.max(-89, Math.min(89, tiltDeg + high * far * Math.sin(turn))),
    ];
  });
  return random() < 0.1 && zone[0] ? [...zone, zone[0]] : zone;
}

function anyView(random: Random): View {
  const marginPixels =
    [2, 3, 4, 2 + random() * 4, 4 + random() * 30, random() * 90][Math.floor(random() * 6)] ?? 2;
  return {
    panDeg: random() * 360 - 180,
    tiltDeg: random() * 120 - 70,
    hfovDeg: 3 + random() * 80,
    marginPixels,
  };
}

function differences(a: Int32Array | undefined, b: Int32Array): number {
  const [one, other] = [new Set(a), new Set(b)];
  return (
    [...one].filter((pixel) => !other.has(pixel)).length +
    [...other].filter((pixel) => !one.has(pixel)).length
  );
}

test('the demanded pixels are those of every pixel asked for itself', () => {
  const random = seeded(12);
  let [some, all] = [0, 0];
  for (let i = 0; i < 160; i++) {
    const [size, lens] = [sizes[i % 2] ?? { width: 160, height: 90 }, lenses[(i >> 1) % 4] as Lens];
    const view = anyView(random);
    const away = (deg: number): number => (random() * 2 - 1) * deg;
    const directions = anyZone(random, [
      view.panDeg + away(view.hfovDeg),
      view.tiltDeg + away(view.hfovDeg / 2),
    ]);
    const zones = [{ name: 'Z', directions }];
    const [zone] = hiddenPixels({ version: 1, zones }, { view, lens }, size) ?? [];
    const slowly = slowlyHidden(directions, { view, lens }, size);
    assert.equal(differences(zone?.pixels, slowly), 0, JSON.stringify({ i, view, lens, size, directions }));
    if (slowly.length > 0) some += 1;
    if (slowly.length === size.width * size.height) all += 1;
  }
  assert.ok(some > 60 && all < some / 2, `${some} with pixels, ${all} of the whole picture`);
});

test('and for the street of the simulated head, all zones at once', () => {
  const random = seeded(5);
  const { zones } = drawPanorama();
  const size = { width: 160, height: 90 };
  let pixels = 0;
  for (let i = 0; i < 6; i++) {
    const view = { ...anyView(random), tiltDeg: random() * 16 - 8 };
    const lens = lenses[1] as Lens;
    for (const [n, { pixels: found }] of (
      hiddenPixels({ version: 1, zones }, { view, lens }, size) ?? []
    ).entries()) {
      const zone = zones[n];
      if (!zone || !('directions' in zone)) throw new Error('the street has zones by directions');
      const slowly = slowlyHidden(zone.directions, { view, lens }, size);
      assert.equal(differences(found, slowly), 0, JSON.stringify({ view, zone: zone.name }));
      pixels += found.length;
    }
  }
  assert.ok(pixels > 0);
});
