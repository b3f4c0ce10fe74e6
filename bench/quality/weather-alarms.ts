/**
 * Weather over the sample clip, through detector, tracker and scene: alerts for presence where nobody ever is. Run by
 * bench/main.ts and, over a few seconds, by a test. It goes the way of the product, without its thread.
 */
import { join } from 'node:path';
import { decodeCentreNet } from '../../models/decode/centernet.js';
import { OnnxEngine } from '../../models/engines/onnx.js';
import { findModel, modelPaths } from '../../models/manifest.js';
import type { PictureSize } from '../../pipelines/frame.js';
import type { Detection, Point } from '../../pipelines/messages.js';
import { Tracker } from '../../pipelines/track/tracker.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import { config } from '../../runtime/config/schema.js';
import { watchedZone } from '../../runtime/config/zones.js';
import { Scene } from '../../runtime/scene/scene.js';
import { atMost, type Row, row } from '../report.js';
import { clipPictures } from './clip.js';
import { type Overlay, overlay, type WeatherKind, weatherKinds } from './weather.js';

/** The clip's own, and twice that of the detector. */
const size: PictureSize = { width: 768, height: 576 };
/** Pictures a second of the clip; one in two is looked at. */
const CLIP_RATE = 10;
const LOOK_EVERY = 2;

interface Place {
  name: string;
  points: Point[];
}

/** Where the ground truth of the clip has nobody's feet in any picture: two pieces of lawn, and the buildings. */
const emptyPlaces: Place[] = [
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

export interface WeatherAlarmsOptions {
  /** the first of the clip; all of it when absent */
  seconds?: number;
  seed?: number;
  strength?: number;
  kinds?: readonly WeatherKind[];
  /** watched instead of places where nobody ever is */
  places?: readonly Place[];
}

export interface WeatherAlarms {
  kind: WeatherKind | 'none';
  seconds: number;
  looks: number;
  /** of people, anywhere in the picture */
  detections: number;
  /** zones of the alerts */
  alerts: string[];
}

/** One kind of weather: its own tracks and its own scene. */
class Watched {
  readonly told: WeatherAlarms;
  readonly #tracker = new Tracker({
    ...config.shape.detect.parse(undefined),
    aspect: size.width / size.height,
  });
  readonly #scene: Scene;

  constructor(
    kind: WeatherKind | 'none',
    readonly over: Overlay,
    places: readonly Place[],
  ) {
    const zones = places.map((place) => watchedZone.parse({ ...place, presence: {} }));
    this.#scene = new Scene({}, { cameraId: 'weather', zones });
    this.told = { kind, seconds: 0, looks: 0, detections: 0, alerts: [] };
  }

  take(detections: Detection[], seconds: number): void {
    const monoUs = Math.round(1e6 * (1 + seconds));
    const seen = { t: 'tracks' as const, seq: this.told.looks, monoUs, wallMs: monoUs / 1000, lookMs: 0 };
    const tracks = this.#tracker.update(detections, monoUs);
    const found = { looked: 'full' as const, stills: null, occupied: [], signals: [] };
    const { alerts } = this.#scene.observe({ ...seen, ...found, detections: detections.length, tracks });
    this.told.looks++;
    this.told.seconds = seconds + LOOK_EVERY / CLIP_RATE;
    this.told.detections += detections.filter((detection) => detection.class === 'person').length;
    this.told.alerts.push(...alerts.map(({ zone }) => zone));
  }
}

/**
 * All kinds side by side over the same pictures, and the clip as it is.
 * @throws VigieError `model` or `source` when set-up has not run
 */
export async function weatherAlarms(options: WeatherAlarmsOptions = {}): Promise<WeatherAlarms[]> {
  const {
    seconds = Number.POSITIVE_INFINITY,
    seed = 1,
    strength = 1,
    kinds = weatherKinds,
    places = emptyPlaces,
  } = options;
  const { model: name, lowThreshold: threshold } = config.shape.detect.parse(undefined);
  const model = findModel(name);
  const engine = new OnnxEngine();
  const path = modelPaths(model, cacheDirectory()).onnxFile;
  await engine.load({ path, sha256: model.onnx.sha256 }, { threads: 1 });
  const decoding = { classes: model.classes.map((c) => c.class), stride: model.graph.stride, threshold };
  const watched = [
    new Watched('none', () => undefined, places),
    ...kinds.map((kind) => new Watched(kind, overlay(kind, { seed, strength }), places)),
  ];
  let index = -1;
  const clip = join(cacheDirectory(), 'sample', 'vtest.avi');
  for await (const picture of clipPictures(clip, size.width, size.height, 0, 'I420')) {
    index++;
    if (index / CLIP_RATE >= seconds) break;
    if (index % LOOK_EVERY !== 0) continue;
    for (const each of watched) {
      const frame = Buffer.from(picture);
      each.over(frame, size, index / CLIP_RATE);
      const maps = await engine.run(halfSize(frame), size.width / 2, size.height / 2);
      each.take(decodeCentreNet(maps, decoding), index / CLIP_RATE);
    }
  }
  await engine.close();
  return watched.map(({ told }) => told);
}

/** Alerts an hour in each weather, above those without it. */
export async function weatherRows(options: WeatherAlarmsOptions = {}): Promise<Row[]> {
  const [none, ...rest] = await weatherAlarms(options);
  if (!none) return [];
  const anHour = ({ alerts, seconds }: WeatherAlarms): number =>
    (alerts.length / Math.max(1, seconds)) * 3600;
  return [
    row('weather, length of the clip', none.seconds, 's'),
    row('weather none, alerts where nobody is', anHour(none), 'an hour'),
    ...rest.flatMap((one) => [
      atMost(
        `weather ${one.kind}, alerts more than that`,
        Math.max(0, anHour(one) - anHour(none)),
        'an hour',
        0,
      ),
      row(
        `weather ${one.kind}, boxes of people, of those without it`,
        one.detections / none.detections,
        'share',
      ),
    ]),
  ];
}

/** I420 to RGB of half the size: each chroma sample is then one picture element (BT.601, limited range). */
function halfSize(frame: Uint8Array): Uint8Array {
  const [width, height] = [size.width / 2, size.height / 2];
  const [u, v] = [size.width * size.height, size.width * size.height * 1.25];
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 2 * y * size.width + 2 * x;
      const below = at + size.width;
      const luma =
        ((frame[at] as number) +
          (frame[at + 1] as number) +
          (frame[below] as number) +
          (frame[below + 1] as number)) /
        4;
      const light = 1.164 * (luma - 16);
      const blue = (frame[u + y * width + x] as number) - 128;
      const red = (frame[v + y * width + x] as number) - 128;
      const to = 3 * (y * width + x);
      rgb[to] = held(light + 1.596 * red);
      rgb[to + 1] = held(light - 0.392 * blue - 0.813 * red);
      rgb[to + 2] = held(light + 2.017 * blue);
    }
  }
  return rgb;
}

function held(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}
