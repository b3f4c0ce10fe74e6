import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { VigieError } from '../../errors.js';
import type { OnnxModel } from '../../models/convert/onnx-file.js';
import { checkModels } from '../../ota/bundle/gate.js';
import type { BundleManifest } from '../../ota/bundle/manifest.js';
import { entriesOf } from '../../ota/bundle/pack.js';
import { unpackBundle } from '../../ota/bundle/unpack.js';
import { embeddingModel, node, onnx, redModel, sha256 } from '../slot-models.js';
import { expectedOf, packTree, quick, scratch, smallTree, writeTree } from '../small-bundle.js';

type Files = Record<string, string | Buffer>;

/** The form of a detector, with nothing learned in it. */
function detector(change: Partial<OnnxModel> = {}): OnnxModel {
  return {
    ...redModel(),
    nodes: [node('Relu', ['picture'], ['heat']), node('Identity', ['heat'], ['reach'])],
    initializers: [],
    inputs: [{ name: 'picture', shape: [1, 3, 'height', 'width'] }],
    outputs: [
      { name: 'heat', shape: [1, 1, 'rows', 'columns'] },
      { name: 'reach', shape: [1, 4, 'rows', 'columns'] },
    ],
    ...change,
  };
}

const published = { 'tiny.json': '{"modelTopology":{},"weightsManifest":[]}', 'tiny.bin': '\0\0\0\0' };

function listOf(model: Buffer, change: object = {}): string {
  const files = Object.entries(published).map(([name, content]) => ({
    member: `package/${name}`,
    name,
    sha256: sha256(Buffer.from(content)),
  }));
  const entry = {
    name: 'tiny',
    task: 'detect',
    about: 'made for a test',
    source: { package: 'tiny', version: '1.0.0', tarballSha256: '0'.repeat(64), files },
    licence: { package: 'MIT', training: 'none', data: 'none' },
    graph: { input: 'a', heat: 'b', reach: 'c', stride: 4, sizeMultiple: 32 },
    onnx: { name: 'tiny.onnx', sha256: sha256(model) },
    classes: [{ index: 0, label: 'person', class: 'person' }],
    ...change,
  };
  return JSON.stringify({ version: 1, models: [entry] });
}

/** A library of this machine, and the least WebAssembly: a custom section. */
const library = readFileSync('node_modules/gstreamer-superficial/build/Release/gstreamer-superficial.node');
const webAssembly = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, 2, 1, 0x78]);

function honest(model = onnx(detector())): Files {
  return {
    ...smallTree,
    'dist/models/manifest.json': listOf(model),
    'models/tiny.onnx': model,
    'models/tiny/tiny.json': published['tiny.json'],
    'models/tiny/tiny.bin': published['tiny.bin'],
    'node_modules/native/native.node': library,
    'node_modules/native/native.wasm': webAssembly,
  };
}

async function gate(t: TestContext, files: Files): Promise<{ name: string; task: string }[]> {
  const tree = writeTree(scratch(t), files);
  const entries = await entriesOf(tree);
  const listed = entries.map(({ path }) => ({
    path,
    bytes: Buffer.byteLength(files[path] ?? ''),
    sha256: '',
  }));
  const arch = process.arch as BundleManifest['arch'];
  const manifest = { arch, files: listed } as unknown as BundleManifest;
  try {
    return await checkModels(tree, manifest, quick);
  } finally {
    rmSync(tree, { recursive: true });
  }
}

const face = onnx(embeddingModel());
const weights = Buffer.alloc(60_000, 0xa5);

/** Put beside an honest version. */
const smuggled: [what: string, path: string, content: string | Buffer, reason: RegExp][] = [
  ['an ONNX model that nobody listed', 'models/face.onnx', face, /a model, by its name/],
  ['the same under the name of code', 'dist/runtime/face.js', face, /an ONNX model/],
  ['the same where the camera has its own', 'models/tiny/face.json', face, /an ONNX model/],
  ['a TensorFlow Lite model', 'node_modules/x/a.json', Buffer.from('\x1c\0\0\0TFL3\0\0', 'latin1'), /Lite/],
  [
    'a model in the format of ONNX Runtime',
    'node_modules/x/a.js',
    Buffer.from('\x1c\0\0\0ORTM\0', 'latin1'),
    /ONNX Runtime/,
  ],
  ['a PyTorch archive', 'node_modules/x/a.txt', Buffer.from('PK\x03\x04\0\0', 'latin1'), /PyTorch/],
  ['a pickle', 'LICENSE.x', Buffer.from([0x80, 0x02, 0, 0]), /pickle/],
  ['a Keras file', 'node_modules/x/a.js', Buffer.from('\x89HDF\r\n\x1a\n\0', 'latin1'), /Keras/],
  [
    'safetensors',
    'node_modules/x/a.js',
    Buffer.from('\x10\0\0\0\0\0\0\0{"a":{}}\0', 'latin1'),
    /safetensors/,
  ],
  ['a TensorRT engine', 'node_modules/x/a.js', Buffer.from('ptrt\0\0', 'latin1'), /TensorRT/],
  ['a TensorFlow graph', 'node_modules/x/a.js', Buffer.from([0x0a, 0x80, 0, 1]), /TensorFlow graph/],
  [
    'a TensorFlow.js graph',
    'node_modules/x/a.json',
    '{"format":"x","modelTopology":{"node":[]}}',
    /network in JSON/,
  ],
  ['an OpenVINO network', 'node_modules/x/a.html', '<?xml version="1.0"?>\n<net name="f">', /network in XML/],
  ['an ncnn network', 'node_modules/x/a.md', '7767517\n75 83\n', /ncnn/],
  ['a Darknet network', 'node_modules/x/a.md', '[net]\nwidth=416\n', /Darknet/],
  ['compressed data', 'node_modules/x/a.js', Buffer.from([0x1f, 0x8b, 8, 0]), /compressed/],
  ['weights without a head', 'node_modules/x/a.js', weights, /no kind/],
  [
    'weights as words of code',
    'dist/runtime/a.js',
    `const a='${weights.toString('base64')}';`,
    /encoded data/,
  ],
  [
    'weights as numbers of code',
    'dist/runtime/a.js',
    `const a=[${'0.125,\n'.repeat(9000)}0];`,
    /tables of numbers/,
  ],
  ['weights behind a library', 'node_modules/x/a.node', Buffer.concat([library, weights]), /behind its end/],
  [
    'weights behind WebAssembly',
    'node_modules/x/a.wasm',
    Buffer.concat([webAssembly, weights]),
    /WebAssembly/,
  ],
  ['a library that is not named so', 'models/tiny/tiny.js', library, /not named as one/],
];

test('negative control: an honest version passes, and says what it brings', async (t) => {
  const models = await gate(t, honest());
  assert.deepEqual(models, [{ name: 'tiny', task: 'detect', sha256: sha256(onnx(detector())) }]);
  assert.deepEqual(await gate(t, smallTree), [], 'one without a list brings none');
});

for (const [what, path, content, reason] of smuggled) {
  test(`refused: ${what}`, async (t) => {
    await assert.rejects(gate(t, { ...honest(), [path]: content }), refusedFor(path, reason));
  });
}

const list = 'dist/models/manifest.json';
const normalised = onnx(detector({ nodes: [node('LpNormalization', ['picture'], ['heat'])] }));
const vector = onnx({ ...embeddingModel(), inputs: detector().inputs });
const tooMany = onnx(
  detector({ outputs: [{ name: 'heat', shape: [1, 512, 'r', 'c'] }, ...detector().outputs.slice(1)] }),
);
const good = onnx(detector());

/** The version's own list, or what it lists, is not what the camera admits. */
const altered: [what: string, files: Files, path: string, reason: RegExp][] = [
  [
    'a task that does not exist',
    { [list]: listOf(good, { task: 'identify' }) },
    list,
    /not valid at models\.0\.task/,
  ],
  [
    'a task of the slots, which have lists of their own',
    { [list]: listOf(good, { task: 'weapon' }) },
    list,
    /task/,
  ],
  ['a key that nobody knows', { [list]: listOf(good, { second: 'face' }) }, list, /not valid/],
  ['a list that is none', { [list]: '{' }, list, /not JSON/],
  ['a detector that is not the listed one', { 'models/tiny.onnx': face }, 'models/tiny.onnx', /SHA-256/],
  [
    'published files that are not the listed ones',
    { 'models/tiny/tiny.bin': face },
    'models/tiny/tiny.bin',
    /SHA-256/,
  ],
  ['a listed model that gives a vector', honest(vector), 'models/tiny.onnx', /its outputs are/],
  ['a listed model with more channels than classes', honest(tooMany), 'models/tiny.onnx', /its outputs are/],
  ['a listed model that normalises', honest(normalised), 'models/tiny.onnx', /LpNormalization/],
];

for (const [what, files, path, reason] of altered) {
  test(`refused: ${what}`, async (t) => {
    await assert.rejects(gate(t, { ...honest(), ...files }), refusedFor(path, reason));
  });
}

test('refused: a list whose detector is not there', async (t) => {
  const { 'models/tiny.onnx': _, ...rest } = honest();
  await assert.rejects(gate(t, rest), refusedFor('models/tiny.onnx', /listed and not there/));
});

test('the gate is part of unpacking: a signed bundle with a model of its own is refused', async (t) => {
  const directory = scratch(t);
  const tree = writeTree(join(directory, 'tree'), { ...smallTree, 'dist/face.js': face });
  const packed = await packTree(tree, join(directory, 'one.tar.zst'));
  const source = { kind: 'full' as const, file: packed.file, expected: expectedOf(packed) };
  await assert.rejects(
    unpackBundle(source, join(directory, 'slot'), quick),
    refusedFor('dist/face.js', /an ONNX model/),
  );
});

function refusedFor(path: string, reason: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof VigieError, String(error));
    assert.equal(error.kind, 'update');
    assert.ok(error.message.includes(path), error.message);
    assert.match(error.message, reason);
    return true;
  };
}
