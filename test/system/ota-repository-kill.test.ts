/**
 * The machine that publishes is killed at every step: clients that knew the repository and new ones get the old version or the
 * new one, and publishing again completes it. The control writes the timestamp first, and is caught.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { refresh } from '../../ota/repository/refresh.js';
import { Publishing, served, TufClient } from '../ota-publishing.js';

const writer = fileURLToPath(new URL('../ota-repository-writer.js', import.meta.url));

/** Runs a change in its own process, which kills itself at this step; 0: at none. @returns the steps it reached */
function killed(publishing: Publishing, change: string, step: number, order = 'right'): Promise<string[]> {
  const args = [writer, publishing.directory, publishing.keyDirectory, change, String(step), order];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      if (error !== null && error.signal !== 'SIGKILL') reject(new Error(stderr));
      else resolve(stdout.split('\n').filter((line) => line !== ''));
    });
  });
}

async function ready(t: TestContext) {
  const publishing = await new Publishing(t).founded();
  await publishing.publish('1.0.0');
  await publishing.key('timestamp-next');
  writeFileSync(join(publishing.keyDirectory, 'bundle'), 'bundle of 1.1.0');
  const url = await served(t, publishing.directory);
  const before = `${publishing.directory}-before`;
  cpSync(publishing.directory, before, { recursive: true });
  const again = (): void => {
    rmSync(publishing.directory, { recursive: true });
    cpSync(before, publishing.directory, { recursive: true });
  };
  return { publishing, url, again };
}

for (const [change, steps] of [
  ['publish', 6],
  ['rotate', 4],
] as const) {
  test(`${change}: killed at each of its ${steps} steps, clients go on`, async (t) => {
    const { publishing, url, again } = await ready(t);
    for (let step = 1; step <= steps; step += step === 1 ? 1 : 2) {
      again();
      const known = await TufClient.at(t, url);
      assert.equal((await known.release())?.version, '1.0.0');
      const reached = await killed(publishing, change, step);
      assert.equal(reached.length, step);
      const allowed = change === 'publish' ? ['1.0.0', '1.1.0'] : ['1.0.0'];
      const fresh = await TufClient.at(t, url);
      for (const client of [known, fresh]) {
        const release = await client.release();
        assert.ok(allowed.includes(release?.version ?? ''), `${reached.at(-1)}: ${release?.version}`);
        assert.match(await client.file(release?.content.path ?? ''), /^bundle of/);
      }
      if (change === 'rotate' && step === steps) continue;
      await killed(publishing, change, 0);
      if (change === 'publish') assert.equal((await known.release())?.version, '1.1.0');
    }
    const whole = await killed(publishing, 'publish', 0);
    assert.equal(whole.length, 6, whole.join());
  });
}

test('control: with the timestamp first, a client is refused in between', async (t) => {
  const { publishing, url } = await ready(t);
  const known = await TufClient.at(t, url);
  await known.release();
  await killed(publishing, 'publish', 2, 'timestamp-first');
  await assert.rejects(known.release(), /404|snapshot/);
});

test('a revocation without the old key that is cut after its root: refreshing completes it', async (t) => {
  const { publishing, url } = await ready(t);
  const known = await TufClient.at(t, url);
  await known.release();
  rmSync(join(publishing.keyDirectory, 'timestamp-1.pem'));
  const reached = await killed(publishing, 'revoke', 2);
  assert.equal(reached.at(-1), 'after 2.root.json');
  await assert.rejects(known.release(), /timestamp was signed by 0/);
  const repository = await publishing.open();
  assert.equal(repository.published?.cut, true);
  const options = { nowMs: Date.now(), stage: false, always: [] };
  await refresh(repository, publishing.keyring('timestamp-next'), options);
  assert.equal((await known.release())?.version, '1.0.0');
});
