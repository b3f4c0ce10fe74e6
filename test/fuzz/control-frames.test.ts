/** Bytes from the wire that are no message: the door says no, the server goes on. Seeded; `CASES` for more. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Packr } from 'msgpackr';
import { isPlainMessagePack } from '../../pipelines/plain-messagepack.js';
import { decodeMessage, frameLimits } from '../../runtime/control/codec.js';
import { splitAccessUnit } from '../../runtime/control/h264.js';
import { parseJournal } from '../../runtime/control/journal.js';
import { startTestCamera, type TestCamera } from '../contract/control-camera.js';
import { ControlClient, enter } from '../control-client.js';
import { seeded } from '../random.js';

const cases = Number(process.env['CASES'] ?? 20_000);
const packr = new Packr({ useRecords: false, variableMapSize: true });
/** The largest zone that may be drawn: four of them fit the limits of a message. */
const drawn = { name: 'Fenêtre', points: Array.from({ length: 64 }, (_, i) => [i / 64, (i % 7) / 7]) };
const good = [
  { t: 'hello', protocol: 1, language: 'fr' },
  { t: 'live.start' },
  { t: 'live.stop' },
  { t: 'alerts.since', number: 4_294_967_296 },
  { t: 'alert.ack', id: 'ab', verdict: null },
  { t: 'alert.ack', id: 'ab', verdict: 'unclear' },
  { t: 'health.get' },
  { t: 'snapshot.get', id: 3 },
  { t: 'ping' },
  { t: 'mask.get' },
  { t: 'mask.picture', id: 7 },
  { t: 'mask.set', version: 2, remove: ['House'], add: [drawn], picture: 12, noneBecause: null },
  {
    t: 'mask.set',
    version: 1,
    remove: [],
    add: [drawn, drawn, drawn, drawn],
    picture: null,
    noneBecause: 'x',
  },
  { t: 'mask.configured', version: 3 },
  { t: 'update.get' },
  { t: 'update.check' },
  { t: 'update.install', version: '1.2.3-pilot.4' },
  { t: 'update.confirm', version: '1.2.3' },
  { t: 'update.rollback', version: '1.2.2' },
];

test('every message of the protocol passes the door', () => {
  for (const message of good) assert.deepEqual(decodeMessage(packr.pack(message)), message);
});

test('messages of another shape do not', () => {
  const wrong: unknown[] = [
    null,
    0,
    'ping',
    [],
    {},
    [['t', 'ping']],
    { t: 'ping', x: 1 },
    { t: 'Ping' },
    { t: null },
    { t: ['ping'] },
    { t: 'hello', protocol: 2, language: 'fr' },
    { t: 'hello', protocol: 1, language: 'de' },
    { t: 'hello' },
    { t: 'alerts.since', number: -1 },
    { t: 'alerts.since', number: 1.5 },
    { t: 'alerts.since', number: Number.NaN },
    { t: 'alerts.since', number: Number.POSITIVE_INFINITY },
    { t: 'alerts.since', number: '1' },
    { t: 'alert.ack', id: '', verdict: null },
    { t: 'alert.ack', id: 'x'.repeat(65), verdict: null },
    { t: 'alert.ack', id: 'x', verdict: true },
    { t: 'alert.ack', id: 'x' },
    { t: 'snapshot.get', id: 2 ** 60 },
    { t: 'mask.set', version: 1, remove: [], add: [], picture: null },
    { t: 'mask.set', version: 0, remove: [], add: [], picture: null, noneBecause: null },
    {
      t: 'mask.set',
      version: 1,
      remove: [],
      add: [{ ...drawn, points: [[0, Number.NaN]] }],
      picture: 1,
      noneBecause: null,
    },
    { t: 'mask.set', version: 1, remove: [1], add: [], picture: null, noneBecause: null },
    { t: 'mask.configured' },
    { t: 'update.get', version: '1.0.0' },
    { t: 'update.install', version: '1.0.0\n' },
    { t: 'update.rollback', version: '1'.repeat(80) },
    { t: 'ping', constructor: 1 },
    JSON.parse('{"t":"ping","__proto__":{"admin":true}}'),
    new Date(),
    new Set(['t']),
    /x/,
  ];
  for (const message of wrong)
    assert.equal(decodeMessage(packr.pack(message)), null, JSON.stringify(message));
});

test('a few bytes that announce much, nest deep or name an extension are refused before they are decoded', () => {
  const bombs = {
    'array of four thousand million': 'ddffffffff',
    'map of four thousand million': 'dfffffffff',
    'arrays of millions inside each other': 'dd01ffffff'.repeat(1000),
    'string longer than the message': 'dbffffffff61',
    'binary longer than the message': 'c6ffffffff61',
    'deep arrays': `${'91'.repeat(60_000)}c0`,
    'deep maps': `${'81a161'.repeat(20_000)}c0`,
    'record definition': 'd4720091a161c0',
    'regular expression extension': 'c7037892a161a0',
    'reserved type': 'c1',
    'bytes after the end': 'c0c0',
    'cut in the middle': '82a174',
    'many small elements': `dc${'07d0'}${'c0'.repeat(2000)}`,
    nothing: '',
  };
  for (const [name, hex] of Object.entries(bombs)) {
    assert.equal(isPlainMessagePack(Buffer.from(hex, 'hex'), frameLimits), false, name);
    assert.equal(decodeMessage(Buffer.from(hex, 'hex')), null, name);
  }
  assert.equal(decodeMessage(Buffer.alloc(frameLimits.bytes + 1, 0xc0)), null);
});

test('random bytes and messages with changed bytes never throw, and what passes is of the protocol', () => {
  const random = seeded(20_261);
  const names = new Set(good.map(({ t }) => t));
  for (let made = 0; made < cases; made += 1) {
    const whole = Buffer.from(packr.pack(good[Math.floor(random() * good.length)]));
    const bytes = made % 3 === 0 ? Buffer.alloc(Math.floor(random() * 300)) : whole;
    const changes = made % 3 === 0 ? bytes.length : 1 + Math.floor(random() * 4);
    for (let change = 0; change < changes && bytes.length > 0; change += 1) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const passed = decodeMessage(
      made % 5 === 0 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes,
    );
    assert.ok(passed === null || names.has(passed.t), bytes.toString('hex'));
  }
});

test('the journal and the access unit parsers never throw', () => {
  const random = seeded(77);
  for (let made = 0; made < cases / 4; made += 1) {
    const bytes = Buffer.from(
      Array.from({ length: Math.floor(random() * 120) }, () => Math.floor(random() * 256)),
    );
    for (let zero = 0; zero < bytes.length; zero += 1)
      if (random() < 0.5) bytes[zero] = Math.floor(random() * 2);
    splitAccessUnit(bytes);
    parseJournal(Buffer.concat([Buffer.from('{"t":"alert"'), bytes]));
  }
});

let camera: TestCamera;
before(async () => {
  camera = await startTestCamera();
});
after(() => camera.stop());

test('over the wire: each bad frame ends its own connection with 4400 and no other', async () => {
  const random = seeded(5);
  const cookie = await enter(camera.server.oneTimeLink(['live', 'alerts']));
  const witness = await ControlClient.join(camera.url, cookie);
  for (let made = 0; made < 150; made += 1) {
    const client = new ControlClient(camera.url, { cookie });
    await client.opened();
    if (made % 2) client.send(good[0]);
    const bytes = Buffer.from(
      Array.from({ length: 1 + Math.floor(random() * 200) }, () => Math.floor(random() * 256)),
    );
    bytes[0] = 0xc1;
    client.sendBytes(bytes);
    assert.equal(await client.closed(), 4400);
    const last = client.messages.at(-1);
    assert.equal(last?.t === 'error' && last.code, 'bad-message');
  }
  const text = new ControlClient(camera.url, { cookie });
  await text.opened();
  text.socket.send('{"t":"ping"}');
  assert.equal(await text.closed(), 4400);
  const huge = new ControlClient(camera.url, { cookie });
  await huge.opened();
  huge.sendBytes(Buffer.alloc(frameLimits.bytes + 1000));
  assert.ok([1006, 1009].includes(await huge.closed()));
  witness.send({ t: 'ping' });
  await witness.next('pong');
  witness.close();
});
