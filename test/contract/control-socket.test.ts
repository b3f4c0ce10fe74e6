/** The WebSocket over a real socket: who gets in, what each right opens, what a bad or slow client meets. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import type { Picture } from '../../pipelines/messages.js';
import { Users } from '../../runtime/access/users.js';
import { connectionLimits } from '../../runtime/control/connection.js';
import { ControlClient, cookieOf, enter, http, logIn } from '../control-client.js';
import {
  startTestCamera,
  type TestCamera,
  testAlert,
  testPicture,
  testUnit,
  testUpdate,
} from './control-camera.js';

const clock = new ManualClock();
let camera: TestCamera;
let snapshot: () => Promise<Picture> = () => Promise.resolve(testPicture());
before(async () => {
  camera = await startTestCamera({
    clock,
    snapshot: () => snapshot(),
    zones: [
      {
        name: 'Allée',
        points: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
      },
    ],
  });
});
after(() => camera.stop());

const cookieFor = (rights: Parameters<TestCamera['server']['oneTimeLink']>[0]): Promise<string> =>
  enter(camera.server.oneTimeLink(rights));
const join = async (rights: Parameters<TestCamera['server']['oneTimeLink']>[0]): Promise<ControlClient> =>
  ControlClient.join(camera.url, await cookieFor(rights));

test('no session, no WebSocket; a foreign origin, no WebSocket', async () => {
  const without = new ControlClient(camera.url);
  await assert.rejects(without.opened(), /refused \(401\)/);
  const cookie = await cookieFor(['live']);
  const foreign = new ControlClient(camera.url, { cookie, origin: 'http://evil.example' });
  await assert.rejects(foreign.opened(), /refused \(403\)/);
  const port = new URL(camera.url).port;
  const otherPort = new ControlClient(camera.url, { cookie, origin: `http://127.0.0.1:${Number(port) + 1}` });
  await assert.rejects(otherPort.opened(), /refused \(403\)/);
  const own = new ControlClient(camera.url, { cookie });
  await own.opened();
  own.close();
});

test('welcome says who, what and where', async () => {
  const client = new ControlClient(camera.url, { cookie: await cookieFor(['live', 'health']) });
  await client.opened();
  client.send({ t: 'hello', protocol: 1, language: 'fr' });
  const welcome = await client.next('welcome');
  assert.deepEqual(welcome.rights, ['live', 'health']);
  assert.equal(welcome.camera.id, 'test-1');
  assert.equal(welcome.zones[0]?.name, 'Allée');
  client.send({ t: 'ping' });
  await client.next('pong');
  client.close();
});

test('each request needs its own right, and a refusal leaves the connection open', async () => {
  const requests: [string, object][] = [
    ['live', { t: 'live.start' }],
    ['live', { t: 'live.stop' }],
    ['live', { t: 'snapshot.get', id: 1 }],
    ['alerts', { t: 'alerts.since', number: 0 }],
    ['alerts', { t: 'alert.ack', id: 'x', verdict: 'true' }],
    ['health', { t: 'health.get' }],
  ];
  const every = ['live', 'playback', 'extraction', 'alerts', 'health', 'ptz', 'mask', 'admin'] as const;
  for (const [needed, request] of requests) {
    const client = await join(every.filter((right) => right !== needed));
    client.send(request);
    const error = await client.next('error');
    assert.equal(error.code, 'forbidden', JSON.stringify(request));
    assert.ok(error.message.fr && error.message.en);
    client.send({ t: 'ping' });
    await client.next('pong');
    client.close();
  }
});

test('hello comes first and within ten seconds', async () => {
  const hasty = new ControlClient(camera.url, { cookie: await cookieFor(['live']) });
  await hasty.opened();
  hasty.send({ t: 'live.start' });
  assert.equal((await hasty.next('error')).code, 'hello-first');
  assert.equal(await hasty.closed(), 4400);
  const silent = new ControlClient(camera.url, { cookie: await cookieFor(['live']) });
  await silent.opened();
  clock.advance(connectionLimits.helloMs + 1);
  assert.equal(await silent.closed(), 4408);
});

test('live: init and the group under way at once, then each frame; nothing after live.stop', async () => {
  for (let seq = 0; seq < 5; seq += 1) camera.live.onUnit(testUnit(seq, seq === 0));
  const client = await join(['live']);
  client.send({ t: 'live.start' });
  const init = await client.next('live.init');
  assert.equal(init.mime, 'video/mp4; codecs="avc1.42C01F"');
  const first = await client.next('live.fragment');
  assert.equal(first.key, true);
  assert.equal(first.wallMs, testUnit(0, true).wallMs);
  for (let held = 1; held < 4; held += 1) assert.equal((await client.next('live.fragment')).key, false);
  camera.live.onUnit(testUnit(5, false));
  assert.equal((await client.next('live.fragment')).wallMs, testUnit(4, false).wallMs);
  client.send({ t: 'live.stop' });
  client.send({ t: 'ping' });
  await client.next('pong');
  assert.equal(camera.live.viewers, 0);
  client.close();
});

test('alerts: those before, then those that come, in order; the picture follows; everyone sees the answer', async () => {
  const before = camera.alerts.push(testAlert());
  const client = await join(['alerts']);
  const other = await join(['alerts']);
  for (const one of [client, other]) {
    one.send({ t: 'alerts.since', number: 0 });
    assert.equal((await one.next('alert')).alert.number, before.number);
    assert.deepEqual(await one.next('alerts.end'), { t: 'alerts.end', upTo: before.number, more: false });
  }
  const pushed = camera.alerts.push(testAlert());
  camera.alerts.attachPicture(pushed.id, Buffer.from('jpeg'));
  const told = await client.next('alert');
  assert.equal(told.alert.number, before.number + 1);
  assert.equal(told.acked, null);
  assert.equal(Buffer.from((await client.next('alert.picture')).jpeg).toString(), 'jpeg');
  client.send({ t: 'alert.ack', id: pushed.id, verdict: 'false' });
  const seen = await other.next('alert.acked');
  assert.equal(seen.id, pushed.id);
  assert.equal(seen.acked.verdict, 'false');
  assert.match(seen.acked.by, /^link-/);
  client.send({ t: 'alert.ack', id: 'none', verdict: null });
  assert.equal((await client.next('error')).code, 'unknown-alert');
  const late = await join(['alerts']);
  late.send({ t: 'alerts.since', number: before.number });
  const again = await late.next('alert');
  assert.equal(again.acked?.verdict, 'false');
  assert.equal(Buffer.from(again.picture ?? []).toString(), 'jpeg');
  for (const one of [client, other, late]) one.close();
});

test('what becomes of an incident is told to who follows, with its alert, and to who comes back', async () => {
  const start = camera.alerts.lastNumber;
  const client = await join(['alerts']);
  const viewer = await join(['live']);
  client.send({ t: 'alerts.since', number: start });
  await client.next('alerts.end');
  const { id, number } = camera.alerts.push(testAlert());
  assert.equal((await client.next('alert')).update, null);
  camera.alerts.update(testUpdate(id, 1));
  assert.deepEqual((await client.next('alert.updated')).update, testUpdate(id, 1));
  camera.alerts.update(testUpdate(id, 1, { most: 9 }));
  camera.alerts.update(testUpdate('none', 1));
  camera.alerts.update(testUpdate(id, 2, { ended: true }));
  assert.deepEqual(
    (await client.next('alert.updated')).update,
    testUpdate(id, 2, { ended: true }),
    'no number twice',
  );
  const late = await join(['alerts']);
  late.send({ t: 'alerts.since', number: start });
  assert.equal((await late.next('alert')).update?.update, 2);
  const back = await join(['alerts']);
  back.send({ t: 'alerts.since', number });
  await back.next('alerts.end');
  assert.deepEqual(
    back.messages.map((message) => (message.t === 'alert.updated' ? message.update.update : message.t)),
    ['welcome', 2, 'alerts.end'],
  );
  back.send({ t: 'alerts.since', number });
  await back.next('alerts.end');
  assert.equal(back.messages.filter(({ t }) => t === 'alert.updated').length, 1, 'once a connection');
  viewer.send({ t: 'ping' });
  await viewer.next('pong');
  assert.ok(
    viewer.messages.every(({ t }) => t !== 'alert.updated'),
    'not to who does not follow alerts',
  );
  for (const one of [client, viewer, late, back]) one.close();
});

test('an update between two pages is not lost', async () => {
  const start = camera.alerts.lastNumber;
  const made = Array.from({ length: 150 }, () => camera.alerts.push(testAlert()));
  const client = await join(['alerts']);
  client.send({ t: 'alerts.since', number: start });
  assert.equal((await client.next('alerts.end')).more, true);
  camera.alerts.update(testUpdate(made[0]?.id ?? '', 1));
  assert.equal((await client.next('alert.updated')).update.id, made[0]?.id);
  client.close();
});

test('a long backlog comes in pages, and a new alert never overtakes it', async () => {
  const start = camera.alerts.lastNumber;
  for (let made = 0; made < 250; made += 1) camera.alerts.push(testAlert());
  const client = await join(['alerts']);
  client.send({ t: 'alerts.since', number: start });
  const numbers: number[] = [];
  for (let pages = 0; ; pages += 1) {
    const end = await client.next('alerts.end');
    // Pushed while the client is not at the end: told in its turn.
    if (pages === 0) camera.alerts.push(testAlert());
    if (!end.more) break;
    client.send({ t: 'alerts.since', number: end.upTo });
  }
  for (const message of client.messages) if (message.t === 'alert') numbers.push(message.alert.number);
  assert.deepEqual(
    numbers,
    Array.from({ length: 251 }, (_, index) => start + 1 + index),
  );
  client.close();
});

test('health comes at once, then every second', async () => {
  const client = await join(['health']);
  client.send({ t: 'health.get' });
  assert.equal((await client.next('health')).health.camera.id, 'test-1');
  clock.advance(1000);
  await client.next('health');
  client.close();
});

test('snapshot: a picture with its id; one at a time; a failure is told', async () => {
  const client = await join(['live']);
  let give = (_picture: Picture): void => undefined;
  snapshot = () => new Promise((resolve) => (give = resolve));
  client.send({ t: 'snapshot.get', id: 7 });
  client.send({ t: 'snapshot.get', id: 8 });
  assert.equal((await client.next('error')).code, 'busy');
  give(testPicture());
  const answer = await client.next('snapshot');
  assert.equal(answer.id, 7);
  assert.equal(Buffer.from(answer.jpeg).subarray(0, 2).toString('hex'), 'ffd8');
  snapshot = () => Promise.reject(new Error('no picture'));
  client.send({ t: 'snapshot.get', id: 9 });
  assert.equal((await client.next('error')).code, 'unavailable');
  client.close();
});

test('logout, the end of a session and a removed user close the WebSocket', async () => {
  const cookie = await cookieFor(['live']);
  const client = await ControlClient.join(camera.url, cookie);
  const headers = { Origin: new URL(camera.url).origin, Cookie: cookie };
  await http(new URL('/logout', camera.url).href, { method: 'POST', headers });
  assert.equal(await client.closed(), 4401);
  const idle = await join(['live']);
  clock.advance(12 * 3_600_000 + 1000);
  assert.equal(await idle.closed(), 4401);
  const secret = await camera.users.add('odile', ['live'], 0);
  const odile = await ControlClient.join(camera.url, cookieOf(await logIn(camera.url, 'odile', secret)));
  const staying = await join(['live']);
  // As `vigie user remove` does it, in another process.
  await new Users({ file: path.join(camera.directory, 'users.json') }).remove('odile');
  clock.advance(5000);
  assert.equal(await odile.closed(), 4401);
  staying.send({ t: 'ping' });
  await staying.next('pong');
  staying.close();
});

test('a slow viewer loses fragments up to a keyframe, holds bounded memory, and still gets its alert', async () => {
  const client = await join(['live', 'alerts']);
  client.send({ t: 'alerts.since', number: camera.alerts.lastNumber });
  await client.next('alerts.end');
  client.send({ t: 'live.start' });
  client.send({ t: 'ping' });
  await client.next('pong');
  client.socket.pause();
  let seq = 1000;
  for (let gop = 0; gop < 40; gop += 1) {
    for (let frame = 0; frame < 25; frame += 1, seq += 1)
      camera.live.onUnit(testUnit(seq, frame === 0, 20_000));
  }
  assert.ok(camera.server.droppedFragments > 500, `dropped ${camera.server.droppedFragments} of 1000`);
  assert.equal(camera.server.clients > 0, true);
  const alert = camera.alerts.push(testAlert());
  client.socket.resume();
  while ((await client.next('alert')).alert.id !== alert.id);
  const bytes = client.messages.reduce((sum, m) => sum + (m.t === 'live.fragment' ? m.data.length : 0), 0);
  assert.ok(bytes < connectionLimits.mostBytes + (1 << 20), `${bytes} bytes were held for it`);
  client.send({ t: 'ping' });
  await client.next('pong');
  const seen = client.messages.length;
  for (let frame = 0; frame < 3; frame += 1, seq += 1) camera.live.onUnit(testUnit(seq, frame === 1, 20_000));
  client.send({ t: 'ping' });
  await client.next('pong');
  const later = client.messages.slice(seen).filter((m) => m.t === 'live.fragment');
  assert.equal(later[0]?.t === 'live.fragment' && later[0].key, true, 'it comes back with a keyframe');
  client.close();
});

test('a client too far behind with alerts is closed, and gets them all when it asks again', async () => {
  const client = await join(['alerts']);
  const start = camera.alerts.lastNumber;
  client.send({ t: 'alerts.since', number: start });
  await client.next('alerts.end');
  client.socket.pause();
  for (let made = 0; made < 30; made += 1) {
    camera.alerts.attachPicture(camera.alerts.push(testAlert()).id, Buffer.alloc(250_000));
  }
  client.socket.resume();
  assert.equal(await client.closed(), 4413);
  const again = await join(['alerts']);
  again.send({ t: 'alerts.since', number: start });
  for (;;) {
    const { more, upTo } = await again.next('alerts.end');
    if (!more) break;
    again.send({ t: 'alerts.since', number: upTo });
  }
  assert.equal(again.messages.filter((m) => m.t === 'alert').length, 30);
  again.close();
});

test('more than fifty requests in a second close the connection', async () => {
  const client = await join(['live']);
  for (let sent = 0; sent < 60; sent += 1) client.send({ t: 'ping' });
  assert.equal(await client.closed(), 4429);
});

test('stop tells the clients, and is done when called again', async () => {
  const own = await startTestCamera();
  const client = await ControlClient.join(own.url, await enter(own.server.oneTimeLink(['live'])));
  const stopped = own.server.stop();
  assert.equal(await client.closed(), 1001);
  await stopped;
  await own.stop();
  await assert.rejects(http(own.url), /ECONNREFUSED/);
});
