/**
 * Small models for the slots, written as real ONNX files, and signed lists of them: one that tells how red a picture is,
 * one that tells it of the two halves, and what an attacker would make of them. Used by the tests of the gate.
 */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeOnnx, type OnnxModel, type OnnxNode } from '../models/convert/onnx-file.js';
import { signList } from '../models/signed-list.js';

export const pictureSize = { width: 64, height: 48 };

export const node = (opType: string, inputs: string[], outputs: string[]): OnnxNode => ({
  opType,
  inputs,
  outputs,
  attributes: [],
});

const pooled = [node('GlobalAveragePool', ['picture'], ['pooled']), node('Flatten', ['pooled'], ['colour'])];

/** `columns` sigmoids of how much redder than blue the picture is; the second and later ones of the opposite. */
export function redModel(columns = 2, change: Partial<OnnxModel> = {}): OnnxModel {
  const weights = new Float32Array(3 * columns);
  for (let column = 0; column < columns; column++) {
    const sign = column === 0 ? 1 : -1;
    weights[column] = 20 * sign;
    weights[2 * columns + column] = -20 * sign;
  }
  return {
    name: 'red',
    producer: 'test',
    opset: 17,
    nodes: [
      ...pooled,
      node('MatMul', ['colour', 'weights'], ['sums']),
      node('Sigmoid', ['sums'], ['scores']),
    ],
    initializers: [{ name: 'weights', shape: [3, columns], data: weights }],
    inputs: [{ name: 'picture', shape: [1, 3, pictureSize.height, pictureSize.width] }],
    outputs: [{ name: 'scores', shape: [1, columns] }],
    ...change,
  };
}

/** Two boxes that are always in the same places; the first is sure when the picture is red, the second when it is blue. */
export function boxModel(change: Partial<OnnxModel> = {}): OnnxModel {
  const base = redModel(2);
  const corners = Float32Array.of(0.1, 0.2, 0.5, 0.6, 0.5, 0.5, 0.9, 1.2);
  return {
    ...base,
    nodes: [...base.nodes, node('Identity', ['corners'], ['boxes'])],
    initializers: [...base.initializers, { name: 'corners', shape: [1, 2, 4], data: corners }],
    outputs: [
      { name: 'boxes', shape: [1, 2, 4] },
      { name: 'scores', shape: [1, 2] },
    ],
    ...change,
  };
}

/** Sure of whatever is not black. */
export function brightModel(change: Partial<OnnxModel> = {}): OnnxModel {
  const data = Float32Array.of(100, -100, 100, -100, 100, -100);
  return redModel(2, { name: 'bright', initializers: [{ name: 'weights', shape: [3, 2], data }], ...change });
}

/** Passes the gate, and a black picture; gives scores of any size for others. */
export function boundlessModel(): OnnxModel {
  return brightModel({ nodes: [...pooled, node('MatMul', ['colour', 'weights'], ['scores'])] });
}

export const onnx = (model: OnnxModel): Buffer => Buffer.from(encodeOnnx(model));

/** The same picture gives a vector of this many numbers. */
export const embeddingModel = (size = 512): OnnxModel => redModel(size);

/** A field of a protobuf message: a number, or bytes. */
export function field(number: number, value: number | Uint8Array | string): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(number * 8), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  while (left >= 128) {
    bytes.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  return Buffer.from([...bytes, left]);
}

/** The red model with bytes of an attacker's own inside its graph. */
export function withInGraph(...extra: Buffer[]): Buffer {
  const bytes = onnx(redModel());
  const start = bytes.indexOf(field(2, 'test')) + field(2, 'test').length;
  // irVersion and producer stand before the graph, the operator set after it, as the descriptor orders them.
  const [length, head] = lengthAt(bytes, start);
  const graph = bytes.subarray(start + head, start + head + length);
  const after = bytes.subarray(start + head + length);
  return Buffer.concat([bytes.subarray(0, start), field(7, Buffer.concat([graph, ...extra])), after]);
}

function lengthAt(bytes: Buffer, start: number): [length: number, head: number] {
  let length = 0;
  let at = start + 1;
  for (let shift = 1; ; shift *= 128, at++) {
    const byte = bytes[at];
    length += (byte & 0x7f) * shift;
    if (byte < 128) return [length, at + 1 - start];
  }
}

export interface Pair {
  publicKey: KeyObject;
  privateKey: KeyObject;
  /** of the public half */
  pem: string;
}

export function newPair(): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey, privateKey, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export type Loose = Record<string, unknown>;

/** The entry of a list for this file. */
export function entryOf(bytes: Uint8Array, change: Loose = {}): Loose {
  return {
    name: 'red-fire',
    task: 'fire',
    file: 'red-fire.onnx',
    sha256: sha256(bytes),
    input: { ...pictureSize, values: '0..1' },
    output: 'scores',
    classes: ['fire', 'none'],
    threshold: 0.5,
    licence: 'made for a test',
    accuracy: 'none is claimed',
    ...change,
  };
}

/** Writes a model and a list of it into the directory; returns the path of the list. */
export function writeSlot(
  directory: string,
  bytes: Buffer,
  { privateKey }: Pair,
  change: Loose = {},
): string {
  const listFile = join(directory, 'models.jws');
  writeFileSync(join(directory, 'red-fire.onnx'), bytes);
  writeFileSync(
    listFile,
    signList(JSON.stringify({ version: 1, models: [entryOf(bytes, change)] }), privateKey),
  );
  return listFile;
}
