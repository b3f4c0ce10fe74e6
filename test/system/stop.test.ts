/** Stopping at any moment of the start ends cleanly: nothing is left running, nothing half-made. */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LinuxCard } from '../../board/linux/card.js';
import { systemClock } from '../../board/linux/clock.js';
import type { Log } from '../../board/ports.js';
import { loadConfig } from '../../runtime/config/load.js';
import { Camera } from '../../runtime/main.js';
import { clipConfig, newDirectory, openStore } from '../camera-run.js';

const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** After how many turns of the event loop the stop comes: from at once to well into the first frames. */
const turns = [0, 1, 5, 20, 100, 1000, 5000];

for (const count of turns) {
  test(`a stop ${count} turns of the event loop into the start`, async () => {
    const directory = newDirectory();
    const camera = await Camera.make(
      { clock: systemClock, log: quiet, card: new LinuxCard() },
      { config: loadConfig(clipConfig()), stateDirectory: directory, gstRegistry: null },
    );
    const started = camera.start().then(
      () => 'started',
      () => 'given up',
    );
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
    await camera.stop();
    await started;
    await camera.stop();
    assert.equal(camera.supervisor.state, 'stopped');
    assert.equal(camera.supervisor.pid, undefined);
    assert.ok(!existsSync(join(directory, 'store', 'ring.new')));
    if (existsSync(join(directory, 'store', 'ring'))) {
      const { damages } = await (await openStore(directory)).check();
      assert.deepEqual(damages, []);
    }
    rmSync(directory, { recursive: true, force: true });
  });
}
