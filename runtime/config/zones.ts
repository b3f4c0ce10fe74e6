/**
 * The designated zones: where, when, and what is watched for in each. Part of schema.ts; each behaviour of
 * runtime/scene/behaviours/ takes the part that bears its name. Holds no rule that needs two keys: those are in checks.ts.
 */
import { z } from 'zod';
import { type ObjectClass, objectClass, point } from '../../pipelines/messages.js';
import { name, polygon } from './texts.js';
import { weekRange } from './week.js';

const classes = (...usual: ObjectClass[]) =>
  z.array(objectClass).min(1).default(usual).describe('What counts');
const seconds = (usual: number) => z.number().min(0).max(3600).default(usual);
const cooldownSeconds = (usual: number) =>
  z.number().min(0).max(86400).default(usual).describe('No second alert of this kind in this zone before');
const minScore = (usual: number) =>
  z.number().min(0).max(1).default(usual).describe('Lowest mean score of the track');

const presence = z.strictObject({
  classes: classes('person'),
  dwellSeconds: seconds(1).describe('How long it must stay before the alert'),
  cooldownSeconds: cooldownSeconds(20),
  minScore: minScore(0.4),
});

const crossing = z.strictObject({
  classes: classes('person'),
  line: z.tuple([point, point]).describe('The tripwire: its two ends, as shares of the picture'),
  towards: point.optional().describe('A point on the side that nobody may cross to; both ways when absent'),
  cooldownSeconds: cooldownSeconds(20),
  minScore: minScore(0.4),
});

const direction = z.strictObject({
  classes: classes('car', 'motorcycle', 'bus', 'truck', 'bicycle'),
  from: point.describe('The common direction: from this point of the picture'),
  to: point.describe('to this one'),
  seconds: seconds(1.5).describe('How long something must go against it'),
  lengths: z
    .number()
    .min(0.2)
    .max(100)
    .default(1.5)
    .describe('How far, in lengths of the longer side of its own box'),
  cooldownSeconds: cooldownSeconds(30),
  minScore: minScore(0.4),
});

const density = z.strictObject({
  capacity: z.int().min(1).max(500).optional().describe('More people than this in the zone'),
  perSquareMetre: z
    .number()
    .min(0.1)
    .max(10)
    .optional()
    .describe('More people for each square metre; needs `scene.ground`'),
  seconds: seconds(10).describe('How long it must last'),
  cooldownSeconds: cooldownSeconds(300),
});

const crowd = z.strictObject({
  people: z.int().min(3).max(200).default(6).describe('People who must take part'),
  metresPerSecond: z.number().min(0.5).max(10).default(2.5).describe('Their median speed'),
  timesUsual: z
    .number()
    .min(1)
    .max(20)
    .default(2)
    .describe('And that many times the usual speed of the zone'),
  seconds: seconds(1.5).describe('How long it must last'),
  cooldownSeconds: cooldownSeconds(120),
});

const fall = z.strictObject({
  seconds: seconds(3).describe('How long the person must stay on the ground'),
  cooldownSeconds: cooldownSeconds(60),
  minScore: minScore(0.3),
});

const abandoned = z.strictObject({
  seconds: seconds(60).describe('How long it must have been left alone'),
  ownerMetres: z.number().min(0.5).max(50).default(3).describe('Who is nearer than this has not left it'),
  cooldownSeconds: cooldownSeconds(300),
});

/** Events that only a model of the integrator can see. */
const slot = z.strictObject({
  seconds: seconds(2).describe('How long it must be seen'),
  minScore: z.number().min(0).max(1).default(0.5).describe('Lowest score'),
  cooldownSeconds: cooldownSeconds(120),
});

const novelty = z.strictObject({
  rarity: z
    .number()
    .min(0.00001)
    .max(0.1)
    .default(0.001)
    .describe('Share of the tracks learned here that may be as unusual'),
  learnTracks: z
    .int()
    .min(100)
    .max(1_000_000)
    .default(2000)
    .describe('Tracks to learn from before the first alert'),
  seconds: seconds(1).describe('How long it must be seen'),
  cooldownSeconds: cooldownSeconds(120),
});

export const watchedZone = z.strictObject({
  name: name.describe('Name that alerts carry'),
  points: polygon.describe('Corners as shares of the picture, [x, y] with the origin at the top left'),
  schedule: z
    .array(z.strictObject(weekRange))
    .max(50)
    .default([])
    .describe('When it is watched; always when empty'),
  sensitivity: z
    .number()
    .min(0.25)
    .max(4)
    .default(1)
    .describe('2 asks for half of the time that each event must last, 0.5 for twice as long'),
  sensitivityAt: z
    .array(
      z.strictObject({ ...weekRange, sensitivity: z.number().min(0.25).max(4).describe('In these hours') }),
    )
    .max(50)
    .default([])
    .describe('Hours with another sensitivity'),
  presence: presence.optional().describe('Presence in the zone'),
  crossing: crossing
    .optional()
    .describe('Crossing into the zone over a tripwire; under the event `presence`'),
  direction: direction.optional().describe('Going against the common direction'),
  density: density.optional().describe('Too many people'),
  crowd: crowd.optional().describe('Sudden movement of a crowd'),
  fall: fall.optional().describe('A person on the ground after a fall'),
  abandoned: abandoned.optional().describe('An object that somebody left'),
  fire: slot.optional().describe('Start of a fire; needs a model of the integrator'),
  weapon: slot.optional().describe('A weapon; needs a model of the integrator'),
  novelty: novelty.optional().describe('Experimental: what is rare here. An authorisation must name it'),
});
export type WatchedZone = z.infer<typeof watchedZone>;

/** Everything that can be watched for in a zone: the keys above, in this order. */
export const behaviourNames = [
  'presence',
  'crossing',
  'direction',
  'density',
  'crowd',
  'fall',
  'abandoned',
  'fire',
  'weapon',
  'novelty',
] as const;
export type BehaviourName = (typeof behaviourNames)[number];
