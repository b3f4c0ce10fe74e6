/**
 * The keys of the configuration about looking: which model, how often, from which score. Part of schema.ts. Holds no rule
 * that needs two keys: those are in checks.ts. What is left out here and depends on the picture is chosen by inputSize.
 */
import { z } from 'zod';
import { objectClass } from '../../pipelines/messages.js';
import { plainText } from './texts.js';

export const detect = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Look for people and vehicles. Nothing is analysed without an authorisation either way'),
    model: plainText.default('centernet').describe('Name in models/manifest.json'),
    inputWidth: z
      .int()
      .multipleOf(32)
      .min(64)
      .max(1920)
      .optional()
      .describe('Width of the picture the model sees; chosen by the shape of the picture when absent'),
    inputHeight: z
      .int()
      .multipleOf(32)
      .min(64)
      .max(1920)
      .optional()
      .describe('Height of the picture the model sees; likewise'),
    ratePerSecond: z.number().positive().max(30).default(5).describe('Looks per second'),
    lowThreshold: z.number().min(0).max(1).default(0.15).describe('Lowest score that may continue a track'),
    highThreshold: z.number().min(0).max(1).default(0.3).describe('Lowest score that may start a track'),
    engine: z
      .enum(['onnx', 'tfjs'])
      .default('onnx')
      .describe('What runs the model: ONNX Runtime, or TensorFlow.js (slower; the reference)'),
    classThresholds: z
      .partialRecord(objectClass, z.number().min(0).max(1))
      .default({})
      .describe('Lowest score that may start a track of a class, where it differs'),
    onlyWhereItMoves: z
      .boolean()
      .default(true)
      .describe(
        'Look closely only where something moves or is followed; at the whole picture every `fullLookSeconds`',
      ),
    fullLookSeconds: z
      .number()
      .min(0.2)
      .max(2)
      .default(2)
      .describe('Longest time between two looks at the whole picture'),
    threads: z.int().min(1).max(8).default(1).describe('Threads of the model'),
  })
  .prefault({})
  .describe('Detection and tracking');

/** Both sides of a model's input are multiples of this. */
const SIDE = 32;
/** Elements of the input that is chosen, and how far it may go over: what a small board looks at five times a second. */
const BUDGET = { elements: 384 * 288, over: 1.05 };
const SIDES = { least: 64, most: 1920 };

/**
 * The input of the model for a picture: what the configuration says, else the multiples of 32 that keep the picture's shape
 * best at about the same cost. With one side given, the other follows the shape.
 */
export function inputSize(
  picture: { width: number; height: number },
  { inputWidth, inputHeight }: { inputWidth?: number | undefined; inputHeight?: number | undefined },
): { inputWidth: number; inputHeight: number } {
  const aspect = picture.width / picture.height;
  const side = (length: number): number =>
    Math.min(SIDES.most, Math.max(SIDES.least, Math.round(length / SIDE) * SIDE));
  if (inputWidth !== undefined) return { inputWidth, inputHeight: inputHeight ?? side(inputWidth / aspect) };
  if (inputHeight !== undefined) return { inputWidth: side(inputHeight * aspect), inputHeight };
  let best = { inputWidth: SIDES.least, inputHeight: SIDES.least };
  let least = Number.POSITIVE_INFINITY;
  for (let width = SIDES.least; width <= SIDES.most; width += SIDE) {
    for (let height = SIDES.least; height <= SIDES.most; height += SIDE) {
      const elements = width * height;
      if (elements > BUDGET.over * BUDGET.elements) break;
      const bent = Math.abs(Math.log(width / height / aspect));
      const off = bent + Math.abs(Math.log(elements / BUDGET.elements)) / 2;
      if (off >= least) continue;
      least = off;
      best = { inputWidth: width, inputHeight: height };
    }
  }
  return best;
}
