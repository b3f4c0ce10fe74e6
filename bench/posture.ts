/**
 * Whether a posture model earns its cost: how well the tilt of the body that MoveNet sees in a person's box tells lying
 * from upright, beside what the shape of the box alone tells. Run by bench/main.ts on clips of falls. The camera has no
 * such model; its files are given by whoever measures, and keypoints do not leave this module.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-wasm';
import { type GraphModel, loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { VigieError } from '../errors.js';
import { decodeCentreNet } from '../models/decode/centernet.js';
import { engineOf } from '../models/engines/choose.js';
import type { Engine } from '../models/engines/engine.js';
import { findModel, modelPaths } from '../models/manifest.js';
import { verifiedBytes } from '../models/verify.js';
import type { Box } from '../pipelines/messages.js';
import { cacheDirectory } from '../runtime/config/paths.js';
import { config } from '../runtime/config/schema.js';
import { clipPictures } from './quality/clip.js';
import { cropOf, type Picture } from './quality/crop.js';
import { type Row, row } from './report.js';

export interface PostureBenchOptions {
  /** directory that holds `urfall/`: the clips of camera 0 and labels.csv */
  data: string;
  /** directory that holds the two files of MoveNet Lightning */
  weights: string;
}

/** Files of @vladmandic/human 3.3.6; other ones are not measured. */
const movenet = [
  ['movenet-lightning.json', 'df8cbde44d00f533ccc4916a7c6ebc17316532fb3fadad114ec667fef22872e9'],
  ['movenet-lightning.bin', 'bf97bc10d9c8a11200b0190ed64ce039b6252f1aff7cb552aca99b3d191c2f34'],
] as const;
const cropSize = 192;
/** The crop is a square about the box, wider by this. */
const margin = 1.25;
/** Points of the body in the order of the COCO keypoints. */
const shoulders = [5, 6] as const;
const hips = [11, 12] as const;
/** The clips: depth on the left, the picture on the right, 30 a second of which every third is looked at. */
const frame = { width: 640, height: 240, left: 320, every: 3 };

interface Judged {
  lying: boolean;
  tiltDeg: number;
  aspect: number;
}

/** @throws VigieError `config` when the clips are not there, `model` when the weights are not or are other ones */
export async function benchPosture({ data, weights }: PostureBenchOptions): Promise<Row[]> {
  const folder = join(data, 'urfall');
  const labels = await readLabels(join(folder, 'labels.csv'));
  const clips = (await readdir(folder)).filter((name) => /^fall-\d+-cam0\.mp4$/.test(name)).sort();
  const posture = await loadPosture(weights);
  const detector = await engineOf('onnx');
  const model = findModel(config.shape.detect.parse(undefined).model);
  const path = modelPaths(model, cacheDirectory()).onnxFile;
  await detector.load({ path, sha256: model.onnx.sha256 }, { threads: 1 });
  const judged: Judged[] = [];
  const times: number[] = [];
  let missed = 0;
  for (const clip of clips) {
    let index = 0;
    for await (const rgb of clipPictures(join(folder, clip), frame.width, frame.height)) {
      const label = labels.get(`${clip.slice(0, -'-cam0.mp4'.length)},${++index}`);
      if (index % frame.every !== 0 || label === undefined || label === 0) continue;
      const all: Picture = { rgb, width: frame.width, height: frame.height };
      const size = frame.width - frame.left;
      const picture = cropOf(
        all,
        { x: frame.left, y: 0, width: size, height: frame.height },
        size,
        frame.height,
      );
      const box = await personIn(detector, picture);
      if (!box) {
        missed++;
        continue;
      }
      const start = performance.now();
      const tiltDeg = await tiltOf(posture, picture, box);
      times.push(performance.now() - start);
      judged.push({ lying: label === 1, tiltDeg, aspect: box.width / box.height });
    }
  }
  await detector.close();
  return rowsOf(judged, missed, times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN);
}

function rowsOf(judged: Judged[], missed: number, medianMs: number): Row[] {
  const lying = judged.filter((j) => j.lying);
  const upright = judged.filter((j) => !j.lying);
  const areaOf = (value: (j: Judged) => number): number =>
    areaUnderCurve(lying.map(value), upright.map(value));
  return [
    row('posture, frames with someone lying', lying.length, 'frames'),
    row('posture, frames with someone upright', upright.length, 'frames'),
    row('posture, frames in which nobody was found', missed, 'frames'),
    row(
      'posture, lying against upright by body tilt',
      areaOf((j) => j.tiltDeg),
      'AUC',
    ),
    row(
      'posture, lying against upright by shape of the box',
      areaOf((j) => j.aspect),
      'AUC',
    ),
    row('posture, crop and MoveNet, median', medianMs, 'ms'),
  ];
}

/** How often a lying one has the larger value than an upright one, 0..1; ties count half. */
export function areaUnderCurve(positive: readonly number[], negative: readonly number[]): number {
  let wins = 0;
  for (const a of positive) for (const b of negative) wins += a > b ? 1 : a === b ? 0.5 : 0;
  return wins / (positive.length * negative.length);
}

async function readLabels(file: string): Promise<Map<string, number>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const hint = 'Give the directory that holds urfall/labels.csv with --data';
    throw new VigieError('config', `The labels ${file} cannot be read`, hint, { cause });
  }
  const rows = text.trim().split('\n').slice(1);
  return new Map(rows.map((line) => [line.slice(0, line.lastIndexOf(',')), Number(line.split(',')[2])]));
}

const graphFile = z.object({
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.array(z.object({ weights: z.array(z.looseObject({ name: z.string() })) })).length(1),
});

async function loadPosture(directory: string): Promise<GraphModel> {
  const [json, bytes] = await Promise.all(
    movenet.map(([name, sha256]) => verifiedBytes({ path: join(directory, name), sha256 })),
  );
  const { modelTopology, weightsManifest } = graphFile.parse(JSON.parse(json?.toString('utf8') ?? ''));
  const weightSpecs = (weightsManifest[0]?.weights ?? []) as unknown as tf.io.WeightsManifestEntry[];
  const weightData = new Uint8Array(bytes ?? []).buffer;
  await tf.setBackend('wasm');
  return loadGraphModel({ load: () => Promise.resolve({ modelTopology, weightSpecs, weightData }) });
}

async function personIn(detector: Engine, picture: Picture): Promise<Box | null> {
  const { classes, graph } = findModel(config.shape.detect.parse(undefined).model);
  const { inputWidth, inputHeight, lowThreshold } = config.shape.detect.parse(undefined);
  const whole = { x: 0, y: 0, width: picture.width, height: picture.height };
  const { rgb } = cropOf(picture, whole, inputWidth, inputHeight);
  const maps = await detector.run(rgb, inputWidth, inputHeight);
  const options = { classes: classes.map((c) => c.class), stride: graph.stride, threshold: lowThreshold };
  return decodeCentreNet(maps, options).find((d) => d.class === 'person')?.box ?? null;
}

/** Degrees of the line from the middle of the hips to the middle of the shoulders, from upright. */
async function tiltOf(posture: GraphModel, picture: Picture, box: Box): Promise<number> {
  const side = margin * Math.max(box.width * picture.width, box.height * picture.height);
  const x = (box.x + box.width / 2) * picture.width - side / 2;
  const y = (box.y + box.height / 2) * picture.height - side / 2;
  const crop = cropOf(picture, { x, y, width: side, height: side }, cropSize, cropSize);
  const input = tf.tensor(Int32Array.from(crop.rgb), [1, cropSize, cropSize, 3], 'int32');
  const output = posture.execute(input) as tf.Tensor;
  // 17 times y, x, score
  const points = await output.data();
  tf.dispose([input, output]);
  const middle = ([a, b]: readonly [number, number], axis: number): number =>
    ((points[a * 3 + axis] ?? 0) + (points[b * 3 + axis] ?? 0)) / 2;
  const across = Math.abs(middle(shoulders, 1) - middle(hips, 1));
  const up = middle(hips, 0) - middle(shoulders, 0);
  return (Math.atan2(across, up) * 180) / Math.PI;
}
