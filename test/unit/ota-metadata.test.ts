/** An honest repository behind a real HTTP server: what a camera takes, and what it remembers of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releasePath } from '../../ota/release.js';
import { TestCamera } from '../ota-camera.js';
import { place, serveRepository, sha256, TestRepository } from '../ota-repository.js';

test('a delegated release is found, with the files it names; a later one follows', async (t) => {
  const repository = new TestRepository();
  const camera = new TestCamera(t, repository.root);
  const { url } = await serveRepository(t, repository);
  const published = repository.publish('1.1.0');
  const found = await camera.takes(url, '1.1.0');
  assert.deepEqual(found.release, published);
  const bundle = found.file(published.content.path);
  assert.equal(bundle.sha256, sha256('bundle of 1.1.0'));
  assert.equal(bundle.bytes, 'bundle of 1.1.0'.length);
  assert.ok(repository.files.has(bundle.url.slice(url.length + 1)));
  assert.throws(() => found.file(releasePath(place)));
  await camera.takes(url, '1.1.0');
  repository.publish('1.2.0');
  await camera.takes(`${url}/`, '1.2.0');
});
