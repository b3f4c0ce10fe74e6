/**
 * Between two positions the mask allows for as much as the head can have turned (docs/mask.md, "The margin", 2): also in the
 * interval in which an order is given, whose first position said that the head rests. What the runtime tells is read as the
 * pipeline process reads it, and compared with where the head truly was at every millisecond.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '../../board/virtual/clock.js';
import { virtualHeadLimits, virtualHeadOptions } from '../../board/virtual/head.js';
import type { Pose } from '../../pipelines/messages.js';
import { head as headConfig } from '../../runtime/config/head.js';
import type { HeadControl } from '../../runtime/head/head-control.js';
import { CameraHead } from '../../runtime/head-parts.js';
import { HeadBench, protocols, quiet } from './head-bench.js';
import { FakeHead, fakeLimits } from './head-fake.js';
import { Frames, type Judged } from './head-frames.js';

const common = { protocol: 'visca', device: '/tmp/none' };
type Order = (control: HeadControl) => Promise<void>;
const orders: Order[] = [
  (control) => control.drive({ pan: 1, tilt: 0, zoom: 0 }),
  (control) => control.halt(),
  (control) => control.moveTo({ panDeg: -30, tiltDeg: 20 }),
  (control) => control.drive({ pan: 0.1, tilt: -0.3, zoom: 0 }),
  (control) => control.drive({ pan: -0.5, tilt: 0, zoom: 0.5 }),
  (control) => control.halt(),
];

/** A head that is at its speed at once, given orders at every place between two positions. */
async function atOnce(
  change: (pose: Pose, ordering: boolean) => Pose | null,
  roundTripUs = 1000,
): Promise<Judged> {
  const clock = new ManualClock();
  const head = new FakeHead(clock);
  // With a quick answer little is unknown of the position itself, and what is between two of them counts.
  head.roundTripUs = roundTripUs;
  const frames = new Frames();
  let ordering = false;
  const send = (pose: Pose): void => {
    const told = change(pose, ordering);
    if (told) frames.poses.add(told);
  };
  const trust = { homeAtStart: false, accuracyDeg: 0.02 };
  const config = headConfig.parse({ ...common, travel: { ...fakeLimits }, trust });
  const parts = new CameraHead({ clock, log: quiet, send, open: () => head }, config);
  await parts.start(new AbortController().signal);
  const pass = async (ms: number): Promise<void> => {
    for (let gone = 0; gone < ms; gone++) {
      head.turn(1);
      clock.advance(1);
      for (let turn = 0; turn < 8; turn++) await Promise.resolve();
      const { panDeg, tiltDeg, hfovDeg } = head;
      frames.expose(clock.monoUs(), { panDeg, tiltDeg, hfovDeg });
    }
  };
  const give = async (order: Order): Promise<void> => {
    // What an order tells the pipeline process leaves before the first wait.
    ordering = true;
    const given = order(parts.control);
    ordering = false;
    await given;
  };
  await pass(600);
  await give((control) => control.halt());
  await pass(700);
  for (let phase = 0; phase < 50; phase += 3) {
    for (const order of orders) {
      await give(order);
      await pass(200 + phase);
    }
    await give((control) => control.moveTo({ panDeg: 0, tiltDeg: 0, hfovDeg: 60 }));
    await pass(2500);
  }
  await parts.stop();
  return frames.judged;
}

test('whenever an order is given, the head is within the margin at every millisecond', async () => {
  for (const roundTripUs of [1000, 20_000, 120_000]) {
    const { shown, hidden, wrong, worstDeg } = await atOnce((pose) => pose, roundTripUs);
    assert.equal(wrong, 0, `off by ${worstDeg} degrees more than allowed, answers after ${roundTripUs} us`);
    assert.ok(shown > 10 * hidden, `${shown} shown, ${hidden} hidden`);
  }
});

test('it would not be, if the order were known only with the position after it', async () => {
  const { wrong } = await atOnce((pose, ordering) => (ordering ? null : pose));
  assert.ok(wrong > 0);
});

test('nor if positions did not say how fast the head may be', async () => {
  const { wrong } = await atOnce((pose) => ({ ...pose, speedDegPerS: 0 }));
  assert.ok(wrong > 0);
});

for (const protocol of protocols)
  test(`the simulated head in ${protocol}, with its inertia and its late positions, stays within it too`, async () => {
    const bench = new HeadBench(protocol);
    const frames = new Frames();
    const options = virtualHeadOptions(protocol);
    const { motion, positionAgeMs } = options;
    const limits = virtualHeadLimits(options);
    const trust = { homeAtStart: false, positionDelayMs: positionAgeMs };
    const travel = { ...limits, hfovDeg: [limits.hfovDeg[0], motion.wideDeg] };
    const config = headConfig.parse({ ...common, protocol, travel, trust });
    const send = (pose: Pose): void => frames.poses.add(pose);
    const parts = new CameraHead({ clock: bench.clock, log: quiet, send, open: () => bench.head }, config);
    await parts.start(new AbortController().signal);
    const pass = async (ms: number): Promise<void> => {
      for (let gone = 0; gone < ms; gone++) {
        await setImmediate();
        bench.clock.advance(1);
        const us = bench.clock.monoUs();
        frames.expose(us, bench.simulated.trueView(us));
      }
    };
    await pass(1500);
    for (let phase = 0; phase < 50; phase += 17) {
      for (const order of orders) {
        void order(parts.control);
        await pass(250 + phase);
      }
      void parts.control.moveTo({ panDeg: 0, tiltDeg: 0, hfovDeg: 60 });
      await pass(3000);
    }
    const { shown, hidden, wrong, worstDeg } = frames.judged;
    assert.equal(wrong, 0, `off by ${worstDeg} degrees more than allowed`);
    assert.ok(shown > 3 * hidden, `${shown} shown, ${hidden} hidden`);
    void parts.stop();
    await bench.pass(1000);
  });
