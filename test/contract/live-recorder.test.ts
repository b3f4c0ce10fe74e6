/** A viewer that does not read holds nobody up: what is recorded beside it is recorded whole. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Unit } from '../../pipelines/messages.js';
import { Recorder } from '../../runtime/record/recorder.js';
import { Store } from '../../runtime/record/store.js';
import { ControlClient, enter } from '../control-client.js';
import { keysDirectory, storeDeps } from '../unit/store-fake.js';
import { startTestCamera, type TestCamera, testUnit } from './control-camera.js';

const gops = 30;
const framesAGop = 25;
const unitBytes = 20_000;

interface Scene {
  camera: TestCamera;
  store: Store;
  recorder: Recorder;
  client: ControlClient;
}

/** A camera that records, and a viewer who has stopped reading. */
async function sceneWithStalledViewer(t: TestContext): Promise<Scene> {
  const camera = await startTestCamera();
  t.after(() => camera.stop());
  const directory = await mkdtemp(join(tmpdir(), 'vigie-live-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const deps = await storeDeps(directory);
  const segmentBytes = 2 ** 20;
  const store = new Store(deps, {
    directory,
    keysDirectory: keysDirectory(directory),
    segmentBytes,
    capacityBytes: 4 * segmentBytes,
    cameraId: 'cam-1',
  });
  await store.start(new AbortController().signal);
  t.after(() => store.stop());
  const recorder = new Recorder(
    { ...deps, store },
    { picture: { width: 320, height: 240 }, clockTrusted: () => true },
  );
  recorder.open();
  const client = await ControlClient.join(camera.url, await enter(camera.server.oneTimeLink(['live'])));
  t.after(() => client.close());
  client.send({ t: 'live.start' });
  client.send({ t: 'ping' });
  await client.next('pong');
  client.socket.pause();
  return { camera, store, recorder, client };
}

/** Each unit to the recorder and to the live feed, as the camera does. The card is given its time after each GOP. */
async function film({ store, recorder }: Scene, show: (unit: Unit) => void | Promise<void>): Promise<void> {
  for (let gop = 0; gop < gops; gop++) {
    for (let frame = 0; frame < framesAGop; frame++) {
      const unit = testUnit(1000 + gop * framesAGop + frame, frame === 0, unitBytes);
      recorder.onUnit(unit);
      await show(unit);
    }
    while (store.stats().gops < gop) await new Promise(setImmediate);
  }
  await recorder.stop();
}

test('a viewer that does not read loses pictures, and the recording loses none', async (t) => {
  const scene = await sceneWithStalledViewer(t);
  await film(scene, (unit) => scene.camera.live.onUnit(unit));
  assert.ok(scene.camera.server.droppedFragments > framesAGop);
  assert.equal(scene.store.stats().gops, gops);
  assert.equal(scene.store.stats().gopsLost, 0);
});

test('negative control: a feed that waits for its viewer stalls the recording, and that is seen', async (t) => {
  const scene = await sceneWithStalledViewer(t);
  let resume = (): void => undefined;
  const reads = new Promise<void>((resolve) => {
    resume = resolve;
  });
  let waiting = false;
  const filmed = film(scene, async (unit) => {
    scene.camera.live.onUnit(unit);
    if (scene.camera.server.droppedFragments === 0) return;
    waiting = true;
    await reads;
  });
  while (!waiting) await new Promise(setImmediate);
  assert.ok(scene.store.stats().gops < gops);
  scene.client.socket.resume();
  resume();
  await filmed;
  assert.equal(scene.store.stats().gops, gops);
});
