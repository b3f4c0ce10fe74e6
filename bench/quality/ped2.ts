/**
 * Novelty on UCSD Ped2: learned from the training clips, then every frame of the test clips scored. Run by `npm run bench --
 * quality`. The model, the tracker and what is usual are those of the product; the clips are the caller's. Nothing here may be
 * chosen by what the test clips give: docs/novelty.md says how often their figure was looked at.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import type { Track } from '../../pipelines/messages.js';
import { Tracker } from '../../pipelines/track/tracker.js';
import type { Subject } from '../../runtime/scene/behaviour.js';
import { ZoneMemory } from '../../runtime/scene/novelty/memory.js';
import { footPoint } from '../../runtime/scene/zone.js';
import { atLeast, type Row, row } from '../report.js';
import { areaUnderRoc, perClip, type Scored } from './auc.js';
import { clipPictures } from './clip.js';
import { ClipLooks } from './clip-looks.js';

const ranges = z.array(z.tuple([z.int().min(1), z.int().min(1)]));
const labels = z.record(z.string(), z.unknown());

/** The clips are 360x240 and people in them 25 to 30 pixels high: they are shown to the model at about twice that. */
const input = { width: 768, height: 512 };
const ASPECT = 360 / 240;
/** Every frame is looked at; the clips are stored at this rate. */
const FRAME_US = 100_000;
/**
 * Chosen on the training clips alone. The first two: of four pairs, those that told a track played at twice its speed best from
 * the others. Of a class: the lowest of 0.25, 0.3, 0.35 and 0.4 at which at most one such track comes up in all of them.
 */
const thresholds = {
  lowThreshold: 0.25,
  highThreshold: 0.4,
  classThresholds: { bicycle: 0.25, bus: 0.25, truck: 0.25, car: 0.3 },
};
/** As the behaviour: a track that is not seen for this long keeps what it was found to be. */
const HOLD_US = 1_000_000;
/** Between two clips, so that nothing goes on from one into the next, and what is over is learned. */
const BETWEEN_US = 120_000_000;
/** Of the trivial score. */
const small = { width: 180, height: 120 };

const wholePicture: [number, number][] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];
const noTime = { hour: null, day: null };

interface Clip {
  name: string;
  file: string;
}

/**
 * @param dir holds `ped2/`, with train_*.mp4, test_*.mp4 and labels.json
 * @throws VigieError `config` when it does not, `model` or `source` when set-up has not run
 */
export async function ped2Rows(dir: string): Promise<Row[]> {
  const { train, test, abnormal } = await openPed2(join(dir, 'ped2'));
  const street = new ZoneMemory({ points: wholePicture, aspect: ASPECT, speedFrom: 'height' });
  const looks = new ClipLooks({ model: 'centernet', ...input, threshold: thresholds.lowThreshold });
  await looks.start();
  let clockUs = 0;
  const watch = async (clip: Clip): Promise<number[]> => {
    const scores = await scoresOf(looks.of(clip.file), street, clockUs);
    clockUs += scores.length * FRAME_US + BETWEEN_US;
    street.observe([], clockUs, noTime);
    return scores;
  };
  try {
    for (const clip of train) await watch(clip);
    street.learns = false;
    const clips: Scored[][] = [];
    for (const clip of test) clips.push(labelled(await watch(clip), abnormal(clip.name)));
    const trivial = await trivialScores(train, test);
    const trivialClips = test.map((clip, i) => labelled(trivial[i] ?? [], abnormal(clip.name)));
    const size = `${input.width}x${input.height}`;
    return [
      row('ped2, tracks learned', street.statistics.counts.learned, 'tracks'),
      row('ped2, test frames', clips.flat().length, 'frames'),
      atLeast(`ped2 ${size}, frame AUC, not normalised`, areaUnderRoc(clips.flat()), 'share', 0.9),
      atLeast(
        `ped2 ${size}, frame AUC, normalised per clip`,
        areaUnderRoc(clips.flatMap(perClip)),
        'share',
        0.97,
      ),
      row('ped2, |frame - background|, not normalised', areaUnderRoc(trivialClips.flat()), 'share'),
      row(
        'ped2, |frame - background|, normalised per clip',
        areaUnderRoc(trivialClips.flatMap(perClip)),
        'share',
      ),
    ];
  } finally {
    await looks.stop();
  }
}

async function openPed2(
  directory: string,
): Promise<{ train: Clip[]; test: Clip[]; abnormal: (clip: string) => (frame: number) => boolean }> {
  const hint = 'Give with --data the directory that holds ped2/ with its clips and labels.json';
  try {
    const files = (await readdir(directory)).filter((name) => name.endsWith('.mp4')).sort();
    const known = labels.parse(JSON.parse(await readFile(join(directory, 'labels.json'), 'utf8')));
    const clips = (kind: string): Clip[] =>
      files
        .filter((name) => name.startsWith(kind))
        .map((name) => ({ name: name.slice(0, -'.mp4'.length), file: join(directory, name) }));
    const [train, test] = [clips('train_'), clips('test_')];
    const marked = new Map(test.map(({ name }) => [name, ranges.parse(known[name])]));
    if (train.length === 0 || test.length === 0) throw new VigieError('config', 'There are no clips', hint);
    const abnormal = (name: string) => (frame: number) =>
      (marked.get(name) ?? []).some(([from, to]) => frame >= from && frame <= to);
    return { train, test, abnormal };
  } catch (cause) {
    throw new VigieError('config', `${directory} does not hold Ped2 as it is expected`, hint, { cause });
  }
}

/** The score of each frame: of the most unusual track in it, before calibration, which keeps the order. */
async function scoresOf(
  looks: AsyncIterable<Parameters<Tracker['update']>[0]>,
  street: ZoneMemory,
  startUs: number,
): Promise<number[]> {
  const tracker = new Tracker({ ...thresholds, aspect: ASPECT });
  const held = new Map<string, { score: number; atUs: number }>();
  const scores: number[] = [];
  for await (const detections of looks) {
    const monoUs = startUs + scores.length * FRAME_US;
    const here = tracker.update(detections, monoUs).map(subjectOf);
    for (const { subject, rarity } of street.observe(here, monoUs, noTime))
      held.set(subject.track.id, { score: rarity.score, atUs: monoUs });
    const now = here.map(({ track }) => held.get(track.id));
    scores.push(Math.max(0, ...now.map((one) => (one && monoUs - one.atUs <= HOLD_US ? one.score : 0))));
  }
  return scores;
}

/** Nothing is calibrated here: what is usual finds the speeds by itself. */
function subjectOf(track: Track): Subject {
  return {
    track,
    foot: footPoint(track.box),
    ground: null,
    speed: null,
    velocity: null,
    speedFrom: 'height',
  };
}

function labelled(scores: readonly number[], abnormal: (frame: number) => boolean): Scored[] {
  return scores.map((score, i) => ({ score, abnormal: abnormal(i + 1) }));
}

/** What a method that knows nothing reaches: how far a frame is from the mean of all training frames. */
async function trivialScores(train: readonly Clip[], test: readonly Clip[]): Promise<number[][]> {
  const pixels = small.width * small.height;
  const background = new Float64Array(pixels);
  let frames = 0;
  for (const { file } of train)
    for await (const rgb of clipPictures(file, small.width, small.height)) {
      for (let i = 0; i < pixels; i++) background[i] = (background[i] ?? 0) + (rgb[3 * i] ?? 0);
      frames++;
    }
  const all: number[][] = [];
  for (const { file } of test) {
    const scores: number[] = [];
    for await (const rgb of clipPictures(file, small.width, small.height)) {
      let sum = 0;
      for (let i = 0; i < pixels; i++) sum += Math.abs((rgb[3 * i] ?? 0) - (background[i] ?? 0) / frames);
      scores.push(sum / pixels);
    }
    all.push(scores);
  }
  return all;
}
