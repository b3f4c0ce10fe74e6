/** From looks to the queue: alerts with their model, their place in the recording and their picture, and what follows. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { findModel } from '../../models/manifest.js';
import { loadConfig } from '../../runtime/config/load.js';
import { AlertQueue } from '../../runtime/control/alerts.js';
import type { WatchingDeps } from '../../runtime/watching.js';
import { Watching } from '../../runtime/watching.js';
import { testLog, testPicture } from '../contract/control-camera.js';
import { look, zone } from './scene-script.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigie-watching-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const config = loadConfig({
  camera: { id: 'a', name: 'a' },
  sensor: { kind: 'pattern' as const },
  mask: { zones: [], noneBecause: 'a test pattern shows nobody' },
});

function watchingOf(change: Partial<WatchingDeps> = {}): {
  watching: Watching;
  alerts: AlertQueue;
  kept: number[];
} {
  const deps = { clock: new ManualClock(), log: testLog() };
  const alerts = new AlertQueue(deps, { directory });
  const kept: number[] = [];
  const parts: WatchingDeps = {
    ...deps,
    alerts,
    clockTrusted: () => true,
    storeState: () => 'recording',
    keep: (us) => void kept.push(us),
    picture: () => Promise.resolve(testPicture()),
    tell: () => Promise.resolve(),
    ...change,
  };
  return {
    watching: new Watching(parts, {
      config,
      stateDirectory: directory,
      zones: [zone({ dwellSeconds: 0 })],
    }),
    alerts,
    kept,
  };
}

test('an alert names the model and where the recording shows it, and gets its picture', async () => {
  const { watching, alerts, kept } = watchingOf();
  watching.onTracks(look(3, {}));
  const [entry] = alerts.since(0);
  const { atMs = 0, model, recording, number } = entry?.alert ?? {};
  const { beforeSeconds, afterSeconds } = config.record.terminus;
  assert.equal(number, 1);
  assert.deepEqual(model, { name: 'centernet', sha256: findModel('centernet').onnx.sha256 });
  assert.deepEqual(recording, { fromMs: atMs - beforeSeconds * 1000, toMs: atMs + afterSeconds * 1000 });
  assert.deepEqual(kept, [3_000_000]);
  assert.deepEqual([watching.alertsTold, watching.told.length, watching.tracksNow], [1, 1, 1]);
  await Promise.resolve();
  assert.ok(alerts.picture(entry?.alert.id ?? ''));
});

test('what the store does decides whether anything shows it', () => {
  const recordingWhile = (state: ReturnType<WatchingDeps['storeState']>): boolean => {
    const { watching, alerts } = watchingOf({ storeState: () => state });
    watching.onTracks(look(3, {}));
    return alerts.since(0)[0]?.alert.recording !== null;
  };
  assert.deepEqual((['recording', 'waiting', 'off-hours', 'off', 'failed'] as const).map(recordingWhile), [
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('a new authorisation does not make two alerts of one second, and the second is not lost', () => {
  const { watching, alerts } = watchingOf();
  const at = (): (number | undefined)[] => alerts.since(0).map(({ alert }) => alert.atMonoUs);
  watching.onTracks(look(3, {}));
  watching.watch([zone({ dwellSeconds: 0 }, 'Lawn')]);
  for (const t of [3.2, 3.6, 3.9]) watching.onTracks(look(t, {}));
  assert.deepEqual(at(), [3e6]);
  watching.onTracks(look(4.1, {}));
  assert.deepEqual(at(), [3e6, 4.1e6]);
  assert.deepEqual(alerts.since(1)[0]?.alert.folded, []);
});

test('updates follow under the id of the alert; other zones and the end of the run end what is open', async () => {
  const { watching, alerts } = watchingOf();
  for (let t = 0; t <= 6; t += 0.2) watching.onTracks(look(t, {}, ...(t > 3 ? [{ id: 'b' }] : [])));
  const { alert, update } = alerts.since(0)[0] ?? {};
  assert.deepEqual([update?.id, update?.joined, update?.ended], [alert?.id, 1, false]);
  watching.watch([zone({ dwellSeconds: 0 }, 'Lawn')]);
  assert.equal(alerts.since(0)[0]?.update?.ended, true);
  assert.equal(watching.tracksNow, 0);
  watching.onTracks(look(8, {}));
  assert.deepEqual(
    alerts.since(0).map((one) => one.alert.zone),
    ['Path', 'Lawn'],
  );
  watching.interrupted();
  await watching.stop();
  await watching.stop();
  assert.equal(alerts.since(1)[0]?.update?.update, 1);
});
