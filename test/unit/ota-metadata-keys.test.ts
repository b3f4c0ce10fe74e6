/** Keys that change: rotation that is followed, revocation that stays, and the way back after a stolen key. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCamera } from '../ota-camera.js';
import { boardRole, place, serveRepository, TestKey, TestRepository } from '../ota-repository.js';

/** Other root keys, signed by the old ones as well. */
function rotateRoot(repository: TestRepository): void {
  const old = repository.role('root').keys;
  repository.role('root').keys = [new TestKey(), new TestKey()];
  repository.writeRoot(old);
}

/** Another key for a role of the top; signed again by it. */
function rotate(repository: TestRepository, name: string): TestKey[] {
  const old = repository.role(name).keys;
  repository.role(name).keys = [new TestKey()];
  repository.writeRoot(repository.role('root').keys);
  return old;
}

test('new root keys are followed, one after the other and several at once', async (t) => {
  const repository = new TestRepository();
  const [known, late] = [new TestCamera(t, repository.root), new TestCamera(t, repository.root)];
  const { url } = await serveRepository(t, repository);
  repository.publish('1.1.0');
  await known.takes(url, '1.1.0');
  rotateRoot(repository);
  await known.takes(url, '1.1.0');
  rotateRoot(repository);
  rotateRoot(repository);
  repository.publish('1.2.0');
  await known.takes(url, '1.2.0');
  await late.takes(url, '1.2.0');
  // and from the first root again
  known.forgets();
  await known.takes(url, '1.2.0');
  assert.equal(known.floors.role('root')?.version, 4);
});

test('every other key is changed, and the next publication is taken', async (t) => {
  const repository = new TestRepository();
  const camera = new TestCamera(t, repository.root);
  const { url } = await serveRepository(t, repository);
  repository.publish('1.1.0');
  await camera.takes(url, '1.1.0');
  for (const name of ['timestamp', 'snapshot', 'targets']) rotate(repository, name);
  for (const name of [place.customer, boardRole]) repository.role(name).keys = [new TestKey()];
  for (const name of ['targets', place.customer]) repository.writeTargets(name);
  repository.publish('1.2.0');
  await camera.takes(url, '1.2.0');
});

for (const name of ['timestamp', 'snapshot', 'targets']) {
  test(`a revoked key of ${name} signs nothing more`, async (t) => {
    const repository = new TestRepository();
    const camera = new TestCamera(t, repository.root);
    const { url } = await serveRepository(t, repository);
    repository.publish('1.1.0');
    await camera.takes(url, '1.1.0');
    const stolen = rotate(repository, name);
    repository.role(name).signedBy = stolen;
    repository.writeTargets('targets');
    repository.publish('1.2.0');
    await camera.refuses(url, 'signature');
    delete repository.role(name).signedBy;
    repository.writeTargets('targets');
    repository.publish('1.3.0');
    await camera.takes(url, '1.3.0');
  });
}

test('a revoked delegated key signs nothing more', async (t) => {
  const repository = new TestRepository();
  const camera = new TestCamera(t, repository.root);
  const { url } = await serveRepository(t, repository);
  repository.publish('1.1.0');
  await camera.takes(url, '1.1.0');
  repository.role(boardRole).signedBy = repository.role(boardRole).keys;
  repository.role(boardRole).keys = [new TestKey()];
  repository.writeTargets(place.customer);
  repository.publish('1.2.0');
  await camera.refuses(url, 'signature');
  delete repository.role(boardRole).signedBy;
  repository.publish('1.3.0');
  await camera.takes(url, '1.3.0');
});

/** The repository of whoever stole a key of the timestamp, and serves nothing of the root that revokes it. */
async function revoked(t: Parameters<typeof serveRepository>[0], seenWhole: boolean) {
  const repository = new TestRepository();
  const camera = new TestCamera(t, repository.root);
  const { url } = await serveRepository(t, repository);
  repository.publish('1.1.0');
  await camera.takes(url, '1.1.0');
  const stolen = rotate(repository, 'timestamp');
  repository.publish('1.2.0');
  const honest = new Map(repository.files);
  // The camera sees the new root; the rest only when it is served as a whole.
  if (!seenWhole) repository.files.delete('metadata/timestamp.json');
  if (seenWhole) await camera.takes(url, '1.2.0');
  else await camera.refuses(url, 'incomplete');
  repository.role('timestamp').signedBy = stolen;
  repository.publish('1.3.0');
  repository.files.delete('metadata/2.root.json');
  return { repository, camera, url, honest };
}

for (const seenWhole of [true, false]) {
  const seen = seenWhole ? 'with all that it signs' : 'before everything else was cut off';
  test(`a root that revokes a key is remembered, seen ${seen}`, async (t) => {
    const { repository, camera, url, honest } = await revoked(t, seenWhole);
    await camera.refuses(url, 'signature');
    camera.forgets();
    await camera.refuses(url, 'rollback');
    repository.files = honest;
    await camera.takes(url, '1.2.0');
  });
}

test('control: a camera that never saw the root that revokes takes what the stolen key signs', async (t) => {
  const { camera, url } = await revoked(t, false);
  camera.forgets();
  camera.forgetsFloors();
  await camera.takes(url, '1.3.0');
});

test('versions that a stolen key made too high are left behind when the key is changed, not before', async (t) => {
  const repository = new TestRepository();
  const camera = new TestCamera(t, repository.root);
  const { url } = await serveRepository(t, repository);
  repository.publish('1.1.0');
  for (const name of ['timestamp', 'snapshot']) repository.role(name).version = 2_000_000_000;
  repository.publish('1.2.0');
  await camera.takes(url, '1.2.0');
  for (const name of ['timestamp', 'snapshot']) repository.role(name).version = 5;
  repository.publish('1.3.0');
  await camera.refuses(url, 'rollback');
  // one of two keys is enough for the old ones to come back: the old floor holds
  const [old] = repository.role('timestamp').keys;
  assert.ok(old);
  repository.role('timestamp').keys = [old, new TestKey()];
  repository.writeRoot(repository.role('root').keys);
  repository.publish('1.3.0');
  await camera.refuses(url, 'rollback');
  for (const name of ['timestamp', 'snapshot']) rotate(repository, name);
  repository.publish('1.4.0');
  await camera.takes(url, '1.4.0');
  // the new, lower versions are floors in their turn
  assert.equal(camera.floors.role('timestamp')?.version, repository.role('timestamp').version);
  camera.forgets();
  await camera.takes(url, '1.4.0');
});
