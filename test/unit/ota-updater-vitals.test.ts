/** What a new version is kept by (docs/updates.md, "What a camera does"): frames, storage, the control port. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { ownPortAnswers } from '../../runtime/control/own-answer.js';
import { UpdateVitals, type UpdateVitalsDeps } from '../../runtime/update-vitals.js';

function machine() {
  const now = {
    framesPerSecond: 25,
    framesRecorded: 0,
    storeState: 'recording' as ReturnType<UpdateVitalsDeps['storeState']>,
    mayRecord: true,
    control: true,
  };
  const clock = new ManualClock();
  const vitals = new UpdateVitals(
    {
      clock,
      framesPerSecond: () => now.framesPerSecond,
      framesRecorded: () => now.framesRecorded,
      storeState: () => now.storeState,
      mayRecord: () => now.mayRecord,
      controlAnswers: () => Promise.resolve(now.control),
    },
    { framesPerSecond: 25 },
  );
  vitals.start();
  return { now, clock, vitals };
}

test('frames hold from half of the configured rate', async () => {
  const { now, vitals } = machine();
  for (const [rate, holds] of [
    [25, true],
    [12.5, true],
    [12.4, false],
    [0, false],
  ] as const) {
    now.framesPerSecond = rate;
    assert.equal((await vitals.read()).frames, holds, String(rate));
  }
});

test('storage holds while frames reach the store, and for ten seconds after', async () => {
  const { now, clock, vitals } = machine();
  assert.equal((await vitals.read()).storage, false, 'nothing was ever recorded');
  now.framesRecorded = 25;
  clock.advance(1000);
  assert.equal((await vitals.read()).storage, true);
  clock.advance(9000);
  assert.equal((await vitals.read()).storage, true);
  clock.advance(2000);
  assert.equal((await vitals.read()).storage, false, 'says that it records, and does not');
});

test('where nothing is to be recorded the store is not asked; where it is, saying so is not enough', async () => {
  const { now, vitals } = machine();
  for (const [state, mayRecord, holds] of [
    ['off-hours', true, true],
    ['waiting', true, true],
    ['off', false, true],
    ['off', true, false],
    ['recording', true, false],
    ['failed', true, false],
    ['failed', false, false],
  ] as const) {
    Object.assign(now, { storeState: state, mayRecord });
    assert.equal((await vitals.read()).storage, holds, `${state}, ${mayRecord}`);
  }
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('the control port must answer: a port that only takes connections does not', async (t) => {
  const web = createHttpServer((_request, answer) => answer.writeHead(302).end());
  const mute = createServer(() => undefined);
  const rude = createServer((socket) => socket.end('220 ready\r\n'));
  const shut = createServer((socket) => socket.destroy());
  t.after(() => {
    for (const server of [web, rude, shut, mute]) server.close();
  });
  const ask = async (server: Server, host = '127.0.0.1', withinMs?: number): Promise<boolean> =>
    ownPortAnswers({ host, port: await listening(server), tls: false, clientCertificates: false }, withinMs);
  assert.equal(await ask(mute, '127.0.0.1', 20), false);
  assert.equal(await ask(web, '0.0.0.0'), true);
  assert.equal(await ask(rude), false);
  assert.equal(await ask(shut), false);
  const free = createServer();
  const port = await listening(free);
  await new Promise((resolve) => free.close(resolve));
  assert.equal(
    await ownPortAnswers({ host: '127.0.0.1', port, tls: false, clientCertificates: false }),
    false,
  );
});
