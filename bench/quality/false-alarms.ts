/**
 * False alarms on footage in which nothing happens that a zone watches for: each alert is one too many. Run by `npm run bench --
 * quality`. Product's stages, defaults of the configuration; once at the usual sensitivity and once at the highest, which
 * asks for a quarter of the time. Each alert is printed with its clip and second, for a human to look.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PictureSize } from '../../pipelines/frame.js';
import { config, type WatchedZone } from '../../runtime/config/schema.js';
import { watchedZone } from '../../runtime/config/zones.js';
import type { EventKind } from '../../runtime/scene/alert.js';
import { sampleClip } from '../clip.js';
import { clipSize } from '../detect.js';
import { atMost, type Row, row } from '../report.js';
import { duePictures, WatchedFootage } from './footage.js';

/** What one camera showed. */
interface Footage {
  name: string;
  clips: string[];
  size: PictureSize;
  /** pictures a second */
  rate: number;
  /** as many people as are ever there at once, by the ground truth or by eye */
  most: number;
  /** places where nobody ever is */
  empty: readonly { name: string; points: WatchedZone['points'] }[];
}

export interface FalseAlarm {
  event: EventKind;
  zone: string;
  /** of the clip in which it came */
  clip: string;
  seconds: number;
}

/** Between two clips of one camera: every track ends, and the background goes on. */
const BETWEEN_S = 8;
/** Shares of the picture left out at its borders. */
const INSET = 0.02;
const whole: WatchedZone['points'] = [
  [INSET, INSET],
  [1 - INSET, INSET],
  [1 - INSET, 1 - INSET],
  [INSET, 1 - INSET],
];
export const sensitivities = [1, 4];
/** What is watched for over the whole picture. */
const events: readonly EventKind[] = ['direction', 'density', 'crowd', 'fall', 'abandoned'];
/** Nothing of these clips drives across the picture. */
const across = { from: [0.1, 0.5], to: [0.9, 0.5] } as const;

/** Where the ground truth of the sample clip has nobody's feet in any picture: two pieces of lawn, and the buildings. */
export const emptyPlaces: Footage['empty'] = [
  {
    name: 'lawn, left',
    points: [
      [0, 0.5],
      [0.08, 0.5],
      [0.08, 0.75],
      [0.16, 0.75],
      [0.16, 1],
      [0, 1],
    ],
  },
  {
    name: 'lawn, right',
    points: [
      [0.63, 0.79],
      [1, 0.79],
      [1, 0.92],
      [0.63, 0.92],
    ],
  },
  {
    name: 'buildings',
    points: [
      [0, 0],
      [1, 0],
      [1, 0.14],
      [0, 0.14],
    ],
  },
];
/** People at once in the sample clip, by its ground truth. */
export const MOST_IN_SAMPLE = 8;

/** Every behaviour that can be wrong over the whole picture, at its defaults; and presence where nobody is. */
export function everyBehaviour(
  { most, empty }: Pick<Footage, 'most' | 'empty'>,
  sensitivity: number,
): WatchedZone[] {
  const { from, to } = across;
  const picture = { points: whole, sensitivity };
  return [
    {
      ...picture,
      name: 'picture',
      direction: { from, to },
      density: { capacity: most },
      crowd: {},
      fall: {},
      abandoned: {},
    },
    { ...picture, name: 'picture, the other way', direction: { from: to, to: from } },
    ...empty.map((place) => ({ ...place, sensitivity, presence: {} })),
  ].map((zone) => watchedZone.parse(zone));
}

/**
 * @param directory holds `ped2/` and `intel/`; what is not there is left out
 * @throws VigieError `model` or `source` when set-up has not run
 */
export async function falseAlarmRows(directory: string, say: (line: string) => void): Promise<Row[]> {
  const found: { footage: Footage; seconds: number; alarms: FalseAlarm[][] }[] = [];
  for (const footage of await footageIn(directory)) {
    const watched = await watch(footage);
    found.push({ footage, ...watched });
    watched.alarms.forEach((alarms, i) => {
      for (const { event, zone, clip, seconds } of alarms)
        say(`${clip} at ${seconds.toFixed(1)} s: ${event} in ${zone}, sensitivity ${sensitivities[i]}`);
    });
  }
  const hours = found.reduce((sum, { seconds }) => sum + seconds, 0) / 3600;
  return [
    ...found.map(({ footage, seconds }) =>
      row(`false alarms, footage, ${footage.name}`, seconds / 3600, 'h'),
    ),
    row('false alarms, footage', hours, 'h'),
    ...sensitivities.flatMap((sensitivity, i) => {
      const alarms = found.flatMap((one) => one.alarms[i] ?? []);
      return eventRows(sensitivity, alarms, hours, found);
    }),
  ];
}

function eventRows(
  sensitivity: number,
  alarms: readonly FalseAlarm[],
  hours: number,
  found: readonly { footage: Footage; seconds: number }[],
): Row[] {
  const ofEvent = (event: EventKind): number => alarms.filter((alarm) => alarm.event === event).length;
  const name = (what: string): string => `false alarms, sensitivity ${sensitivity}, ${what}`;
  const emptyHours =
    found.reduce((sum, one) => sum + (one.footage.empty.length > 0 ? one.seconds : 0), 0) / 3600;
  const { seconds: alone = 0 } = everyBehaviour({ most: 1, empty: [] }, sensitivity)[0]?.abandoned ?? {};
  // Things are looked for from 20 s on, are told after 3 s, and must have been alone for so long.
  const couldTell = found.reduce((sum, one) => sum + Math.max(0, one.seconds - 23 - alone / sensitivity), 0);
  return [
    ...events.map((event) => atMost(name(event), ofEvent(event) / hours, 'an hour', 0)),
    row(name('abandoned, footage in which one could come'), couldTell / 3600, 'h'),
    atMost(name('presence where nobody is'), ofEvent('presence') / Math.max(1e-9, emptyHours), 'an hour', 0),
    row(name('all'), alarms.length, 'alerts'),
  ];
}

async function footageIn(directory: string): Promise<Footage[]> {
  const ped2 = join(directory, 'ped2');
  const names = existsSync(ped2) ? await readdir(ped2) : [];
  const train = names.filter((name) => name.startsWith('train_') && name.endsWith('.mp4')).sort();
  const intel = { size: { width: 768, height: 432 }, empty: [] };
  const clip = (name: string): string => join(directory, 'intel', name);
  const all: Footage[] = [
    {
      name: 'sample',
      clips: [sampleClip()],
      size: clipSize,
      rate: 10,
      most: MOST_IN_SAMPLE,
      empty: emptyPlaces,
    },
    {
      name: 'ped2, training clips',
      clips: train.map((name) => join(ped2, name)),
      size: { width: 360, height: 240 },
      rate: 10,
      most: 30,
      empty: [],
    },
    { ...intel, name: 'intel, car park', clips: [clip('car-detection.mp4')], rate: 12.5, most: 1 },
    { ...intel, name: 'intel, a room', clips: [clip('one-by-one-person-detection.mp4')], rate: 10, most: 2 },
  ];
  return all
    .map((footage) => ({ ...footage, clips: footage.clips.filter((file) => existsSync(file)) }))
    .filter(({ clips }) => clips.length > 0);
}

async function watch(footage: Footage): Promise<{ seconds: number; alarms: FalseAlarm[][] }> {
  const { clips, size, rate } = footage;
  const scenes = sensitivities.map((sensitivity) => everyBehaviour(footage, sensitivity));
  const camera = new WatchedFootage(size, scenes);
  await camera.start();
  const alarms: FalseAlarm[][] = scenes.map(() => []);
  const everyS = 1 / config.shape.detect.parse({}).ratePerSecond;
  let [seconds, startS] = [0, 0];
  try {
    for (const file of clips) {
      let last = 0;
      for await (const picture of duePictures(file, size, rate)) {
        last = picture.seconds;
        const { told } = await camera.take({ ...picture, seconds: startS + last });
        told.forEach((alerts, i) => {
          const clip = file.split('/').at(-1) ?? file;
          alarms[i]?.push(...alerts.map(({ event, zone }) => ({ event, zone, clip, seconds: last })));
        });
      }
      seconds += last + everyS;
      startS += last + BETWEEN_S;
    }
  } finally {
    await camera.stop();
  }
  return { seconds, alarms };
}
