/**
 * The keys of the configuration about looking: which model, how often, from which score. Part of schema.ts. Holds no rule
 * that needs two keys: those are in checks.ts.
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
      .default(384)
      .describe('Width of the picture the model sees'),
    inputHeight: z
      .int()
      .multipleOf(32)
      .min(64)
      .max(1920)
      .default(288)
      .describe('Height of the picture the model sees'),
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
