/**
 * From the published files of a model to the ONNX file that the camera runs. Fed by main.ts and the tests.
 * A pure function: the same files give the same bytes on every machine, which is why the manifest can hold
 * the hash of a file that is never downloaded.
 */
import type { Model } from '../manifest.js';
import { readGraph } from './graph.js';
import { fuseHardSwish } from './hard-swish.js';
import { toNchw } from './nchw.js';
import { encodeOnnx, type OnnxModel } from './onnx-file.js';
import { keepClasses } from './prune.js';

/**
 * Converts a TensorFlow.js graph model.
 * @param model its manifest entry: which nodes are the outputs, which classes stay
 * @param json its model.json
 * @param weights its weight file
 * @throws VigieError `model` when the files are not a model that conversion knows
 */
export function convertModel(model: Model, json: string, weights: Uint8Array): Uint8Array {
  return encodeOnnx(translateModel(model, json, weights));
}

/** The same before it is written as bytes, for what works on the graph. */
export function translateModel(model: Model, json: string, weights: Uint8Array): OnnxModel {
  const { input, heat, reach } = model.graph;
  const graph = readGraph(json, weights, [heat, reach]);
  const pruned = keepClasses(
    graph,
    heat,
    model.classes.map((c) => c.index),
  );
  return fuseHardSwish(toNchw(pruned, { input, heat, reach }, model.name, model.classes.length));
}
