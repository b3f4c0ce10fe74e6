/**
 * Pictures of what a mask missed: frames of the clip with the missed boxes drawn on them. Fed by bench/anonymise.ts,
 * made by ffmpeg. For whoever measures; it draws on the sample clip only.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { VigieError } from '../../errors.js';
import type { PictureSize } from '../../pipelines/frame.js';
import type { Box } from '../../pipelines/messages.js';

/** Writes `frame-NNNN-I.png` for each. */
export async function drawMissed(
  clip: string,
  directory: string,
  missed: readonly { frame: number; box: Box }[],
  { width, height }: PictureSize,
): Promise<void> {
  for (const [index, { frame, box }] of missed.entries()) {
    const [x, y] = [Math.round(box.x * width), Math.round(box.y * height)];
    const [w, h] = [Math.round(box.width * width), Math.round(box.height * height)];
    const draw = `select=eq(n\\,${frame}),drawbox=x=${x}:y=${y}:w=${w}:h=${h}:color=red`;
    const file = join(directory, `frame-${String(frame).padStart(4, '0')}-${index}.png`);
    try {
      execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', clip, '-vf', draw, '-frames:v', '1', file]);
    } catch (cause) {
      throw new VigieError('source', `The picture ${file} could not be made`, 'Install ffmpeg', { cause });
    }
  }
}
