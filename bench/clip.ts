/** The clips that benches run on: the sample clip, scaled and encoded once into the cache. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { VigieError } from '../errors.js';
import type { PictureSize } from '../pipelines/frame.js';
import { cacheDirectory } from '../runtime/config/paths.js';

export function sampleClip(): string {
  return join(cacheDirectory(), 'sample', 'vtest.avi');
}

/** An H.264 clip of this size, 25 frames a second, 795 frames, made from the sample at first use. */
export function scaledClip({ width, height }: PictureSize): string {
  const directory = join(cacheDirectory(), 'bench');
  const file = join(directory, `sample-${width}x${height}.mp4`);
  if (existsSync(file)) return file;
  mkdirSync(directory, { recursive: true });
  const part = `${file}.part`;
  // -r before the input takes the clip's 10 pictures a second as 25: same pictures, street-camera rate.
  const encode = [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-b:v',
    '6M',
    '-g',
    '50',
    '-bf',
    '0',
    '-f',
    'mp4',
  ];
  try {
    execFileSync(
      'ffmpeg',
      [
        '-v',
        'error',
        '-y',
        '-r',
        '25',
        '-i',
        sampleClip(),
        '-vf',
        `scale=${width}:${height}`,
        ...encode,
        part,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
  } catch (cause) {
    throw new VigieError(
      'source',
      `The ${width}x${height} clip could not be made`,
      'Run npm run setup first',
      { cause },
    );
  }
  renameSync(part, file);
  return file;
}
