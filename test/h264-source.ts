/** Real H.264 access units for tests: x264 on a test pattern, with a black box where a private zone would be. */
import { execFileSync } from 'node:child_process';
import type { Unit } from '../pipelines/messages.js';

export interface SourceOptions {
  frames: number;
  width?: number;
  height?: number;
  framesPerSecond?: number;
  pattern?: string;
}

/** x264 as the pipeline process sets it: no B-frames, a keyframe a second, parameter sets in each. */
export function encodeTestUnits(options: SourceOptions): Unit[] {
  const { frames, width = 320, height = 240, framesPerSecond = 25, pattern = 'ball' } = options;
  const video = `video/x-raw,format=I420,width=${width},height=${height},framerate=${framesPerSecond}/1`;
  const black = `videobox left=-${width / 4} top=-${height / 4} right=0 bottom=0 fill=black`;
  const pip = `videoscale ! video/x-raw,width=${(width / 4) * 3},height=${(height / 4) * 3} ! ${black}`;
  const encoder = `x264enc speed-preset=ultrafast tune=zerolatency key-int-max=${framesPerSecond} bframes=0 aud=true`;
  const launch = [
    `videotestsrc num-buffers=${frames} pattern=${pattern} foreground-color=0xff40c0ff background-color=0xff304050`,
    `${video} ! ${pip} ! ${video} ! ${encoder} ! video/x-h264,profile=constrained-baseline`,
    'h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au ! fdsink fd=1',
  ].join(' ! ');
  const bytes = execFileSync('gst-launch-1.0', ['-q', ...launch.split(' ')], { maxBuffer: 1 << 28 });
  return accessUnits(bytes).map((data, seq) => unitOf(data, seq, framesPerSecond));
}

function unitOf(data: Buffer, seq: number, framesPerSecond: number): Unit {
  return {
    t: 'unit',
    seq,
    monoUs: 7_000_000 + Math.round((seq * 1_000_000) / framesPerSecond),
    wallMs: 1_767_225_600_000 + Math.round((seq * 1000) / framesPerSecond),
    key: data.includes(Buffer.from([0, 0, 1, 0x67])),
    mask: { version: 1, digest: 'a'.repeat(64), state: 'zones' },
    data,
  };
}

/** Cuts at access unit delimiters, which the encoder was asked to write. */
function accessUnits(bytes: Buffer): Buffer[] {
  const delimiter = Buffer.from([0, 0, 0, 1, 0x09]);
  const units: Buffer[] = [];
  let start = bytes.indexOf(delimiter);
  while (start >= 0) {
    const next = bytes.indexOf(delimiter, start + delimiter.length);
    units.push(bytes.subarray(start, next >= 0 ? next : bytes.length));
    start = next;
  }
  return units;
}
