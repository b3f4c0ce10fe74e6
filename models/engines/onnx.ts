/**
 * Runs a converted model in ONNX Runtime on the CPU. Fed by pipelines/detect/worker.ts with small masked
 * pictures, read by models/decode/. The runtime's own log is kept to errors; the file is hashed and loaded
 * from the same bytes, so that it cannot change in between.
 */
import './no-telemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { VigieError } from '../../errors.js';
import { refetch, verifiedBytes } from '../verify.js';
import { checkInput } from './check-input.js';
import type { CentreMaps, Engine, EngineOptions, ModelFile } from './engine.js';

/**
 * Writes interleaved bytes as planar floats, the layout the model takes.
 * @param rgb width * height * 3 bytes, R G B for each pixel
 * @param planes 3 * width * height floats: all R, all G, all B, 0..255
 */
export function toPlanes(rgb: Uint8Array, planes: Float32Array): void {
  const area = planes.length / 3;
  const red = planes.subarray(0, area);
  const green = planes.subarray(area, 2 * area);
  const blue = planes.subarray(2 * area);
  for (let pixel = 0, at = 0; pixel < area; pixel++, at += 3) {
    red[pixel] = rgb[at];
    green[pixel] = rgb[at + 1];
    blue[pixel] = rgb[at + 2];
  }
}

export class OnnxEngine implements Engine {
  #session: InferenceSession | null = null;
  #planes = new Float32Array(0);

  async load(file: ModelFile, options: EngineOptions): Promise<void> {
    await this.close();
    const bytes = await verifiedBytes(file);
    try {
      this.#session = await InferenceSession.create(bytes, {
        executionProviders: ['cpu'],
        executionMode: 'sequential',
        intraOpNumThreads: options.threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        // A spinning thread holds a core between two looks; the encoder needs it.
        extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
      });
    } catch (cause) {
      throw new VigieError('model', 'ONNX Runtime cannot load the model', refetch, { cause });
    }
  }

  async run(rgb: Uint8Array, width: number, height: number): Promise<CentreMaps> {
    if (!this.#session) throw new VigieError('model', 'No model is loaded', 'Load one before running it');
    checkInput(rgb, width, height);
    if (this.#planes.length !== rgb.length) this.#planes = new Float32Array(rgb.length);
    toPlanes(rgb, this.#planes);
    const picture = new Tensor('float32', this.#planes, [1, 3, height, width]);
    const { heat, reach } = await this.#session.run({ picture });
    const [, , rows = 0, columns = 0] = heat?.dims ?? [];
    if (!(heat?.data instanceof Float32Array) || !(reach?.data instanceof Float32Array)) {
      throw new VigieError('model', 'The model has not the outputs of a CenterNet', refetch);
    }
    return { rows, columns, heat: heat.data, reach: reach.data };
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.release();
  }
}
