/**
 * Weather over the sample clip, through the product's stages and scene: alerts of presence where nobody ever is, and of every
 * other event over the whole picture, where nothing of the kind happens. Run by bench/main.ts and, over a few seconds, by a test.
 */
import { join } from 'node:path';
import type { Point } from '../../pipelines/messages.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import { config } from '../../runtime/config/schema.js';
import { clipSize } from '../detect.js';
import { atMost, type Row, row } from '../report.js';
import { emptyPlaces, everyBehaviour, MOST_IN_SAMPLE } from './false-alarms.js';
import { duePictures, WatchedFootage } from './footage.js';
import { type Overlay, overlay, type WeatherKind, weatherKinds } from './weather.js';

/** Pictures a second of the clip. */
const CLIP_RATE = 10;

export interface WeatherAlarmsOptions {
  /** the first of the clip; all of it when absent */
  seconds?: number;
  seed?: number;
  strength?: number;
  /** of the zones; 4 asks for a quarter of the time */
  sensitivity?: number;
  kinds?: readonly WeatherKind[];
  /** where presence is watched for, instead of places where nobody ever is */
  places?: readonly { name: string; points: Point[] }[];
}

export interface WeatherAlarms {
  kind: WeatherKind | 'none';
  seconds: number;
  looks: number;
  /** people found, anywhere in the picture, over all looks */
  people: number;
  alerts: { event: string; zone: string; seconds: number }[];
}

/**
 * The clip as it is, and then each kind over the same pictures.
 * @throws VigieError `model` or `source` when set-up has not run
 */
export async function weatherAlarms(options: WeatherAlarmsOptions = {}): Promise<WeatherAlarms[]> {
  const { seed = 1, strength = 1, kinds = weatherKinds } = options;
  const told = [await watch('none', () => undefined, options)];
  for (const kind of kinds) told.push(await watch(kind, overlay(kind, { seed, strength }), options));
  return told;
}

async function watch(
  kind: WeatherAlarms['kind'],
  over: Overlay,
  { seconds = Number.POSITIVE_INFINITY, sensitivity = 1, places = emptyPlaces }: WeatherAlarmsOptions,
): Promise<WeatherAlarms> {
  const zones = everyBehaviour({ most: MOST_IN_SAMPLE, empty: places }, sensitivity);
  const camera = new WatchedFootage(clipSize, [zones]);
  const found: WeatherAlarms = { kind, seconds: 0, looks: 0, people: 0, alerts: [] };
  await camera.start();
  try {
    for await (const picture of duePictures(
      join(cacheDirectory(), 'sample', 'vtest.avi'),
      clipSize,
      CLIP_RATE,
    )) {
      if (picture.seconds >= seconds) break;
      over(picture.data, clipSize, picture.seconds);
      const { look, told } = await camera.take(picture);
      found.looks++;
      found.seconds = picture.seconds + 1 / config.shape.detect.parse({}).ratePerSecond;
      found.people += look.tracks.filter((track) => track.seen && track.class === 'person').length;
      found.alerts.push(...told.flat().map(({ event, zone }) => ({ event, zone, seconds: picture.seconds })));
    }
  } finally {
    await camera.stop();
  }
  return found;
}

/** Alerts an hour in each weather, above those without it, once at the usual sensitivity and once at the highest. */
export async function weatherRows(
  say: (line: string) => void = () => undefined,
  options: WeatherAlarmsOptions = {},
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const sensitivity of [1, 4]) {
    const [none, ...rest] = await weatherAlarms({ ...options, sensitivity });
    if (!none) continue;
    for (const { kind, alerts } of [none, ...rest])
      for (const { event, zone, seconds } of alerts)
        say(`${kind} at ${seconds.toFixed(1)} s: ${event} in ${zone}, sensitivity ${sensitivity}`);
    const title = (kind: string): string => `weather ${kind}, sensitivity ${sensitivity}`;
    rows.push(
      row(`${title('none')}, footage`, none.seconds, 's'),
      row(
        `${title('none')}, alerts`,
        anHour(none, () => true),
        'an hour',
      ),
      ...rest.flatMap((one) => weatherKindRows(title(one.kind), one, none)),
    );
  }
  return rows;
}

function weatherKindRows(title: string, one: WeatherAlarms, none: WeatherAlarms): Row[] {
  const more = (of: (event: string) => boolean): number => Math.max(0, anHour(one, of) - anHour(none, of));
  return [
    atMost(
      `${title}, presence where nobody is, more than without`,
      more((e) => e === 'presence'),
      'an hour',
      0,
    ),
    atMost(
      `${title}, every other event, more than without`,
      more((e) => e !== 'presence'),
      'an hour',
      0,
    ),
    row(`${title}, people found, of those without it`, one.people / Math.max(1, none.people), 'share'),
  ];
}

function anHour({ alerts, seconds }: WeatherAlarms, of: (event: string) => boolean): number {
  return (alerts.filter(({ event }) => of(event)).length / Math.max(1, seconds)) * 3600;
}
