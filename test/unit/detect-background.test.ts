/** What the background calls usual: light, noise and slow change are, what comes and moves is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Occupancy } from '../../pipelines/detect/occupancy.js';
import type { Box } from '../../pipelines/messages.js';
import { Street } from './detect-street.js';

const person = { x: 300, y: 120, width: 40, height: 100, luma: 30 };
const whole: Box = { x: 0, y: 0, width: 1, height: 1 };

const foreground = ({ background }: Street): number => background.foreground.reduce((a, b) => a + b, 0);

test('it tells nothing while it learns, and every place is lively then', () => {
  const street = new Street();
  street.watch(1);
  assert.equal(street.background.stable, false);
  assert.equal(street.background.evidence(whole), 1);
  street.watch(1.4);
  assert.equal(street.background.stable, true);
  assert.equal(street.background.evidence(whole), 0);
});

for (const fps of [1, 5, 10]) {
  test(`who comes is foreground where they are and nowhere else, at ${fps} looks a second`, () => {
    const street = new Street();
    street.watch(6, {}, { everyS: 1 / fps });
    street.watch(1, { patches: [person] }, { everyS: 1 / fps });
    assert.ok(street.background.evidence(street.box(person)) > 0.8);
    assert.equal(street.background.evidence(street.box({ ...person, x: 100 })), 0);
    street.watch(1, {}, { everyS: 1 / fps });
    assert.equal(street.background.evidence(street.box(person)), 0, 'gone');
  });
}

test('an exposure step, noise and a light that changes slowly are no foreground', () => {
  const street = new Street();
  street.watch(3);
  street.watch(1, { gain: 1.3 });
  assert.equal(foreground(street), 0, 'exposure');
  street.watch(4, { noise: 25 });
  assert.equal(foreground(street), 0, 'noise');
  street.watch(20, (s) => ({ lamp: { until: 300, gain: 1 + s / 100 } }));
  assert.equal(foreground(street), 0, 'slow');
  street.watch(1, (s) => ({ lamp: { until: 300, gain: 1.2 }, patches: s < 0 ? [] : [person] }));
  assert.ok(foreground(street) > 0, 'a person after all that is');
});

test('a lamp that lights half of the street makes it learn anew, and is no foreground after that', () => {
  const street = new Street();
  street.watch(25);
  street.watch(0.4, { lamp: { until: 320, gain: 1.8 } });
  assert.equal(street.background.stable, false);
  street.watch(3, { lamp: { until: 320, gain: 1.8 } });
  assert.equal(street.background.stable, true);
  assert.equal(foreground(street), 0);
});

test('a new mask, another view and a gap make it learn anew; a head that quivers does not', () => {
  const view = { panDeg: 10, tiltDeg: 0, hfovDeg: 60, marginPixels: 2 };
  const street = new Street();
  street.view = view;
  street.watch(3);
  street.view = { ...view, panDeg: 10.1 };
  street.watch(0.2);
  assert.equal(street.background.stable, true);
  street.view = { ...view, panDeg: 12 };
  street.watch(0.2);
  assert.equal(street.background.stable, false);
  street.watch(3);
  assert.equal(street.background.stable, true);
  street.mask(2, [
    {
      name: 'home',
      points: [
        [0, 0],
        [0.1, 0],
        [0.1, 0.1],
      ],
    },
  ]);
  street.watch(0.2);
  assert.equal(street.background.stable, false);
  street.watch(3);
  street.atUs += 60e6;
  street.watch(0.2);
  assert.equal(street.background.stable, false);
});

test('under somebody who is followed nothing is learnt, however long they stand', () => {
  const [watched, left] = [new Street({ width: 320, height: 180 }), new Street({ width: 320, height: 180 })];
  const small = { ...person, x: 150, y: 60, width: 20, height: 50 };
  for (const street of [watched, left]) street.watch(25);
  watched.watch(700, { patches: [small] }, { everyS: 1, known: [watched.box(small)] });
  left.watch(700, { patches: [small] }, { everyS: 1 });
  assert.ok(watched.background.evidence(watched.box(small)) > 0.8);
  assert.equal(left.background.evidence(left.box(small)), 0, 'without a track it is the scene by now');
});

test('the share of a zone that is covered, by the cells inside its border', () => {
  const street = new Street();
  const square = (x: number): [number, number][] => [
    [x, 0],
    [x + 0.5, 0],
    [x + 0.5, 1],
    [x, 1],
  ];
  const zones = [
    { name: 'left', points: square(0) },
    { name: 'right', points: square(0.5) },
    {
      name: 'none',
      points: [
        [0.5, 0.5],
        [0.5001, 0.5],
        [0.5, 0.5001],
      ] as [number, number][],
    },
  ];
  const occupancy = new Occupancy(street.background, zones);
  assert.deepEqual(occupancy.measure(street.background), []);
  street.watch(3);
  street.watch(0.4, { patches: [{ x: 0, y: 0, width: 160, height: 180, luma: 20 }] });
  const [left, right, ...none] = occupancy.measure(street.background);
  assert.ok(Math.abs((left?.share ?? 0) - 0.25) < 0.03, `${left?.share}`);
  assert.deepEqual(right, { zone: 'right', share: 0 });
  assert.deepEqual(none, []);
});
