/**
 * What `vigie run` and `vigie demo` begin with: the pipeline process, which loads while this one loads the camera. The seconds
 * without recording of an update end sooner by it. Loads no part of a camera itself.
 */
import { existsSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../config/paths.js';
import { EarlyPipeline } from '../health/pipeline-child.js';

export interface Beginning {
  early: EarlyPipeline;
  /** the list of plug-ins that set-up made; null: GStreamer keeps its own */
  gstRegistry: string | null;
}

/** @param run loads the camera and runs it to its end */
export async function beginWithPipeline(run: (beginning: Beginning) => Promise<void>): Promise<void> {
  const file = join(cacheDirectory(), `gst-registry-${arch()}.bin`);
  const gstRegistry = existsSync(file) ? file : null;
  const early = new EarlyPipeline(gstRegistry);
  try {
    await run({ early, gstRegistry });
  } finally {
    early.stop();
  }
}
