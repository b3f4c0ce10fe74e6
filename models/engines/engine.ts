/**
 * What runs a detector model. Two exist, onnx.ts and tfjs.ts; pipelines/detect/worker.ts and the bench feed it,
 * models/decode/ reads what comes out. An engine never fetches anything and never runs a file whose hash it
 * has not checked.
 */

/** ONNX Runtime on the converted file, or TensorFlow.js on the published ones (detect.engine). */
export type EngineName = 'onnx' | 'tfjs';

export interface EngineOptions {
  /** threads of one run, 1..8 */
  threads: number;
}

/** The raw outputs of a CenterNet: see models/decode/centernet.ts. Valid until the next run. */
export interface CentreMaps {
  rows: number;
  columns: number;
  /** [classes, rows, columns], 0..1: how sure the model is that an object has its centre in the cell */
  heat: Float32Array;
  /** [4, rows, columns], input pixels from the cell's corner to the left, top, right, bottom side */
  reach: Float32Array;
}

/** A converted model file and the SHA-256 (hex) its bytes must have; the hash also says which listed model it is. */
export interface ModelFile {
  path: string;
  sha256: string;
}

export interface Engine {
  /** @throws VigieError `model` when the file is missing, has another hash or is not a model */
  load(file: ModelFile, options: EngineOptions): Promise<void>;
  /**
   * Runs the model once. Holds the thread while it runs.
   * @param rgb height * width * 3 bytes, row by row
   * @param width pixels, a multiple of 32; `height` likewise
   * @throws VigieError `model` before load, or when the bytes do not fit the size
   */
  run(rgb: Uint8Array, width: number, height: number): Promise<CentreMaps>;
  /** Frees the model. May be called twice. */
  close(): Promise<void>;
}
