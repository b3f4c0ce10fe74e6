import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { calibrate } from '../../bench/quantise/calibrate.js';
import { type QuantiseChoice, quantise } from '../../bench/quantise/quantise.js';
import { fuseHardSwish } from '../../models/convert/hard-swish.js';
import { encodeOnnx, type OnnxModel, type OnnxTensor } from '../../models/convert/onnx-file.js';
import { node, number } from './onnx-pieces.js';

const kernel = (name: string, outs: number, ins: number, factor: number): OnnxTensor => ({
  name,
  shape: [outs, ins, 1, 1],
  // channels of very different size: one scale for all of them would lose the small ones
  data: Float32Array.from(
    { length: outs * ins },
    (_, i) => factor * (((i * 7) % 5) - 2) * 4 ** (Math.floor(i / ins) - 2),
  ),
});

/** First, activated, middle and last layer: only what lies between the first and the last becomes integers. */
const model: OnnxModel = fuseHardSwish({
  name: 'tiny',
  producer: 'test',
  opset: 17,
  nodes: [
    node('Conv', ['picture', 'first'], 'x'),
    node('Mul', ['c', 'x'], 'xc'),
    node('Add', ['x', 'three'], 'sum'),
    node('Clip', ['sum', 'low', 'high'], 'clipped'),
    node('Mul', ['xc', 'clipped'], 'y'),
    node('Conv', ['y', 'middle', 'bias'], 'z'),
    node('Relu', ['z'], 'positive'),
    node('Conv', ['positive', 'last'], 'raw'),
    node('Sigmoid', ['raw'], 'heat'),
  ],
  initializers: [
    kernel('first', 4, 3, 0.02),
    kernel('middle', 4, 4, 0.5),
    { name: 'bias', shape: [4], data: Float32Array.of(0.5, -0.25, 0, 1) },
    kernel('last', 2, 4, 0.1),
    number('c', 1 / 6),
    number('three', 3),
    number('low', 0),
    number('high', 6),
  ],
  inputs: [{ name: 'picture', shape: [1, 3, 'height', 'width'] }],
  outputs: [{ name: 'heat', shape: [1, 2, 'height', 'width'] }],
});

const size = { width: 8, height: 8 };
const picture = Float32Array.from({ length: 3 * 64 }, (_, i) => (i * 37) % 256);

async function outputOf(of: OnnxModel): Promise<Float32Array> {
  const session = await InferenceSession.create(encodeOnnx(of), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const { heat } = await session.run({ picture: new Tensor('float32', picture, [1, 3, 8, 8]) });
  await session.release();
  assert.ok(heat?.data instanceof Float32Array);
  return heat.data;
}

const furthest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);

test('the ranges are those of the values, and hold zero', async () => {
  const ranges = await calibrate(model, [picture], size, 0);
  assert.deepEqual(ranges.get('picture'), { low: 0, high: 255 });
  assert.equal(ranges.get('positive')?.low, 0);
  const heat = await outputOf(model);
  assert.ok(Math.abs((ranges.get('heat')?.high ?? 0) - Math.max(...heat)) < 1e-6);
  const cut = await calibrate(model, [picture], size, 0.2);
  assert.ok((cut.get('x')?.high ?? 0) < (ranges.get('x')?.high ?? 0), 'values outside are left outside');
});

const choices: Record<string, QuantiseChoice> = {
  convolutions: { depthwise: true, between: false },
  'everything between': { depthwise: true, between: true },
};
for (const [name, choice] of Object.entries(choices)) {
  test(`a model with integers in ${name} computes nearly the same`, async () => {
    const ranges = await calibrate(model, [picture], size, 0);
    const integers = quantise(model, ranges, choice);
    assert.ok(integers.initializers.some(({ data }) => data instanceof Int8Array));
    const [before, after] = await Promise.all([outputOf(model), outputOf(integers)]);
    assert.ok(furthest(before, after) < 0.02, `${furthest(before, after)} apart`);
    // negative control: ranges of a tenth are noticed
    const narrow = new Map(
      [...ranges].map(([value, { low, high }]) => [value, { low: low / 10, high: high / 10 }]),
    );
    assert.ok(furthest(before, await outputOf(quantise(model, narrow, choice))) > 0.02);
  });
}

test('without ranges nothing becomes an integer', () => {
  const same = quantise(model, new Map(), { depthwise: true, between: false });
  assert.ok(same.initializers.every(({ data }) => data instanceof Float32Array));
});
