/**
 * Measures the detector on the sample clip: time for each look, and recall and precision for people when a
 * ground truth is given. Run by bench/main.ts. It goes the way of the product (same model file, same scaling,
 * same decoding) without its thread, so that the figure is the model's own.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../errors.js';
import { decodeCentreNet } from '../models/decode/centernet.js';
import { OnnxEngine } from '../models/engines/onnx.js';
import { findModel, modelPaths } from '../models/manifest.js';
import type { Detection } from '../pipelines/messages.js';
import { cacheDirectory } from '../runtime/config/paths.js';
import { config } from '../runtime/config/schema.js';
import { clipPictures } from './quality/clip.js';
import { type Counts, matchPicture, recallAndPrecision } from './quality/match.js';
import { readMot, type TruthBox } from './quality/mot.js';
import { atLeast, type Row, row } from './report.js';

export interface DetectBenchOptions {
  /** ground truth of the sample clip in MOT15 form; without it only time is measured */
  gt?: string;
  /** most pictures to look at; all that are due when absent */
  frames?: number;
  /** input size, multiples of 32; the configuration's default when absent */
  input?: { width: number; height: number };
  /** lowest score that counts; the configuration's when absent */
  threshold?: number;
}

/** The ground truth is annotated on pictures of this size: the clip's own. */
export const clipSize = { width: 768, height: 576 };
/** One picture in eight is looked at: neighbours are all but the same picture. */
const lookEvery = 8;
/** People's boxes in that truth are loose, so the goal is set at 0.4; the others are told beside it. */
const overlaps = [0.3, 0.4, 0.5];
const goal = 0.93;
/** The first looks also allocate; they are not measured. */
const warmUpLooks = 5;

interface Looked {
  index: number;
  detections: Detection[];
}

/**
 * @returns rows: look time (median, p99), then recall and precision at each overlap
 * @throws VigieError `model` or `source` when set-up has not run, `config` for a ground truth that cannot be read
 */
export async function benchDetect({ gt, frames, input, threshold }: DetectBenchOptions): Promise<Row[]> {
  const truth = gt === undefined ? null : await readTruth(gt);
  const detect = config.shape.detect.parse(undefined);
  const { width, height } = input ?? { width: detect.inputWidth, height: detect.inputHeight };
  const { looked, times } = await lookAtClip(
    width,
    height,
    threshold ?? detect.highThreshold,
    frames ?? Number.POSITIVE_INFINITY,
  );
  const size = `${width}x${height}`;
  const measured = times.slice(warmUpLooks).sort((a, b) => a - b);
  const quantile = (share: number): number =>
    measured[Math.floor(share * (measured.length - 1))] ?? Number.NaN;
  const rows = [
    row(`detect ${size}, look, median`, quantile(0.5), 'ms'),
    row(`detect ${size}, look, p99`, quantile(0.99), 'ms'),
    row(`detect ${size}, looks`, measured.length, 'looks'),
  ];
  return truth ? [...rows, ...qualityRows(size, looked, truth)] : rows;
}

export async function readTruth(file: string): Promise<Map<number, TruthBox[]>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const hint = 'Give a MOT15 file with --gt, or leave it out to measure time only';
    throw new VigieError('config', `The ground truth ${file} cannot be read`, hint, { cause });
  }
  return readMot(text, clipSize.width, clipSize.height);
}

async function lookAtClip(
  width: number,
  height: number,
  threshold: number,
  most: number,
): Promise<{ looked: Looked[]; times: number[] }> {
  const model = findModel(config.shape.detect.parse(undefined).model);
  const cache = cacheDirectory();
  const engine = new OnnxEngine();
  await engine.load({ path: modelPaths(model, cache).onnxFile, sha256: model.onnx.sha256 }, { threads: 1 });
  const decodeOptions = { classes: model.classes.map((c) => c.class), stride: model.graph.stride, threshold };
  const due = await duePictures(join(cache, 'sample', 'vtest.avi'), width, height, most);
  const looked: Looked[] = [];
  const times: number[] = [];
  for (const { index, rgb } of due) {
    const start = performance.now();
    const detections = decodeCentreNet(await engine.run(rgb, width, height), decodeOptions);
    times.push(performance.now() - start);
    looked.push({ index, detections: detections.filter((d) => d.class === 'person') });
  }
  await engine.close();
  return { looked, times };
}

/**
 * All of them before the first look, so that decoding the clip takes nothing from the time measured.
 * @param after pictures after each that `npm run bench -- detect` looks at, 0..7
 */
export async function duePictures(
  clip: string,
  width: number,
  height: number,
  most: number,
  after = 0,
): Promise<{ index: number; rgb: Uint8Array }[]> {
  const due: { index: number; rgb: Uint8Array }[] = [];
  let index = 0;
  for await (const rgb of clipPictures(clip, width, height)) {
    if (index % lookEvery === after) due.push({ index, rgb });
    if (due.length >= most) break;
    index++;
  }
  return due;
}

function qualityRows(size: string, looked: Looked[], truth: Map<number, TruthBox[]>): Row[] {
  return overlaps.flatMap((overlap) => {
    const counts: Counts[] = looked.map((l) => matchPicture(l.detections, truth.get(l.index) ?? [], overlap));
    const { recall, precision } = recallAndPrecision(counts);
    const rows: Row[] = [];
    for (const [name, value] of [['recall', recall] as const, ['precision', precision] as const]) {
      if (value === null) continue;
      const title = `detect ${size}, people, ${name} at IoU ${overlap}`;
      rows.push(overlap === 0.4 ? atLeast(title, value, 'share', goal) : row(title, value, 'share'));
    }
    return rows;
  });
}
