/** The keys of `personMask` in the configuration (docs/anonymity.md). Part of schema.ts, which reads it. */
import { z } from 'zod';
import { point } from '../../pipelines/messages.js';

export const personMask = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Make people anonymous even where the authorisation does not ask for it'),
    cover: z
      .enum(['bodies', 'heads'])
      .default('bodies')
      .describe('What is covered; never less than the authorisation asks for'),
    manner: z
      .enum(['solid', 'blocks'])
      .default('solid')
      .describe('Black, or coarse blocks that keep the rough colour of clothes'),
    delaySeconds: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('Time every picture waits, so that a person seen late is covered before'),
    area: z
      .array(point)
      .min(3)
      .max(256)
      .optional()
      .describe('What is covered whole while nobody looks; the whole picture when absent'),
  })
  .prefault({})
  .describe('People made anonymous before anything is recorded or shown');
