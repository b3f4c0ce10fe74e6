/** A head whose speed changes only so fast: its own positions fit, and a lie is seen or smaller than what is allowed for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeadPosition } from '../../board/ports.js';
import { SmoothMotion } from '../../runtime/head/smooth-motion.js';
import { seeded } from '../random.js';

const DEG_PER_S2 = 300;
const DEG_PER_S = 100;
const ACCURACY_DEG = 0.1;
const STEP_US = 1000;

interface Told extends HeadPosition {
  /** where it truly was */
  trueDeg: number;
  lieDeg: number;
}

/** Answers of a head that goes to and fro as fast as it can; for a while now and then it lies by so much. */
function answers(seed: number, lie: (random: () => number) => number): Told[] {
  const random = seeded(seed);
  const told: Told[] = [];
  let [at, speed, to, lieDeg, lieEndsUs] = [0, 0, 60, 0, 0];
  let [askUs, nextLieUs] = [50_000, 1_000_000];
  for (let us = 0; us < 60_000_000; us += STEP_US) {
    const wanted =
      Math.sign(to - at) * Math.min(DEG_PER_S, Math.sqrt(2 * 0.8 * DEG_PER_S2 * Math.abs(to - at)));
    const most = (DEG_PER_S2 * STEP_US) / 1e6;
    speed += Math.max(-most, Math.min(most, wanted - speed));
    at += (speed * STEP_US) / 1e6;
    if (Math.abs(to - at) < 0.5 && random() < 0.01) to = 240 * (random() - 0.5);
    if (us >= nextLieUs) {
      lieDeg = lie(random);
      lieEndsUs = us + 60_000 + 300_000 * random();
      nextLieUs = us + 2_000_000;
    }
    if (us >= lieEndsUs) lieDeg = 0;
    if (us < askUs) continue;
    // The head looks 15 ms after it is asked; an answer may wait on its way back.
    const waitsUs = random() < 0.2 ? 20_000 * random() : 0;
    const roundTripUs = 30_000 + waitsUs;
    const panDeg = at + lieDeg + ACCURACY_DEG * (random() - 0.5);
    const monoUs = us - 15_000 + Math.round(roundTripUs / 2);
    told.push({ monoUs, roundTripUs, panDeg, tiltDeg: 0, hfovDeg: 60, trueDeg: at, lieDeg });
    askUs = us + 50_000 + Math.round(waitsUs);
  }
  return told;
}

const watch = (degPerS2: number | undefined): SmoothMotion =>
  new SmoothMotion({ degPerS2, accuracyDeg: ACCURACY_DEG, panEndless: false });

test('an honest head fits, whatever it does, and is where it says within what is allowed for', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const smooth = watch(DEG_PER_S2);
    for (const now of answers(seed, () => 0)) assert.ok(smooth.judge(now).fits, `at ${now.monoUs}`);
  }
});

test('a lie does not fit, or is no larger than what is allowed for', () => {
  let [seen, small] = [0, 0];
  for (let seed = 1; seed <= 20; seed++) {
    const smooth = watch(DEG_PER_S2);
    let seenUs = Number.NEGATIVE_INFINITY;
    for (const now of answers(seed, (random) => (random() < 0.5 ? -1 : 1) * (0.2 + 6 * random()))) {
      const { fits, unsureDeg } = smooth.judge(now);
      if (!fits) seenUs = now.monoUs;
      if (now.lieDeg === 0) continue;
      const isSeen = now.monoUs - seenUs < 700_000;
      assert.ok(isSeen || Math.abs(now.lieDeg) <= unsureDeg + ACCURACY_DEG, `${now.lieDeg} of ${unsureDeg}`);
      isSeen ? seen++ : small++;
    }
  }
  assert.ok(seen > 100 && small > 100, `${seen} seen, ${small} small`);
});

test('what is allowed for is small when answers come evenly', () => {
  const smooth = watch(DEG_PER_S2);
  const found = answers(1, () => 0).map((now) => smooth.judge(now).unsureDeg);
  found.sort((a, b) => a - b);
  assert.ok(found[found.length >> 1] < 5, `${found[found.length >> 1]} degrees`);
});

test('negative control: without a bound on its change of speed every lie fits', () => {
  const smooth = watch(undefined);
  for (const now of answers(1, () => 5)) assert.deepEqual(smooth.judge(now), { fits: true, unsureDeg: 0 });
});
