/** An honest repository behind a real HTTP server: what a camera takes, and what it remembers of it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { UpdateMetadata } from '../../ota/metadata/client.js';
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

test('two checks at once: the second is refused, the first goes on', async (t) => {
  const repository = new TestRepository();
  const camera = new TestCamera(t, repository.root);
  const { url } = await serveRepository(t, repository);
  repository.publish('1.1.0');
  await camera.takes(url, '1.1.0');
  const { clock, log, directory, floors } = camera;
  const metadata = new UpdateMetadata(
    { clock, log, floors, clockTrusted: () => true },
    { directory, url, place },
  );
  const { signal } = new AbortController();
  const first = metadata.refresh(signal);
  await assert.rejects(metadata.refresh(signal), /asked already/);
  assert.equal((await first).release.version, '1.1.0');
  assert.equal((await metadata.refresh(signal)).release.version, '1.1.0');
});

test('a RAUC bundle is known by its hash, and the deltas of a tree are looked up as well', async (t) => {
  const repository = new TestRepository();
  const camera = new TestCamera(t, repository.root);
  const { url } = await serveRepository(t, repository);
  const beside = `${place.customer}/${place.board}/${place.channel}`;
  repository.addTarget(`${beside}/vigie.raucb`, Buffer.from('a bundle of RAUC'));
  repository.publish('1.1.0', {
    content: { kind: 'rauc', path: `${beside}/vigie.raucb`, compatible: 'vigie-rpi5' },
  });
  const rauc = await camera.takes(url, '1.1.0');
  assert.equal(rauc.identity, sha256('a bundle of RAUC'));
  repository.addTarget(`${beside}/delta.zst`, Buffer.from('a delta'));
  const { content } = repository.offer('1.2.0');
  assert.ok(content.kind === 'tree');
  const [fromTarSha256, fromManifestSha256] = [sha256('tar'), sha256('manifest')];
  const deltas = [{ path: `${beside}/delta.zst`, fromTarSha256, fromManifestSha256 }];
  repository.publish('1.2.0', { content: { ...content, deltas } });
  const tree = await camera.takes(url, '1.2.0');
  assert.equal(tree.identity, content.manifestSha256);
  assert.equal(tree.file(`${beside}/delta.zst`).sha256, sha256('a delta'));
});

test('the debugging output of tuf-js, switched on, names no address', async (t) => {
  const repository = new TestRepository();
  const camera = new TestCamera(t, repository.root);
  const { url } = await serveRepository(t, repository);
  repository.publish('1.1.0');
  const client = new URL('../../ota/metadata/client.js', import.meta.url).href;
  const floors = new URL('../../ota/metadata/floors.js', import.meta.url).href;
  const clock = new URL('../../board/linux/clock.js', import.meta.url).href;
  const script = `
    const { UpdateMetadata } = await import('${client}');
    const { Floors } = await import('${floors}');
    const { systemClock: clock } = await import('${clock}');
    const [directory, url] = process.argv.slice(1);
    const log = { info() {}, warn() {}, error() {} };
    const floors = new Floors({ log }, { directory });
    await floors.start('1.0.0');
    const options = { directory, url, place: ${JSON.stringify(place)} };
    const metadata = new UpdateMetadata({ clock, log, floors, clockTrusted: () => true }, options);
    console.log((await metadata.refresh(new AbortController().signal)).release.version);
  `;
  const asked = url.replace('http://', 'http://somebody:password@');
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script, camera.directory, asked],
    { env: { ...process.env, DEBUG: '*' }, timeout: 60_000 },
  );
  assert.equal(stdout.trim(), '1.1.0');
  assert.match(stderr, /tuf:cache/, 'it is switched on');
  assert.doesNotMatch(stderr, /127\.0\.0\.1|password|http/);
});
