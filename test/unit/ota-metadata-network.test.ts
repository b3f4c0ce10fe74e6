/** What a check of the repository makes of a network that is down, slow, hostile, or somebody else's. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fetchLimits } from '../../ota/metadata/fetch.js';
import { UpdateRefused } from '../../ota/metadata/refusal.js';
import { TestCamera } from '../ota-camera.js';
import { serveRepository, TestRepository } from '../ota-repository.js';

type Hostile = (path: string, repository: TestRepository) => RequestListener | null;

/** A repository with one version, and a server that `hostile` may answer for while it is on. */
async function attacked(t: TestContext, hostile: Hostile) {
  const repository = new TestRepository();
  repository.publish('1.1.0');
  const camera = new TestCamera(t, repository.root);
  const state = { on: true };
  const answer = (path: string) => (state.on ? hostile(path, repository) : null);
  const served = await serveRepository(t, repository, answer);
  return { repository, camera, state, ...served };
}

const endless: RequestListener = (_, answer) => {
  answer.writeHead(200);
  const more = (): void => {
    while (!answer.destroyed && answer.write(Buffer.alloc(65_536, 0x20)));
  };
  answer.on('drain', more);
  more();
};
const text =
  (body: string, status = 200): RequestListener =>
  (_, answer) =>
    void answer.writeHead(status).end(body);
const redirect =
  (location: string): RequestListener =>
  (_, answer) =>
    void answer.writeHead(302, { location }).end();
const entries = (file: string, key: string, count: number): string => {
  const many = Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, { version: 1 }]));
  const signed = { _type: file, spec_version: '1.0.31', version: 2, expires: '2099-01-01T00:00:00Z' };
  return JSON.stringify({ signatures: [], signed: { ...signed, [key]: many } });
};

const isFile = (path: string, name: string): boolean => path.endsWith(`${name}.json`);
for (const [name, reason, hostile] of [
  ['an endless timestamp', 'endless', (path) => (isFile(path, 'timestamp') ? endless : null)],
  ['an endless root', 'endless', (path) => (isFile(path, 'root') ? endless : null)],
  ['an endless snapshot', 'endless', (path) => (isFile(path, 'snapshot') ? endless : null)],
  ['an endless release', 'endless', (path) => (isFile(path, 'release') ? endless : null)],
  ['a repository that is not there', 'incomplete', () => text('no', 404)],
  ['a server in trouble', 'unreachable', () => text('no', 503)],
  ['a release that is not there', 'incomplete', (path) => (isFile(path, 'release') ? text('no', 404) : null)],
  ['a page to log in to the network', 'damaged', () => text('<html>Welcome</html>')],
  ['an empty answer', 'damaged', () => text('')],
  ['a list', 'damaged', () => text('[]')],
  ['braces without end', 'damaged', () => text('{"a":'.repeat(20_000))],
  ['braces that end', 'damaged', () => text(`${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`)],
  ['a key of the prototype', 'damaged', () => text('{"signed":{},"signatures":[],"__proto__":{}}')],
  ['a root with thousands of keys', 'damaged', () => text(entries('root', 'keys', 1500))],
  ['a redirection in a circle', 'unreachable', () => redirect('/metadata/timestamp.json')],
  ['a redirection to another scheme', 'unreachable', () => redirect('https://127.0.0.1:9/')],
  ['a redirection to a file', 'unreachable', () => redirect('file:///etc/hostname')],
  ['a redirection to nothing', 'unreachable', () => redirect('http://[')],
  ['a connection that breaks', 'unreachable', () => (request) => void request.socket.destroy()],
  [
    'an answer that breaks',
    'unreachable',
    () => (request, answer) => {
      answer.writeHead(200, { 'content-length': 1000 }).write('{');
      setImmediate(() => request.socket.destroy());
    },
  ],
] satisfies [string, UpdateRefused['reason'], Hostile][]) {
  test(`${name}: refused as ${reason}`, async (t) => {
    const { camera, url, state } = await attacked(t, hostile);
    await camera.refuses(url, reason);
    state.on = false;
    await camera.takes(url, '1.1.0');
  });
}

test('a snapshot with thousands of roles, which nothing says the hash of: refused as damaged', async (t) => {
  const repository = new TestRepository();
  repository.hashes = false;
  repository.publish('1.1.0');
  const camera = new TestCamera(t, repository.root);
  const many = text(entries('snapshot', 'meta', 20_000));
  const hostile = await serveRepository(t, repository, (path) => (isFile(path, 'snapshot') ? many : null));
  await camera.refuses(hostile.url, 'damaged');
  const { url } = await serveRepository(t, repository);
  await camera.takes(url, '1.1.0');
});

test('nobody there: unreachable', async (t) => {
  const { camera, url, server } = await attacked(t, () => null);
  await camera.takes(url, '1.1.0');
  await new Promise((closed) => server.close(closed));
  await camera.refuses(url, 'unreachable');
  for (const wrong of ['nothing', 'ftp://127.0.0.1/', '']) await camera.refuses(wrong, 'unreachable');
});

test('a redirection on the same scheme is followed', async (t) => {
  const { camera, url } = await attacked(t, (path) =>
    path.startsWith('moved/') ? null : redirect(`/moved/${path}`),
  );
  await camera.refuses(url, 'incomplete');
  const honest = new TestRepository();
  honest.publish('1.1.0');
  const other = await serveRepository(t, honest);
  const second = new TestCamera(t, honest.root);
  const moved = await serveRepository(t, { files: new Map() }, (path) => redirect(`${other.url}/${path}`));
  await second.takes(moved.url, '1.1.0');
});

test('a server that never ends its answer is left after the limit', async (t) => {
  const held: ServerResponse[] = [];
  let here = (): void => {};
  const asked = new Promise<void>((resolve) => {
    here = resolve;
  });
  const { camera, url, state } = await attacked(t, (path) =>
    isFile(path, 'timestamp')
      ? (_, answer) => {
          answer.writeHead(200).write('{');
          held.push(answer);
          here();
        }
      : null,
  );
  const refused = camera.refuses(url, 'unreachable');
  await asked;
  camera.clock.advance(fetchLimits.fileMs - 1);
  assert.equal(held[0]?.destroyed, false);
  camera.clock.advance(1);
  await refused;
  state.on = false;
  await camera.takes(url, '1.1.0');
});

test('a check that is given up ends with the reason that it was given', async (t) => {
  const giveUp = new AbortController();
  const { camera, url, state } = await attacked(t, () => () => giveUp.abort(new Error('the camera stops')));
  await assert.rejects(camera.asks(url, {}, giveUp.signal), /the camera stops/);
  await assert.rejects(camera.asks(url, {}, giveUp.signal), /the camera stops/);
  state.on = false;
  await camera.takes(url, '1.1.0');
});

test('over TLS: only what leads to the authority that is configured', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-ca-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const made = (name: string): { key: Buffer; cert: Buffer; file: string } => {
    const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const request = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '2', ...subject];
    execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'pipe' });
    return { key: readFileSync(key), cert: readFileSync(cert), file: cert };
  };
  const [own, other] = [made('own'), made('other')];
  const repository = new TestRepository();
  repository.publish('1.1.0');
  const camera = new TestCamera(t, repository.root);
  const server = createServer({ key: own.key, cert: own.cert }, (request, answer) => {
    const bytes = repository.files.get((request.url ?? '').slice(1));
    answer.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => void server.close());
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await camera.refuses(url, 'unreachable');
  await camera.refuses(url, 'unreachable', { caFile: other.file });
  await camera.refuses(url, 'unreachable', { caFile: join(directory, 'none.pem') });
  await camera.takes(url, '1.1.0', { caFile: own.file });
});

test('what a person is told holds neither the address nor the words of the server', async (t) => {
  const { camera, url } = await attacked(t, () => text('<html>secret</html>', 500));
  const asked = url.replace('http://', 'http://somebody:password@');
  await assert.rejects(camera.asks(asked), (error) => {
    assert.ok(error instanceof UpdateRefused && error.kind === 'update' && error.hint.length > 0);
    assert.doesNotMatch(`${error.message} ${error.hint} ${camera.said.join(' ')}`, /127|password|secret/);
    return true;
  });
});
