import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { VigieError } from '../../errors.js';
import { convertModel } from '../../models/convert/convert.js';
import { float16 } from '../../models/convert/graph.js';
import { findModel, modelPaths } from '../../models/manifest.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import { seeded } from '../random.js';
import { type TinyGraph, tinyGraph, tinyModel, tinyWeights } from './models-tiny-graph.js';

const convertTiny = (graph: TinyGraph, weights = tinyWeights()): Uint8Array =>
  convertModel(tinyModel, JSON.stringify(graph), weights);

const refused =
  (words: RegExp) =>
  (error: unknown): boolean =>
    error instanceof VigieError && error.kind === 'model' && words.test(error.message);

async function runTiny(
  bytes: Uint8Array,
  width: number,
  height: number,
): Promise<InferenceSession.ReturnType> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const planes = Float32Array.from({ length: 3 * width * height }, (_, i) => i % 256);
  const outputs = await session.run({ picture: new Tensor('float32', planes, [1, 3, height, width]) });
  await session.release();
  return outputs;
}

test('a graph becomes a model that runs at any multiple of 32', async () => {
  const bytes = convertTiny(tinyGraph());
  for (const [width, height] of [
    [64, 64],
    [96, 32],
  ] as const) {
    const { heat, reach } = await runTiny(bytes, width, height);
    assert.deepEqual([...heat.dims], [1, 2, height / 4, width / 4]);
    assert.deepEqual([...reach.dims], [1, 4, height / 4, width / 4]);
  }
});

test('a class that stays keeps its values, whatever else is cut out', async () => {
  const all = {
    ...tinyModel,
    classes: [0, 1, 2].map((index) => ({ index, label: '', class: 'bag' as const })),
  };
  const whole = await runTiny(convertModel(all, JSON.stringify(tinyGraph()), tinyWeights()), 64, 64);
  const kept = await runTiny(convertTiny(tinyGraph()), 64, 64);
  const channel = (map: Tensor, index: number): number[] =>
    [...(map.data as Float32Array)].slice(index * 256, (index + 1) * 256);
  const apart = (a: number[], b: number[]): number => Math.max(...a.map((v, i) => Math.abs(v - b[i])));
  assert.ok(apart(channel(kept.heat, 0), channel(whole.heat, 2)) < 1e-5);
  assert.ok(apart(channel(kept.heat, 1), channel(whole.heat, 0)) < 1e-5);
  // negative control: the two classes do differ
  assert.ok(apart(channel(kept.heat, 0), channel(kept.heat, 1)) > 1e-2);
});

test('the same files give the same bytes', () => {
  assert.deepEqual(convertTiny(tinyGraph()), convertTiny(tinyGraph()));
});

test('the real model converts to the bytes that the manifest lists', (t) => {
  const model = findModel('centernet');
  const { sourceDirectory } = modelPaths(model, cacheDirectory());
  const [json, weights] = model.source.files.map((file) => join(sourceDirectory, file.name));
  if (!existsSync(json) || !existsSync(weights)) {
    t.skip(`the published files are not in ${sourceDirectory}: run npm test, which fetches them`);
    return;
  }
  const bytes = convertModel(model, readFileSync(json, 'utf8'), readFileSync(weights));
  assert.equal(createHash('sha256').update(bytes).digest('hex'), model.onnx.sha256);
});

test('a 16-bit float is read as IEEE 754 writes it', () => {
  const cases: [number, number][] = [
    [0x0000, 0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x7c00, Number.POSITIVE_INFINITY],
  ];
  for (const [bits, value] of cases) assert.equal(float16(bits), value);
  assert.ok(Number.isNaN(float16(0x7e00)));
});

const nodeOf = (graph: TinyGraph, name: string) => {
  const node = graph.modelTopology.node.find((n) => n.name === name);
  assert.ok(node);
  return node;
};

const broken: [what: string, breakIt: (graph: TinyGraph) => unknown, words: RegExp][] = [
  [
    'an unknown operation',
    (g) => {
      nodeOf(g, 'six').op = 'PyFunc';
    },
    /operation PyFunc/,
  ],
  [
    'an operation named like a property',
    (g) => {
      nodeOf(g, 'six').op = 'constructor';
    },
    /operation constructor/,
  ],
  [
    'a missing node',
    (g) => {
      nodeOf(g, 'six').input = ['nowhere'];
    },
    /node nowhere is missing/,
  ],
  [
    'a circle',
    (g) => {
      nodeOf(g, 'shift').input = ['gated', 'three'];
    },
    /depends on itself/,
  ],
  ['a node listed twice', (g) => g.modelTopology.node.push({ name: 'six', op: 'Relu' }), /listed twice/],
  [
    'a weight listed twice',
    (g) => g.weightsManifest[0].weights.push(g.weightsManifest[0].weights[1]),
    /listed twice/,
  ],
  [
    'a weight larger than its file',
    (g) => {
      g.weightsManifest[0].weights[0].shape = [3, 3, 3, 4000];
    },
    /too short/,
  ],
  [
    'a weight smaller than its file',
    (g) => {
      g.weightsManifest[0].weights[0].shape = [3, 3, 3, 3];
    },
    /longer than/,
  ],
  [
    'a negative size',
    (g) => {
      g.weightsManifest[0].weights[0].shape = [-3, 3, 3, 4];
    },
    /malformed at weightsManifest/,
  ],
  [
    'another padding',
    (g) => {
      (nodeOf(g, 'stem').attr ?? {})['padding'] = { s: 'RVhQTElDSVQ=' };
    },
    /padding EXPLICIT/,
  ],
  [
    'another layout',
    (g) => {
      (nodeOf(g, 'stem').attr ?? {})['data_format'] = { s: 'TkNIVw==' };
    },
    /convolution stem/,
  ],
  [
    'dilation',
    (g) => {
      (nodeOf(g, 'stem').attr ?? {})['dilations'] = { list: { i: ['1', '2', '2', '1'] } };
    },
    /convolution stem/,
  ],
  [
    'aligned corners',
    (g) => {
      nodeOf(g, 'up').attr = { align_corners: { b: true } };
    },
    /up resizes/,
  ],
  [
    'a kernel that does not fit',
    (g) => {
      nodeOf(g, 'gate').input = ['in', 'gate/w'];
    },
    /convolution gate/,
  ],
  [
    'nodes that are no list',
    (g) => Object.assign(g.modelTopology, { node: 7 }),
    /malformed at modelTopology.node/,
  ],
  [
    'another format',
    (g) => {
      g.format = 'layers-model';
    },
    /malformed at format/,
  ],
];
for (const [what, breakIt, words] of broken) {
  test(`conversion refuses ${what}`, () => {
    const graph = tinyGraph();
    breakIt(graph);
    assert.throws(() => convertTiny(graph), refused(words));
  });
}

test('conversion refuses what is not JSON, and a class that the model has not', () => {
  assert.throws(() => convertModel(tinyModel, '{"format":', tinyWeights()), refused(/not JSON/));
  const model = { ...tinyModel, classes: [{ index: 3, label: 'x', class: 'bag' as const }] };
  assert.throws(
    () => convertModel(model, JSON.stringify(tinyGraph()), tinyWeights()),
    refused(/only 3 classes/),
  );
});

test('a graph of random damage converts or is refused as a model, and does nothing else', () => {
  const whole = JSON.stringify(tinyGraph());
  let refusals = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const random = seeded(seed);
    const bytes = Buffer.from(whole);
    const wounds = 1 + Math.floor(random() * 4);
    for (let i = 0; i < wounds; i++)
      bytes[Math.floor(random() * bytes.length)] = 32 + Math.floor(random() * 95);
    const cut = random() < 0.2 ? Math.floor(random() * bytes.length) : bytes.length;
    try {
      convertModel(tinyModel, bytes.subarray(0, cut).toString('utf8'), tinyWeights());
    } catch (error) {
      refusals++;
      assert.ok(error instanceof VigieError && error.kind === 'model', `seed ${seed}: ${String(error)}`);
    }
  }
  // negative control: the damage is damage
  assert.ok(refusals > 200, `only ${refusals} of 400 were refused`);
});
