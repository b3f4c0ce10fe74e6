/**
 * Writes x * relu6(x + 3) * c, which the published graph spells out in four passes over the picture, as x * HardSigmoid(x):
 * ONNX Runtime computes that inside the convolution before it. Fed by convert.ts after the translation. The constant c is
 * a sixth rounded to 16 bits; what it is off by goes into the kernels that read the result, so that the values stay those
 * of the published graph.
 */
import type { OnnxModel, OnnxNode, OnnxTensor } from './onnx-file.js';

/** The nodes around one activation, and what it is multiplied by beyond a sixth. */
interface Found {
  /** added three, clipped, scaled by c */
  spent: OnnxNode[];
  product: OnnxNode;
  from: string;
  excess: number;
}

/** @param model is left as it was */
export function fuseHardSwish(model: OnnxModel): OnnxModel {
  const pass = new Pass(model);
  for (const node of model.nodes) pass.visit(node);
  return pass.result();
}

class Pass {
  readonly #model: OnnxModel;
  readonly #tensors: Map<string, OnnxTensor>;
  readonly #made: Map<string, OnnxNode>;
  readonly #readers = new Map<string, OnnxNode[]>();
  readonly #spent = new Set<OnnxNode>();
  readonly #instead = new Map<OnnxNode, OnnxNode[]>();

  constructor(model: OnnxModel) {
    this.#model = model;
    this.#tensors = new Map(model.initializers.map((tensor) => [tensor.name, tensor]));
    this.#made = new Map(model.nodes.map((node) => [node.outputs[0] ?? '', node]));
    for (const node of model.nodes) {
      for (const name of node.inputs) this.#readers.set(name, [...(this.#readers.get(name) ?? []), node]);
    }
  }

  visit(node: OnnxNode): void {
    const found = this.#find(node);
    if (!found) return;
    const { spent, product, from, excess } = found;
    const result = product.outputs[0] ?? '';
    const kernels = this.#kernelsAfter(result);
    const scaled = kernels === null ? `${result}/sixth` : result;
    const gate = `${result}/gate`;
    const nodes: OnnxNode[] = [
      {
        opType: 'HardSigmoid',
        inputs: [from],
        outputs: [gate],
        attributes: [
          { name: 'alpha', kind: 'float', value: 1 / 6 },
          { name: 'beta', kind: 'float', value: 0.5 },
        ],
      },
      { opType: 'Mul', inputs: [from, gate], outputs: [scaled], attributes: [] },
    ];
    if (kernels === null) nodes.push(this.#times(scaled, excess, result));
    else for (const name of kernels) this.#scale(name, excess);
    for (const other of spent) this.#spent.add(other);
    this.#instead.set(product, nodes);
  }

  result(): OnnxModel {
    const nodes = this.#model.nodes
      .filter((node) => !this.#spent.has(node))
      .flatMap((node) => this.#instead.get(node) ?? [node]);
    const read = new Set(nodes.flatMap(({ inputs }) => inputs));
    const initializers = [...this.#tensors.values()].filter(({ name }) => read.has(name));
    return { ...this.#model, nodes, initializers };
  }

  /** The activation that this clip belongs to, when it is one. */
  #find(clip: OnnxNode): Found | null {
    if (clip.opType !== 'Clip') return null;
    const sum = this.#made.get(clip.inputs[0] ?? '');
    const product = this.#onlyReader(clip);
    if (sum?.opType !== 'Add' || product?.opType !== 'Mul' || this.#onlyReader(sum) !== clip) return null;
    const [from, three] = this.#operands(sum);
    const limits = clip.inputs.slice(1).map((name) => this.#single(name));
    const scaled = this.#made.get(product.inputs.find((name) => name !== clip.outputs[0]) ?? '');
    if (scaled?.opType !== 'Mul' || this.#onlyReader(scaled) !== product) return null;
    const [same, sixth] = this.#operands(scaled);
    const known = three === 3 && limits.join() === '0,6' && from !== null && same === from && sixth !== null;
    return known ? { spent: [sum, clip, scaled], product, from, excess: 6 * sixth } : null;
  }

  #onlyReader(node: OnnxNode): OnnxNode | null {
    const readers = this.#readers.get(node.outputs[0] ?? '') ?? [];
    return readers.length === 1 ? (readers[0] ?? null) : null;
  }

  /** The one operand that is computed, and the other when it is a single number. */
  #operands(node: OnnxNode): [string | null, number | null] {
    const computed = node.inputs.filter((name) => !this.#tensors.has(name));
    const constant = node.inputs.find((name) => this.#tensors.has(name));
    return [computed.length === 1 ? (computed[0] ?? null) : null, constant ? this.#single(constant) : null];
  }

  #single(name: string): number | null {
    const data = this.#tensors.get(name)?.data;
    return data?.length === 1 ? (data[0] ?? null) : null;
  }

  /** Kernels that take a factor of this value over, each once; null when something else reads it. */
  #kernelsAfter(value: string): string[] | null {
    const kernels: string[] = [];
    for (const reader of this.#readers.get(value) ?? []) {
      const [data, kernel = ''] = reader.inputs;
      if (reader.opType === 'Conv' && data === value && this.#readers.get(kernel)?.length === 1) {
        kernels.push(kernel);
        continue;
      }
      if (reader.opType !== 'GlobalAveragePool' && reader.opType !== 'Mul') return null;
      const further = this.#kernelsAfter(reader.outputs[0] ?? '');
      if (further === null) return null;
      kernels.push(...further);
    }
    // The mean and the gate that is computed from it are one value apart: a factor must not be taken twice.
    return kernels.length > 0 && new Set(kernels).size === kernels.length ? kernels : null;
  }

  #times(value: string, factor: number, result: string): OnnxNode {
    const name = `${result}/excess`;
    this.#tensors.set(name, { name, shape: [], data: new Float32Array([factor]) });
    return { opType: 'Mul', inputs: [value, name], outputs: [result], attributes: [] };
  }

  #scale(name: string, factor: number): void {
    const kernel = this.#tensors.get(name);
    if (!kernel) throw new Error(`the kernel ${name} is not there`);
    this.#tensors.set(name, { ...kernel, data: Float32Array.from(kernel.data, (value) => value * factor) });
  }
}
