/** The time of a frame goes by the sensor's stamps, whenever JavaScript came to take it; what is not sure is said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameTime, type Timed } from '../../pipelines/capture/frame-time.js';
import { seeded } from '../random.js';

const PERIOD_US = 40_000;
/** The stamps began to count when the clock showed this. */
const BASE_US = 7_000_000_000;

interface Taken extends Timed {
  trueUs: number;
}

/** Frames of an uneven sensor, each taken `lateUs` after it came. */
function run(
  frames: number,
  lateUs: (i: number) => number,
  jumpUs: (i: number) => number = () => 0,
): Taken[] {
  const [random, time] = [seeded(4), new FrameTime()];
  const found: Taken[] = [];
  let takenUs = 0;
  for (let i = 0; i < frames; i++) {
    const stampUs = Math.round(i * PERIOD_US + 8000 * random());
    takenUs = Math.max(takenUs + 1, BASE_US + stampUs + 1000 + Math.round(lateUs(i)));
    found.push({ ...time.of(stampUs + jumpUs(i), takenUs), trueUs: BASE_US + stampUs + 1000 });
  }
  return found;
}

const offUs = ({ monoUs, trueUs }: Taken): number => monoUs - trueUs;
const isSure = ({ errorUs }: Taken): boolean => errorUs !== null;
const worst = (frames: Taken[]): number => Math.max(...frames.filter(isSure).map((f) => Math.abs(offUs(f))));

test('a backlog at the start and stops of the event loop change no time that is sure', () => {
  const random = seeded(5);
  // A backlog that melts away in the first half second, then jitter, and a stop of a fifth of a second now and then.
  const late = (i: number): number =>
    i < 12 ? 160_000 - i * 14_000 : 2000 * random() + (i % 50 === 0 ? 200_000 : 0);
  const frames = run(500, late);
  assert.ok(worst(frames) < 2500, `${worst(frames)} us off`);
  assert.ok(frames.slice(0, 24).every((frame) => !isSure(frame)));
  assert.ok(frames.slice(30).filter(isSure).length > 460);
});

test('negative control: the time of taking is off by as much as the stop', () => {
  const frames = run(100, (i) => (i === 60 ? 200_000 : 0));
  assert.equal(frames[60].monoUs, frames[60].trueUs);
  const taken = frames[60].trueUs + 200_000;
  assert.ok(taken - frames[60].monoUs === 200_000);
});

test('on a machine that is busy from the start the time is late by as much as it says, and right when it calms down', () => {
  const random = seeded(6);
  const busy = run(300, (i) => (i < 200 ? 20_000 + 20_000 * random() : 500 * random()));
  for (const frame of busy.filter(isSure)) {
    const after = busy.indexOf(frame);
    if (after < 200) assert.ok(offUs(frame) <= 30_000);
    else assert.ok(Math.abs(offUs(frame)) < 1000);
  }
  assert.ok(
    busy.slice(40, 200).some((frame) => (frame.errorUs ?? 0) > 5000),
    'it says that it is busy',
  );
  assert.equal(isSure(busy[200]), false, 'what was learnt before is wrong, and that is said');
});

test('stamps that jump back are noticed and learnt anew', () => {
  const jump = (us: number): Taken[] =>
    run(
      600,
      () => 0,
      (i) => (i < 100 ? 0 : us),
    );
  const far = jump(-10_000_000);
  assert.equal(far.slice(100, 340).some(isSure), false);
  assert.ok(far.slice(420).every((frame) => isSure(frame) && Math.abs(offUs(frame)) < 10));
  const near = jump(-100_000);
  assert.equal(near.slice(152, 340).some(isSure), false, 'two seconds without a frame on time');
});

test('stamps that jump ahead count from the sixth frame on', () => {
  const frames = run(
    200,
    () => 0,
    (i) => (i < 100 ? 0 : 3_000_000),
  );
  assert.equal(frames.slice(100, 104).some(isSure), false);
  assert.ok(frames.slice(110).every((frame) => isSure(frame) && Math.abs(offUs(frame)) < 10));
});

test('a frame without a stamp has the time of its taking, and time never goes back', () => {
  const time = new FrameTime();
  assert.deepEqual(time.of(null, 500_000), { monoUs: 500_000, errorUs: null });
  assert.deepEqual(time.of(10_000, 600_000), { monoUs: 600_000, errorUs: null });
  // This one shows that the one before was late by 90 ms.
  assert.deepEqual(time.of(50_000, 550_000 + 50_000), { monoUs: 601_000, errorUs: null });
  const frames = run(300, (i) => (i < 40 ? 150_000 : 0));
  for (const [i, { monoUs }] of frames.entries()) if (i > 0) assert.ok(monoUs > frames[i - 1].monoUs);
});
