/** Real H.264 for the tests of the export: made by GStreamer with the camera's encoder, one access unit a file. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const clipSize = { width: 320, height: 240 };

/** `count` access units of a moving pattern, a keyframe every 25, Annex B, each key with its SPS and PPS. */
export function encodedPattern(count: number, pattern: 'ball' | 'black' = 'ball'): Buffer[] {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-clip-'));
  try {
    const launch = [
      `videotestsrc num-buffers=${count} pattern=${pattern}`,
      `video/x-raw,format=I420,width=${clipSize.width},height=${clipSize.height},framerate=25/1`,
      'x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 bframes=0 bitrate=500',
      'h264parse config-interval=-1',
      'video/x-h264,stream-format=byte-stream,alignment=au',
      `multifilesink location=${join(directory, '%05d.h264')}`,
    ].join(' ! ');
    execFileSync('gst-launch-1.0', ['-q', ...launch.split(' ')], { stdio: 'pipe' });
    return readdirSync(directory)
      .sort()
      .map((name) => readFileSync(join(directory, name)));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Presentation times (seconds) of the pictures that ffprobe finds in the file. */
export function packetTimes(file: string): number[] {
  const args = [
    '-v',
    'error',
    '-select_streams',
    'v',
    '-show_entries',
    'packet=pts_time',
    '-of',
    'csv=p=0',
    file,
  ];
  const text = execFileSync('ffprobe', args, { encoding: 'utf8' });
  return text
    .split(/[\s,]+/)
    .filter((line) => line !== '')
    .map(Number);
}

/** MD5 of every decoded picture; throws when ffmpeg finds anything wrong. */
export function decodedPictures(file: string, format?: string): string[] {
  const input = format ? ['-f', format, '-i', file] : ['-i', file];
  const args = ['-v', 'error', '-xerror', ...input, '-fps_mode', 'passthrough', '-f', 'framemd5', '-'];
  const text = execFileSync('ffmpeg', args, { encoding: 'utf8' });
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)?.trim() ?? '');
}
