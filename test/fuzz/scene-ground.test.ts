/** Marks and people of any kind: a calibration is a ground with finite numbers, or a reason; never NaN, and it always ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Point } from '../../pipelines/messages.js';
import { calibrate } from '../../runtime/scene/calibration.js';
import { zoneSight } from '../../runtime/scene/zone-sight.js';
import { seeded } from '../random.js';

const sizes = [
  { width: 1280, height: 720 },
  { width: 64, height: 64 },
  { width: 8192, height: 8192 },
];

test('random marks and people never give a number that is none', () => {
  const random = seeded(11);
  const grid = (): number => (random() < 0.4 ? Math.round(random() * 2) / 2 : random());
  const place = (): Point => [grid(), grid()];
  let grounds = 0;
  for (let i = 0; i < 800; i++) {
    const size = sizes[i % sizes.length] as (typeof sizes)[number];
    const count = 3 + Math.floor(random() * 5);
    const reach = 10 ** Math.floor(random() * 5);
    const metres = (): Point => [(2 * grid() - 1) * reach, (2 * grid() - 1) * reach];
    // some that are nearly a ground seen from above, or few would get far
    const mark = (at: Point) => ({
      at,
      metres: i % 2 === 0 ? metres() : ([at[0] * reach, (1.1 - at[1]) * reach + random() * 1e-3] as Point),
    });
    const found =
      i % 5 === 0
        ? calibrate({ people: Array.from({ length: count }, () => person(place(), random)) }, size)
        : calibrate({ points: Array.from({ length: count + 1 }, () => mark(place())) }, size);
    if (!('ground' in found)) {
      assert.ok(found.text.length > 0 && !/NaN|Infinity/.test(found.text), found.text);
      continue;
    }
    grounds++;
    assert.ok(found.off.every(Number.isFinite));
    for (let k = 0; k < 20; k++) {
      const at = place();
      for (const value of [...(found.ground.metresAt(at) ?? []), found.ground.pixelsPerMetre(at) ?? 0])
        assert.ok(Number.isFinite(value));
      assert.ok(Number.isFinite(found.ground.personPixels(at, 1.7) ?? 0));
    }
    const sight = zoneSight([place(), place(), place()], found.ground, 288);
    if (sight)
      assert.ok(Number.isFinite(sight.personPixels.worst + sight.squareMetres + sight.pixelsPerMetre.best));
  }
  assert.ok(grounds > 100, `${grounds} calibrations were accepted`);
});

function person(feet: Point, random: () => number): { feet: Point; head: Point; metres: number } {
  const head: Point = [feet[0] + (random() - 0.5) * 0.02, feet[1] - random() * 0.4];
  return { feet, head, metres: 0.5 + 2 * random() };
}
