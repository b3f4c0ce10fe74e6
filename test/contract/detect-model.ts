/**
 * The real detector for the contract tests, and a picture that every machine makes the same. The tests that
 * use it skip, and say so, where set-up has not put the model into the cache.
 */
import { existsSync } from 'node:fs';
import { findModel, modelPaths } from '../../models/manifest.js';
import { cacheDirectory } from '../../runtime/config/paths.js';

export const model = findModel('centernet');
export const modelFile = { path: modelPaths(model, cacheDirectory()).onnxFile, sha256: model.onnx.sha256 };

/** For the `skip` option of a test: false, or the reason in words. */
export const withoutModel: string | false = existsSync(modelFile.path)
  ? false
  : `${modelFile.path} is not there: run npm test, which fetches and converts it`;

/** Red grows to the right, green downwards, blue is a fine pattern. */
export function patternPicture(width: number, height: number): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      rgb[at] = Math.floor((x * 255) / (width - 1));
      rgb[at + 1] = Math.floor((y * 255) / (height - 1));
      rgb[at + 2] = (x * 7 + y * 13) % 256;
    }
  }
  return rgb;
}
