/**
 * The published TensorFlow.js graph as TensorFlow.js loads it from memory: only the nodes that the two outputs need,
 * only the classes that are kept, and open to any input size. Fed by tfjs.ts with verified bytes. The reading and the
 * checks are those of the conversion, so that both engines run the same nodes and the same numbers.
 */
import type { io } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { type Graph, graphError, readGraph } from '../convert/graph.js';
import { keepClasses } from '../convert/prune.js';
import type { Model } from '../manifest.js';

/** A size that the published graph holds as a constant, as a share of the input's. */
export interface OpenSize {
  node: string;
  height: number;
  width: number;
}

export interface TfjsGraph {
  artifacts: io.ModelArtifacts;
  /** nodes to be given a size, [height, width] as integers, beside the picture */
  sizes: OpenSize[];
}

/** Nodes as they stand in the file: TensorFlow.js reads attributes that conversion has no use for. */
const topology = z.object({
  modelTopology: z.object({ node: z.array(z.looseObject({ name: z.string() })) }),
});

/**
 * @param model its manifest entry
 * @param json its model.json
 * @param weights its weight file
 * @throws VigieError `model` when the files are not a model that conversion knows
 */
export function tfjsGraph(model: Model, json: string, weights: Uint8Array): TfjsGraph {
  const { input, heat, reach } = model.graph;
  const classes = model.classes.map((c) => c.index);
  const graph = keepClasses(readGraph(json, weights, [heat, reach]), heat, classes);
  const sizes = openSizes(graph, input);
  const open = new Set([input, ...sizes.map(({ node }) => node)]);
  const needed = new Set(graph.nodes.map(({ name }) => name));
  const published = topology.parse(JSON.parse(json)).modelTopology.node;
  const node = published
    .filter(({ name }) => needed.has(name))
    .map((entry) => (open.has(entry.name) ? placeholder(entry.name, entry.name === input) : entry));
  const constants = graph.nodes.filter(({ name, op }) => op === 'Const' && !open.has(name));
  return { artifacts: artifacts(node, graph, constants), sizes };
}

/** A placeholder of no declared size: the published one names a single size of picture. */
function placeholder(name: string, picture: boolean): { name: string; op: string; attr: object } {
  return { name, op: 'Placeholder', attr: { dtype: { type: picture ? 'DT_FLOAT' : 'DT_INT32' } } };
}

function openSizes(graph: Graph, input: string): OpenSize[] {
  const [, height = 0, width = 0] = graph.nodes.find(({ name }) => name === input)?.attributes.shape ?? [];
  if (!(height > 0 && width > 0)) throw graphError('its input is not one RGB picture');
  return graph.nodes
    .filter(({ op }) => op === 'ResizeBilinear')
    .map(({ name, inputs }) => {
      const node = inputs[1] ?? '';
      const [toHeight, toWidth] = graph.weights.get(node)?.data ?? [];
      if (!toHeight || !toWidth) throw graphError(`${name} resizes in a way that is not known`);
      return { node, height: toHeight / height, width: toWidth / width };
    });
}

/** TensorFlow.js asks for the version of the graph; the published file leaves it empty. */
const versions = { producer: 0, minConsumer: 0 };

function artifacts(node: object[], graph: Graph, constants: Graph['nodes']): io.ModelArtifacts {
  const weights = constants.map(({ name }) => {
    const weight = graph.weights.get(name);
    if (!weight) throw graphError(`weight ${name} is missing`);
    return { name, ...weight };
  });
  const weightSpecs = weights.map(({ name, shape, data }) => ({
    name,
    shape,
    dtype: data instanceof Int32Array ? ('int32' as const) : ('float32' as const),
  }));
  const weightData = new Uint8Array(weights.reduce((sum, { data }) => sum + data.byteLength, 0));
  let at = 0;
  for (const { data } of weights) {
    weightData.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return {
    format: 'graph-model',
    modelTopology: { node, versions },
    weightSpecs,
    weightData: weightData.buffer,
  };
}
