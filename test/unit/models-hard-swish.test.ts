import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { fuseHardSwish } from '../../models/convert/hard-swish.js';
import {
  encodeOnnx,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from '../../models/convert/onnx-file.js';
import { node, number } from './onnx-pieces.js';

/** A sixth as 16 bits hold it: what the published graph multiplies by. */
const sixth = 0.1666259765625;

const kernel = (name: string): OnnxTensor => ({
  name,
  shape: [3, 3, 1, 1],
  data: Float32Array.from({ length: 9 }, (_, i) => (i - 4) / 8),
});

/** A convolution, the activation in four nodes, and whatever reads it as `y`. */
function written(after: OnnxNode[], three = 3): OnnxModel {
  const nodes = [
    node('Conv', ['picture', 'first'], 'x'),
    node('Mul', ['c', 'x'], 'xc'),
    node('Add', ['x', 'three'], 'sum'),
    node('Clip', ['sum', 'low', 'high'], 'clipped'),
    node('Mul', ['xc', 'clipped'], 'y'),
    ...after,
  ];
  const constants = [number('c', sixth), number('three', three), number('low', 0), number('high', 6)];
  return {
    name: 'tiny',
    producer: 'test',
    opset: 17,
    nodes,
    initializers: [kernel('first'), kernel('next'), kernel('gate'), ...constants],
    inputs: [{ name: 'picture', shape: [1, 3, 'height', 'width'] }],
    outputs: [{ name: 'out', shape: [1, 3, 'height', 'width'] }],
  };
}

const readers: Record<string, OnnxNode[]> = {
  'a convolution': [node('Conv', ['y', 'next'], 'out')],
  'a squeeze and excite block': [
    node('GlobalAveragePool', ['y'], 'mean'),
    node('Conv', ['mean', 'gate'], 'gated'),
    node('Mul', ['gated', 'y'], 'scaled'),
    node('Conv', ['scaled', 'next'], 'out'),
  ],
  'a sum': [node('Conv', ['y', 'next'], 'z'), node('Add', ['z', 'y'], 'out')],
  'a product with its own mean': [
    node('GlobalAveragePool', ['y'], 'mean'),
    node('Mul', ['mean', 'y'], 'scaled'),
    node('Conv', ['scaled', 'next'], 'out'),
  ],
};

async function outputOf(model: OnnxModel): Promise<number[]> {
  const session = await InferenceSession.create(encodeOnnx(model), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  // from well below -3 to well above 3, where the activation has its corners
  const planes = Float32Array.from({ length: 48 }, (_, i) => (i - 24) / 2);
  const { out } = await session.run({ picture: new Tensor('float32', planes, [1, 3, 4, 4]) });
  await session.release();
  assert.ok(out?.data instanceof Float32Array);
  return [...out.data];
}

const kinds = (model: OnnxModel): string[] => model.nodes.map(({ opType }) => opType);

for (const [reader, nodes] of Object.entries(readers)) {
  test(`the activation before ${reader} becomes two nodes and computes the same`, async () => {
    const model = written(nodes);
    const fused = fuseHardSwish(model);
    assert.ok(kinds(fused).includes('HardSigmoid') && !kinds(fused).includes('Clip'));
    const [before, after] = await Promise.all([outputOf(model), outputOf(fused)]);
    const largest = Math.max(...before.map((value, i) => Math.abs(value - (after[i] ?? Number.NaN))));
    assert.ok(largest < 1e-5, `${largest} apart`);
    assert.ok(before.some((value) => Math.abs(value) > 1));
  });
}

test('the rounding of the sixth is kept: a plain one would be noticed', async () => {
  const model = written(readers['a convolution'] ?? []);
  const plain = fuseHardSwish({
    ...model,
    initializers: model.initializers.map((tensor) => (tensor.name === 'c' ? number('c', 1 / 6) : tensor)),
  });
  const [before, after] = await Promise.all([outputOf(model), outputOf(plain)]);
  assert.ok(Math.max(...before.map((value, i) => Math.abs(value - (after[i] ?? 0)))) > 1e-4);
});

test('what only looks like the activation stays as it is', () => {
  const other = written(readers['a convolution'] ?? [], 4);
  assert.deepEqual(kinds(fuseHardSwish(other)), kinds(other));
  const shared = written([...(readers['a convolution'] ?? []), node('Relu', ['clipped'], 'also')]);
  assert.deepEqual(kinds(fuseHardSwish(shared)), kinds(shared));
});

test('the model that it is given is left alone', () => {
  const model = written(readers['a convolution'] ?? []);
  const copy = structuredClone(model);
  fuseHardSwish(model);
  assert.deepEqual(model, copy);
});
