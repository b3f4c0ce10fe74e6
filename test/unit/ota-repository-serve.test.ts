/** The static server for the bench: ranges and headers as the download expects them, and nothing but the repository. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { served } from '../ota-publishing.js';
import { scratch } from '../small-bundle.js';

const bundle = 'targets/ville-exemple/rpi5/stable/abc.vigie-1.0.0.tar.zst';

async function repository(t: TestContext) {
  const top = scratch(t);
  const directory = join(top, 'repository');
  mkdirSync(join(directory, 'metadata/staged'), { recursive: true });
  mkdirSync(join(directory, 'targets/ville-exemple/rpi5/stable'), { recursive: true });
  writeFileSync(join(directory, 'metadata/timestamp.json'), '{}');
  writeFileSync(join(directory, 'metadata/1.root.json'), '{"a":1}');
  writeFileSync(join(directory, 'metadata/staged/2.root.json'), '{}');
  writeFileSync(join(directory, '.lock'), '');
  writeFileSync(join(directory, bundle), '0123456789');
  writeFileSync(join(directory, 'targets/.incoming'), 'half');
  writeFileSync(join(top, 'secret.json'), 'secret');
  symlinkSync(join(top, 'secret.json'), join(directory, 'metadata/link.json'));
  symlinkSync(top, join(directory, 'targets/up'));
  return { directory, url: await served(t, directory) };
}

/** The path exactly as given: fetch would tidy it. */
function raw(url: string, path: string, method = 'GET'): Promise<{ status: number; body: string }> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, method }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

test('whole files and ranges, with what a cache may do', async (t) => {
  const { url } = await repository(t);
  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${url}/${path}`, { headers });
  const whole = await get(bundle);
  assert.equal(await whole.text(), '0123456789');
  assert.match(whole.headers.get('cache-control') ?? '', /immutable/);
  assert.equal((await get('metadata/timestamp.json')).headers.get('cache-control'), 'no-cache');
  assert.equal((await get('metadata/2.root.json')).headers.get('cache-control'), 'no-store');
  const etag = whole.headers.get('etag') ?? '';
  const part = await get(bundle, { Range: 'bytes=4-', 'If-Range': etag });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), 'bytes 4-9/10');
  assert.equal(await part.text(), '456789');
  assert.equal(await (await get(bundle, { Range: 'bytes=-3' })).text(), '789');
  assert.equal(await (await get(bundle, { Range: 'bytes=2-3' })).text(), '23');
  assert.equal((await get(bundle, { Range: 'bytes=4-', 'If-Range': '"other"' })).status, 200);
  assert.equal((await get(bundle, { Range: 'bytes=10-' })).status, 416);
  const head = await fetch(`${url}/${bundle}`, { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), '10');
});

test('nothing else is served: no way up, no list, no link, no hidden or staged file, no writing', async (t) => {
  const { url } = await repository(t);
  const closed = [
    ...[
      '/',
      '/metadata',
      '/metadata/',
      '/targets/',
      '/.lock',
      '/targets/.incoming',
      '/metadata/staged/2.root.json',
    ],
    ...[
      '/../secret.json',
      '/metadata/../../secret.json',
      '/metadata/..%2f..%2fsecret.json',
      '/metadata/%2e%2e/',
    ],
    ...[
      '/metadata/link.json',
      '/targets/up/secret.json',
      '//metadata/timestamp.json',
      '/metadata\\timestamp.json',
    ],
    ...['http://elsewhere/metadata/1.root.json', '/metadata/1.root.json/x'],
  ];
  for (const path of closed) {
    const { status, body } = await raw(url, path);
    assert.equal(status, 404, path);
    assert.equal(body, '', path);
  }
  assert.equal((await raw(url, '/metadata/1.root.json', 'PUT')).status, 405);
  assert.deepEqual(await raw(url, '/metadata/1.root.json?x=1'), { status: 200, body: '{"a":1}' });
});
