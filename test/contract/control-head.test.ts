/** The head over the control plane: who may turn it, what is refused, what a client learns of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VigieError } from '../../errors.js';
import type { DrivenHead } from '../../runtime/head/head-state.js';
import { ControlClient, enter } from '../control-client.js';
import { startTestCamera } from './control-camera.js';

const state = { panDeg: 1, tiltDeg: 2, hfovDeg: 30, hide: null, moves: false, obeys: true, patrol: null };

function madeUp(orders: unknown[], registered: unknown[] = []): DrivenHead {
  const take = (name: string) => (what?: unknown) => {
    orders.push([name, what]);
    if (what === 'nowhere')
      return Promise.reject(new VigieError('head', 'There is no such preset', 'Name one'));
    return Promise.resolve();
  };
  const control = {
    moveTo: take('moveTo'),
    moveBy: take('moveBy'),
    drive: take('drive'),
    halt: take('halt'),
    home: take('home'),
    goTo: take('goTo'),
    startPatrol: take('startPatrol'),
  } as unknown as DrivenHead['control'];
  const ordered: DrivenHead['ordered'] = (order) => void registered.push(order);
  return { state, places: { presets: ['gate'], patrols: ['night'] }, control, ordered };
}

test('the right ptz turns the head and sees its state; no other right does', async (t) => {
  const orders: unknown[] = [];
  const registered: { by: string }[] = [];
  const camera = await startTestCamera({ head: madeUp(orders, registered) });
  t.after(() => camera.stop());
  const other = await ControlClient.join(
    camera.url,
    await enter(camera.server.oneTimeLink(['live', 'alerts', 'health', 'mask', 'admin'])),
  );
  other.send({ t: 'head.drive', pan: 1, tilt: 0, zoom: 0 });
  assert.equal((await other.next('error')).code, 'forbidden');
  assert.deepEqual(orders, []);
  const client = await ControlClient.join(camera.url, await enter(camera.server.oneTimeLink(['ptz'])));
  client.send({ t: 'head.watch' });
  assert.deepEqual((await client.next('head')).state, state);
  client.send({ t: 'head.drive', pan: 0.5, tilt: 0, zoom: 0 });
  await client.next('head');
  client.send({ t: 'head.preset', name: 'gate' });
  await client.next('head');
  assert.deepEqual(orders, [
    ['drive', { pan: 0.5, tilt: 0, zoom: 0 }],
    ['goTo', 'gate'],
  ]);
  client.send({ t: 'head.preset', name: 'nowhere' });
  assert.equal((await client.next('error')).code, 'head-refused');
  const by = registered[0]?.by ?? '';
  assert.match(by, /^link-/);
  assert.deepEqual(registered, [
    { by, order: 'drive' },
    { by, order: 'preset', place: 'gate' },
  ]);
  assert.deepEqual(
    camera.lines.filter((line) => line.includes('failed')),
    [],
  );
});

test('a speed beyond the fastest is no message of the protocol', async (t) => {
  const orders: unknown[] = [];
  const camera = await startTestCamera({ head: madeUp(orders) });
  t.after(() => camera.stop());
  const client = await ControlClient.join(camera.url, await enter(camera.server.oneTimeLink(['ptz'])));
  client.send({ t: 'head.drive', pan: 2, tilt: 0, zoom: 0 });
  assert.equal((await client.next('error')).code, 'bad-message');
  assert.deepEqual(orders, []);
});

test('a camera that does not move refuses', async (t) => {
  const camera = await startTestCamera();
  t.after(() => camera.stop());
  const client = await ControlClient.join(camera.url, await enter(camera.server.oneTimeLink(['ptz'])));
  client.send({ t: 'head.halt' });
  assert.equal((await client.next('error')).code, 'head-refused');
});
