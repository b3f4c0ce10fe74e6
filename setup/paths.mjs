/**
 * Where set-up finds and puts things. The cache directory is computed as runtime/config/paths.ts does it; a
 * test holds the two together. Nothing here is made or read.
 */
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Directory of the project. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** @param {Record<string, string | undefined>} [env] */
export function cacheDirectory(env = process.env) {
  const own = env['VIGIE_CACHE'];
  if (own !== undefined && own !== '') return resolve(own);
  const xdg = env['XDG_CACHE_HOME'];
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'vigie');
}

export const logDirectory = () => join(cacheDirectory(), 'log');

/** Street footage that the demo and the tests look at. */
export const sampleClip = () => join(cacheDirectory(), 'sample', 'vtest.avi');

/** GStreamer's list of elements, written here by set-up so that the pipeline process never writes one. */
export const gstRegistry = () => join(cacheDirectory(), `gst-registry-${process.arch}.bin`);
