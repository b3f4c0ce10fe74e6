/**
 * A graph model of a few kilobytes with every kind of operation that the real detector has, for the tests of
 * the conversion. Its weights follow a formula; what it computes means nothing.
 */
import type { Model } from '../../models/manifest.js';

interface Weight {
  name: string;
  shape: number[];
  dtype: 'float32' | 'int32';
  quantization?: { dtype: 'float16' };
}

export interface TinyNode {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, unknown>;
}

export interface TinyGraph {
  format: string;
  modelTopology: { node: TinyNode[] };
  weightsManifest: { paths: string[]; weights: Weight[] }[];
}

const text = (value: string): string => Buffer.from(value).toString('base64');
const ints = (values: number[]): object => ({ list: { i: values.map(String) } });

function convolution(name: string, op: string, from: string, stride: number, fused: string[] = []): TinyNode {
  const attr: Record<string, unknown> = {
    strides: ints([1, stride, stride, 1]),
    padding: { s: text('SAME') },
    data_format: { s: text('NHWC') },
    fused_ops: { list: { s: fused.map(text) } },
  };
  const input = [from, `${name}/w`, ...(fused.length > 0 ? [`${name}/b`] : [])];
  return { name, op, input, attr };
}

const weights: Weight[] = [
  { name: 'stem/w', shape: [3, 3, 3, 4], dtype: 'float32', quantization: { dtype: 'float16' } },
  { name: 'stem/b', shape: [4], dtype: 'float32' },
  { name: 'depth/w', shape: [5, 5, 4, 1], dtype: 'float32' },
  { name: 'down/w', shape: [3, 3, 4, 4], dtype: 'float32' },
  { name: 'three', shape: [], dtype: 'float32' },
  { name: 'axes', shape: [2], dtype: 'int32' },
  { name: 'gate/w', shape: [1, 1, 4, 4], dtype: 'float32' },
  { name: 'size', shape: [2], dtype: 'int32' },
  { name: 'axis', shape: [], dtype: 'int32' },
  { name: 'heat-raw/w', shape: [1, 1, 8, 3], dtype: 'float32' },
  { name: 'heat-raw/b', shape: [3], dtype: 'float32' },
  { name: 'reach-raw/w', shape: [1, 1, 8, 4], dtype: 'float32' },
  { name: 'reach-raw/b', shape: [4], dtype: 'float32' },
];
const integers: Record<string, number[]> = { axes: [1, 2], size: [16, 16], axis: [3] };

/** A fresh copy each time: tests break it. */
export function tinyGraph(): TinyGraph {
  const published = { dim: [1, 64, 64, 3].map((size) => ({ size: String(size) })) };
  const node: TinyNode[] = [
    { name: 'in', op: 'Placeholder', attr: { shape: { shape: published } } },
    ...weights.map(({ name }) => ({ name, op: 'Const' })),
    convolution('stem', '_FusedConv2D', 'in', 2, ['BiasAdd', 'Relu']),
    convolution('depth', 'DepthwiseConv2dNative', 'stem', 2),
    { name: 'shift', op: 'Add', input: ['depth', 'three'] },
    { name: 'six', op: 'Relu6', input: ['shift'] },
    { name: 'mean', op: 'Mean', input: ['six', 'axes'], attr: { keep_dims: { b: true } } },
    convolution('gate', 'Conv2D', 'mean', 1),
    { name: 'open', op: 'Sigmoid', input: ['gate'] },
    { name: 'gated', op: 'Mul', input: ['six', 'open'] },
    convolution('down', 'Conv2D', 'gated', 2),
    { name: 'up', op: 'ResizeBilinear', input: ['down', 'size'] },
    { name: 'both', op: 'ConcatV2', input: ['up', 'gated', 'axis'] },
    { name: 'positive', op: 'Relu', input: ['both'] },
    convolution('heat-raw', '_FusedConv2D', 'positive', 1, ['BiasAdd']),
    { name: 'heat-share', op: 'Sigmoid', input: ['heat-raw'] },
    { name: 'heat', op: 'Identity', input: ['heat-share'] },
    convolution('reach-raw', '_FusedConv2D', 'positive', 1, ['BiasAdd']),
    { name: 'reach', op: 'Identity', input: ['reach-raw'] },
    { name: 'unused', op: 'TopKV2', input: ['heat'] },
  ];
  return {
    format: 'graph-model',
    modelTopology: { node },
    weightsManifest: [{ paths: ['tiny.bin'], weights: structuredClone(weights) }],
  };
}

/** The weight file that belongs to it. */
export function tinyWeights(): Uint8Array {
  const chunks = weights.map((weight) => {
    const count = weight.shape.reduce((a, b) => a * b, 1);
    const bytesEach = weight.quantization ? 2 : 4;
    const chunk = Buffer.alloc(count * bytesEach);
    for (let i = 0; i < count; i++) {
      const listed = integers[weight.name];
      if (listed) chunk.writeInt32LE(listed[i], i * 4);
      // 0x2e66 is 0.1 as a 16-bit float, 0xae66 is -0.1
      else if (weight.quantization) chunk.writeUInt16LE(i % 3 ? 0x2e66 : 0xae66, i * 2);
      else chunk.writeFloatLE(weight.name === 'three' ? 3 : ((i % 7) - 3) / 10, i * 4);
    }
    return chunk;
  });
  return Buffer.concat(chunks);
}

/** Its manifest entry: of the three classes, the third and the first are kept. */
export const tinyModel: Model = {
  name: 'tiny',
  task: 'detect',
  about: 'for tests',
  source: {
    package: 'tiny',
    version: '1.0.0',
    tarballSha256: '0'.repeat(64),
    files: [{ member: 'package/tiny.json', name: 'tiny.json', sha256: '0'.repeat(64) }],
  },
  licence: { package: 'none', training: 'none', data: 'none' },
  graph: { input: 'in', heat: 'heat', reach: 'reach', stride: 4, sizeMultiple: 32 },
  onnx: { name: 'tiny.onnx', sha256: '0'.repeat(64) },
  classes: [
    { index: 2, label: 'car', class: 'car' },
    { index: 0, label: 'person', class: 'person' },
  ],
};
