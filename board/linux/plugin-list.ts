/**
 * GStreamer's list of plug-ins, made once for a board: the pipeline process may write no file, and without a list it looks
 * through every plug-in at each start. Called by `vigie ota provision`; setup/gstreamer.mjs does the same for a clone.
 */
import { execFile } from 'node:child_process';
import { access, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** @returns false where GStreamer is not installed, or lists nothing */
export async function makePluginList(file: string, signal: AbortSignal): Promise<boolean> {
  await rm(file, { force: true });
  try {
    await run('gst-inspect-1.0', ['fakesink'], { env: { ...process.env, GST_REGISTRY: file }, signal });
    await access(file);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
