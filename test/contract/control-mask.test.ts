/** The private zones over the control plane: who may change them, what is refused, what the register and the mask get. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Picture } from '../../pipelines/messages.js';
import type { ConnectionDeps } from '../../runtime/control/connection.js';
import { type MaskChanged, MaskZones } from '../../runtime/mask-zones/mask-zones.js';
import { ControlClient, enter } from '../control-client.js';
import { startTestCamera, type TestCamera, testLog, testPicture } from './control-camera.js';

const lens = { principal: [0.5, 0.5] as [number, number], k1: 0, k2: 0, rollDeg: 0 };
const size = { width: 320, height: 240 };
const house = {
  name: 'House',
  points: [
    [0.1, 0.1],
    [0.2, 0.1],
    [0.2, 0.3],
  ] as [number, number][],
};
const middle = {
  name: 'Middle',
  points: [
    [0.4, 0.4],
    [0.6, 0.4],
    [0.6, 0.6],
    [0.4, 0.6],
  ] as [number, number][],
};

interface Bench {
  camera: TestCamera;
  told: MaskChanged[];
  set: number[];
  join(rights: string[]): Promise<ControlClient>;
}

async function bench(
  t: { after(done: () => Promise<void>): void },
  options: { moves?: boolean; picture?: () => Picture; registerFails?: boolean } = {},
): Promise<Bench> {
  const told: MaskChanged[] = [];
  const set: number[] = [];
  const deps: ConstructorParameters<typeof MaskZones>[0] = {
    log: testLog(),
    file: { load: async () => 'none', save: async () => undefined },
    tables: async () => [],
    keep: async () => undefined,
    tell: async (event) => {
      if (options.registerFails) throw new Error('away');
      told.push(event);
    },
    setMask: ({ version }) => void set.push(version),
  };
  const configured = { zones: options.moves ? [] : [house], noneBecause: 'nothing private here' };
  const mask = new MaskZones(deps, { configured, size, lens: options.moves ? lens : null });
  await mask.start();
  const { picture } = options;
  const snapshot: ConnectionDeps['snapshot'] = async () => picture?.() ?? testPicture();
  const camera = await startTestCamera({ mask, snapshot });
  t.after(() => camera.stop());
  const join: Bench['join'] = async (rights) =>
    ControlClient.join(
      camera.url,
      await enter(camera.server.oneTimeLink(rights as Parameters<typeof camera.server.oneTimeLink>[0])),
    );
  return { camera, told, set, join };
}
const change = { t: 'mask.set', version: 1, remove: [], add: [middle], picture: null, noneBecause: null };

test('who sees may look at the zones; only the right mask changes them, and the register says who did', async (t) => {
  const { told, set, join } = await bench(t);
  const viewer = await join(['live', 'alerts', 'health', 'ptz', 'admin', 'playback', 'extraction']);
  viewer.send({ t: 'mask.get' });
  const seen = await viewer.next('mask');
  assert.deepEqual([seen.version, seen.zones, seen.source, seen.moves], [1, [house], 'configuration', false]);
  for (const request of [change, { t: 'mask.configured', version: 1 }]) {
    viewer.send(request);
    assert.equal((await viewer.next('error')).code, 'forbidden');
  }
  assert.deepEqual([told, set], [[], []]);
  const blind = await join(['mask']);
  for (const request of [{ t: 'mask.get' }, { t: 'mask.picture', id: 1 }]) {
    blind.send(request);
    assert.equal((await blind.next('error')).code, 'forbidden');
  }
  const editor = await join(['live', 'mask']);
  editor.send(change);
  const { version, zones } = await editor.next('mask');
  assert.deepEqual([version, zones.length, set], [2, 2, [2]]);
  editor.send({ ...change, version: 2, add: [], remove: ['House'] });
  assert.equal((await editor.next('mask')).zones.length, 1);
  assert.deepEqual(
    told.map(({ smaller, version: of }) => [of, smaller]),
    [
      [2, false],
      [3, true],
    ],
  );
  assert.ok(told.every(({ by }) => by?.startsWith('link-')));
});

test('a change on another version is refused and changes nothing; the answer brings the newer one', async (t) => {
  const { join, set } = await bench(t);
  const [one, other] = [await join(['live', 'mask']), await join(['live', 'mask'])];
  one.send(change);
  await one.next('mask');
  other.send({ ...change, add: [{ ...middle, name: 'Other' }] });
  const refused = await other.next('error');
  assert.deepEqual([refused.code, refused.re], ['mask-refused', 'mask.set']);
  assert.match(refused.message.fr, /ont changé/);
  assert.deepEqual([(await other.next('mask')).version, set], [2, [2]]);
});

test('what cannot be a zone is refused in words; what is no message ends the connection', async (t) => {
  const { join, set } = await bench(t);
  const editor = await join(['live', 'mask']);
  const [a, b, c, d] = middle.points;
  editor.send({ ...change, add: [{ name: 'Crossed', points: [a, c, b, d] }] });
  assert.match((await editor.next('error')).message.en, /cross/);
  editor.send({ ...change, add: [], remove: ['House'] });
  assert.match((await editor.next('error')).message.en, /private place/);
  assert.deepEqual(set, []);
  for (const wrong of [
    { ...change, add: [{ name: 'Out', points: [a, b, [1.2, 0.5]] }] },
    { ...change, add: [{ name: 'Two', points: [a, b] }] },
    { ...change, add: [{ name: '', points: [a, b, c] }] },
    { ...change, add: [{ name: 'Many', points: Array.from({ length: 65 }, () => a) }] },
    { ...change, add: Array.from({ length: 5 }, () => middle) },
    { ...change, version: 0 },
    { ...change, view: { panDeg: 0 } },
  ]) {
    const client = await join(['live', 'mask']);
    client.send(wrong);
    assert.equal((await client.next('error')).code, 'bad-message');
    assert.equal(await client.closed(), 4400);
  }
});

test('without the register nothing is made smaller, and more may still be hidden', async (t) => {
  const { join, set } = await bench(t, { registerFails: true });
  const editor = await join(['live', 'mask']);
  editor.send({ ...change, remove: ['House'] });
  assert.match((await editor.next('error')).message.en, /register/);
  assert.deepEqual(set, []);
  assert.equal((await editor.next('mask')).version, 1);
  editor.send(change);
  await editor.next('mask');
  assert.equal(set.length, 1);
});

test('on a head, a drawing becomes directions by the view of the very picture, and of no other', async (t) => {
  const views = [
    { panDeg: 0, tiltDeg: 0, hfovDeg: 60, marginPixels: 2 },
    { panDeg: 90, tiltDeg: 10, hfovDeg: 20, marginPixels: 2 },
  ];
  let shot = 0;
  const picture = (): Picture => {
    const stamp = { version: 1, digest: 'a'.repeat(64) };
    const view = views[shot++];
    if (!view) return { ...testPicture(), seq: 7, mask: { ...stamp, state: 'full', why: 'homing' } };
    return { ...testPicture(), seq: 7, mask: { ...stamp, state: 'zones', view } };
  };
  const { join } = await bench(t, { moves: true, picture });
  const editor = await join(['live', 'mask']);
  const numbers: number[] = [];
  for (const id of [1, 2, 3]) {
    editor.send({ t: 'mask.picture', id });
    const { number, drawable } = await editor.next('mask.picture');
    assert.equal(drawable, id < 3);
    numbers.push(number);
  }
  for (const number of [numbers[2], 12345, null]) {
    editor.send({ ...change, picture: number });
    assert.match((await editor.next('error')).message.en, /where the camera looked/);
    await editor.next('mask');
  }
  const other = await join(['live', 'mask']);
  other.send({ ...change, picture: numbers[0] });
  assert.match(
    (await other.next('error')).message.en,
    /where the camera looked/,
    'another connection’s picture',
  );
  editor.send({ ...change, picture: numbers[1] });
  const { zones } = await editor.next('mask');
  const [zone] = zones;
  assert.ok(zone && 'directions' in zone);
  for (const [pan, tilt] of zone.directions) {
    assert.ok(Math.abs(pan - 90) < 3 && Math.abs(tilt - 10) < 3, `${pan} ${tilt}`);
  }
  const pans = zone.directions.map(([pan]) => pan);
  assert.ok(Math.max(...pans) - Math.min(...pans) > 3.9, 'a fifth of a field of 20 degrees');
});
