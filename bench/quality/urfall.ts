/**
 * Measures the behaviour "fall" on UR Fall Detection (Kwolek and Kepski, 2014), clips of one person who falls. Run by
 * bench/main.ts with a folder of evaluation data, which is no part of the project. It goes the way of the product: the same
 * model, tracker and behaviour, at 5 looks a second. docs/events.md ("Fall") says what its rows cannot show.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../../errors.js';
import { decodeCentreNet, overlapOf } from '../../models/decode/centernet.js';
import { OnnxEngine } from '../../models/engines/onnx.js';
import { findModel, modelPaths } from '../../models/manifest.js';
import type { Box, Detection, Track } from '../../pipelines/messages.js';
import { Tracker } from '../../pipelines/track/tracker.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import { config } from '../../runtime/config/schema.js';
import { watchedZone } from '../../runtime/config/zones.js';
import { Fall } from '../../runtime/scene/behaviours/fall.js';
import { Subjects } from '../../runtime/scene/subjects.js';
import { Zone } from '../../runtime/scene/zone.js';
import { type Row, row } from '../report.js';
import { clipPictures } from './clip.js';

/** The clips that the behaviour was tuned on; the others were only measured. */
const tunedOn = [1, 2, 3, 4];
const clips = [1, 2, 3, 4, 5, 6, 7, 8];
/** The left half of a clip is a depth image of the same size. */
const picture = { left: 320, width: 320, height: 240 };
const framesPerSecond = 30;
const lookEvery = 6;
const input = { width: 384, height: 288 };
/** A clip ends before the product's time is over: in the rows that say so its lying part is played on, to and fro. */
const playedOnSeconds = 4;
const whole: [number, number][] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

interface Look {
  /** index in the clip, from 0; past its end where the lying part is played on */
  frame: number;
  people: Detection[];
  tracks: Track[];
}

interface Clip {
  name: string;
  /** labels by frame: -1 upright, 0 falling, 1 lying */
  labels: number[];
  looks: Look[];
}

interface Setting {
  title: string;
  seconds: number;
  uprightSeconds: number;
  playedOn: boolean;
}

const standard = watchedZone.parse({ name: 'Room', points: whole, fall: {} }).fall;
const defaults = { seconds: standard?.seconds ?? 0, uprightSeconds: 1 };
/** The clips end 1 to 2 s after the fall, and two begin less than half a second before it. */
const short = { seconds: 0.5, uprightSeconds: 0.2 };
const settings: Setting[] = [
  { ...short, title: `down ${short.seconds} s, upright ${short.uprightSeconds} s`, playedOn: false },
  {
    ...short,
    uprightSeconds: defaults.uprightSeconds,
    title: `down ${short.seconds} s, upright ${defaults.uprightSeconds} s`,
    playedOn: false,
  },
  { ...defaults, title: `down ${defaults.seconds} s (defaults)`, playedOn: false },
  { ...defaults, title: `down ${defaults.seconds} s (defaults), lying part played on`, playedOn: true },
];

/**
 * @param directory holds `urfall/`: the clips `fall-0N-cam0.mp4` and `labels.csv`
 * @returns rows: falls found, delay, alerts before the fall; and how often the detector sees who lies
 * @throws VigieError `config` when the data are not there, `model` or `source` when set-up has not run
 */
export async function urFallRows(directory: string): Promise<Row[]> {
  const labels = await readLabels(join(directory, 'urfall', 'labels.csv'));
  const model = findModel(config.shape.detect.parse(undefined).model);
  const engine = new OnnxEngine();
  const modelFile = modelPaths(model, cacheDirectory()).onnxFile;
  await engine.load({ path: modelFile, sha256: model.onnx.sha256 }, { threads: 1 });
  const decode = { classes: model.classes.map((c) => c.class), stride: model.graph.stride };
  const looked: Clip[] = [];
  for (const number of clips) {
    const name = `fall-0${number}`;
    const file = join(directory, 'urfall', `${name}-cam0.mp4`);
    const own = labels.get(name) ?? [];
    const looks = await lookAt(file, own, async (rgb, threshold) =>
      decodeCentreNet(await engine.run(rgb, input.width, input.height), { ...decode, threshold }),
    );
    looked.push({ name, labels: own, looks });
  }
  await engine.close();
  return [...settings.flatMap((setting) => fallRows(setting, looked)), ...seenRows(looked)];
}

async function readLabels(file: string): Promise<Map<string, number[]>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const hint = 'Give the folder that holds urfall/ with --data';
    throw new VigieError('config', `The labels ${file} cannot be read`, hint, { cause });
  }
  const labels = new Map<string, number[]>();
  for (const line of text.split(/\r?\n/).slice(1)) {
    const [name = '', frame, label] = line.split(',');
    if (!frame || label === undefined) continue;
    const list = labels.get(name) ?? [];
    list[Number(frame) - 1] = Number(label);
    labels.set(name, list);
  }
  return labels;
}

/** Five looks a second at a clip, and then at its lying part, backwards and forwards. */
async function lookAt(
  file: string,
  labels: number[],
  detect: (rgb: Uint8Array, threshold: number) => Promise<Detection[]>,
): Promise<Look[]> {
  const { lowThreshold, highThreshold } = config.shape.detect.parse(undefined);
  const tracker = new Tracker({ lowThreshold, highThreshold, aspect: picture.width / picture.height });
  const looks: Look[] = [];
  const add = (detections: Detection[], frame: number): void => {
    const tracks = tracker.update(detections, usOf(frame));
    looks.push({ frame, people: detections.filter((d) => d.class === 'person'), tracks });
  };
  const lying: Detection[][] = [];
  let frame = 0;
  for await (const rgb of clipPictures(file, input.width, input.height, picture.left)) {
    if (frame % lookEvery === 0) {
      const detections = await detect(rgb, lowThreshold);
      if (labels[frame] === 1) lying.push(detections);
      add(detections, frame);
    }
    frame++;
  }
  const first = Math.ceil(frame / lookEvery) * lookEvery;
  const toAndFro = [...lying.slice(0, -1).reverse(), ...lying.slice(1)];
  for (let i = 0; i < (playedOnSeconds * framesPerSecond) / lookEvery; i++) {
    add(toAndFro[i % toAndFro.length] ?? [], first + i * lookEvery);
  }
  return looks;
}

function usOf(frame: number): number {
  return 1e6 + Math.round((frame * 1e6) / framesPerSecond);
}

/** Frame of the first alert, or null; the first alert of a clip is the one that counts. */
function alertFrame({ looks, labels }: Clip, { seconds, uprightSeconds, playedOn }: Setting): number | null {
  const zone = new Zone('Room', whole);
  const { minScore = 0, cooldownSeconds = 0 } = standard ?? {};
  const fall = new Fall(zone, { seconds, uprightSeconds, minScore, cooldownSeconds });
  const subjects = new Subjects(null);
  const aspect = picture.width / picture.height;
  for (const { frame, tracks } of looks) {
    if (!playedOn && frame >= labels.length) break;
    const look = {
      seq: frame,
      monoUs: usOf(frame),
      wallMs: 0,
      stills: null,
      occupied: new Map(),
      signals: [],
    };
    if (fall.observe({ ...look, aspect, subjects: subjects.of(tracks) }, 1).length > 0) return frame;
  }
  return null;
}

function fallRows(setting: Setting, looked: Clip[]): Row[] {
  const results = looked.map((clip) => ({ clip, at: alertFrame(clip, setting) }));
  const isTuned = (name: string): boolean => tunedOn.includes(Number(name.slice(-1)));
  const part = (title: string, of: typeof results): Row[] => {
    const found = of.flatMap(({ clip, at }) =>
      at !== null && at >= clip.labels.indexOf(0) ? [{ clip, at }] : [],
    );
    const early = of.filter(({ clip, at }) => at !== null && at < clip.labels.indexOf(0)).length;
    const delays = found.map(({ clip, at }) => (at - clip.labels.indexOf(1)) / framesPerSecond);
    const name = `fall, ${setting.title}, ${title}`;
    const rows = [
      row(`${name}, falls found`, found.length, `of ${of.length}`),
      row(`${name}, alerts before the fall`, early, 'alerts'),
    ];
    if (delays.length > 0) rows.push(row(`${name}, delay from lying, median`, median(delays), 's'));
    return rows;
  };
  return [
    ...part('clips 1-8', results),
    ...part(
      'clips 1-4 (tuned on)',
      results.filter(({ clip }) => isTuned(clip.name)),
    ),
    ...part(
      'clips 5-8',
      results.filter(({ clip }) => !isTuned(clip.name)),
    ),
  ];
}

/** How often anybody is detected near where the person last stood upright, while they lie. */
function seenRows(looked: Clip[]): Row[] {
  const { highThreshold } = config.shape.detect.parse(undefined);
  const lying = looked.flatMap((clip) => {
    const place = lastUpright(clip);
    return clip.looks.filter(({ frame }) => clip.labels[frame] === 1).map((look) => ({ look, place }));
  });
  const upright = looked.flatMap(({ looks, labels }) => looks.filter(({ frame }) => labels[frame] === -1));
  const share = (from: number): number => {
    const seen = lying.filter(({ look, place }) =>
      look.people.some(({ score, box }) => score >= from && (!place || overlapOf(box, place) > 0)),
    );
    return seen.length / Math.max(1, lying.length);
  };
  const tracked = lying.filter(({ look }) => look.tracks.some((t) => t.seen && t.class === 'person')).length;
  return [
    row('fall, looks at upright people', upright.length, 'looks'),
    row('fall, looks at lying people', lying.length, 'looks'),
    row('fall, lying, a person box that may go on with a track', share(0), 'share'),
    row(`fall, lying, a person box from ${highThreshold}`, share(highThreshold), 'share'),
    row('fall, lying, a person track that is seen', tracked / Math.max(1, lying.length), 'share'),
  ];
}

/** Where the person last stood, three times as wide and twice as high: whoever falls from there overlaps it. */
function lastUpright({ looks, labels }: Clip): Box | null {
  const last = looks.filter(({ frame, people }) => labels[frame] === -1 && people.length > 0).at(-1);
  const box = last?.people[0]?.box;
  if (!box) return null;
  const { x, y, width, height } = box;
  return { x: x - width, y, width: 3 * width, height: 2 * height };
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
