/**
 * Measures what could run the detector against what does: the two engines, and the model in 8-bit integers in three
 * mixtures. Run by bench/main.ts. Every contender looks at each picture in turn, so that what else the machine does falls
 * on all alike; the ranges of the integers come from pictures of the clip that are not measured.
 */
import '../models/engines/no-telemetry.js';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { translateModel } from '../models/convert/convert.js';
import { encodeOnnx, type OnnxModel } from '../models/convert/onnx-file.js';
import { decodeCentreNet, overlapOf } from '../models/decode/centernet.js';
import { engineOf } from '../models/engines/choose.js';
import type { CentreMaps, EngineName } from '../models/engines/engine.js';
import { toPlanes } from '../models/engines/onnx.js';
import { findModel, type Model, modelPaths } from '../models/manifest.js';
import { filesOf, verifiedBytes } from '../models/verify.js';
import type { Detection } from '../pipelines/messages.js';
import { cacheDirectory } from '../runtime/config/paths.js';
import { config } from '../runtime/config/schema.js';
import { duePictures, readTruth } from './detect.js';
import { matchPicture, recallAndPrecision } from './quality/match.js';
import type { TruthBox } from './quality/mot.js';
import { calibrate } from './quantise/calibrate.js';
import { type QuantiseChoice, quantise } from './quantise/quantise.js';
import { type Row, row } from './report.js';

export interface EnginesBenchOptions {
  /** ground truth of the sample clip in MOT15 form; without it recall and precision are not measured */
  gt?: string;
}

interface Contender {
  name: string;
  run(rgb: Uint8Array, width: number, height: number): Promise<CentreMaps>;
  close(): Promise<void>;
  times: number[];
  seen: Detection[][];
  /** largest over all pictures, against the shipped engine on the same one */
  furthest: { score: number; pixels: number };
}

interface Picture {
  index: number;
  rgb: Uint8Array;
}

const engines: readonly EngineName[] = ['onnx', 'tfjs'];
const mixtures: Record<string, QuantiseChoice> = {
  'int8 in convolutions but depthwise': { depthwise: false, between: false },
  'int8 in convolutions': { depthwise: true, between: false },
  'int8 throughout': { depthwise: true, between: true },
};
/** Pictures that the ranges come from, and the share of values that may lie outside (both ends together). */
const calibration = { pictures: 16, after: 4, outside: 0.0002 };
/** The first looks also allocate; they are not measured. */
const warmUpLooks = 5;
const truthOverlap = 0.4;
/** The same object, nearly the same box. */
const likeOverlap = 0.8;

/**
 * @returns rows for each contender: look time, its ratio to the shipped engine's on the same picture, agreement with it
 *   and, with a ground truth, recall and precision for people
 * @throws VigieError `model` or `source` when set-up has not run, `config` for a ground truth that cannot be read
 */
export async function benchEngines({ gt }: EnginesBenchOptions): Promise<Row[]> {
  const truth = gt === undefined ? null : await readTruth(gt);
  const detect = config.shape.detect.parse(undefined);
  const model = findModel(detect.model);
  const size = { width: detect.inputWidth, height: detect.inputHeight };
  const clip = join(cacheDirectory(), 'sample', 'vtest.avi');
  const due = async (after: number, most: number): Promise<Picture[]> =>
    duePictures(clip, size.width, size.height, most, after);
  const contenders = [
    ...(await Promise.all(engines.map(async (name) => engineContender(name, model)))),
    ...(await integerContenders(model, size, await due(calibration.after, calibration.pictures))),
  ];
  const pictures = await due(0, Number.POSITIVE_INFINITY);
  const options = {
    classes: model.classes.map((c) => c.class),
    stride: model.graph.stride,
    threshold: detect.highThreshold,
  };
  for (const { rgb } of pictures) {
    let shipped: CentreMaps | null = null;
    for (const contender of contenders) {
      const start = performance.now();
      const maps = await contender.run(rgb, size.width, size.height);
      contender.seen.push(decodeCentreNet(maps, options));
      contender.times.push(performance.now() - start);
      shipped ??= { ...maps, heat: maps.heat.slice(), reach: maps.reach.slice() };
      contender.furthest.score = Math.max(contender.furthest.score, apart(maps.heat, shipped.heat));
      contender.furthest.pixels = Math.max(contender.furthest.pixels, apart(maps.reach, shipped.reach));
    }
  }
  for (const contender of contenders) await contender.close();
  return contenders.flatMap((contender) => rowsOf(contender, contenders[0] ?? contender, pictures, truth));
}

async function engineContender(name: EngineName, model: Model): Promise<Contender> {
  const engine = await engineOf(name);
  const path = modelPaths(model, cacheDirectory()).onnxFile;
  await engine.load({ path, sha256: model.onnx.sha256 }, { threads: 1 });
  return {
    name,
    run: async (rgb, width, height) => engine.run(rgb, width, height),
    close: async () => engine.close(),
    times: [],
    seen: [],
    furthest: { score: 0, pixels: 0 },
  };
}

async function integerContenders(
  model: Model,
  size: { width: number; height: number },
  pictures: Picture[],
): Promise<Contender[]> {
  const files = filesOf(model, 'tfjs', modelPaths(model, cacheDirectory()).onnxFile);
  const [json, weights] = await Promise.all(files.map(verifiedBytes));
  const floats = translateModel(model, json?.toString('utf8') ?? '', weights ?? new Uint8Array(0));
  const planes = pictures.map(({ rgb }) => planesOf(rgb));
  const ranges = await calibrate(floats, planes, size, calibration.outside);
  return Promise.all(
    Object.entries(mixtures).map(async ([name, choice]) =>
      sessionContender(name, quantise(floats, ranges, choice)),
    ),
  );
}

function planesOf(rgb: Uint8Array): Float32Array {
  const planes = new Float32Array(rgb.length);
  toPlanes(rgb, planes);
  return planes;
}

async function sessionContender(name: string, model: OnnxModel): Promise<Contender> {
  const session = await InferenceSession.create(encodeOnnx(model), {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  const run = async (rgb: Uint8Array, width: number, height: number): Promise<CentreMaps> => {
    const { heat, reach } = await session.run({
      picture: new Tensor('float32', planesOf(rgb), [1, 3, height, width]),
    });
    const [, , rows = 0, columns = 0] = heat?.dims ?? [];
    return { rows, columns, heat: heat?.data as Float32Array, reach: reach?.data as Float32Array };
  };
  return {
    name,
    run,
    close: async () => session.release(),
    times: [],
    seen: [],
    furthest: { score: 0, pixels: 0 },
  };
}

function rowsOf(
  { name, times, seen, furthest }: Contender,
  shipped: Contender,
  pictures: Picture[],
  truth: Map<number, TruthBox[]> | null,
): Row[] {
  const ratios = times.map((ms, i) => ms / (shipped.times[i] ?? ms)).slice(warmUpLooks);
  const rows = [
    row(`${name}, look, median`, median(times.slice(warmUpLooks)), 'ms'),
    row(`${name}, look, against ${shipped.name}`, median(ratios), 'ratio'),
    row(`${name}, detections of ${shipped.name} found too`, shareFound(shipped.seen, seen), 'share'),
    row(`${name}, detections that ${shipped.name} has too`, shareFound(seen, shipped.seen), 'share'),
  ];
  if (name !== shipped.name) {
    rows.push(row(`${name}, largest difference of a score`, furthest.score, 'share'));
    rows.push(row(`${name}, largest difference of a side`, furthest.pixels, 'px'));
  }
  if (!truth) return rows;
  const people = seen.map((detections) => detections.filter((d) => d.class === 'person'));
  const counts = people.map((found, i) =>
    matchPicture(found, truth.get(pictures[i]?.index ?? -1) ?? [], truthOverlap),
  );
  const { recall, precision } = recallAndPrecision(counts);
  if (recall !== null) rows.push(row(`${name}, people, recall at IoU ${truthOverlap}`, recall, 'share'));
  if (precision !== null)
    rows.push(row(`${name}, people, precision at IoU ${truthOverlap}`, precision, 'share'));
  return rows;
}

function apart(a: Float32Array, b: Float32Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] ?? 0) - (b[i] ?? 0)));
  return most;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Share of the first's detections that have their like in the second's, picture by picture. */
function shareFound(first: Detection[][], second: Detection[][]): number {
  let [all, found] = [0, 0];
  first.forEach((detections, i) => {
    for (const one of detections) {
      all++;
      const others = second[i] ?? [];
      if (others.some((o) => o.class === one.class && overlapOf(o.box, one.box) >= likeOverlap)) found++;
    }
  });
  return all === 0 ? Number.NaN : found / all;
}
