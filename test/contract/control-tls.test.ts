/** The port itself: TLS 1.3 and client certificates, refusals to listen, limits of connections. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { VigieError } from '../../errors.js';
import { frontLimits } from '../../runtime/control/front.js';
import { ownPortAnswers } from '../../runtime/control/own-answer.js';
import { isNative } from '../../runtime/control/uws.js';
import { ControlClient, cookieOf, enter, http } from '../control-client.js';
import { startTestCamera, testUnit } from './control-camera.js';

let directory = '';
const file = (name: string): string => join(directory, name);
const openssl = (...args: string[]): void =>
  void execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });

function makeAuthority(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-days', '2', '-keyout', `${name}.key`, '-out', `${name}.pem`];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ed25519',
    '-nodes',
    ...subject,
    '-addext',
    'basicConstraints=critical,CA:TRUE',
  );
}

function makeLeaf(name: string, authority: string): void {
  const request = ['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`];
  openssl('req', '-newkey', 'ed25519', '-nodes', ...request);
  writeFileSync(file(`${name}.ext`), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  const signing = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-extfile', `${name}.ext`, '-out', `${name}.pem`);
  chmodSync(file(`${name}.key`), 0o600);
}

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigie-tls-'));
  makeAuthority('city');
  makeAuthority('stranger');
  makeLeaf('camera', 'city');
  makeLeaf('operator', 'city');
  makeLeaf('intruder', 'stranger');
});
after(() => rmSync(directory, { recursive: true, force: true }));

const read = (name: string): string => readFileSync(file(name), 'utf8');
const tlsFiles = () => ({ certificateFile: file('camera.pem'), keyFile: file('camera.key') });
const kindOf = (kind: string) => (error: unknown) =>
  error instanceof VigieError && error.kind === kind && error.hint !== '';

test('TLS 1.3 carries the login and the WebSocket, with a cookie tied to this host; 1.2 is refused', async () => {
  const camera = await startTestCamera({ control: { tls: tlsFiles() } });
  const tls = { ca: read('city.pem') };
  assert.match(camera.url, /^https:/);
  const answer = await http(camera.server.oneTimeLink(['live']), { tls });
  assert.match(
    String(answer.headers['set-cookie']),
    /^__Host-vigie=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Secure$/,
  );
  const client = await ControlClient.join(camera.url, cookieOf(answer), tls);
  camera.live.onUnit(testUnit(0, true));
  client.send({ t: 'live.start' });
  await client.next('live.init');
  client.close();
  await assert.rejects(
    http(camera.url, { tls: { ...tls, maxVersion: 'TLSv1.2' } }),
    /alert|version|ECONNRESET/i,
  );
  await assert.rejects(http(camera.url.replace('https', 'http')), /ECONNRESET|hang up|Parse/);
  assert.equal((await http(new URL('/main.js', camera.url).href, { tls })).status, 401);
  await camera.stop();
});

test('with a client authority, only its certificates get as far as the login', async () => {
  const camera = await startTestCamera({
    control: { tls: { ...tlsFiles(), clientAuthorityFile: file('city.pem') } },
  });
  const ca = read('city.pem');
  const login = new URL('/login', camera.url).href;
  await assert.rejects(http(login, { tls: { ca } }), /alert|ECONNRESET|hang up/i);
  const intruder = { ca, cert: read('intruder.pem'), key: read('intruder.key') };
  await assert.rejects(http(login, { tls: intruder }), /alert|ECONNRESET|hang up/i);
  const operator = { ca, cert: read('operator.pem'), key: read('operator.key') };
  assert.equal((await http(login, { tls: operator })).status, 200);
  assert.equal(
    (await http(new URL('/main.js', camera.url).href, { tls: operator })).status,
    401,
    'a session as well',
  );
  const client = await ControlClient.join(
    camera.url,
    await enter(camera.server.oneTimeLink([]), operator),
    operator,
  );
  client.close();
  await camera.stop();
});

test('no address that others can reach without TLS', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'camera.example', '127.0.0.1.example', '']) {
    await assert.rejects(startTestCamera({ control: { host } }), kindOf('config'), host);
  }
});

test('a key that others can read, a missing file and a key of another certificate are refused', async () => {
  chmodSync(file('camera.key'), 0o640);
  await assert.rejects(startTestCamera({ control: { tls: tlsFiles() } }), kindOf('config'));
  chmodSync(file('camera.key'), 0o600);
  const missing = { ...tlsFiles(), certificateFile: file('none.pem') };
  await assert.rejects(startTestCamera({ control: { tls: missing } }), kindOf('config'));
  const mixed = { certificateFile: file('camera.pem'), keyFile: file('operator.key') };
  await assert.rejects(startTestCamera({ control: { tls: mixed } }), kindOf('config'));
});

test('a port in use is said to be so', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  assert.ok(address !== null && typeof address === 'object');
  await assert.rejects(startTestCamera({ control: { port: address.port } }), kindOf('network'));
  other.close();
});

test('connections of one address are bounded, and one that shows no purpose is cut', async () => {
  const clock = new ManualClock();
  const camera = await startTestCamera({ clock });
  const port = Number(new URL(camera.url).port);
  const idle = Array.from({ length: frontLimits.perAddress + 8 }, () => connect(port, '127.0.0.1'));
  let closed = 0;
  const eight = new Promise<void>((resolve) => {
    for (const socket of idle) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        closed += 1;
        if (closed === 8) resolve();
      });
    }
  });
  await eight;
  const rest = Promise.all(
    idle.map(
      (socket) => new Promise((resolve) => (socket.closed ? resolve(0) : socket.on('close', resolve))),
    ),
  );
  clock.advance(frontLimits.purposeMs + 1);
  await rest;
  assert.equal((await http(new URL('/login', camera.url).href)).status, 200, 'others get in again');
  await camera.stop();
});

test('the fallback of uWebSockets.js would be seen', () => {
  assert.equal(isNative(Math.max), true);
  assert.equal(
    isNative(() => 0),
    false,
  );
  assert.equal(isNative(class App {}), false);
  assert.equal(
    isNative(function fake() {
      return '{ [native code] }';
    }),
    false,
  );
});

test('a camera sees that its own port answers, with certificates of clients and without, and that another protocol does not', async () => {
  const plain = { ...tlsFiles() };
  for (const tls of [plain, { ...plain, clientAuthorityFile: file('city.pem') }]) {
    const clientCertificates = 'clientAuthorityFile' in tls;
    const camera = await startTestCamera({ control: { tls } });
    const at = { host: '127.0.0.1', port: Number(new URL(camera.url).port), tls: true, clientCertificates };
    try {
      assert.equal(await ownPortAnswers(at), true);
      assert.equal(await ownPortAnswers({ ...at, tls: false, clientCertificates: false }), false);
    } finally {
      await camera.stop();
    }
    assert.equal(await ownPortAnswers(at), false);
  }
});
