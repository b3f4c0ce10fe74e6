/** The picture as a witness on real footage: people who walk do not speak against a head at rest, a push does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { GlobalMotion, type Verdict } from '../../pipelines/mask/global-motion.js';
import { clipConfig } from '../camera-run.js';

const size = { width: 640, height: 360 };
const bytesEach = size.width * size.height;
const PUSHED_AT = 60;
const SECONDS = 12;

/** Luma of a street with people; from frame 60 on the camera looks `push` pixels further to the right and down. */
function street(push: number): Buffer[] {
  const way = `if(gte(n,${PUSHED_AT}),${push},0)`;
  const { sensor } = clipConfig();
  const { stdout, stderr } = spawnSync(
    'ffmpeg',
    [
      ...['-v', 'error', '-t', `${SECONDS}`, '-i', 'file' in sensor ? sensor.file : ''],
      ...['-vf', `crop=${size.width}:${size.height}:'40+${way}':'80+${way}':exact=1`],
      ...['-pix_fmt', 'gray', '-f', 'rawvideo', '-'],
    ],
    { maxBuffer: 1 << 29 },
  );
  assert.ok(stdout.length > 0, stderr.toString());
  return Array.from({ length: stdout.length / bytesEach }, (_, i) =>
    stdout.subarray(i * bytesEach, (i + 1) * bytesEach),
  );
}

function verdicts(pictures: readonly Buffer[]): Verdict[] {
  const motion = new GlobalMotion(size, { principal: [0.5, 0.5], k1: 0, k2: 0, rollDeg: 0 });
  const view = { panDeg: 10, tiltDeg: -5, hfovDeg: 60 };
  return pictures.map((luma) => {
    const verdict = motion.judge(luma, view, 2);
    motion.remember(luma, view);
    return verdict;
  });
}

test('a street full of people agrees with a head that stands still', () => {
  const found = verdicts(street(0));
  assert.ok(found.length > 100);
  assert.equal(found.filter((verdict) => verdict === 'disagrees').length, 0);
  const agrees = found.filter((verdict) => verdict === 'agrees').length;
  assert.ok(agrees > 0.85 * found.length, `${agrees} of ${found.length}`);
});

test('a head that was pushed and says nothing of it is found out, by little and by much', () => {
  for (const push of [16, 40, 90]) {
    const found = verdicts(street(push));
    assert.equal(found.slice(0, PUSHED_AT).includes('disagrees'), false);
    assert.deepEqual(
      new Set(found.slice(PUSHED_AT + 2)),
      new Set(['disagrees']),
      `${push} pixels: ${found.slice(PUSHED_AT - 2, PUSHED_AT + 10).join(' ')}`,
    );
  }
});
