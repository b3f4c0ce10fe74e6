/** The HTTP door over a real socket: what is shown without a session, and how one is had. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { cookieOf, enter, http, logIn } from '../control-client.js';
import { startTestCamera, type TestCamera } from './control-camera.js';

const clock = new ManualClock();
let camera: TestCamera;
before(async () => {
  camera = await startTestCamera({ clock });
});
after(() => camera.stop());

/** What comes back until the server closes or has answered once. */
function rawRequest(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(camera.url).port), '127.0.0.1', () => socket.write(text, 'latin1'));
    socket.setEncoding('latin1');
    socket.once('data', (data: string) => {
      socket.destroy();
      resolve(data);
    });
    socket.once('close', () => resolve(''));
    socket.on('error', () => undefined);
  });
}

const at = (path: string): string => new URL(path, camera.url).href;

test('nothing but the login page is shown without a session', async () => {
  const paths = [
    '/main.js',
    '/style.css',
    '/lib/msgpackr.js',
    '/index.html',
    '/mark.svg',
    '/control',
    '/nothing',
    '/%2e%2e/x',
  ];
  for (const path of paths) {
    const answer = await http(at(path));
    assert.equal(answer.status, 401, path);
    assert.ok(answer.body.length < 64, path);
  }
  for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD']) {
    assert.equal((await http(at('/'), { method })).status, 401, method);
  }
  const home = await http(at('/'));
  assert.equal(home.status, 303);
  assert.equal(home.headers['location'], '/login');
  assert.equal((await http(at('/login'))).status, 200);
  assert.equal((await http(at('/main.js'), { headers: { Cookie: `vigie=${'A'.repeat(43)}` } })).status, 401);
});

test('the login page is in both languages, without script, and no page may be framed or cached', async () => {
  const french = await http(at('/login'), { headers: { 'Accept-Language': 'fr-FR,fr;q=0.9,en;q=0.8' } });
  const english = await http(at('/login'), { headers: { 'Accept-Language': 'de-DE' } });
  assert.match(french.body, /Se connecter/);
  assert.match(english.body, /Log in/);
  assert.match((await http(at('/login?language=fr'))).body, /Se connecter/);
  assert.doesNotMatch(french.body, /<script/);
  const policy = String(french.headers['content-security-policy']);
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal(french.headers['cache-control'], 'no-store');
  assert.equal(french.headers['x-content-type-options'], 'nosniff');
});

test('a page of another site cannot log a browser in, and does not use the link up', async () => {
  const link = camera.server.oneTimeLink(['live']);
  for (const site of ['cross-site', 'same-site']) {
    const answer = await http(link, { headers: { 'Sec-Fetch-Site': site } });
    assert.equal(answer.status, 403, site);
    assert.equal(answer.headers['set-cookie'], undefined, site);
  }
  assert.equal((await http(link, { headers: { 'Sec-Fetch-Site': 'none' } })).status, 303);
});

test('a one-time link opens one session, once, for ten minutes', async () => {
  const link = camera.server.oneTimeLink(['live']);
  const answer = await http(link);
  assert.equal(answer.status, 303);
  assert.equal(answer.headers['location'], '/');
  assert.match(String(answer.headers['set-cookie']), /^vigie=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
  const page = await http(at('/'), { headers: { Cookie: cookieOf(answer) } });
  assert.equal(page.status, 200);
  assert.match(String(page.headers['content-security-policy']), /script-src 'self'; style-src 'self'/);
  assert.equal((await http(link)).status, 401, 'a second use');
  const late = camera.server.oneTimeLink(['live']);
  clock.advance(10 * 60_000 + 1);
  assert.equal((await http(late)).status, 401, 'after ten minutes');
  assert.equal((await http(at('/enter?token='))).status, 401);
  assert.equal((await http(at(`/enter?token=${'x'.repeat(4000)}`))).status, 401);
  const token = new URL(link).searchParams.get('token') ?? 'none';
  assert.ok(!camera.lines.join('\n').includes(token), 'no token in the log');
});

test('with a session the console and its library are served, and nothing from the disk', async () => {
  const cookie = await enter(camera.server.oneTimeLink(['live']));
  const get = (path: string) => http(at(path), { headers: { Cookie: cookie } });
  for (const path of ['/', '/main.js', '/style.css', '/lib/msgpackr.js', '/mark.svg']) {
    assert.equal((await get(path)).status, 200, path);
  }
  for (const path of ['/main.d.ts', '/main.js.map', '/..%2fserver.js', '/lib/%2e%2e%2fmain.js', '/control']) {
    assert.equal((await get(path)).status, 404, path);
  }
  const raw = await rawRequest(
    `GET /../server.js HTTP/1.1\r\nHost: ${new URL(camera.url).host}\r\nCookie: ${cookie}\r\n\r\n`,
  );
  assert.match(raw, /^HTTP\/1.1 404 /);
});

test('who sends a PROXY header of his own is cut off, also with a session', async () => {
  const cookie = await enter(camera.server.oneTimeLink(['live']));
  const request = `GET / HTTP/1.1\r\nHost: ${new URL(camera.url).host}\r\nCookie: ${cookie}\r\n\r\n`;
  assert.match(await rawRequest(request), /^HTTP\/1.1 200 /);
  const header = Buffer.from(`0d0a0d0a000d0a515549540a21210024${'07'.repeat(36)}`, 'hex').toString('latin1');
  assert.equal(await rawRequest(header + request), '');
});

test('login: the right secret opens a session; a wrong one and an unknown name are told the same', async () => {
  const secret = await camera.users.add('odile', ['live', 'alerts'], 0);
  const wrong = await logIn(camera.url, 'odile', 'no such secret');
  const unknown = await logIn(camera.url, 'nobody', 'no such secret');
  assert.equal(wrong.status, 401);
  assert.equal(unknown.status, 401);
  assert.equal(wrong.body, unknown.body);
  const right = await logIn(camera.url, 'odile', secret);
  assert.equal(right.status, 303);
  assert.equal((await http(at('/'), { headers: { Cookie: cookieOf(right) } })).status, 200);
  const log = camera.lines.join('\n');
  assert.ok(!log.includes(secret) && !log.includes('no such secret') && !log.includes('nobody'));
});

test('failures slow the login down, a wait lets it in again, and another name is not held up', async () => {
  const secret = await camera.users.add('paul', ['live'], 0);
  const other = await camera.users.add('rose', ['live'], 0);
  for (let time = 0; time < 3; time += 1)
    assert.equal((await logIn(camera.url, 'paul', 'wrong')).status, 401);
  const held = await logIn(camera.url, 'paul', secret);
  assert.equal(held.status, 429);
  assert.ok(Number(held.headers['retry-after']) >= 1);
  assert.equal((await logIn(camera.url, 'rose', other)).status, 303);
  clock.advance(60_000);
  assert.equal((await logIn(camera.url, 'paul', secret)).status, 303);
});

test('a form from another page, another host name or an oversized form is refused', async () => {
  const form = { method: 'POST', body: 'name=odile&secret=x' };
  const elsewhere = { Origin: 'http://evil.example' };
  const own = { Origin: new URL(camera.url).origin };
  assert.equal((await http(at('/login'), { ...form, headers: elsewhere })).status, 403);
  assert.equal((await http(at('/login'), form)).status, 403, 'no origin');
  assert.equal(
    (await http(at('/login'), { ...form, headers: { ...own, 'Sec-Fetch-Site': 'cross-site' } })).status,
    403,
  );
  const rebound = { Host: 'evil.example', Origin: 'http://evil.example' };
  assert.equal((await http(at('/login'), { ...form, headers: rebound })).status, 421);
  assert.equal((await http(at('/'), { headers: { Host: 'evil.example' } })).status, 421);
  const long = await http(at('/login'), { ...form, body: `name=a&secret=${'x'.repeat(9000)}`, headers: own });
  assert.equal(long.status, 401);
});

test('logout ends the session', async () => {
  const cookie = await enter(camera.server.oneTimeLink(['live']));
  const own = { Origin: new URL(camera.url).origin, Cookie: cookie };
  assert.equal((await http(at('/logout'), { method: 'POST', headers: { Cookie: cookie } })).status, 403);
  assert.equal((await http(at('/logout'), { method: 'POST', headers: own })).status, 303);
  assert.equal((await http(at('/main.js'), { headers: { Cookie: cookie } })).status, 401);
  assert.equal((await http(at('/logout'), { method: 'POST', headers: own })).status, 401);
});

test('a stop during the start leaves nothing that listens', async () => {
  const other = await startTestCamera({ clock });
  const port = Number(new URL(other.url).port);
  await other.server.stop();
  const starting = other.server.start().catch(() => null);
  await other.server.stop();
  const started = await starting;
  const refused = await new Promise<boolean>((resolve) => {
    const socket = connect(started?.port ?? port, '127.0.0.1', () => resolve(false));
    socket.on('error', () => resolve(true));
  });
  assert.ok(refused);
  await other.stop();
});
