/**
 * The engine of a name of the configuration. Called by pipelines/detect/worker.ts, the bench and the tests. Only the
 * engine that is asked for is brought into the process: the other's library costs memory.
 */
import { VigieError } from '../../errors.js';
import type { Engine, EngineName } from './engine.js';

/** @throws VigieError `model` when its library cannot be loaded on this machine */
export async function engineOf(name: EngineName): Promise<Engine> {
  try {
    if (name === 'onnx') return new (await import('./onnx.js')).OnnxEngine();
    return new (await import('./tfjs.js')).TfjsEngine();
  } catch (cause) {
    const hint = 'Run npm ci again, or choose the other one with detect.engine';
    throw new VigieError('model', `The engine ${name} cannot be loaded on this machine`, hint, { cause });
  }
}
