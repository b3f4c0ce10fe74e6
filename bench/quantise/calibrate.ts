/**
 * The range of every value of a model over some pictures, which is what 8-bit integers are spread over. Fed by
 * bench/engines.ts with a model and pictures, read by quantise.ts. Runs the model in floats with its insides shown as
 * outputs; keeps two numbers for each value and no picture.
 */
import '../../models/engines/no-telemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeOnnx, type OnnxModel } from '../../models/convert/onnx-file.js';

export interface Range {
  low: number;
  high: number;
}

/** Values of one layer that are looked at in one picture, about. */
const samples = 20_000;

/**
 * @param pictures planar floats, all of one size
 * @param outside share of the values of a picture that may lie outside the range; 0: none
 * @returns by name of the value; always holds zero, which a padded border is
 */
export async function calibrate(
  model: OnnxModel,
  pictures: readonly Float32Array[],
  size: { width: number; height: number },
  outside: number,
): Promise<Map<string, Range>> {
  const names = model.nodes.map((node) => node.outputs[0] ?? '');
  const known = new Set(model.outputs.map(({ name }) => name));
  const shown = names.filter((name) => !known.has(name));
  const open = shown.map((name, i) => ({ name, shape: [1, `c${i}`, `r${i}`, `k${i}`] }));
  const session = await InferenceSession.create(
    encodeOnnx({ ...model, outputs: [...model.outputs, ...open] }),
    {
      intraOpNumThreads: 1,
      graphOptimizationLevel: 'basic',
      logSeverityLevel: 3,
    },
  );
  const ranges = new Map<string, Range>(
    ['picture', ...names].map((name) => [name, { low: 0, high: name === 'picture' ? 255 : 0 }]),
  );
  for (const planes of pictures) {
    const input = new Tensor('float32', planes, [1, 3, size.height, size.width]);
    const outputs = await session.run({ picture: input });
    for (const [name, { data }] of Object.entries(outputs)) {
      const range = ranges.get(name);
      if (!range || !(data instanceof Float32Array)) continue;
      const { low, high } = rangeOf(data, outside);
      range.low += Math.min(0, low) / pictures.length;
      range.high += Math.max(0, high) / pictures.length;
    }
  }
  await session.release();
  return ranges;
}

/** Of a part of the values when there are many, or of all when none may lie outside. */
function rangeOf(data: Float32Array, outside: number): Range {
  if (outside === 0) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of data) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return { low, high };
  }
  // A stride that shares no factor with a picture's width does not look at a few columns only.
  const step = Math.max(1, Math.floor(data.length / samples)) | 1;
  const some = Float32Array.from({ length: Math.ceil(data.length / step) }, (_, i) => data[i * step]).sort();
  const skipped = Math.floor((some.length * outside) / 2);
  return { low: some[skipped] ?? 0, high: some[some.length - 1 - skipped] ?? 0 };
}
