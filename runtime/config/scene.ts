/**
 * The keys of the configuration that say how the picture lies on the ground. Part of schema.ts; used by
 * runtime/scene/ground.ts. Holds no rule that needs two keys: those are in checks.ts.
 */
import { z } from 'zod';
import { point } from '../../pipelines/messages.js';
import { isTimeZone } from './week.js';

const groundPoint = z.strictObject({
  at: point.describe('Where the mark is seen, as a share of the picture'),
  metres: z
    .tuple([z.number().min(-10_000).max(10_000), z.number().min(-10_000).max(10_000)])
    .describe('Where it is on the ground, [x, y] in metres from any origin'),
});
const knownPerson = z.strictObject({
  feet: point.describe('Where their feet are, as a share of the picture'),
  head: point.describe('Where the top of their head is'),
  metres: z.number().min(0.5).max(2.5).default(1.7).describe('Their height'),
});

export const scene = z
  .strictObject({
    ground: z
      .strictObject({
        points: z
          .array(groundPoint)
          .min(4)
          .max(64)
          .optional()
          .describe('At least four marks on the ground, no three of them in a line'),
        people: z
          .array(knownPerson)
          .min(3)
          .max(64)
          .optional()
          .describe('Instead: people of known height who stand at different distances'),
        hfovDeg: z
          .number()
          .min(5)
          .max(110)
          .optional()
          .describe(
            'With `people`: field of view of the lens across, if it is known; they then tell far more',
          ),
      })
      .optional()
      .describe('How the picture lies on the ground; gives metres, speeds and people per square metre'),
    leastPersonPixels: z
      .number()
      .min(8)
      .max(400)
      .default(24)
      .describe('Height of a person in the picture the model sees, below which a zone is refused as blind'),
    timeZone: z
      .string()
      .refine(isTimeZone, 'must be a time zone such as Europe/Paris')
      .optional()
      .describe('Zone of the schedules of the designated zones (IANA); that of the machine when absent'),
  })
  .prefault({})
  .describe('How the picture lies on the ground');
export type SceneConfig = z.infer<typeof scene>;
export type GroundConfig = NonNullable<SceneConfig['ground']>;
