/**
 * The first gate every model file passes: it is a file, it is not larger than is admitted, and its bytes have the listed
 * SHA-256, or it is not loaded. What is hashed is what is handed on: a file that is exchanged afterwards changes nothing.
 * Called by the engines before they load, and by the runtime before it starts anything.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EngineName, ModelFile } from './engines/engine.js';
import type { Model } from './manifest.js';
import { ModelRefused } from './refusal.js';

/** What to do about a model that cannot be used. */
export const refetch = 'Run npm start or npm test: set-up fetches and converts the model again';

/** No model that a camera could run is larger. */
export const mostModelBytes = 64 * 2 ** 20;

/** Hex. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

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
 * Reads a model file that comes with the camera whole and checks it.
 * @throws ModelRefused `missing`, `too-large` or `hash`
 */
export function verifiedBytes(file: ModelFile): Promise<Buffer> {
  return listedBytes(file, refetch);
}

/**
 * The same for any model file.
 * @param hint what to do when it is refused
 */
export async function listedBytes({ path, sha256 }: ModelFile, hint: string): Promise<Buffer> {
  const bytes = await boundedBytes(path, mostModelBytes, hint);
  if (sha256Of(bytes) === sha256) return bytes;
  throw new ModelRefused('hash', `The model file ${path} is not the listed one: its SHA-256 differs`, hint);
}

/**
 * The bytes of a file, opened once and read through that one handle.
 * @throws ModelRefused `missing` for what is no file or cannot be read, `too-large` above `mostBytes`
 */
export async function boundedBytes(path: string, mostBytes: number, hint: string): Promise<Buffer> {
  let handle: FileHandle | null = null;
  try {
    // A named pipe would otherwise hold the caller until somebody writes to it.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (!stat.isFile()) throw new ModelRefused('missing', `${path} is not a file`, hint);
    if (stat.size > mostBytes) throw tooLarge(path, mostBytes, hint);
    return await readAll(handle, stat.size, () => tooLarge(path, mostBytes, hint));
  } catch (cause) {
    if (cause instanceof ModelRefused) throw cause;
    throw new ModelRefused('missing', `The model file ${path} cannot be read`, hint, { cause });
  } finally {
    await handle?.close();
  }
}

/** A file that grows while it is read is not read for ever. */
async function readAll(handle: FileHandle, size: number, grown: () => ModelRefused): Promise<Buffer> {
  const bytes = Buffer.alloc(size + 1);
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, at);
    if (bytesRead === 0) return bytes.subarray(0, at);
    at += bytesRead;
  }
  throw grown();
}

function tooLarge(path: string, mostBytes: number, hint: string): ModelRefused {
  const message = `The file ${path} has more than the ${mostBytes} bytes that are admitted`;
  return new ModelRefused('too-large', message, hint);
}
