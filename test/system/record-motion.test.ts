/**
 * Promise of docs/recording.md on a whole camera: the picture is still, then something moves, then it is still. What is on
 * the card begins before the motion and ends after it, and decodes.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ConfigInput } from '../../runtime/config/schema.js';
import {
  clipConfig,
  decode,
  newDirectory,
  openStore,
  recordedUnits,
  runCamera,
  until,
  writeAuthorisation,
} from '../camera-run.js';

const size = { width: 320, height: 240 };
const rate = 10;
/** seconds of the clip */
const [movesFrom, movesTo, ends] = [6, 8, 14];
const [pre, post] = [2, 2];

/** Grey, with noise; a white box crosses it between `movesFrom` and `movesTo`. */
function makeClip(file: string): void {
  const grey = `color=c=0x707070:s=${size.width}x${size.height}:r=${rate}:d=${ends},format=yuv420p,noise=alls=8:allf=t`;
  const box = `color=c=white:s=24x64:r=${rate}:d=${ends},format=yuv420p`;
  const x = `40+100*(t-${movesFrom})`;
  const graph = `${grey}[street];${box}[box];[street][box]overlay=x='${x}':y=90:enable='between(t,${movesFrom},${movesTo})'`;
  const args = [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    graph,
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-qp',
    '12',
  ];
  execFileSync('ffmpeg', [...args, '-y', file]);
}

test('recorded: from before the motion until after it', async () => {
  const directory = newDirectory();
  const file = join(directory, 'street.mp4');
  makeClip(file);
  const street = (motionShare: number): ConfigInput =>
    clipConfig({
      sensor: { kind: 'clip', file, atEnd: 'end' },
      picture: { ...size, framesPerSecond: rate },
      mask: { zones: [], noneBecause: 'a made-up street without a house' },
      zones: [],
      record: {
        capacityMiB: 16,
        segmentMiB: 4,
        when: { mode: 'motion', preRollSeconds: pre, postRollSeconds: post, motionShare },
      },
    });
  const run = await runCamera(street(0.002), directory);
  // Negative control: for this one, half of the picture must change.
  const dull = await runCamera(street(0.5));
  try {
    await until('it waits', () => run.camera.health().store.state === 'waiting');
    await until('it records', () => run.camera.health().store.state === 'recording');
    await until('it waits again', () => run.camera.health().store.state === 'waiting');
    await Promise.all([run.camera.ended, dull.camera.ended]);
    await Promise.all([run.stop(), dull.stop()]);
    assert.deepEqual([...run.errors, ...dull.errors], []);
    assert.deepEqual(await recordedUnits(dull.directory), []);

    const units = await recordedUnits(directory);
    const first = units[0]?.seq ?? 0;
    const last = units.at(-1)?.seq ?? 0;
    assert.equal(last - first + 1, units.length, 'no picture is missing between');
    assert.equal(units[0]?.key, true);
    // A GOP is a second: it begins up to one before the pre-roll, and ends up to one after the post-roll.
    assert.ok(
      first >= rate * (movesFrom - pre - 1) && first <= rate * (movesFrom - pre),
      `begins at ${first}`,
    );
    assert.ok(last >= rate * (movesTo + post) - 2 && last <= rate * (movesTo + post + 2), `ends at ${last}`);

    const pictures = decode(Buffer.concat(units.map(({ data }) => data)), size);
    assert.equal(pictures.length, units.length);
    const moving = pictures.map((picture) =>
      picture.subarray(0, size.width * size.height).some((y) => y > 200),
    );
    assert.deepEqual([moving[0], moving.at(-1)], [false, false]);
    const seen = moving.flatMap((white, i) => (white ? [first + i] : []));
    assert.deepEqual([seen[0], seen.at(-1)], [rate * movesFrom, rate * movesTo]);
    assert.equal((await openStore(directory)).list().coverage.length, 1);
  } finally {
    await run.clear();
    await dull.clear();
  }
});

test('motion is measured under authority only, and only when a mode asks for it', async () => {
  const moving = (when: object): ConfigInput =>
    clipConfig({
      sensor: { kind: 'pattern' },
      picture: { ...size, framesPerSecond: rate },
      mask: { zones: [], noneBecause: 'a test pattern shows nobody' },
      zones: [],
      record: { capacityMiB: 16, segmentMiB: 4, when },
    });
  const plain = await runCamera(moving({}));
  const run = await runCamera(moving({ mode: 'motion' }));
  const { camera } = run;
  try {
    await until('recording', () => camera.recorder.framesRecorded >= 20);
    assert.deepEqual(
      camera.health().notices.map(({ code }) => code),
      [],
    );
    assert.equal(plain.camera.supervisor.pipeline.motion !== null, false);
    assert.equal(camera.supervisor.pipeline.motion !== null, true);
    rmSync(join(run.directory, 'authorisation.json'));
    await until('nothing is measured', () => camera.supervisor.pipeline.motion === null);
    await camera.recorder.flushed();
    const recorded = camera.recorder.framesRecorded;
    writeAuthorisation(run.directory, []);
    await until('recording again', () => camera.recorder.framesRecorded >= recorded + 10);
    assert.equal(camera.supervisor.pipeline.motion !== null, true);
    await run.stop();
    assert.deepEqual(run.errors, []);
  } finally {
    await run.clear();
    await plain.clear();
  }
});
