/**
 * The update over the control plane, on a real port: who may order it, under which name, what is refused in which words, how
 * often it is told, what a slow client and a cut connection change. The updater behind is scripted.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { VigieError } from '../../errors.js';
import type { Right } from '../../runtime/access/rights.js';
import type { FromServer } from '../../runtime/control/protocol.js';
import { UpdateDesk } from '../../runtime/control/update-desk.js';
import { startTestCamera, type TestCamera, testLog } from '../contract/control-camera.js';
import { ControlClient, cookieOf, enter, logIn } from '../control-client.js';
import { newerOffer, ScriptedUpdate } from '../scripted-update.js';

interface Bench {
  camera: TestCamera;
  updates: ScriptedUpdate;
  join(...rights: Right[]): Promise<ControlClient>;
}

async function bench(
  t: { after(done: () => Promise<void>): void },
  updates = new ScriptedUpdate(),
): Promise<Bench> {
  const camera = await startTestCamera({ updates });
  t.after(() => camera.stop());
  const join = async (...rights: Right[]): Promise<ControlClient> =>
    ControlClient.join(camera.url, await enter(camera.server.oneTimeLink(rights)));
  return { camera, updates, join };
}

const offered = { state: 'offered', offer: newerOffer } as const;
const onTrial = {
  state: 'trial',
  running: { version: '1.1.0', commit: 'b' },
  other: { version: '1.0.0' },
  trial: { triesLeft: 2, waitsFor: ['frames'] },
} as const;
const orders = [
  { t: 'update.get' },
  { t: 'update.check' },
  { t: 'update.install', version: '1.1.0' },
  { t: 'update.confirm', version: '1.0.0' },
  { t: 'update.rollback', version: '0.9.0' },
];

test('without the right no request about the update is answered, and with every other one neither', async (t) => {
  const { updates, join } = await bench(t, new ScriptedUpdate(offered));
  const others = await join('live', 'playback', 'extraction', 'alerts', 'health', 'ptz', 'mask', 'admin');
  for (const order of orders) {
    others.send(order);
    const { code, re } = await others.next('error');
    assert.deepEqual([code, re], ['forbidden', order.t]);
  }
  assert.deepEqual([updates.given, updates.watchers], [[], 0]);
  const updater = await join('update');
  updater.send({ t: 'update.get' });
  assert.equal((await updater.next('update')).status.state, 'offered');
  updater.send({ t: 'health.get' });
  assert.equal((await updater.next('error')).code, 'forbidden', 'and it opens nothing else');
});

test('every order carries the account that gave it', async (t) => {
  const { camera, updates } = await bench(t);
  const secret = await camera.users.add('odile', ['update'], 0);
  const client = await ControlClient.join(camera.url, cookieOf(await logIn(camera.url, 'odile', secret)));
  client.send({ t: 'update.check' });
  assert.equal((await client.next('update')).status.offer?.version, '1.1.0');
  client.send({ t: 'update.install', version: '1.1.0' });
  assert.equal((await client.next('update')).status.state, 'downloading');
  updates.set({ ...onTrial, offer: null, progress: null });
  client.send({ t: 'update.confirm', version: '1.1.0' });
  assert.equal((await client.next('update')).status.state, 'idle');
  client.send({ t: 'update.rollback', version: '1.0.0' });
  assert.equal((await client.next('update')).status.state, 'restarting');
  assert.deepEqual(updates.given, [
    ['check', 'odile'],
    ['install', 'odile'],
    ['confirm', 'odile'],
    ['rollback', 'odile'],
  ]);
  client.close();
});

test('an order about another version than the person saw is refused and gives nobody’s order', async (t) => {
  const { updates, join } = await bench(t, new ScriptedUpdate({ ...offered, other: { version: '0.9.0' } }));
  const client = await join('update');
  for (const [order, words] of [
    [{ t: 'update.install', version: '1.0.9' }, /no longer version 1\.0\.9 but 1\.1\.0/],
    [{ t: 'update.rollback', version: '0.8.0' }, /no longer version 0\.8\.0 but 0\.9\.0/],
    [{ t: 'update.confirm', version: '1.1.0' }, /no longer version 1\.1\.0 but 1\.0\.0/],
  ] as const) {
    client.send(order);
    const { code, message, re } = await client.next('error');
    assert.deepEqual([code, re], ['update-refused', order.t]);
    assert.match(message.en, words);
    assert.match(message.fr, /regardez-la/);
    assert.equal((await client.next('update')).status.state, 'offered', 'and how it stands is told');
  }
  updates.republished = '1.1.1';
  client.send({ t: 'update.install', version: '1.1.0' });
  assert.match((await client.next('error')).message.fr, /Ce n’est plus la version 1\.1\.0, mais la 1\.1\.1/);
  updates.set({ offer: null, other: null, state: 'idle' });
  client.send({ t: 'update.install', version: '1.1.0' });
  assert.match((await client.next('error')).message.fr, /Aucune version/);
  client.send({ t: 'update.rollback', version: '0.9.0' });
  assert.match((await client.next('error')).message.fr, /pas d’autre version/);
  assert.deepEqual(updates.given, []);
});

test('what the updater refuses is told in both languages, by what it is doing', async (t) => {
  const { updates, join } = await bench(t, new ScriptedUpdate({ ...offered, state: 'downloading' }));
  const client = await join('update');
  const refusal = async (order: (typeof orders)[number]): Promise<string> => {
    client.send(order);
    const { code, message } = await client.next('error');
    assert.equal(code, 'update-refused');
    return `${message.fr} / ${message.en}`;
  };
  assert.match(await refusal({ t: 'update.install', version: '1.1.0' }), /téléchargement.*download is under/);
  updates.set({ state: 'held' });
  assert.match(await refusal({ t: 'update.check' }), /heure.*time of the camera/);
  updates.set({ state: 'idle' });
  assert.match(await refusal({ t: 'update.confirm', version: '1.0.0' }), /déjà confirmée.*confirmed already/);
  updates.set({ problem: { fr: 'Le dépôt ne répond pas', en: 'The repository does not answer' } });
  updates.fails = new VigieError('update', 'No answer', 'Check the network');
  assert.match(await refusal({ t: 'update.check' }), /^Le dépôt ne répond pas \/ The repository does not/);
  updates.set({ problem: null });
  assert.match(await refusal({ t: 'update.check' }), /journal.* \/ No answer\. Check the network/);
  updates.fails = new Error('something private at 192.0.2.7');
  assert.doesNotMatch(await refusal({ t: 'update.check' }), /192/);
  updates.set({ backend: 'none' });
  updates.fails = new VigieError('update', 'Not installed in slots', 'Provision it');
  assert.match(await refusal({ t: 'update.check' }), /pas été installée pour cela/);
});

test('after a start nothing is told or taken before it is known what the start found', async (t) => {
  const { updates, join } = await bench(t);
  let known = (): void => undefined;
  updates.known = new Promise((resolve) => {
    known = resolve;
  });
  const client = await join('update');
  client.send({ t: 'update.get' });
  client.send({ t: 'update.rollback', version: '1.0.0' });
  client.send({ t: 'ping' });
  await client.next('pong');
  assert.ok(!client.messages.some(({ t }) => t === 'update' || t === 'error'));
  updates.set(onTrial);
  known();
  assert.equal(
    (await client.next('update')).status.state,
    'trial',
    'and never idle, which would mean confirmed',
  );
  assert.equal((await client.next('update')).status.state, 'restarting');
  assert.deepEqual(
    updates.given.map(([order]) => order),
    ['rollback'],
  );
});

test('a camera without an updater says so', async (t) => {
  const camera = await startTestCamera();
  t.after(() => camera.stop());
  const client = await ControlClient.join(camera.url, await enter(camera.server.oneTimeLink(['update'])));
  client.send({ t: 'update.get' });
  const { code, message, re } = await client.next('error');
  assert.deepEqual([code, re], ['update-refused', 'update.get']);
  assert.match(message.en, /takes no updates/);
});

test('what is no order ends the connection', async (t) => {
  const { updates, join } = await bench(t, new ScriptedUpdate(offered));
  for (const wrong of [
    { t: 'update.install' },
    { t: 'update.install', version: '1.1' },
    { t: 'update.install', version: '1.1.0', by: 'someone else' },
    { t: 'update.rollback', version: '../1.0.0' },
    { t: 'update.check', version: '1.1.0' },
  ]) {
    const client = await join('update');
    client.send(wrong);
    assert.equal(await client.closed(), 4400);
  }
  assert.deepEqual(updates.given, []);
});

test('one order at a time; one that was given goes on when its connection is cut, and nobody is watched any more', async (t) => {
  const { updates, join } = await bench(t, new ScriptedUpdate(offered));
  let open = (): void => undefined;
  updates.gate = new Promise((resolve) => {
    open = resolve;
  });
  const client = await join('update');
  client.send({ t: 'update.get' });
  await client.next('update');
  client.send({ t: 'update.install', version: '1.1.0' });
  client.send({ t: 'update.check' });
  assert.equal((await client.next('error')).code, 'busy');
  assert.equal(updates.watchers, 1);
  const witness = await join('update');
  witness.send({ t: 'update.get' });
  await witness.next('update');
  client.close();
  await client.closed();
  open();
  assert.equal((await witness.next('update')).status.state, 'downloading', 'the order was carried out');
  assert.deepEqual(
    updates.given.map(([order]) => order),
    ['install'],
  );
  // The server hears of the end of a connection after the client.
  while (updates.watchers > 1) await new Promise((resolve) => setImmediate(resolve));
});

test('changes are told at most four a second and the newest; a slow client gets the newest when it can', async () => {
  const clock = new ManualClock();
  const updates = new ScriptedUpdate(offered);
  const sent: number[] = [];
  let slow = false;
  const send = (message: FromServer): void => {
    if (message.t === 'update') sent.push(message.status.progress?.bytes ?? -1);
  };
  const desk = new UpdateDesk({ clock, log: testLog(), updates }, send, 'odile', () => slow);
  await desk.take({ t: 'update.get' });
  const progress = (bytes: number) => ({ bytes, of: 2000, rate: 100, secondsLeft: 1 });
  for (let bytes = 1; bytes <= 1000; bytes += 1) {
    updates.set({ progress: progress(bytes) });
    clock.advance(1);
  }
  clock.advance(250);
  assert.deepEqual(sent, [-1, 250, 500, 750, 1000]);
  slow = true;
  for (const bytes of [1001, 1002, 1003]) {
    updates.set({ progress: progress(bytes) });
    clock.advance(1000);
    desk.tick();
  }
  assert.equal(sent.length, 5, 'nothing is piled up for a client that takes nothing');
  slow = false;
  desk.tick();
  assert.deepEqual(sent.slice(5), [1003]);
  desk.tick();
  desk.closed();
  updates.set({ progress: progress(1004) });
  clock.advance(1000);
  desk.tick();
  assert.deepEqual([sent.slice(6), updates.watchers], [[], 0]);
});
