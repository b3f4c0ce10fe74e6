/**
 * What the product's model finds in every picture of a clip. Read by the benches of quality/ that measure more than one
 * picture at a time. Same model file, scaling and decoding as the product, without its thread. Nothing is kept on disk.
 */
import { decodeCentreNet } from '../../models/decode/centernet.js';
import { OnnxEngine } from '../../models/engines/onnx.js';
import { findModel, modelPaths } from '../../models/manifest.js';
import type { Detection } from '../../pipelines/messages.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import { clipPictures } from './clip.js';

export interface ClipLooksOptions {
  /** name in models/manifest.json */
  model: string;
  /** size the model sees, multiples of 32 */
  width: number;
  height: number;
  /** lowest score that is told */
  threshold: number;
}

export class ClipLooks {
  readonly #engine = new OnnxEngine();
  readonly #decode: Parameters<typeof decodeCentreNet>[1];
  readonly #options: ClipLooksOptions;

  constructor(options: ClipLooksOptions) {
    const { classes, graph } = findModel(options.model);
    this.#options = options;
    this.#decode = {
      classes: classes.map((c) => c.class),
      stride: graph.stride,
      threshold: options.threshold,
    };
  }

  /** @throws VigieError `model` when set-up has not run */
  async start(): Promise<void> {
    const model = findModel(this.#options.model);
    const { onnxFile } = modelPaths(model, cacheDirectory());
    await this.#engine.load({ path: onnxFile, sha256: model.onnx.sha256 }, { threads: 1 });
  }

  /** One list a picture, in order, boxes as shares of the picture. @throws VigieError `source` */
  async *of(file: string): AsyncGenerator<Detection[]> {
    const { width, height } = this.#options;
    for await (const rgb of clipPictures(file, width, height))
      yield decodeCentreNet(await this.#engine.run(rgb, width, height), this.#decode);
  }

  async stop(): Promise<void> {
    await this.#engine.close();
  }
}
