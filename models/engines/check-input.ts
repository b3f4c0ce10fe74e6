/**
 * What every engine asks of a picture before it runs a model on it. Called by the engines; computes nothing.
 */
import { VigieError } from '../../errors.js';

const sizeMultiple = 32;

/** @throws VigieError `model` when the size is not a multiple of 32 or the bytes do not fit it */
export function checkInput(rgb: Uint8Array, width: number, height: number): void {
  const fits = width > 0 && height > 0 && width % sizeMultiple === 0 && height % sizeMultiple === 0;
  if (fits && rgb.length === width * height * 3) return;
  throw new VigieError(
    'model',
    `A picture of ${width}x${height}, ${rgb.length} bytes, is not an input`,
    `Set detect.inputWidth and detect.inputHeight to multiples of ${sizeMultiple}`,
  );
}
