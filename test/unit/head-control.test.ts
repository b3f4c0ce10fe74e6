/** Orders to the head: dead man, limits, patrols, what happens when the line breaks (docs/head.md, H10 to H16). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { VigieError } from '../../errors.js';
import type { Pose } from '../../pipelines/messages.js';
import { HeadControl } from '../../runtime/head/head-control.js';
import { HeadPolling } from '../../runtime/head/head-polling.js';
import { PoseWatch } from '../../runtime/head/pose-watch.js';
import { FakeHead, fakeLimits, run } from './head-fake.js';

const watchOptions = {
  stillDeg: 0.3,
  stillZoom: 0.02,
  accuracyDeg: 0.1,
  positionDelayMs: 0,
  lateMs: 150,
  settleMs: 500,
  agreeing: 5,
};

async function controlled() {
  const clock = new ManualClock();
  const head = new FakeHead(clock);
  const watch = new PoseWatch(fakeLimits, watchOptions);
  const poses: Pose[] = [];
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (line: string) => warnings.push(line), error: () => undefined };
  const send = (pose: Pose): void => void poses.push(pose);
  const control = new HeadControl(
    { clock, log, head, watch, send },
    {
      limits: { panDeg: [-60, 60], tiltDeg: [-20, 30], hfovDeg: [6, 60] },
      presets: [
        { name: 'gate', panDeg: 20, tiltDeg: 5, hfovDeg: 30 },
        { name: 'square', panDeg: -20, tiltDeg: 0, hfovDeg: 60 },
      ],
      patrols: [
        {
          name: 'night',
          stops: [
            { preset: 'gate', seconds: 5 },
            { preset: 'square', seconds: 5 },
          ],
        },
      ],
      deadManMs: 1000,
    },
  );
  const polling = new HeadPolling(
    { clock, head, watch, send, asked: () => control.followWatch() },
    { everyMs: 50, lateMs: 150 },
  );
  polling.start(new AbortController().signal);
  await run(clock, head, 500);
  await control.halt();
  await run(clock, head, 700);
  head.orders.length = 0;
  poses.length = 0;
  return { clock, head, watch, control, poses, warnings, run: (ms: number) => run(clock, head, ms) };
}

const isHead = (error: unknown): boolean => error instanceof VigieError && error.kind === 'head';

test('a drive that is not repeated ends after a second; one that is repeated goes on', async () => {
  const { head, control, run } = await controlled();
  await control.drive({ pan: 0.1, tilt: 0, zoom: 0 });
  await run(600);
  await control.drive({ pan: 0.1, tilt: 0, zoom: 0 });
  await run(600);
  assert.deepEqual(head.orders, ['drive 0.1 0 0']);
  await run(500);
  assert.deepEqual(head.orders, ['drive 0.1 0 0', 'halt']);
});

test('the pipeline process knows of a movement before the head does', async () => {
  const { head, control, poses } = await controlled();
  let knownBefore: number | null = null;
  head.moveTo = () => {
    knownBefore = poses.at(-1)?.speedDegPerS ?? 0;
    return Promise.resolve();
  };
  await control.moveTo({ panDeg: 10, tiltDeg: 0 });
  assert.ok(knownBefore !== null && knownBefore > 100);
});

test('nothing leaves the limits: a place is refused, a drive ends before, a step is shortened', async () => {
  const { head, watch, control, run } = await controlled();
  await assert.rejects(control.moveTo({ panDeg: 61, tiltDeg: 0 }), isHead);
  await assert.rejects(control.moveTo({ panDeg: Number.NaN, tiltDeg: 0 }), isHead);
  assert.deepEqual(head.orders, []);
  for (let step = 0; step < 8; step++) {
    await control.drive({ pan: 1, tilt: 0, zoom: 0 });
    await run(300);
  }
  assert.ok(head.panDeg > 30 && head.panDeg <= 60, `it stands at ${head.panDeg}`);
  assert.equal(watch.hide, null);
  await control.moveBy({ panDeg: 100, tiltDeg: 0, times: 1 });
  await run(2000);
  assert.equal(head.panDeg, 60);
});

test('a patrol goes from stop to stop, with the picture open, until another order comes', async () => {
  const { head, control, poses, run } = await controlled();
  await control.startPatrol('night');
  await run(12_000);
  assert.deepEqual(head.orders, ['move 20 5 30', 'move -20 0 60', 'move 20 5 30']);
  assert.deepEqual([...new Set(poses.map(({ hide }) => hide))], [null]);
  await control.halt();
  await run(12_000);
  assert.equal(head.orders.at(-1), 'halt');
  assert.equal(control.patrolling, null);
});

test('a head that answers again is stopped first', async () => {
  const { head, watch, control, run } = await controlled();
  await control.drive({ pan: 0.1, tilt: 0, zoom: 0 });
  await run(100);
  head.silent = true;
  await run(400);
  assert.equal(watch.lost, true);
  await assert.rejects(control.moveTo({ panDeg: 0, tiltDeg: 0 }), isHead);
  head.silent = false;
  await run(200);
  assert.equal(head.orders.at(-1), 'halt');
});

test('after a power cycle it is sent home by itself, takes no order meanwhile, and opens then', async () => {
  const { head, watch, control, poses, run } = await controlled();
  await control.goTo('gate');
  await run(2000);
  poses.length = 0;
  head.powerCycle();
  await run(700);
  assert.ok(head.orders.includes('home'));
  assert.equal(watch.hide, 'homing');
  await assert.rejects(control.goTo('gate'), isHead);
  await run(2500);
  assert.equal(watch.hide, null);
  await control.goTo('gate');
  await run(2000);
  assert.equal(head.panDeg, 20);
});

test('an order that fails by itself is a line in the log', async () => {
  const { head, control, warnings, run } = await controlled();
  await control.drive({ pan: 0.1, tilt: 0, zoom: 0 });
  head.halt = () => Promise.reject(new VigieError('head', 'The head does not answer', 'Check it'));
  await run(1100);
  assert.equal(warnings.length, 1);
});
