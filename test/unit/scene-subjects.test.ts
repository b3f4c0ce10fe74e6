/** Speeds of tracks: on the ground, from the height of a person, through gaps, and not known when they are not. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Point, Track } from '../../pipelines/messages.js';
import type { Subject } from '../../runtime/scene/behaviour.js';
import { PlaneGround } from '../../runtime/scene/ground.js';
import { homographyOf } from '../../runtime/scene/ground-people.js';
import { Subjects } from '../../runtime/scene/subjects.js';
import { seeded } from '../random.js';
import { lampPost, seenAt, shaken, share, size } from './scene-camera.js';
import { track } from './scene-script.js';

const ground = new PlaneGround(homographyOf(lampPost, size), size);

/** Somebody 1.7 m tall who stands at this place on the ground. */
function person(place: Point, seen = true, pixels = 0, random = seeded(1)): Track {
  const feet = shaken(seenAt(lampPost, place), pixels, random);
  const [x, y] = share(feet);
  const height = (feet[1] - seenAt(lampPost, place, 1.7)[1]) / size.height;
  const box = { x: x - 0.01, y: y - height, width: 0.02, height };
  return { ...track({ id: 'a', seen }), box };
}

function walk(subjects: Subjects, rate: number, seconds: number, at: (t: number) => Track): Subject {
  let last: Subject | undefined;
  for (let i = 0; i <= Math.round(seconds * rate); i++) {
    const t = i / rate;
    [last] = subjects.of([at(t)], Math.round((10 + t) * 1e6));
  }
  return last as Subject;
}

describe('speed on the ground', () => {
  for (const rate of [1, 5, 10]) {
    it(`is measured at ${rate} looks a second`, () => {
      const found = walk(new Subjects(ground), rate, 3, (t) => person([1 + 0.9 * t, 20 - 1.2 * t]));
      assert.equal(found.speedFrom, 'ground');
      assert.ok(Math.abs((found.speed as number) - 1.5) < 1e-6, `${found.speed}`);
      assert.ok(Math.abs((found.velocity as Point)[0] - 0.9) < 1e-6);
      assert.ok(Math.abs((found.ground as Point)[0] - 3.7) < 1e-6);
    });
  }

  it('is not known from two looks, nor from less than 0.4 s', () => {
    const at = (t: number) => person([1.5 * t, 20]);
    assert.equal(walk(new Subjects(ground), 5, 0.2, at).speed, null);
    assert.equal(walk(new Subjects(ground), 10, 0.3, at).speed, null);
    assert.notEqual(walk(new Subjects(ground), 5, 0.4, at).speed, null);
  });

  it('is near 0 for somebody who stands while the box trembles by 2 pixels', () => {
    const random = seeded(5);
    const found = walk(new Subjects(ground), 5, 6, () => person([2, 15], true, 2, random));
    assert.ok((found.speed as number) < 0.4, `${found.speed}`);
  });

  it('is taken from what was seen alone', () => {
    const lying = (t: number): Track => (t < 1.5 ? person([1.5 * t, 20]) : person([30, 20], false));
    assert.ok(Math.abs((walk(new Subjects(ground), 5, 2, lying).speed as number) - 1.5) < 1e-6);
  });

  it('goes on over a gap of the track, and starts anew with another', () => {
    const subjects = new Subjects(ground);
    const gap = (t: number): Track => person([1.5 * t, 20], t < 1 || t > 2);
    assert.ok(Math.abs((walk(subjects, 5, 2.2, gap).speed as number) - 1.5) < 1e-6);
    assert.equal(subjects.of([{ ...person([3.3, 20]), id: 'b' }], 12.4e6)[0]?.speed, null);
  });

  it('is not known above the horizon, and forgotten after a reset', () => {
    const high = { ...person([0, 20]), box: { x: 0.5, y: -0.1, width: 0.02, height: 0.1 } };
    const found = walk(new Subjects(ground), 5, 2, () => high);
    assert.deepEqual([found.ground, found.speed, found.velocity], [null, null, null]);
    const subjects = new Subjects(ground);
    walk(subjects, 5, 2, () => person([0, 20]));
    subjects.reset();
    assert.equal(subjects.of([person([0, 20])], 13e6)[0]?.speed, null);
  });
});

describe('speed without a calibration', () => {
  it('takes a person for 1.7 m: across the picture it is right', () => {
    const found = walk(new Subjects(null, 16 / 9), 5, 2, (t) => person([1.5 * t, 20]));
    assert.equal(found.speedFrom, 'height');
    // 1.7 m of an upright person look shorter from above than 1.7 m of the ground across
    assert.ok(Math.abs((found.speed as number) - 1.5) < 0.15, `${found.speed}`);
    assert.ok((found.velocity as Point)[0] > 0 && Math.abs((found.velocity as Point)[1]) < 1e-9);
  });

  it('is not told of a car, whose size is not known; its direction is', () => {
    const found = walk(new Subjects(null), 5, 2, (t) => ({ ...person([1.5 * t, 20]), class: 'car' }));
    assert.equal(found.speed, null);
    assert.ok((found.velocity as Point)[0] > 0);
  });

  it('is not told of a box without height', () => {
    const flat = { ...person([0, 20]), box: { x: 0.5, y: 0.5, width: 0.1, height: 0 } };
    assert.equal(walk(new Subjects(null), 5, 2, () => flat).speed, null);
  });
});
