/** What the integrator's tools publish is what a camera takes, through every change of keys; what they withdraw is gone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { withdraw } from '../../ota/repository/offers.js';
import { revoke, rotate } from '../../ota/repository/rotation.js';
import { TestCamera } from '../ota-camera.js';
import { Publishing, place, served } from '../ota-publishing.js';

const here = { place };

async function published(t: TestContext) {
  const publishing = await new Publishing(t).founded();
  await publishing.publish('1.0.0');
  const url = await served(t, publishing.directory);
  const first = readFileSync(join(publishing.directory, 'metadata/1.root.json'));
  const camera = new TestCamera(t, first);
  await camera.takes(url, '1.0.0', here);
  return { publishing, url, camera, late: new TestCamera(t, first) };
}

test('published, followed by the next, withdrawn', async (t) => {
  const { publishing, url, camera } = await published(t);
  await publishing.publish('1.1.0');
  const found = await camera.takes(url, '1.1.0', here);
  const { url: bundle, bytes } = found.file(found.release.content.path);
  const answer = await fetch(bundle);
  assert.equal((await answer.arrayBuffer()).byteLength, bytes);
  await publishing.change((draft) => withdraw(draft, place));
  await camera.refuses(url, 'absent', here);
  await publishing.publish('1.2.0');
  await camera.takes(url, '1.2.0', here);
});

const oldKeys: Record<string, string> = {
  root: 'root-2',
  targets: 'targets-1',
  snapshot: 'snapshot-1',
  timestamp: 'timestamp-1',
  [place.customer]: 'customer-1',
  [`${place.customer}.${place.board}`]: 'board-1',
};
for (const [role, old] of Object.entries(oldKeys)) {
  test(`a key of ${role} is changed: cameras of before and new ones follow`, async (t) => {
    const { publishing, url, camera, late } = await published(t);
    const next = await publishing.key(`${role}-next`);
    await publishing.change((draft) => rotate(draft, role, old, next));
    publishing.keys.delete(old);
    await camera.takes(url, '1.0.0', here);
    await publishing.publish('1.1.0');
    await camera.takes(url, '1.1.0', here);
    camera.forgets();
    await camera.takes(url, '1.1.0', here);
    await late.takes(url, '1.1.0', here);
  });
}

test('a key is revoked for another: cameras that saw what it signed go on', async (t) => {
  for (const name of ['timestamp', 'snapshot', 'targets']) {
    const { publishing, url, camera } = await published(t);
    publishing.keys.delete(`${name}-1`);
    const next = await publishing.key(`${name}-2`);
    await publishing.change((draft) => void revoke(draft, `${name}-1`, next));
    await camera.takes(url, '1.0.0', here);
    await publishing.publish('1.1.0');
    await camera.takes(url, '1.1.0', here);
  }
});

test('a customer who left and comes back', async (t) => {
  const { publishing, url, camera } = await published(t);
  await publishing.change((draft) => draft.removeRole(place.customer));
  await camera.refuses(url, 'absent', here);
  const customer = [await publishing.key('customer-2')];
  const board = [await publishing.key('board-2')];
  await publishing.change((draft) => {
    draft.addRole(place.customer, `${place.customer}/*/*/*`, customer, 1);
    draft.addRole(`${place.customer}.${place.board}`, `${place.customer}/${place.board}/*/*`, board, 1);
  });
  await publishing.publish('2.0.0');
  await camera.takes(url, '2.0.0', here);
});
