/**
 * Reads a TensorFlow.js graph model (model.json and its weights) into plain nodes and float weights. Fed by
 * convert.ts, read by prune.ts and nchw.ts. Every byte comes from outside: nothing is believed before it is
 * checked, and nothing in the file is ever run.
 */
import { z } from 'zod';
import { VigieError } from '../../errors.js';

/** A weight tensor in the layout of the published graph (convolutions: height, width, in, out). */
export interface Weight {
  shape: number[];
  data: Float32Array | Int32Array;
}

/** One operation. `inputs` are names of nodes; control inputs are not kept. */
export interface GraphNode {
  name: string;
  op: string;
  inputs: string[];
  attributes: Attributes;
}

/** Nodes in an order in which each comes after its inputs, and only those that the asked outputs need. */
export interface Graph {
  nodes: GraphNode[];
  weights: Map<string, Weight>;
}

/** The attributes of an operation that conversion asks about; null or empty when the file has none. */
export interface Attributes {
  strides: number[];
  dilations: number[];
  padding: string | null;
  dataFormat: string | null;
  fusedOps: string[];
  keepDims: boolean;
  alignCorners: boolean;
  halfPixelCentres: boolean;
  /** declared size of a Placeholder, -1 where open */
  shape: number[];
}

const limits = { nodes: 10_000, weights: 10_000, weightBytes: 256 * 1024 * 1024 };

const integer = z.union([z.int(), z.string().regex(/^-?\d{1,9}$/)]).transform(Number);
const text = z.base64().transform((s) => Buffer.from(s, 'base64').toString('latin1'));
const intList = z.object({ list: z.object({ i: z.array(integer).default([]) }) }).transform((v) => v.list.i);
const textList = z.object({ list: z.object({ s: z.array(text).default([]) }) }).transform((v) => v.list.s);
const flag = z.object({ b: z.boolean() }).transform((v) => v.b);
const word = z.object({ s: text }).transform((v) => v.s);
const shape = z
  .object({ shape: z.object({ dim: z.array(z.object({ size: integer })).default([]) }) })
  .transform((v) => v.shape.dim.map((d) => d.size));

const nodeSchema = z.object({
  name: z.string().min(1),
  op: z.string().min(1),
  input: z.array(z.string()).default([]),
  attr: z
    .object({
      strides: intList.default([]),
      dilations: intList.default([]),
      padding: word.nullable().default(null),
      data_format: word.nullable().default(null),
      fused_ops: textList.default([]),
      keep_dims: flag.default(false),
      align_corners: flag.default(false),
      half_pixel_centers: flag.default(false),
      shape: shape.default([]),
    })
    .prefault({}),
});

const weightSchema = z.object({
  name: z.string().min(1),
  shape: z.array(z.int().min(0).max(65_536)).max(8),
  dtype: z.enum(['float32', 'int32']),
  quantization: z.object({ dtype: z.literal('float16') }).optional(),
});

const fileSchema = z.object({
  format: z.literal('graph-model'),
  modelTopology: z.object({ node: z.array(nodeSchema).min(1).max(limits.nodes) }),
  weightsManifest: z.array(z.object({ weights: z.array(weightSchema).max(limits.weights) })).length(1),
});

/** The error of everything in this folder: what the graph does that conversion does not accept. */
export function graphError(message: string, cause?: unknown): VigieError {
  const hint = 'Delete the model from the cache and run set-up again; the published files may have changed';
  return new VigieError('model', `The model cannot be converted: ${message}`, hint, { cause });
}

/**
 * Reads a graph model and keeps what the outputs need.
 * @param json model.json
 * @param weights the weight file, 16-bit floats or 32-bit values, little endian, in the order of the manifest
 * @param outputs names of the nodes wanted
 * @throws VigieError `model` when the file is not such a model
 */
export function readGraph(json: string, weights: Uint8Array, outputs: string[]): Graph {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw graphError('its graph is not JSON', cause);
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw graphError(`its graph is malformed at ${issue?.path.join('.') || 'top level'}`, parsed.error);
  }
  const file = parsed.data;
  const nodes = file.modelTopology.node.map(plainNode);
  const first = file.weightsManifest[0];
  const tensors = readWeights(first?.weights ?? [], weights);
  return { nodes: needed(nodes, outputs), weights: tensors };
}

function plainNode(node: z.output<typeof nodeSchema>): GraphNode {
  const { attr } = node;
  return {
    name: node.name,
    op: node.op,
    inputs: node.input.filter((name) => !name.startsWith('^')),
    attributes: {
      strides: attr.strides,
      dilations: attr.dilations,
      padding: attr.padding,
      dataFormat: attr.data_format,
      fusedOps: attr.fused_ops,
      keepDims: attr.keep_dims,
      alignCorners: attr.align_corners,
      halfPixelCentres: attr.half_pixel_centers,
      shape: attr.shape,
    },
  };
}

function readWeights(entries: z.output<typeof weightSchema>[], bytes: Uint8Array): Map<string, Weight> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const weights = new Map<string, Weight>();
  let offset = 0;
  for (const entry of entries) {
    if (weights.has(entry.name)) throw graphError(`weight ${entry.name} is listed twice`);
    const count = entry.shape.reduce((product, size) => product * size, 1);
    const bytesEach = entry.quantization ? 2 : 4;
    const end = offset + count * bytesEach;
    if (end > limits.weightBytes || end > bytes.byteLength) throw graphError('its weight file is too short');
    const data = entry.dtype === 'int32' ? new Int32Array(count) : new Float32Array(count);
    for (let i = 0; i < count; i++, offset += bytesEach) {
      if (entry.quantization) data[i] = float16(view.getUint16(offset, true));
      else data[i] = entry.dtype === 'int32' ? view.getInt32(offset, true) : view.getFloat32(offset, true);
    }
    weights.set(entry.name, { shape: entry.shape, data });
  }
  if (offset !== bytes.byteLength) throw graphError('its weight file is longer than its graph says');
  return weights;
}

/** IEEE 754 binary16 to a number. */
export function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Depth first from the outputs, without recursion: a hostile graph may be deep, or go in a circle. */
function needed(nodes: GraphNode[], outputs: string[]): GraphNode[] {
  const byName = new Map<string, GraphNode>();
  for (const node of nodes) {
    if (byName.has(node.name)) throw graphError(`node ${node.name} is listed twice`);
    byName.set(node.name, node);
  }
  const state = new Map<string, 'open' | 'done'>();
  const order: GraphNode[] = [];
  const stack = [...outputs].reverse();
  while (stack.length > 0) {
    const name = stack[stack.length - 1] as string;
    const node = byName.get(name);
    if (!node) throw graphError(`node ${name} is missing`);
    if (state.get(name) === undefined) {
      state.set(name, 'open');
      for (const input of [...node.inputs].reverse()) {
        if (state.get(input) === 'open') throw graphError(`node ${input} depends on itself`);
        if (state.get(input) === undefined) stack.push(input);
      }
      continue;
    }
    stack.pop();
    if (state.get(name) === 'done') continue;
    state.set(name, 'done');
    order.push(node);
  }
  return order;
}
