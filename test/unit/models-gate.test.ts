import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { VigieError } from '../../errors.js';
import { admit, type SlotSource } from '../../models/gate.js';
import { findModel, modelOfHash } from '../../models/manifest.js';
import { ModelRefused, type Refusal, refusalWords } from '../../models/refusal.js';
import { readTrustedPem, signList } from '../../models/signed-list.js';
import { mostModelBytes, sha256Of, verifiedBytes } from '../../models/verify.js';
import {
  boxModel,
  embeddingModel,
  entryOf,
  field,
  type Loose,
  newPair,
  node,
  onnx,
  redModel,
  withInGraph,
  writeSlot,
} from '../slot-models.js';

const city = newPair();

function directoryFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-gate-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

const source = (listFile: string): SlotSource => ({ listFile, publicKey: city.pem, name: 'red-fire' });

const refused =
  (reason: Refusal, words = /./) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof ModelRefused, String(error));
    assert.equal(error.reason, reason, error.message);
    assert.match(error.message, words);
    assert.ok(error.kind === 'model' && error.hint !== '' && !error.message.includes('\n'));
    return true;
  };

/** A list that bears the city's signature and that the city's own tool would not have signed. */
function forcedList(directory: string, list: unknown, change: Loose = {}): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const [head, payload] = [part({ alg: 'EdDSA' }), part(list)];
  const signature = sign(null, Buffer.from(`${head}.${payload}`), city.privateKey).toString('base64url');
  const listFile = join(directory, 'models.jws');
  writeFileSync(listFile, JSON.stringify({ payload, protected: head, signature, ...change }));
  return listFile;
}

test('negative control: both forms of a right model are admitted', async (t) => {
  const directory = directoryFor(t);
  const scores = await admit(source(writeSlot(directory, onnx(redModel()), city)));
  assert.deepEqual([scores.model.task, scores.model.everySeconds], ['fire', 1]);
  const one = { output: 'boxes', classes: ['fire'] };
  const boxes = onnx(boxModel());
  const admitted = await admit(source(writeSlot(directory, boxes, city, one)));
  assert.equal(sha256Of(admitted.bytes), sha256Of(boxes));
});

test('1: a face model under the name of the detector', async (t) => {
  const path = join(directoryFor(t), 'centernet.onnx');
  const face = onnx(embeddingModel());
  writeFileSync(path, face);
  const { sha256 } = findModel('centernet').onnx;
  await assert.rejects(verifiedBytes({ path, sha256 }), refused('hash', /SHA-256 differs/));
  assert.throws(() => modelOfHash(sha256Of(face)), refused('unlisted', /not in the list/));
});

test('2: the right name with another hash', async (t) => {
  const directory = directoryFor(t);
  const listFile = writeSlot(directory, onnx(redModel()), city);
  writeFileSync(join(directory, 'red-fire.onnx'), onnx(redModel(2, { name: 'other' })));
  await assert.rejects(admit(source(listFile)), refused('hash'));
});

test('3: a model that is not listed', async (t) => {
  const listFile = writeSlot(directoryFor(t), onnx(redModel()), city);
  await assert.rejects(admit({ ...source(listFile), name: 'other' }), refused('unlisted', /"other"/));
});

test('4: a list without a signature', async (t) => {
  const directory = directoryFor(t);
  const bytes = onnx(redModel());
  const list = { version: 1, models: [entryOf(bytes)] };
  const listFile = writeSlot(directory, bytes, city);
  writeFileSync(listFile, JSON.stringify(list));
  await assert.rejects(admit(source(listFile)), refused('unsigned'));
  // "none" is an algorithm of JWS, and HMAC with the public key as its secret is an old trick
  for (const alg of ['none', 'HS256', 'RS256']) {
    const head = Buffer.from(JSON.stringify({ alg })).toString('base64url');
    await assert.rejects(
      admit(source(forcedList(directory, list, { protected: head }))),
      refused('unsigned'),
    );
  }
  await assert.rejects(admit(source(forcedList(directory, list, { signature: '' }))), refused('other-key'));
  // control: the same bytes with what belongs to them
  await admit(source(forcedList(directory, list)));
});

test('5: a list that another key signed', async (t) => {
  const listFile = writeSlot(directoryFor(t), onnx(redModel()), newPair());
  await assert.rejects(admit(source(listFile)), refused('other-key'));
});

test('6: a list that was altered after it was signed', async (t) => {
  const directory = directoryFor(t);
  const listFile = writeSlot(directory, onnx(redModel()), city);
  const sealed = JSON.parse(readFileSync(listFile, 'utf8')) as Loose;
  const payload = Buffer.from(String(sealed['payload']), 'base64url').toString('utf8');
  const altered = Buffer.from(payload.replace('"threshold":0.5', '"threshold":0.1')).toString('base64url');
  assert.notEqual(altered, sealed['payload']);
  writeFileSync(listFile, JSON.stringify({ ...sealed, payload: altered }));
  await assert.rejects(admit(source(listFile)), refused('signature'));
});

test('7: an output that looks like an embedding', async (t) => {
  const directory = directoryFor(t);
  for (const size of [64, 128, 512, 4096]) {
    const listFile = writeSlot(directory, onnx(embeddingModel(size)), city);
    await assert.rejects(admit(source(listFile)), refused('embedding', new RegExp(`1x${size} `)));
  }
  // beside the scores it lists, and as the scores of boxes that are none
  const beside = { outputs: [...redModel().outputs, { name: 'pooled', shape: [1, 128, 1, 1] }] };
  await assert.rejects(
    admit(source(writeSlot(directory, onnx(redModel(2, beside)), city))),
    refused('embedding'),
  );
  for (const operator of ['LpNormalization', 'ReduceL2']) {
    const { nodes } = redModel();
    const normalised = redModel(2, { nodes: [...nodes, node(operator, ['colour'], ['length'])] });
    await assert.rejects(admit(source(writeSlot(directory, onnx(normalised), city))), refused('normalise'));
  }
});

test('8: a file that is too large', async (t) => {
  const directory = directoryFor(t);
  const listFile = writeSlot(directory, onnx(redModel()), city);
  truncateSync(join(directory, 'red-fire.onnx'), mostModelBytes + 1);
  await assert.rejects(admit(source(listFile)), refused('too-large'));
  truncateSync(join(directory, 'models.jws'), 1 << 20);
  await assert.rejects(admit(source(listFile)), refused('too-large'));
});

test('9: a file that was cut short, even where the list has its hash', async (t) => {
  const directory = directoryFor(t);
  const whole = onnx(redModel());
  const listFile = writeSlot(directory, whole, city);
  truncateSync(join(directory, 'red-fire.onnx'), whole.length - 1);
  await assert.rejects(admit(source(listFile)), refused('hash'));
  for (const length of [0, 1, whole.length >> 1, whole.length - 1]) {
    const cut = writeSlot(directory, whole.subarray(0, length), city);
    await assert.rejects(admit(source(cut)), refused('not-onnx'), `cut at ${length}`);
  }
});

test('10: a file that is no ONNX', async (t) => {
  const directory = directoryFor(t);
  const others: [string, Buffer][] = [
    ['text', Buffer.from('hello world')],
    ['zip', Buffer.from('504b0304140000000800', 'hex')],
    ['ONNX Runtime’s own', Buffer.concat([Buffer.from([8, 8, 18, 4]), Buffer.from('ORTM')])],
    ['a tfjs graph', Buffer.from('{"format":"graph-model"}')],
  ];
  for (const [what, bytes] of others) {
    const told = await admit(source(writeSlot(directory, bytes, city))).catch((error: unknown) => error);
    assert.ok(told instanceof ModelRefused && /not-onnx|unknown-part/.test(told.reason), what);
  }
});

test('11: a task that does not exist', async (t) => {
  const directory = directoryFor(t);
  const bytes = onnx(redModel());
  for (const task of [
    'face-recognition',
    'identity',
    'plate',
    'gait',
    'emotion',
    're-identification',
    'detect',
    '',
  ]) {
    assert.throws(() => writeSlot(directory, bytes, city, { task }), refused('task'), task);
    const listFile = forcedList(directory, { version: 1, models: [entryOf(bytes, { task })] });
    await assert.rejects(admit(source(listFile)), refused('task', /models\.0\.task/), task);
  }
});

test('12: classes that the task has not, and a file with more of them than the list', async (t) => {
  const directory = directoryFor(t);
  const bytes = onnx(redModel());
  for (const classes of [['fire', 'Jeanne'], ['knife', 'none'], ['none'], ['fire', 'fire'], ['fire', '']]) {
    const listFile = forcedList(directory, { version: 1, models: [entryOf(bytes, { classes })] });
    await assert.rejects(admit(source(listFile)), refused('classes'), classes.join());
  }
  for (const columns of [1, 3, 40]) {
    const listFile = writeSlot(directory, onnx(redModel(columns)), city);
    await assert.rejects(admit(source(listFile)), refused('output'), `${columns} columns`);
  }
});

test('13: data in another file', async (t) => {
  const directory = directoryFor(t);
  const entry = Buffer.concat([field(1, 'location'), field(2, '../other.bin')]);
  const outside = Buffer.concat([field(1, 3), field(2, 1), field(8, 'w'), field(13, entry), field(14, 1)]);
  const silent = Buffer.concat([field(1, 3), field(2, 1), field(8, 'w'), field(14, 1)]);
  for (const tensor of [outside, silent]) {
    const listFile = writeSlot(directory, withInGraph(field(5, tensor)), city);
    await assert.rejects(admit(source(listFile)), refused('external-data'));
  }
  await admit(source(writeSlot(directory, withInGraph(), city)));
});

test('14: a link that is exchanged after the check', async (t) => {
  const directory = directoryFor(t);
  const [good, bad] = [onnx(redModel()), onnx(embeddingModel())];
  const listFile = writeSlot(directory, good, city);
  const path = join(directory, 'red-fire.onnx');
  mkdirSync(join(directory, 'kept'));
  renameSync(path, join(directory, 'kept', 'good.onnx'));
  writeFileSync(join(directory, 'kept', 'bad.onnx'), bad);
  symlinkSync(join('kept', 'good.onnx'), path);
  const admitted = await admit(source(listFile));
  rmSync(path);
  symlinkSync(join('kept', 'bad.onnx'), path);
  assert.equal(sha256Of(admitted.bytes), sha256Of(good), 'what was checked is what is handed on');
  await assert.rejects(admit(source(listFile)), refused('hash'));
});

test('15: graphs inside the graph, functions, other operators, parts that stand twice', async (t) => {
  const directory = directoryFor(t);
  const nodeOf = (operator: string, ...rest: Buffer[]): Buffer =>
    field(1, Buffer.concat([field(1, 'picture'), field(2, 'x'), field(4, operator), ...rest]));
  const cases: [string, Refusal, Buffer][] = [
    ['If', 'subgraph', withInGraph(nodeOf('If'))],
    ['Loop', 'subgraph', withInGraph(nodeOf('Loop'))],
    [
      'a graph',
      'subgraph',
      withInGraph(nodeOf('Relu', field(5, Buffer.concat([field(1, 'g'), field(6, '')])))),
    ],
    ['own operator', 'operator', withInGraph(nodeOf('FaceEmbedding', field(7, 'com.example')))],
    ['own domain', 'operator', withInGraph(nodeOf('Relu', field(7, 'com.example')))],
    ['random', 'operator', withInGraph(nodeOf('RandomNormalLike'))],
    ['functions', 'subgraph', Buffer.concat([onnx(redModel()), field(25, field(1, 'f'))])],
    ['training', 'unknown-part', Buffer.concat([onnx(redModel()), field(20, '')])],
    ['two graphs', 'unknown-part', Buffer.concat([onnx(redModel()), field(7, '')])],
    ['sparse', 'unknown-part', withInGraph(field(15, ''))],
    ['own operators', 'operator', Buffer.concat([onnx(redModel()), field(8, field(1, 'com.example'))])],
  ];
  for (const [what, reason, bytes] of cases) {
    await assert.rejects(admit(source(writeSlot(directory, bytes, city))), refused(reason), what);
  }
});

test('16: inputs and outputs of another form', async (t) => {
  const directory = directoryFor(t);
  const [input] = redModel().inputs;
  const inputs: OnnxEdges[] = [
    [],
    [input, { name: 'more', shape: [1, 4] }],
    [{ ...input, shape: [1, 3, 'h', 'w'] }],
  ];
  for (const edges of inputs) {
    const bytes = onnx(redModel(2, { inputs: edges }));
    await assert.rejects(admit(source(writeSlot(directory, bytes, city))), refused('input'));
  }
  const one = { output: 'boxes', classes: ['fire'] };
  const outputs: OnnxEdges[] = [
    [],
    [{ name: 'scores', shape: [1, 'n'] }],
    [
      { name: 'boxes', shape: [1, 2, 5] },
      { name: 'scores', shape: [1, 2] },
    ],
    [
      { name: 'boxes', shape: [1, 2, 4] },
      { name: 'scores', shape: [1, 3] },
    ],
    [
      { name: 'boxes', shape: [1, 20_000, 4] },
      { name: 'scores', shape: [1, 20_000] },
    ],
  ];
  for (const edges of outputs) {
    const bytes = onnx(boxModel({ outputs: edges }));
    await assert.rejects(admit(source(writeSlot(directory, bytes, city, one))), refused('output'));
  }
});

type OnnxEdges = ReturnType<typeof redModel>['inputs'];

test('the key is put on the camera by hand: none, a private one and another kind are no keys', async (t) => {
  const directory = directoryFor(t);
  const path = join(directory, 'models.pub');
  await assert.rejects(readTrustedPem(path), refused('key'));
  for (const pem of ['', 'hello', city.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()]) {
    writeFileSync(path, pem);
    await assert.rejects(readTrustedPem(path), refused('key'));
  }
  writeFileSync(path, city.pem);
  assert.equal(await readTrustedPem(path), city.pem);
  await assert.rejects(admit({ ...source(join(directory, 'models.jws')) }), refused('list-missing'));
});

test('a list that the camera would refuse is not signed; every reason has words in two languages', () => {
  assert.throws(() => signList('{}', city.privateKey), refused('list-form'));
  assert.throws(() => signList('{', city.privateKey), refused('list-form'));
  for (const { fr, en } of Object.values(refusalWords))
    assert.ok(fr.length > 10 && en.length > 10 && fr !== en);
  assert.ok(new ModelRefused('hash', 'a', 'b') instanceof VigieError);
});
