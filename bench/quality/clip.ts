/**
 * The pictures of a clip at the size the model takes, scaled before they are turned into RGB as in the product.
 * Fed by GStreamer in a child process, read by bench/detect.ts. One picture is held at a time.
 */
import { spawn } from 'node:child_process';
import { VigieError } from '../../errors.js';

/**
 * Yields the RGB bytes of each picture, in order. `file` is any video that GStreamer can decode.
 * @param cropLeft columns of the clip that are cut off at the left before it is scaled
 */
export async function* clipPictures(
  file: string,
  width: number,
  height: number,
  cropLeft = 0,
): AsyncGenerator<Uint8Array> {
  const caps = `video/x-raw,format=RGB,width=${width},height=${height},pixel-aspect-ratio=1/1`;
  const launch = [
    'filesrc',
    `location=${file}`,
    '!',
    'decodebin',
    '!',
    'videoconvert',
    '!',
    'video/x-raw,format=I420',
  ];
  if (cropLeft > 0) launch.splice(5, 0, 'videocrop', `left=${cropLeft}`, '!');
  launch.push('!', 'videoscale', 'method=bilinear', 'add-borders=false', '!', 'videoconvert', '!', caps);
  launch.push('!', 'fdsink', 'fd=1');
  const child = spawn('gst-launch-1.0', ['-q', ...launch], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, 500);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      complaint = error.message;
      resolve(null);
    });
    child.once('close', resolve);
  });
  const bytes = width * height * 3;
  try {
    let picture = new Uint8Array(bytes);
    let filled = 0;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; ) {
        const taken = Math.min(chunk.length - at, bytes - filled);
        picture.set(chunk.subarray(at, at + taken), filled);
        at += taken;
        filled += taken;
        if (filled < bytes) continue;
        yield picture;
        picture = new Uint8Array(bytes);
        filled = 0;
      }
    }
    if ((await ended) !== 0) {
      const cause = new Error(complaint);
      throw new VigieError('source', `The clip ${file} cannot be decoded`, 'Run npm run setup again', {
        cause,
      });
    }
  } finally {
    child.kill('SIGKILL');
  }
}
