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
import { emptyPlaces, everyBehaviour, MOST_IN_SAMPLE, sensitivities } from './false-alarms.js';
import { duePictures, WatchedFootage } from './footage.js';
import { type Overlay, overlay, type WeatherKind, weatherKinds } from './weather.js';

/** Pictures a second of the clip. */
const CLIP_RATE = 10;

export interface WeatherAlarmsOptions {
  /** the first of the clip; all of it when absent */
  seconds?: number;
  seed?: number;
  strength?: number;
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
  /** at the usual sensitivity and at the highest */
  alerts: { event: string; zone: string; seconds: number; sensitivity: number }[];
}

/**
 * The clip as it is, and then each kind over the same pictures.
 * @throws VigieError `model` or `source` when set-up has not run
 */
export async function weatherAlarms(
  options: WeatherAlarmsOptions = {},
  say: (line: string) => void = () => undefined,
): Promise<WeatherAlarms[]> {
  const { seed = 1, strength = 1, kinds = weatherKinds } = options;
  const told: WeatherAlarms[] = [];
  for (const kind of ['none' as const, ...kinds]) {
    const over: Overlay = kind === 'none' ? () => undefined : overlay(kind, { seed, strength });
    const one = await watch(kind, over, options);
    told.push(one);
    say(`${kind}: ${one.alerts.length} alerts`);
    for (const { event, zone, seconds, sensitivity } of one.alerts)
      say(`${kind} at ${seconds.toFixed(1)} s: ${event} in ${zone}, sensitivity ${sensitivity}`);
  }
  return told;
}

async function watch(
  kind: WeatherAlarms['kind'],
  over: Overlay,
  { seconds = Number.POSITIVE_INFINITY, places = emptyPlaces }: WeatherAlarmsOptions,
): Promise<WeatherAlarms> {
  const camera = new WatchedFootage(
    clipSize,
    sensitivities.map((each) => everyBehaviour({ most: MOST_IN_SAMPLE, empty: places }, each)),
  );
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
      told.forEach((alerts, i) => {
        const sensitivity = sensitivities[i] ?? 1;
        for (const { event, zone } of alerts)
          found.alerts.push({ event, zone, seconds: picture.seconds, sensitivity });
      });
    }
  } finally {
    await camera.stop();
  }
  return found;
}

/** Alerts an hour in each weather, above those without it, at the usual sensitivity and at the highest. */
export async function weatherRows(
  say: (line: string) => void = () => undefined,
  options: WeatherAlarmsOptions = {},
): Promise<Row[]> {
  const [none, ...rest] = await weatherAlarms(options, say);
  if (!none) return [];
  return [
    row('weather, length of the clip', none.seconds, 's'),
    ...sensitivities.map((each) =>
      row(
        `weather none, sensitivity ${each}, alerts`,
        anHour(none, each, () => true),
        'an hour',
      ),
    ),
    ...rest.flatMap((one) => kindRows(one, none)),
  ];
}

function kindRows(one: WeatherAlarms, none: WeatherAlarms): Row[] {
  const more = (sensitivity: number, of: (event: string) => boolean): number =>
    Math.max(0, anHour(one, sensitivity, of) - anHour(none, sensitivity, of));
  const isPresence = (event: string): boolean => event === 'presence';
  const title = `weather ${one.kind}`;
  return [
    ...sensitivities.flatMap((each) => [
      atMost(
        `${title}, sensitivity ${each}, presence where nobody is, more than without`,
        more(each, isPresence),
        'an hour',
        0,
      ),
      atMost(
        `${title}, sensitivity ${each}, every other event, more than without`,
        more(each, (event) => !isPresence(event)),
        'an hour',
        0,
      ),
    ]),
    row(`${title}, people found, of those without it`, one.people / Math.max(1, none.people), 'share'),
  ];
}

function anHour(
  { alerts, seconds }: WeatherAlarms,
  sensitivity: number,
  of: (event: string) => boolean,
): number {
  const counted = alerts.filter((alert) => alert.sensitivity === sensitivity && of(alert.event));
  return (counted.length / Math.max(1, seconds)) * 3600;
}
