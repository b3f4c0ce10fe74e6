/**
 * Reads ground truth in the form of MOTChallenge 2015: one box a row, `frame,id,x,y,width,height,flag,...`.
 * Read by bench/detect.ts. Frames count from 1; a row with flag 0 is to be ignored, neither hit nor miss.
 */
import { VigieError } from '../../errors.js';
import type { Box } from '../../pipelines/messages.js';

export interface TruthBox {
  /** shares of the picture */
  box: Box;
  /** of the person, the same in every frame */
  id: number;
  /** neither hit nor miss */
  ignored: boolean;
}

/**
 * @param text the file
 * @param width of the annotated pictures, pixels; `height` likewise
 * @returns boxes by index of the picture in its clip, from 0
 * @throws VigieError `config` when a row is not of that form
 */
export function readMot(text: string, width: number, height: number): Map<number, TruthBox[]> {
  const frames = new Map<number, TruthBox[]>();
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === '') return;
    const numbers = line.split(',').map(Number);
    const [frame = 0, id = 0, x = 0, y = 0, w = 0, h = 0, flag] = numbers;
    const wrong = flag === undefined || numbers.slice(0, 7).some((n) => !Number.isFinite(n)) || frame < 1;
    if (wrong || w <= 0 || h <= 0) {
      throw new VigieError(
        'config',
        `Line ${index + 1} of the ground truth is not a box`,
        'Give a MOT15 file',
      );
    }
    const boxes = frames.get(frame - 1) ?? [];
    boxes.push({
      box: { x: x / width, y: y / height, width: w / width, height: h / height },
      id,
      ignored: flag === 0,
    });
    frames.set(frame - 1, boxes);
  });
  return frames;
}
