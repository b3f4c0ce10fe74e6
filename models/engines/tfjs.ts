/**
 * Runs the published graph of a model in TensorFlow.js: the reference that the conversion is held against, and the
 * engine of a machine for which ONNX Runtime has no binary. Fed by pipelines/detect/worker.ts, read by models/decode/.
 * It loads the bytes it has hashed, from memory; it opens no address and writes no file.
 */
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { type GraphModel, loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { VigieError } from '../../errors.js';
import { type Model, modelOfHash } from '../manifest.js';
import { filesOf, refetch, verifiedBytes } from '../verify.js';
import { checkInput } from './check-input.js';
import type { CentreMaps, Engine, EngineOptions, ModelFile } from './engine.js';
import { type OpenSize, tfjsGraph } from './tfjs-graph.js';

/** Not a dependency: it downloads its library at install. Who installs it beside Vigie has it used. */
const nativePackage = '@tensorflow/tfjs-node';
const importNative = async (): Promise<unknown> => import(nativePackage);

interface Loaded {
  model: Model;
  graph: GraphModel;
  sizes: OpenSize[];
}

export class TfjsEngine implements Engine {
  readonly #importNative: () => Promise<unknown>;
  #loaded: Loaded | null = null;

  /** @param native brings in the package that registers the backend `tensorflow`; rejects when it is not installed */
  constructor(native: () => Promise<unknown> = importNative) {
    this.#importNative = native;
  }

  /** What computes: `wasm`, or `tensorflow` with the native package. */
  get backend(): string {
    return tf.getBackend();
  }

  /** @param file the converted file of a listed model: the published files are looked for beside it */
  async load(file: ModelFile, options: EngineOptions): Promise<void> {
    await this.close();
    const model = modelOfHash(file.sha256);
    const [json, weights] = await Promise.all(filesOf(model, 'tfjs', file.path).map(verifiedBytes));
    if (!json || !weights) throw new VigieError('model', `${model.name} needs two files`, refetch);
    const { artifacts, sizes } = tfjsGraph(model, json.toString('utf8'), weights);
    try {
      await this.#chooseBackend(options.threads);
      const graph = await loadGraphModel({ load: () => Promise.resolve(artifacts) });
      this.#loaded = { model, graph, sizes };
    } catch (cause) {
      throw new VigieError('model', 'TensorFlow.js cannot load the model', refetch, { cause });
    }
  }

  async run(rgb: Uint8Array, width: number, height: number): Promise<CentreMaps> {
    const loaded = this.#loaded;
    if (!loaded) throw new VigieError('model', 'No model is loaded', 'Load one before running it');
    checkInput(rgb, width, height);
    const { input, heat: heatName, reach: reachName } = loaded.model.graph;
    const planes = tf.tidy(() => {
      const inputs: tf.NamedTensorMap = {
        [input]: tf.tensor(Float32Array.from(rgb), [1, height, width, 3], 'float32'),
      };
      for (const size of loaded.sizes) {
        inputs[size.node] = tf.tensor1d([height * size.height, width * size.width], 'int32');
      }
      const outputs = loaded.graph.execute(inputs, [heatName, reachName]) as tf.Tensor[];
      return outputs.map((output) => tf.transpose(output, [0, 3, 1, 2]));
    });
    const [heat, reach] = await Promise.all(planes.map(async (plane) => plane.data()));
    const [, , rows = 0, columns = 0] = planes[0]?.shape ?? [];
    tf.dispose(planes);
    if (!(heat instanceof Float32Array) || !(reach instanceof Float32Array)) {
      throw new VigieError('model', 'The model has not the outputs of a CenterNet', refetch);
    }
    return { rows, columns, heat, reach };
  }

  async close(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = null;
    loaded?.graph.dispose();
  }

  /** WebAssembly has one thread in Node; the setting is handed on for a runtime in which it has more. */
  async #chooseBackend(threads: number): Promise<void> {
    process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
    const native = await this.#importNative().then(
      () => tf.findBackend('tensorflow') !== null,
      () => false,
    );
    if (native && (await tf.setBackend('tensorflow'))) return;
    setThreadsCount(threads);
    if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend does not start');
  }
}
