/** When the position of a head counts, and when the whole picture is hidden (docs/head.md, H1 to H9). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import type { Pose } from '../../pipelines/messages.js';
import { HeadPolling } from '../../runtime/head/head-polling.js';
import { PoseWatch, type WatchOptions } from '../../runtime/head/pose-watch.js';
import { FakeHead, fakeLimits, run } from './head-fake.js';

const options: WatchOptions = {
  stillDeg: 0.3,
  stillZoom: 0.02,
  accuracyDeg: 0.1,
  positionDelayMs: 0,
  lateMs: 150,
  settleMs: 500,
  agreeing: 5,
};

async function watched({ settled = true } = {}) {
  const clock = new ManualClock();
  const head = new FakeHead(clock);
  const watch = new PoseWatch(fakeLimits, options);
  const poses: Pose[] = [];
  const polling = new HeadPolling(
    { clock, head, watch, send: (pose) => poses.push(pose), asked: () => undefined },
    { everyMs: 50, lateMs: options.lateMs },
  );
  polling.start(new AbortController().signal);
  const order = (kind: Parameters<PoseWatch['ordered']>[0]): void => {
    poses.push(...watch.ordered(kind, clock.monoUs()));
  };
  if (settled) {
    await run(clock, head, 500);
    order({ kind: 'halt' });
    await run(clock, head, 700);
    assert.equal(watch.hide, null);
    poses.length = 0;
  }
  return { clock, head, watch, poses, order, run: (ms: number) => run(clock, head, ms) };
}

const last = (poses: Pose[]): Pose => poses[poses.length - 1] as Pose;
const why = (poses: Pose[]) => [...new Set(poses.map(({ hide }) => hide))];

test('the picture opens after five positions that agree, and not before', async () => {
  const { poses, run } = await watched({ settled: false });
  await run(200);
  assert.deepEqual(why(poses), ['link']);
  await run(100);
  assert.equal(last(poses).hide, null);
  assert.equal(
    poses.findIndex(({ hide }) => hide === null),
    4,
  );
});

test('times of poses go up, and each bears what it may be off by', async () => {
  const { head, poses, order, run } = await watched();
  order({ kind: 'drive', pan: 0.5, tilt: 0, zoom: 0 });
  await head.drive({ pan: 0.5, tilt: 0, zoom: 0 });
  await run(1000);
  for (const [index, pose] of poses.entries())
    assert.ok(index === 0 || pose.monoUs > (poses[index - 1] as Pose).monoUs);
  assert.deepEqual(why(poses), [null]);
  const moving = last(poses);
  assert.equal(moving.speedDegPerS, 0.5 * 90 * 1.25);
  // Half of the 20 ms between question and answer, at the fastest.
  assert.ok(Math.abs(moving.uncertaintyDeg - (0.1 + 56.25 * 0.01)) < 1e-9);
});

test('an order is known from the last position on, before the next one comes', async () => {
  const { poses, order, run } = await watched();
  await run(100);
  const before = last(poses);
  assert.equal(before.speedDegPerS, 0);
  order({ kind: 'move', panDeg: 90, tiltDeg: 0 });
  assert.equal(last(poses).monoUs, before.monoUs + 1);
  assert.ok(last(poses).speedDegPerS > 100);
});

test('a move as told keeps the picture open from its start to its end, and then it rests', async () => {
  const { head, watch, poses, order, run } = await watched();
  order({ kind: 'move', panDeg: 80, tiltDeg: 20, hfovDeg: 20 });
  await head.moveTo({ panDeg: 80, tiltDeg: 20, hfovDeg: 20 });
  await run(4000);
  assert.deepEqual(why(poses), [null]);
  assert.equal(watch.moves, false);
  assert.equal(last(poses).speedDegPerS, 0);
  assert.equal(last(poses).zoomPerS, 0);
});

test('a head that moves untold hides the picture from the last position on that agreed', async () => {
  const { head, poses, run } = await watched();
  await run(100);
  const agreed = last(poses);
  await head.drive({ pan: 0.2, tilt: 0, zoom: 0 });
  await run(60);
  const hidden = poses.find(({ hide }) => hide === 'disagrees') as Pose;
  assert.ok(hidden.monoUs > agreed.monoUs && hidden.panDeg === agreed.panDeg);
  await run(1000);
  assert.equal(last(poses).hide, 'disagrees');
  await head.halt();
  await run(1100);
  assert.equal(last(poses).hide, null);
});

test('the same movement as told is not held against it', async () => {
  const { head, poses, order, run } = await watched();
  order({ kind: 'drive', pan: 0.2, tilt: 0, zoom: 0 });
  await head.drive({ pan: 0.2, tilt: 0, zoom: 0 });
  await run(1060);
  assert.deepEqual(why(poses), [null]);
});

test('a head that turns faster than it was told hides the picture', async () => {
  const { head, poses, order, run } = await watched();
  order({ kind: 'drive', pan: 0.1, tilt: 0, zoom: 0 });
  await head.drive({ pan: 0.6, tilt: 0, zoom: 0 });
  await run(300);
  assert.equal(last(poses).hide, 'disagrees');
});

test('one position that no head could have reached is a lie: hidden, and open again after three times five that agree', async () => {
  const { head, watch, poses, run } = await watched();
  head.lies = (truth) => ({ ...truth, panDeg: 120 });
  await run(60);
  assert.equal(last(poses).hide, 'disagrees');
  head.lies = null;
  await run(650);
  assert.equal(last(poses).hide, 'disagrees');
  await run(200);
  assert.equal(last(poses).hide, null);
  assert.equal(watch.needsHome, false);
});

test('a head that stays where it cannot be has lost its zero: hidden until it was sent home', async () => {
  const { head, watch, poses, order, run } = await watched();
  head.lies = (truth) => ({ ...truth, panDeg: truth.panDeg + 120 });
  await run(3000);
  assert.equal(last(poses).hide, 'power');
  assert.equal(watch.needsHome, true);
  head.lies = null;
  order({ kind: 'home' });
  await head.home();
  await run(500);
  assert.equal(last(poses).hide, 'homing');
  await run(2000);
  assert.equal(last(poses).hide, null);
});

test('a power cycle is seen by the jump to zero', async () => {
  const { head, watch, poses, order, run } = await watched();
  order({ kind: 'move', panDeg: 50, tiltDeg: 10 });
  await head.moveTo({ panDeg: 50, tiltDeg: 10 });
  await run(2000);
  head.powerCycle();
  await run(60);
  assert.equal(last(poses).hide, 'power');
  await run(2000);
  assert.equal(last(poses).hide, 'power');
  assert.equal(watch.needsHome, true);
});

test('a head that stands still although driven is not believed, even when it says so steadily', async () => {
  const { head, watch, poses, order, run } = await watched();
  const frozen = head.panDeg;
  order({ kind: 'drive', pan: 0.5, tilt: 0, zoom: 0 });
  await head.drive({ pan: 0.5, tilt: 0, zoom: 0 });
  head.lies = (truth) => ({ ...truth, panDeg: frozen });
  await run(800);
  assert.equal(last(poses).hide, 'disagrees');
  await run(2000);
  assert.equal(watch.needsHome, true);
});

test('a head driven to the end of its way may stand there', async () => {
  const { head, poses, order, run } = await watched();
  order({ kind: 'drive', pan: 1, tilt: 0, zoom: 0 });
  await head.drive({ pan: 1, tilt: 0, zoom: 0 });
  await run(4000);
  assert.equal(head.panDeg, 170);
  assert.deepEqual(why(poses), [null]);
});

test('a zoom that is not told, or moves untold, hides the picture', async () => {
  const { head, poses, run } = await watched();
  head.lies = (truth) => ({ ...truth, hfovDeg: null });
  await run(60);
  assert.equal(last(poses).hide, 'zoom-unknown');
  assert.equal(last(poses).hfovDeg, 0);
  head.lies = null;
  await run(300);
  assert.equal(last(poses).hide, null);
  head.hfovDeg = 55;
  await run(60);
  assert.equal(last(poses).hide, 'disagrees');
});

test('a missing reply hides at once, two that agree open; three missing lose the line', async () => {
  const { head, watch, poses, run } = await watched();
  head.silent = true;
  await run(50);
  head.silent = false;
  assert.equal(last(poses).hide, 'late');
  await run(100);
  assert.equal(last(poses).hide, null);
  head.silent = true;
  await run(200);
  assert.equal(last(poses).hide, 'link');
  assert.equal(watch.lost, true);
  head.silent = false;
  await run(2000);
  // It stands where it stood, to the hundredth.
  assert.equal(last(poses).hide, null);
});

test('a head that comes back elsewhere after silence was without power', async () => {
  const { head, watch, poses, order, run } = await watched();
  order({ kind: 'move', panDeg: 0.8, tiltDeg: 0 });
  await head.moveTo({ panDeg: 0.8, tiltDeg: 0 });
  await run(1000);
  head.silent = true;
  await run(5000);
  head.powerCycle();
  head.silent = false;
  await run(1000);
  assert.equal(last(poses).hide, 'power');
  assert.equal(watch.needsHome, true);
});

test('a late reply hides the picture', async () => {
  const { head, poses, run } = await watched();
  head.roundTripUs = 200_000;
  await run(300);
  assert.equal(last(poses).hide, 'late');
});
