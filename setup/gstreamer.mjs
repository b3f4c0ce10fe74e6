/**
 * GStreamer's registry: its list of plug-ins and elements, written once to the cache. The pipeline process may
 * write no file, so it is given this one. Run by steps.mjs, which is also where a missing element is noticed,
 * before any camera starts.
 */
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { gstRegistry } from './paths.mjs';
import { ask, SetupError } from './terminal.mjs';

/** What the pipelines of the virtual board are made of, and the Debian package of each. */
const elements = {
  'gstreamer1.0-plugins-base': [
    'appsink',
    'appsrc',
    'videoconvert',
    'videoscale',
    'videorate',
    'videotestsrc',
    'decodebin',
    'rawvideoparse',
  ],
  'gstreamer1.0-plugins-good': ['jpegenc', 'avidemux', 'qtdemux', 'matroskademux', 'v4l2src', 'rtspsrc'],
  'gstreamer1.0-plugins-bad': ['h264parse', 'gdppay', 'gdpdepay'],
  'gstreamer1.0-plugins-ugly': ['x264enc'],
  'gstreamer1.0-libav': ['avdec_mpeg4', 'avdec_h264'],
  'libgstreamer1.0-0': ['filesrc', 'queue', 'capsfilter', 'fdsrc'],
};

/** @type {import('./steps.mjs').Step} */
export const gstreamerStep = {
  title: 'GStreamer',
  done: async () => {
    const plugins = (await ask(['pkg-config', '--variable=pluginsdir', 'gstreamer-1.0']))?.trim();
    const registry = gstRegistry();
    if (plugins === undefined || !existsSync(plugins) || !existsSync(registry)) return false;
    // dpkg changes the directory whenever it adds, replaces or removes a plug-in
    return statSync(registry).mtimeMs > Math.max(statSync(plugins).mtimeMs, statSync(plugins).ctimeMs);
  },
  make: async (progress) => {
    progress.detail('listing the plug-ins');
    const registry = gstRegistry();
    mkdirSync(dirname(registry), { recursive: true });
    rmSync(registry, { force: true });
    const env = { GST_REGISTRY: registry };
    if ((await ask(['gst-inspect-1.0', 'fakesink'], { env })) === null || !existsSync(registry)) {
      throw new SetupError(
        `GStreamer could not list its plug-ins to ${registry}; check that gst-inspect-1.0 runs`,
      );
    }
    for (const [name, list] of Object.entries(elements)) {
      for (const element of list) {
        if ((await ask(['gst-inspect-1.0', '--exists', element], { env })) !== null) continue;
        rmSync(registry, { force: true });
        throw new SetupError(
          `GStreamer has no element ${element}; reinstall it: apt-get install --reinstall ${name}`,
        );
      }
    }
    return `${Object.values(elements).flat().length} elements are there`;
  },
};
