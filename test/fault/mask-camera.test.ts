/** A whole camera on a head that turns: nothing private on its card, in the live view, in still pictures; leaks are found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaksOf } from './mask.js';
import { examineCamera, slowCamera, violationsOf } from './mask-camera.js';

test('nothing private leaves a camera whose head, line and process break', async () => {
  const examined = await examineCamera({
    frames: 300,
    seed: 1,
    phases: ['patrol', 'zoom', 'late', 'restart'],
  });
  assert.deepEqual(violationsOf(examined), []);
  const { recorded, live } = examined;
  assert.ok(recorded.frames >= 300 && live.frames > 200 && recorded.pictures > 0);
  assert.ok(
    (recorded.phases.patrol?.street ?? 0) > 0,
    'a picture that is always hidden would pass any search',
  );
});

test('negative control: a delay that is not told leaks on the card and into the live view', async () => {
  const examined = await examineCamera({ frames: 80, seed: 1, ...slowCamera, compensated: false });
  assert.ok(leaksOf(examined.recorded) > 0 && leaksOf(examined.live) > 0);
  assert.ok(violationsOf(examined).length >= 2);
});
