/** Where the head was between two positions, how far off that may be, and when it is not known. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Placed, Poses } from '../../pipelines/mask/poses.js';
import type { Pose } from '../../pipelines/messages.js';
import { seeded } from '../random.js';

const ms = 1000;

function pose(atMs: number, given: Partial<Pose> = {}): Pose {
  return {
    t: 'pose',
    monoUs: atMs * ms,
    panDeg: 0,
    tiltDeg: 0,
    hfovDeg: 40,
    uncertaintyDeg: 0.1,
    speedDegPerS: 0,
    zoomPerS: 0,
    hide: null,
    ...given,
  };
}

function after(...list: Pose[]): Poses {
  const poses = new Poses();
  for (const one of list) poses.add(one);
  return poses;
}

function placed(found: ReturnType<Poses['at']>): Placed {
  assert.ok(found !== null && typeof found === 'object', `placed, not ${JSON.stringify(found)}`);
  return found;
}

test('a frame waits for the position that follows it, and lies between the two', () => {
  const poses = after(pose(0, { panDeg: 10, speedDegPerS: 50 }));
  assert.equal(poses.at(20 * ms), null);
  poses.add(pose(40, { panDeg: 12, tiltDeg: -1, speedDegPerS: 50 }));
  const { panDeg, tiltDeg, hfovDeg, errorDeg } = placed(poses.at(20 * ms));
  assert.deepEqual([panDeg, tiltDeg, hfovDeg], [11, -0.5, 40]);
  // At full speed all the way there is nothing to spare but the exposure: half a degree in 10 ms.
  assert.ok(errorDeg > 0.55 && errorDeg < 1.2, String(errorDeg));
  assert.equal(poses.at(41 * ms), null);
});

test('the way through the seam behind the head is the short one', () => {
  const poses = after(pose(0, { panDeg: 179, speedDegPerS: 60 }), pose(50, { panDeg: -179 }));
  const { panDeg } = placed(poses.at(25 * ms));
  assert.equal(Math.abs(panDeg), 180);
});

test('the bound holds for anything that keeps to the speed', () => {
  const random = seeded(2);
  for (let n = 0; n < 4000; n++) {
    const speed = 100 * random();
    // Turns this way, that way and that again, at any speed up to the bound.
    const legs = Array.from({ length: 3 }, () => ({
      us: 1 + 20_000 * random(),
      speed: speed * (2 * random() - 1),
    }));
    const apartUs = legs.reduce((sum, leg) => sum + leg.us, 0);
    const trueAt = (us: number): number =>
      legs.reduce(
        ({ left, deg }, leg) => {
          const part = Math.min(left, leg.us);
          return { left: left - part, deg: deg + (leg.speed * part) / 1e6 };
        },
        { left: us, deg: 0 },
      ).deg;
    const poses = after(
      pose(0, { speedDegPerS: speed, uncertaintyDeg: 0 }),
      pose(apartUs / ms, { panDeg: trueAt(apartUs), uncertaintyDeg: 0 }),
    );
    const us = apartUs * random();
    const { panDeg, errorDeg } = placed(poses.at(us));
    assert.ok(
      Math.abs(panDeg - trueAt(us)) <= errorDeg + 1e-9,
      `${n}: ${panDeg} is ${trueAt(us)}, give or take ${errorDeg}`,
    );
  }
});

test('why there is none', () => {
  const why = (...list: Pose[]): unknown => after(...list).at(20 * ms);
  assert.equal(why(pose(30)), 'late', 'before the first');
  assert.equal(why(pose(0), pose(900)), 'late', 'too far apart');
  assert.equal(why(pose(0, { hide: 'homing' })), 'homing', 'without waiting');
  assert.equal(why(pose(0), pose(30, { hide: 'power' })), 'power');
  assert.equal(why(pose(0, { hide: 'link' }), pose(30)), 'link', 'until the next position');
  assert.equal(why(pose(0, { hfovDeg: 0 }), pose(30)), 'zoom-unknown');
  assert.equal(why(pose(0), pose(30, { panDeg: 8 })), 'disagrees', 'farther than it said it could go');
  assert.equal(why(pose(0), pose(30, { hfovDeg: 30 })), 'disagrees', 'zoomed more than it said it could');
  assert.equal(why(), null);
});

test('positions may come in any order, and one that hides is not undone by another of the same time', () => {
  const poses = after(pose(40, { panDeg: 4, speedDegPerS: 200 }), pose(0, { speedDegPerS: 200 }));
  assert.equal(placed(poses.at(10 * ms)).panDeg, 1);
  poses.add(pose(20, { hide: 'disagrees' }));
  poses.add(pose(20, { panDeg: 2 }));
  assert.equal(poses.at(10 * ms), 'disagrees');
  assert.equal(poses.at(30 * ms), 'disagrees');
});

/** A head whose speed changes by chance, within 300 degrees a second in a second; where it was at each millisecond. */
function wandering(random: () => number): number[] {
  const way = [0];
  let [speed, push] = [0, 0];
  for (let i = 0; i < 2000; i++) {
    if (random() < 0.05) push = (random() * 2 - 1) * 300;
    const next = Math.max(-100, Math.min(100, speed + push / 1000));
    way.push((way[i] ?? 0) + (speed + next) / 2000);
    speed = next;
  }
  return way;
}

/** Over random ways: whether the truth ever lies outside, and the largest that was taken for unknown. */
function comparedWith(degPerS2: number | undefined): { outside: number; mostDeg: number } {
  const random = seeded(11);
  let [outside, mostDeg] = [0, 0];
  for (let turn = 0; turn < 20; turn++) {
    const way = wandering(random);
    for (let from = 0; from + 120 < way.length; from += 90) {
      const to = from + 30 + Math.floor(random() * 80);
      const told = { speedDegPerS: 160, uncertaintyDeg: 0, ...(degPerS2 !== undefined && { degPerS2 }) };
      const poses = after(
        pose(from, { panDeg: way[from] ?? 0, ...told }),
        pose(to, { panDeg: way[to] ?? 0, ...told }),
      );
      for (let at = from; at < to; at += 3) {
        const { panDeg, errorDeg } = placed(poses.at(at * ms));
        const smeared = (Math.abs((way[to] ?? 0) - (way[from] ?? 0)) * 10) / (to - from);
        if (Math.abs(panDeg - (way[at] ?? 0)) > errorDeg - smeared + 1e-9) outside += 1;
        mostDeg = Math.max(mostDeg, errorDeg - smeared);
      }
    }
  }
  return { outside, mostDeg };
}

test('a head whose speed changes no faster than it says is not far from the straight way', () => {
  const known = comparedWith(300);
  assert.equal(known.outside, 0);
  assert.ok(known.mostDeg < 0.5, String(known.mostDeg));
  const unknown = comparedWith(undefined);
  assert.equal(unknown.outside, 0);
  assert.ok(unknown.mostDeg > 3, String(unknown.mostDeg));
  assert.ok(comparedWith(100).outside > 0, 'a head that changes faster than it says is found outside');
});
