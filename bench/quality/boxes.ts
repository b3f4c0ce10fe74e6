/**
 * Pictures of what a person mask missed: a frame as it leaves the mask, with the box of the truth drawn. Fed by
 * bench/anonymise.ts, made by ffmpeg. For whoever measures; the product never draws on a picture.
 */
import { spawnSync } from 'node:child_process';
import { VigieError } from '../../errors.js';
import type { PictureSize } from '../../pipelines/frame.js';
import type { Box } from '../../pipelines/messages.js';

const RED = [255, 0, 0];

/** Draws the border of a box into RGB bytes, as far as it lies in the picture. */
export function drawBox(rgb: Uint8Array, { x, y, width, height }: Box, size: PictureSize): void {
  const [left, right] = [Math.round(x * size.width), Math.round((x + width) * size.width)];
  const [top, bottom] = [Math.round(y * size.height), Math.round((y + height) * size.height)];
  const dot = (column: number, line: number): void => {
    if (column < 0 || column >= size.width || line < 0 || line >= size.height) return;
    rgb.set(RED, 3 * (line * size.width + column));
  };
  for (let column = left; column <= right; column++) for (const line of [top, bottom]) dot(column, line);
  for (let line = top; line <= bottom; line++) for (const column of [left, right]) dot(column, line);
}

/** @throws VigieError `source` when ffmpeg is not there, or the file cannot be written */
export function writePng(file: string, rgb: Uint8Array, { width, height }: PictureSize): void {
  const input = ['-f', 'rawvideo', '-pixel_format', 'rgb24', '-video_size', `${width}x${height}`, '-i', '-'];
  const { status } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...input, '-frames:v', '1', file], {
    input: rgb,
  });
  if (status === 0) return;
  throw new VigieError(
    'source',
    `The picture ${file} could not be made`,
    'Install ffmpeg, check the directory',
  );
}
