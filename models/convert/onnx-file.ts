/**
 * Writes an ONNX model file. Fed by nchw.ts through convert.ts. The descriptor below is the part of
 * onnx.proto3 (IR version 8) that the converter uses, with the field numbers of that file. The same model
 * must always give the same bytes: no time stamp, no order that depends on the machine.
 */
import protobuf from 'protobufjs/light.js';

export type OnnxAttribute =
  | { name: string; kind: 'int'; value: number }
  | { name: string; kind: 'ints'; value: number[] }
  | { name: string; kind: 'float'; value: number }
  | { name: string; kind: 'string'; value: string };

export interface OnnxNode {
  opType: string;
  inputs: string[];
  outputs: string[];
  attributes: OnnxAttribute[];
}

export interface OnnxTensor {
  name: string;
  shape: number[];
  data: Float32Array | Int8Array | Uint8Array | Int32Array;
}

/** A float tensor at the model's edge; a string in `shape` is the name of a size that is open. */
export interface OnnxValue {
  name: string;
  shape: (number | string)[];
}

export interface OnnxModel {
  name: string;
  producer: string;
  opset: number;
  nodes: OnnxNode[];
  initializers: OnnxTensor[];
  inputs: OnnxValue[];
  outputs: OnnxValue[];
}

const irVersion = 8;
const floatTensor = 1;
/** TensorProto.DataType of each kind of data. */
const typeOf = { Float32Array: floatTensor, Uint8Array: 2, Int8Array: 3, Int32Array: 6 } as const;
const attributeType = { float: 1, int: 2, string: 3, ints: 7 } as const;

function message(fields: Record<string, [id: number, type: string, repeated?: 'repeated']>): protobuf.IType {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, [id, type, rule]]) => [
        name,
        rule ? { id, type, rule } : { id, type },
      ]),
    ),
  };
}

const descriptor = protobuf.Root.fromJSON({
  nested: {
    Model: message({
      irVersion: [1, 'int64'],
      producerName: [2, 'string'],
      graph: [7, 'GraphProto'],
      opsetImport: [8, 'OperatorSet', 'repeated'],
    }),
    OperatorSet: message({ domain: [1, 'string'], version: [2, 'int64'] }),
    GraphProto: message({
      node: [1, 'Node', 'repeated'],
      name: [2, 'string'],
      initializer: [5, 'Tensor', 'repeated'],
      input: [11, 'ValueInfo', 'repeated'],
      output: [12, 'ValueInfo', 'repeated'],
    }),
    Node: message({
      input: [1, 'string', 'repeated'],
      output: [2, 'string', 'repeated'],
      name: [3, 'string'],
      opType: [4, 'string'],
      attribute: [5, 'AttributeProto', 'repeated'],
    }),
    AttributeProto: message({
      name: [1, 'string'],
      f: [2, 'float'],
      i: [3, 'int64'],
      s: [4, 'bytes'],
      ints: [8, 'int64', 'repeated'],
      type: [20, 'int32'],
    }),
    Tensor: message({
      dims: [1, 'int64', 'repeated'],
      dataType: [2, 'int32'],
      name: [8, 'string'],
      rawData: [9, 'bytes'],
    }),
    ValueInfo: message({ name: [1, 'string'], type: [2, 'TypeProto'] }),
    TypeProto: message({ tensorType: [1, 'TensorType'] }),
    TensorType: message({ elemType: [1, 'int32'], shape: [2, 'Shape'] }),
    Shape: message({ dim: [1, 'Dimension', 'repeated'] }),
    Dimension: message({ dimValue: [1, 'int64'], dimParam: [2, 'string'] }),
  },
});
const modelType = descriptor.lookupType('Model');

/** The bytes of the model file. */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  return modelType
    .encode({
      irVersion,
      producerName: model.producer,
      opsetImport: [{ domain: '', version: model.opset }],
      graph: {
        name: model.name,
        node: model.nodes.map((node) => ({
          input: node.inputs,
          output: node.outputs,
          name: node.outputs[0],
          opType: node.opType,
          attribute: node.attributes.map(attributeOf),
        })),
        initializer: model.initializers.map((tensor) => ({
          dims: tensor.shape,
          dataType: typeOf[tensor.data.constructor.name as keyof typeof typeOf],
          name: tensor.name,
          rawData: littleEndian(tensor.data),
        })),
        input: model.inputs.map(edgeOf),
        output: model.outputs.map(edgeOf),
      },
    })
    .finish();
}

function attributeOf(attribute: OnnxAttribute): Record<string, unknown> {
  const { name, kind, value } = attribute;
  const type = attributeType[kind];
  if (kind === 'ints') return { name, type, ints: value };
  if (kind === 'int') return { name, type, i: value };
  if (kind === 'float') return { name, type, f: value };
  return { name, type, s: Buffer.from(value, 'latin1') };
}

function edgeOf(value: OnnxValue): Record<string, unknown> {
  const dim = value.shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name: value.name, type: { tensorType: { elemType: floatTensor, shape: { dim } } } };
}

function littleEndian(data: OnnxTensor['data']): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(data.byteLength));
  for (let i = 0; i < data.length; i++) {
    if (data instanceof Float32Array) bytes.setFloat32(i * 4, data[i], true);
    else if (data instanceof Int32Array) bytes.setInt32(i * 4, data[i], true);
    else bytes.setUint8(i, data[i]);
  }
  return new Uint8Array(bytes.buffer);
}
