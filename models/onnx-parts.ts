/**
 * What an ONNX file is made of, read from its bytes (onnx.proto3, IR version 10). Read by gate.ts. Written for a file that
 * wants to deceive: every part must be one of the table below, which leaves out what the camera does not admit, and a part
 * that may stand once may not stand twice. protobufjs would skip what it does not know, and let the last of two count.
 */
import { ModelRefused, type Refusal } from './refusal.js';

export type Shape = (number | string | null)[];

export interface OnnxEdge {
  name: string;
  /** TensorProto.DataType; 1 is float */
  elementType: number;
  /** a string is an open size; null: nothing is said of the size */
  shape: Shape;
}

export interface OnnxParts {
  opsets: { domain: string; version: number }[];
  nodes: { operator: string; domain: string; inputs: string[]; outputs: string[] }[];
  /** names */
  constants: string[];
  inputs: OnnxEdge[];
  outputs: OnnxEdge[];
}

/** How a field is written: varint, 4 bytes, 8 bytes, text, bytes that are not looked at, packed numbers, or a form. */
type Type =
  | 'int'
  | 'four'
  | 'eight'
  | 'text'
  | 'data'
  | 'packed-int'
  | 'packed-four'
  | 'packed-eight'
  | FormName;
type Field = readonly [name: string, type: Type, many?: 'many'] | readonly [refused: Refusal];
type FormName =
  | 'Model'
  | 'Graph'
  | 'Node'
  | 'Attribute'
  | 'Tensor'
  | 'Value'
  | 'Type'
  | 'TensorType'
  | 'Dimensions'
  | 'Dimension'
  | 'Opset'
  | 'Entry';

const entries = ['metadata', 'Entry', 'many'] as const;
const note = ['doc', 'text'] as const;

const forms: Record<FormName, Record<number, Field>> = {
  Model: {
    1: ['irVersion', 'int'],
    2: ['producer', 'text'],
    3: ['producerVersion', 'text'],
    4: ['domain', 'text'],
    5: ['modelVersion', 'int'],
    6: note,
    7: ['graph', 'Graph'],
    8: ['opset', 'Opset', 'many'],
    14: entries,
    25: ['subgraph'],
  },
  Opset: { 1: ['domain', 'text'], 2: ['version', 'int'] },
  Entry: { 1: ['key', 'text'], 2: ['value', 'text'] },
  Graph: {
    1: ['node', 'Node', 'many'],
    2: ['name', 'text'],
    5: ['constant', 'Tensor', 'many'],
    10: note,
    11: ['input', 'Value', 'many'],
    12: ['output', 'Value', 'many'],
    13: ['between', 'Value', 'many'],
    16: entries,
  },
  Node: {
    1: ['input', 'text', 'many'],
    2: ['output', 'text', 'many'],
    3: ['name', 'text'],
    4: ['operator', 'text'],
    5: ['attribute', 'Attribute', 'many'],
    6: note,
    7: ['domain', 'text'],
    9: entries,
  },
  Attribute: {
    1: ['name', 'text'],
    2: ['f', 'four'],
    3: ['i', 'int'],
    4: ['s', 'data'],
    5: ['tensor', 'Tensor'],
    6: ['subgraph'],
    7: ['floats', 'packed-four', 'many'],
    8: ['ints', 'packed-int', 'many'],
    9: ['strings', 'data', 'many'],
    11: ['subgraph'],
    13: note,
    20: ['type', 'int'],
  },
  Tensor: {
    1: ['dims', 'packed-int', 'many'],
    2: ['dataType', 'int'],
    4: ['floats', 'packed-four', 'many'],
    5: ['int32s', 'packed-int', 'many'],
    7: ['int64s', 'packed-int', 'many'],
    8: ['name', 'text'],
    9: ['raw', 'data'],
    10: ['doubles', 'packed-eight', 'many'],
    12: note,
    13: ['external-data'],
    14: ['location', 'int'],
    16: entries,
  },
  Value: { 1: ['name', 'text'], 2: ['type', 'Type'], 3: note, 4: entries },
  Type: { 1: ['tensor', 'TensorType'], 6: ['denotation', 'text'] },
  TensorType: { 1: ['elementType', 'int'], 2: ['shape', 'Dimensions'] },
  Dimensions: { 1: ['dimension', 'Dimension', 'many'] },
  Dimension: { 1: ['size', 'int'], 2: ['open', 'text'], 3: ['denotation', 'text'] },
};

const hint = 'Ask whoever made the model for one that keeps to docs/models.md, "The gate"';
/** Bounds the memory that a file of nothing but small parts could take. */
const mostParts = 200_000;

function refuse(reason: Refusal, what: string): ModelRefused {
  return new ModelRefused(reason, `The model file is refused: ${what}`, hint);
}

const broken = (): ModelRefused => refuse('not-onnx', 'it is not a whole ONNX model');

/** What was read of one form, by field name. */
type Parts = Map<string, (number | string | Parts)[]>;

class Reader {
  #parts = 0;

  read(form: FormName, bytes: Buffer): Parts {
    const found: Parts = new Map();
    let at = 0;
    while (at < bytes.length) {
      const [tag, afterTag] = varint(bytes, at);
      const field = forms[form][Math.floor(tag / 8)];
      if (!field) throw refuse('unknown-part', `field ${Math.floor(tag / 8)} of ${form} is not admitted`);
      const [name, type, many] = field;
      if (type === undefined) throw refuse(name as Refusal, `${form} has field ${Math.floor(tag / 8)}`);
      const values = found.get(name) ?? [];
      if (values.length > 0 && !many) throw refuse('unknown-part', `${form}.${name} stands twice`);
      at = this.#value(bytes, { at: afterTag, wire: tag % 8, type }, values);
      found.set(name, values);
    }
    return found;
  }

  /** Appends what it reads; returns where it ends. */
  #value(
    bytes: Buffer,
    { at, wire, type }: { at: number; wire: number; type: Type },
    values: (number | string | Parts)[],
  ): number {
    if (++this.#parts > mostParts) throw refuse('unknown-part', `it has more than ${mostParts} parts`);
    const packed = type.startsWith('packed-');
    const plain = packed ? type.slice('packed-'.length) : type;
    if (plain === 'int' && wire === 0) {
      const [number, end] = varint(bytes, at);
      values.push(number);
      return end;
    }
    if (plain === 'four' && wire === 5) return skipTo(bytes, at + 4);
    if (plain === 'eight' && wire === 1) return skipTo(bytes, at + 8);
    if (wire !== 2 || (!packed && ['int', 'four', 'eight'].includes(plain))) throw broken();
    const [length, from] = varint(bytes, at);
    const end = skipTo(bytes, from + length);
    // Bytes and packed numbers are what the operators work on: their values decide nothing here.
    if (packed || type === 'data') values.push(length);
    else if (type === 'text') values.push(bytes.toString('utf8', from, end));
    else values.push(this.read(type as FormName, bytes.subarray(from, end)));
    return end;
  }
}

/** At most ten bytes; what does not fit a number without loss becomes infinite, which no check admits. */
function varint(bytes: Buffer, start: number): [value: number, end: number] {
  let value = 0;
  for (let at = start; at < start + 10; at++) {
    const byte = bytes[at];
    if (byte === undefined) throw broken();
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return [value <= Number.MAX_SAFE_INTEGER ? value : Number.POSITIVE_INFINITY, at + 1];
  }
  throw broken();
}

function skipTo(bytes: Buffer, end: number): number {
  if (end > bytes.length) throw broken();
  return end;
}

const texts = (parts: Parts, name: string): string[] =>
  (parts.get(name) ?? []).filter((value) => typeof value === 'string');
const text = (parts: Parts, name: string): string => texts(parts, name)[0] ?? '';
const number = (parts: Parts, name: string): number =>
  (parts.get(name) ?? []).find((value) => typeof value === 'number') ?? 0;
const formsIn = (parts: Parts, name: string): Parts[] =>
  (parts.get(name) ?? []).filter((value) => value instanceof Map);

/**
 * Reads the file's parts.
 * @throws ModelRefused `not-onnx`, `unknown-part`, `external-data` or `subgraph`
 */
export function readOnnx(bytes: Buffer): OnnxParts {
  // ONNX Runtime takes a file with this mark for its own format, whatever else it may be.
  if (bytes.toString('latin1', 4, 8) === 'ORTM')
    throw refuse('not-onnx', 'it is in the format of ONNX Runtime');
  const model = new Reader().read('Model', bytes);
  const [graph] = formsIn(model, 'graph');
  if (!graph || number(model, 'irVersion') < 3) throw broken();
  const nodes = formsIn(graph, 'node');
  const tensors = [
    ...formsIn(graph, 'constant'),
    ...nodes.flatMap((node) => formsIn(node, 'attribute').flatMap((one) => formsIn(one, 'tensor'))),
  ];
  if (tensors.some((tensor) => number(tensor, 'location') !== 0))
    throw refuse('external-data', 'some of its data are elsewhere');
  return {
    opsets: formsIn(model, 'opset').map((one) => ({
      domain: text(one, 'domain'),
      version: number(one, 'version'),
    })),
    nodes: nodes.map((node) => ({
      operator: text(node, 'operator'),
      domain: text(node, 'domain'),
      inputs: texts(node, 'input'),
      outputs: texts(node, 'output'),
    })),
    constants: formsIn(graph, 'constant').map((tensor) => text(tensor, 'name')),
    inputs: formsIn(graph, 'input').map(edgeOf),
    outputs: formsIn(graph, 'output').map(edgeOf),
  };
}

function edgeOf(value: Parts): OnnxEdge {
  const [tensor] = formsIn(value, 'type').flatMap((type) => formsIn(type, 'tensor'));
  const [dimensions] = tensor ? formsIn(tensor, 'shape') : [];
  return {
    name: text(value, 'name'),
    elementType: tensor ? number(tensor, 'elementType') : 0,
    shape: dimensions ? formsIn(dimensions, 'dimension').map(sizeOf) : [],
  };
}

function sizeOf(dimension: Parts): Shape[number] {
  if (dimension.has('size')) return dimension.has('open') ? null : number(dimension, 'size');
  return dimension.has('open') ? text(dimension, 'open') : null;
}
