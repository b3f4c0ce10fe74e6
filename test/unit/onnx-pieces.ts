/** Pieces of a hand-made ONNX graph, for the tests of what is done to graphs. */
import type { OnnxNode, OnnxTensor } from '../../models/convert/onnx-file.js';

export const node = (opType: string, inputs: string[], output: string): OnnxNode => ({
  opType,
  inputs,
  outputs: [output],
  attributes: [],
});
export const number = (name: string, value: number): OnnxTensor => ({
  name,
  shape: [],
  data: new Float32Array([value]),
});
