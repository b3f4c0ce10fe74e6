/**
 * Promise 2 while the camera runs: an authorisation that expires stops recording and analysis at once, and a new
 * one starts them again, without a restart by hand.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  clipConfig,
  recordedUnits,
  runCamera,
  until,
  watchedZone,
  writeAuthorisation,
} from '../camera-run.js';

test('an authorisation taken away and given back', async () => {
  const run = await runCamera(clipConfig());
  try {
    const { camera } = run;
    await until('recording', () => camera.recorder.framesRecorded >= 10);
    assert.equal(camera.health().detect.on, true);

    rmSync(join(run.directory, 'authorisation.json'));
    await until('the gate is shut', () => camera.recorder.shutBecause !== null && !camera.health().detect.on);
    await camera.recorder.flushed();
    const recorded = camera.recorder.framesRecorded;
    assert.ok(camera.health().notices.some(({ code }) => code === 'authorisation-absent'));
    const dropped = camera.recorder.framesDropped;
    await until('frames that nobody may keep', () => camera.recorder.framesDropped >= dropped + 20);
    assert.equal(camera.recorder.framesRecorded, recorded);

    writeAuthorisation(run.directory, [watchedZone.name]);
    await until('recording again', () => camera.recorder.framesRecorded >= recorded + 10);
    assert.equal(camera.health().detect.on, true);
    await run.stop();
    assert.deepEqual(run.errors, []);
    assert.equal((await recordedUnits(run.directory)).length, camera.recorder.framesRecorded);
  } finally {
    await run.clear();
  }
});
