/**
 * Cuts the classes nobody may ask about out of the model. Fed by readGraph, read by nchw.ts. The converted
 * file then has no output for them: what an event may not use cannot be computed, and the last layer is
 * smaller. It must never change the value of a class that stays.
 */
import { type Graph, type GraphNode, graphError, type Weight } from './graph.js';

/**
 * Keeps some channels of the class map.
 * @param heat name of the class map's node: (Identity of) a Sigmoid of a biased 1x1 convolution
 * @param classes channels to keep, in the order they shall have
 * @throws VigieError `model` when the graph does not end that way or a channel does not exist
 */
export function keepClasses(graph: Graph, heat: string, classes: number[]): Graph {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  let node = byName.get(heat);
  while (node && (node.op === 'Identity' || node.op === 'Sigmoid')) node = byName.get(node.inputs[0] ?? '');
  if (node?.op !== '_FusedConv2D') throw graphError('its class map does not come from a convolution');
  const weights = new Map(graph.weights);
  for (const name of node.inputs.slice(1)) {
    const weight = weights.get(name);
    if (!weight || usersOf(graph.nodes, name) !== 1) throw graphError(`weight ${name} is missing or shared`);
    weights.set(name, pick(weight, classes));
  }
  return { nodes: graph.nodes, weights };
}

function usersOf(nodes: GraphNode[], name: string): number {
  return nodes.filter((node) => node.inputs.includes(name)).length;
}

/** Chosen entries of the last dimension: the output channels. */
function pick(weight: Weight, channels: number[]): Weight {
  const depth = weight.shape.at(-1) ?? 0;
  if (channels.some((channel) => channel >= depth)) throw graphError(`it has only ${depth} classes`);
  const rows = depth === 0 ? 0 : weight.data.length / depth;
  const data = new Float32Array(rows * channels.length);
  for (let row = 0; row < rows; row++) {
    channels.forEach((channel, i) => {
      data[row * channels.length + i] = weight.data[row * depth + channel];
    });
  }
  return { shape: [...weight.shape.slice(0, -1), channels.length], data };
}
