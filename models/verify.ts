/**
 * The gate every model file passes: its bytes have the listed SHA-256, or it is not loaded. Called by the engines
 * before they load, and by the runtime before it starts anything.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VigieError } from '../errors.js';
import type { EngineName, ModelFile } from './engines/engine.js';
import type { Model } from './manifest.js';

/** What to do about a model that cannot be used. */
export const refetch = 'Run npm start or npm test: set-up fetches and converts the model again';

/**
 * The files of a model that an engine loads: the converted one, or those it was converted from, which set-up keeps in a
 * directory beside it.
 */
export function filesOf(model: Model, engine: EngineName, onnxFile: string): ModelFile[] {
  if (engine === 'onnx') return [{ path: onnxFile, sha256: model.onnx.sha256 }];
  const directory = join(dirname(onnxFile), model.name);
  return model.source.files.map(({ name, sha256 }) => ({ path: join(directory, name), sha256 }));
}

/**
 * Reads a model file whole and checks it.
 * @throws VigieError `model` when it cannot be read or has another hash
 */
export async function verifiedBytes(file: ModelFile): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file.path);
  } catch (cause) {
    throw new VigieError('model', `The model file ${file.path} cannot be read`, refetch, { cause });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 === file.sha256) return bytes;
  throw new VigieError(
    'model',
    `The model file ${file.path} is not the listed one: its SHA-256 differs`,
    refetch,
  );
}
