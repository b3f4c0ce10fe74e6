/**
 * What the demonstration watches for in the sample clip, and how its picture lies on the ground. Used by demonstration.ts. The
 * zones were drawn on the clip: most of the events happen there each time it is played, a fall and a thing left never do.
 */
import type { ConfigInput } from './config/schema.js';

type Zone = NonNullable<ConfigInput['zones']>[number];
type Person = NonNullable<NonNullable<NonNullable<ConfigInput['scene']>['ground']>['people']>[number];

/** Eight who stand or walk upright, marked by hand in pictures of the clip. How tall they are nobody knows: 1.75 m is taken. */
export const demonstrationPeople: Person[] = [
  person([0.942, 0.609], [0.945, 0.441]),
  person([0.351, 0.53], [0.349, 0.382]),
  person([0.788, 0.348], [0.786, 0.244]),
  person([0.827, 0.631], [0.831, 0.462]),
  person([0.895, 0.263], [0.893, 0.171]),
  person([0.379, 0.491], [0.379, 0.35]),
  person([0.306, 0.458], [0.299, 0.332]),
  person([0.07, 0.421], [0.061, 0.307]),
];

/** Field of view across that the camera of the clip is taken to have. Metres that come from it are rough, most of all far away. */
export const DEMONSTRATION_HFOV_DEG = 34.2;

export const demonstrationZones: Zone[] = [
  {
    name: 'Carrefour',
    points: [
      [0.42, 0.36],
      [0.8, 0.33],
      [0.97, 0.68],
      [0.66, 0.68],
      [0.44, 0.5],
    ],
    presence: { dwellSeconds: 6, cooldownSeconds: 45 },
    density: { capacity: 4, seconds: 3, cooldownSeconds: 60 },
    fall: {},
    abandoned: {},
    novelty: {},
  },
  {
    name: 'Pelouse',
    points: [
      [0, 0.52],
      [0.2, 0.53],
      [0.42, 0.61],
      [0.66, 0.75],
      [0.92, 0.9],
      [0.92, 1],
      [0, 1],
    ],
    presence: { dwellSeconds: 2, cooldownSeconds: 60 },
  },
  {
    name: 'Sortie est',
    points: [
      [0.82, 0.44],
      [0.96, 0.46],
      [0.99, 0.8],
      [0.86, 0.74],
    ],
    crossing: {
      line: [
        [0.88, 0.44],
        [0.92, 0.77],
      ],
      towards: [0.98, 0.6],
      cooldownSeconds: 30,
    },
  },
  {
    name: 'Sens unique',
    points: [
      [0.04, 0.35],
      [0.4, 0.35],
      [0.41, 0.52],
      [0.2, 0.5],
      [0.04, 0.43],
    ],
    direction: { classes: ['person'], from: [0.37, 0.43], to: [0.1, 0.39], cooldownSeconds: 30 },
  },
];

function person(feet: [number, number], head: [number, number]): Person {
  return { feet, head, metres: 1.75 };
}
