/**
 * Writes a float model with 8-bit integers in it: quantise and dequantise nodes around its operations, which ONNX Runtime
 * joins with them. Fed by bench/engines.ts with the ranges of calibrate.ts. Weights have a scale for each output channel
 * and no offset, values one scale and an offset. What it is not told to touch stays in floats.
 */
import type { OnnxModel, OnnxNode, OnnxTensor } from '../../models/convert/onnx-file.js';
import type { Range } from './calibrate.js';

/** The operations that become integer ones. */
export interface QuantiseChoice {
  /** convolutions with one input channel for each output channel too */
  depthwise: boolean;
  /** sums, products, joins, resizing and activations between the convolutions too */
  between: boolean;
}

const betweenTypes = new Set(['Add', 'Mul', 'Concat', 'Resize', 'Relu', 'HardSigmoid', 'GlobalAveragePool']);

/** The model in integers; `model` is left as it was. A value without a range stays a float. */
export function quantise(
  model: OnnxModel,
  ranges: ReadonlyMap<string, Range>,
  choice: QuantiseChoice,
): OnnxModel {
  return new Quantiser(model, ranges, choice).result();
}

class Quantiser {
  readonly #model: OnnxModel;
  readonly #ranges: ReadonlyMap<string, Range>;
  readonly #choice: QuantiseChoice;
  readonly #tensors: Map<string, OnnxTensor>;
  readonly #made: Map<string, OnnxNode>;
  readonly #readers = new Map<string, OnnxNode[]>();

  constructor(model: OnnxModel, ranges: ReadonlyMap<string, Range>, choice: QuantiseChoice) {
    this.#model = model;
    this.#ranges = ranges;
    this.#choice = choice;
    this.#tensors = new Map(model.initializers.map((tensor) => [tensor.name, tensor]));
    this.#made = new Map(model.nodes.map((node) => [node.outputs[0] ?? '', node]));
    for (const node of model.nodes) {
      for (const name of node.inputs) this.#readers.set(name, [...(this.#readers.get(name) ?? []), node]);
    }
  }

  result(): OnnxModel {
    const chosen = new Set(this.#model.nodes.filter((node) => this.#isChosen(node)));
    const coded = new Set<string>();
    for (const node of chosen) {
      for (const name of node.inputs) if (this.#ranges.has(name)) coded.add(name);
      const output = this.#outputOf(node);
      if (this.#ranges.has(output)) coded.add(output);
    }
    for (const { name } of this.#model.outputs) coded.delete(name);
    const nodes: OnnxNode[] = coded.has('picture') ? this.#code('picture') : [];
    for (const node of this.#model.nodes) {
      const inputs = node.inputs.map((name) => (coded.has(name) ? `${name}/dq` : name));
      const output = node.outputs[0] ?? '';
      if (node.opType === 'HardSigmoid' && chosen.has(node)) {
        nodes.push(...this.#gate(inputs[0] ?? '', output));
        continue;
      }
      nodes.push(...this.#weights(node, inputs, chosen.has(node)));
      if (coded.has(output)) nodes.push(...this.#code(output));
    }
    const read = new Set(nodes.flatMap(({ inputs }) => inputs));
    const initializers = [...this.#tensors.values()].filter(({ name }) => read.has(name));
    return { ...this.#model, nodes, initializers };
  }

  /** First and last layers, and those that work on a single cell, stay in floats: little time, much to lose. */
  #isChosen(node: OnnxNode): boolean {
    if (betweenTypes.has(node.opType)) {
      const made = node.inputs.filter((name) => name !== '' && !name.startsWith('scale/'));
      return (
        this.#choice.between &&
        made.every((name) => this.#made.has(name)) &&
        !made.every((name) => this.#isCell(name)) &&
        !this.#feedsOutput(node.outputs[0] ?? '')
      );
    }
    if (node.opType !== 'Conv') return false;
    const [data = '', kernel = ''] = node.inputs;
    const depthwise = this.#tensors.get(kernel)?.shape[1] === 1;
    if (data === 'picture' || this.#isCell(data) || (depthwise && !this.#choice.depthwise)) return false;
    return !this.#feedsOutput(node.outputs[0] ?? '');
  }

  #isCell(name: string): boolean {
    for (let node = this.#made.get(name); node; node = this.#made.get(node.inputs[0] ?? '')) {
      if (node.opType === 'GlobalAveragePool') return true;
      if (node.opType !== 'Conv' && node.inputs.filter((input) => this.#made.has(input)).length !== 1)
        return false;
    }
    return false;
  }

  #feedsOutput(name: string): boolean {
    if (this.#model.outputs.some((output) => output.name === name)) return true;
    const readers = this.#readers.get(name) ?? [];
    const passing = ['Sigmoid', 'Identity', 'Mul'];
    return (
      readers.length === 1 &&
      readers.every(({ opType, outputs }) => passing.includes(opType) && this.#feedsOutput(outputs[0] ?? ''))
    );
  }

  /** What the integers of a node's result stand for: after the Relu that follows it alone, if one does. */
  #outputOf(node: OnnxNode): string {
    const output = node.outputs[0] ?? '';
    const [reader, ...others] = this.#readers.get(output) ?? [];
    return reader?.opType === 'Relu' && others.length === 0 ? (reader.outputs[0] ?? '') : output;
  }

  /**
   * The gate of an activation, a sixth of the value and a half, cut to 0..1. Integers are cut at their ends by themselves:
   * written with a step of 6/255 around 128 and read with a step of 1/255, they are the gate. The operation between does
   * nothing; it is one that ONNX Runtime turns into a table of 256 bytes.
   */
  #gate(from: string, name: string): OnnxNode[] {
    const tensor = (part: string, data: OnnxTensor['data']): string => {
      this.#tensors.set(`${name}/${part}`, { name: `${name}/${part}`, shape: [], data });
      return `${name}/${part}`;
    };
    const write = [tensor('step', new Float32Array([6 / 255])), tensor('middle', new Uint8Array([128]))];
    const read = [tensor('share', new Float32Array([1 / 255])), tensor('none', new Uint8Array([0]))];
    const same = { name: 'alpha', kind: 'float' as const, value: 1 };
    return [
      { opType: 'LeakyRelu', inputs: [from], outputs: [`${name}/same`], attributes: [same] },
      {
        opType: 'QuantizeLinear',
        inputs: [`${name}/same`, ...write],
        outputs: [`${name}/q`],
        attributes: [],
      },
      { opType: 'DequantizeLinear', inputs: [`${name}/q`, ...read], outputs: [`${name}/dq`], attributes: [] },
    ];
  }

  #code(name: string): OnnxNode[] {
    const { low, high } = this.#ranges.get(name) ?? { low: 0, high: 1 };
    const scale = Math.max(high - low, 1e-6) / 255;
    const zero = Math.min(255, Math.max(0, Math.round(-low / scale)));
    const [s, z] = [`${name}/scale`, `${name}/zero`];
    this.#tensors.set(s, { name: s, shape: [], data: new Float32Array([scale]) });
    this.#tensors.set(z, { name: z, shape: [], data: new Uint8Array([zero]) });
    return [
      { opType: 'QuantizeLinear', inputs: [name, s, z], outputs: [`${name}/q`], attributes: [] },
      { opType: 'DequantizeLinear', inputs: [`${name}/q`, s, z], outputs: [`${name}/dq`], attributes: [] },
    ];
  }

  /** The node with its inputs, and before it what turns an integer kernel and bias into the numbers they stand for. */
  #weights(node: OnnxNode, inputs: string[], chosen: boolean): OnnxNode[] {
    const kernel = this.#tensors.get(node.inputs[1] ?? '');
    const from = this.#tensors.get(`${node.inputs[0] ?? ''}/scale`);
    if (!chosen || node.opType !== 'Conv' || !kernel || !from) return [{ ...node, inputs }];
    const scales = this.#codeKernel(kernel);
    const before = [this.#decode(kernel.name, [`${kernel.name}/zero`])];
    const ready = [inputs[0] ?? '', `${kernel.name}/dq`];
    const bias = this.#tensors.get(node.inputs[2] ?? '');
    if (bias) {
      const scale = scales.map((s) => s * (from.data[0] ?? 1));
      const data = Int32Array.from(bias.data, (value, i) => Math.round(value / (scale[i] ?? 1)));
      this.#tensors.set(`${bias.name}/q`, { name: `${bias.name}/q`, shape: bias.shape, data });
      this.#tensors.set(`${bias.name}/scale`, { name: `${bias.name}/scale`, shape: bias.shape, data: scale });
      before.push(this.#decode(bias.name, []));
      ready.push(`${bias.name}/dq`);
    }
    return [...before, { ...node, inputs: ready }];
  }

  #decode(name: string, zero: string[]): OnnxNode {
    const axis = { name: 'axis', kind: 'int' as const, value: 0 };
    const inputs = [`${name}/q`, `${name}/scale`, ...zero];
    return { opType: 'DequantizeLinear', inputs, outputs: [`${name}/dq`], attributes: [axis] };
  }

  #codeKernel({ name, shape, data }: OnnxTensor): Float32Array {
    const [channels = 1] = shape;
    const each = data.length / channels;
    const scales = new Float32Array(channels);
    const codes = new Int8Array(data.length);
    for (let channel = 0; channel < channels; channel++) {
      const at = channel * each;
      let largest = 1e-9;
      for (let i = at; i < at + each; i++) largest = Math.max(largest, Math.abs(data[i] ?? 0));
      scales[channel] = largest / 127;
      for (let i = at; i < at + each; i++) codes[i] = Math.round(((data[i] ?? 0) * 127) / largest);
    }
    this.#tensors.set(`${name}/q`, { name: `${name}/q`, shape, data: codes });
    this.#tensors.set(`${name}/scale`, { name: `${name}/scale`, shape: [channels], data: scales });
    const zero = new Int8Array(channels);
    this.#tensors.set(`${name}/zero`, { name: `${name}/zero`, shape: [channels], data: zero });
    return scales;
  }
}
