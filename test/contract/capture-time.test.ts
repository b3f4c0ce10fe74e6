/** A real sensor pipeline: what stops JavaScript does not change the time that the sensor gave to its frames. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../board/linux/clock.js';
import { Capture } from '../../pipelines/capture/capture.js';
import type { RawFrame } from '../../pipelines/frame.js';
import type { Lens } from '../../pipelines/messages.js';
import { until } from '../camera-run.js';

const FRAMES_PER_SECOND = 25;
const PERIOD_US = 1e6 / FRAMES_PER_SECOND;
const STOP_AT = 45;
const STOP_MS = 140;
const FRAMES = 60;
/** Of the frames that waited meanwhile, the first. */
const WAITED = STOP_AT + 1;

const plain: Lens = { principal: [0.5, 0.5], k1: 0, k2: 0, rollDeg: 0 };

/** By how much each frame's time is off the even cadence of a test pattern, microseconds, after the loop stood still once. */
async function offCadence(stamped: boolean): Promise<{ offUs: number[]; frames: RawFrame[] }> {
  const frames: RawFrame[] = [];
  const size = { width: 64, height: 48 };
  const faults: string[] = [];
  const capture = new Capture(
    {
      clock: systemClock,
      events: {
        frame: (frame) => {
          frames.push(frame);
          if (frames.length === STOP_AT)
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STOP_MS);
        },
        ended: () => faults.push('ended'),
        fault: ({ message }) => faults.push(message),
      },
    },
    {
      ...size,
      sensorLaunch: `videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=${FRAMES_PER_SECOND}/1`,
      atEnd: 'live',
      paced: false,
      rate: { numerator: FRAMES_PER_SECOND, denominator: 1 },
      head: stamped ? { lens: plain, frameDelayMs: 0, holdMs: 0 } : null,
    },
  );
  capture.start();
  try {
    await until('frames', () => frames.length >= FRAMES || faults.length > 0);
  } finally {
    capture.stop();
  }
  assert.deepEqual(faults, []);
  const last = frames[STOP_AT - 1].monoUs;
  return { frames, offUs: frames.map(({ monoUs }, i) => monoUs - last - (i - STOP_AT + 1) * PERIOD_US) };
}

test('frames that wait while JavaScript stands still keep the time of the sensor', async () => {
  const { frames, offUs } = await offCadence(true);
  for (let i = WAITED; i < FRAMES; i++) {
    // Whole periods apart: what the queue had no room for was left out by the sensor's own pipeline.
    const off = offUs[i] - PERIOD_US * Math.round(offUs[i] / PERIOD_US);
    assert.ok(Math.abs(off) < 5000, `frame ${i} is ${off} us off`);
    assert.notEqual(frames[i].timeErrorUs, undefined);
  }
  assert.equal(frames[0].timeErrorUs, undefined, 'nothing is sure at the start');
});

test('negative control: the times of taking are not those of the sensor', async () => {
  const { offUs, frames } = await offCadence(false);
  assert.ok(offUs.slice(WAITED, WAITED + 2).some((off) => off > 60_000));
  assert.equal(frames.at(-1)?.timeErrorUs, undefined);
});
