/**
 * The ONNX graph while it is being written: nodes, constants, and the size of every value so far. Filled by
 * the translators in nchw.ts, each of which adds the nodes of one published operation. It knows no operation
 * itself, and refuses to refer to what was not written before.
 */
import { type Graph, type GraphNode, graphError, type Weight } from './graph.js';
import type { OnnxAttribute, OnnxNode, OnnxTensor } from './onnx-file.js';

/** Size and depth of a value when the input has the size the graph was published with. */
export interface Extent {
  height: number;
  width: number;
  channels: number;
}

/** Names of the published graph's nodes at its edges. */
export interface Ports {
  /** node that takes the picture */
  input: string;
  heat: string;
  reach: string;
}

export class Build {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, OnnxTensor>();
  readonly #extents = new Map<string, Extent>();
  readonly #names: Map<string, string>;

  constructor(
    readonly graph: Graph,
    readonly ports: Ports,
  ) {
    this.#names = new Map([
      [ports.input, 'picture'],
      [ports.heat, 'heat'],
      [ports.reach, 'reach'],
    ]);
  }

  nameOf(node: string): string {
    return this.#names.get(node) ?? node;
  }

  extent(name: string | undefined): Extent {
    const extent = name === undefined ? undefined : this.#extents.get(name);
    if (!extent) throw graphError(`the input ${name ?? '(none)'} of an operation is not a picture`);
    return extent;
  }

  weight(name: string | undefined): Weight {
    const weight = name === undefined ? undefined : this.graph.weights.get(name);
    if (!weight) throw graphError(`weight ${name ?? '(none)'} is missing`);
    return weight;
  }

  setExtent(name: string, extent: Extent): void {
    this.#extents.set(name, extent);
  }

  tensor(name: string, shape: number[], data: Float32Array): string {
    this.initializers.set(name, { name, shape, data });
    return name;
  }

  emit(
    node: GraphNode,
    opType: string,
    inputs: (string | undefined)[],
    attributes: OnnxAttribute[],
    extent: Extent,
  ): void {
    const names = inputs.map((input) => (input === undefined ? '' : this.nameOf(input)));
    this.nodes.push({ opType, inputs: names, outputs: [this.nameOf(node.name)], attributes });
    this.#extents.set(node.name, extent);
  }
}
