/**
 * Measures the person mask: the time to cover 50 people, and, on the sample clip with its ground truth, how much of
 * them stays uncovered. Run by bench/main.ts. The stage is the product's; its clock is moved by hand, each look is
 * answered after a set time, and what is covered is counted in the pixels of the frames that come out.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ManualClock } from '../board/virtual/clock.js';
import { decodeCentreNet } from '../models/decode/centernet.js';
import { OnnxEngine } from '../models/engines/onnx.js';
import { findModel, modelPaths } from '../models/manifest.js';
import type { Anonymiser } from '../pipelines/anonymise/anonymiser.js';
import { Cover } from '../pipelines/anonymise/cover.js';
import { i420Bytes, type MaskedFrame, type PictureSize } from '../pipelines/frame.js';
import { Masker } from '../pipelines/mask/masker.js';
import type { Box, Detection } from '../pipelines/messages.js';
import { personMask } from '../pipelines/person-mask.js';
import { cacheDirectory } from '../runtime/config/paths.js';
import { config } from '../runtime/config/schema.js';
import { sampleClip } from './clip.js';
import { clipSize, readTruth } from './detect.js';
import { drawMissed } from './quality/boxes.js';
import { clipPictures } from './quality/clip.js';
import type { TruthBox } from './quality/mot.js';
import { atLeast, atMost, type Row, row } from './report.js';

/** Of the clip. */
const FRAMES_PER_SECOND = 10;
/** One frame in two: five looks a second. */
const LOOK_EVERY = 2;
/** What a look takes on a small board, about; it is answered before the next frame but one. */
const LOOK_MS = 60;
const WHITE = 200;
const BLACK = 16;
/** Of a person's box, from the top. */
const HEAD = 0.2;
const PICTURES = 12;

/** What the mask left open of one person in one frame. */
export interface Uncovered {
  frame: number;
  box: Box;
  /** share of the box */
  share: number;
  headCovered: boolean;
}

export interface AnonymiseBenchOptions {
  /** ground truth of the sample clip in MOT15 form; without it only time is measured */
  gt?: string;
  /** a directory for pictures of what was missed */
  pictures?: string;
}

/** @throws VigieError `model` or `source` when set-up has not run, `config` for a ground truth that cannot be read */
export async function benchAnonymise(
  say: (line: string) => unknown,
  { gt, pictures }: AnonymiseBenchOptions,
): Promise<Row[]> {
  const rows = [...coverTimes('blocks', 1), ...coverTimes('solid', null)];
  if (gt === undefined) return rows;
  const truth = await readTruth(gt);
  say('looking at the clip');
  const looks = await lookAtClip();
  for (const cover of ['bodies', 'heads'] as const) {
    for (const delaySeconds of [0, 0.5]) {
      const { people, hidden } = runClip(looks, truth, { cover, delaySeconds });
      rows.push(...qualityRows(`${cover}, delay ${delaySeconds} s`, people, hidden, delaySeconds === 0.5));
      if (!pictures) continue;
      const directory = join(pictures, `${cover}-${delaySeconds}`);
      await mkdir(directory, { recursive: true });
      const missed = people.filter((p) => !p.headCovered);
      const step = Math.max(1, Math.floor(missed.length / PICTURES));
      const chosen = missed.filter((_, i) => i % step === 0).slice(0, PICTURES);
      await drawMissed(sampleClip(), directory, chosen, clipSize);
    }
  }
  return rows;
}

function coverTimes(manner: 'solid' | 'blocks', goal: number | null): Row[] {
  const size = { width: 1920, height: 1080 };
  const cover = new Cover(size, { manner, cover: 'bodies' });
  const data = Buffer.alloc(i420Bytes(size), WHITE);
  // 50 people of a street seen from a pole: a tenth to a quarter of the picture's height.
  const boxes = Array.from({ length: 50 }, (_, i) => {
    const height = 0.1 + 0.15 * ((i * 7) % 50) * 0.02;
    return { x: ((i * 13) % 50) / 52, y: ((i * 29) % 50) / 66, width: height * 0.25, height };
  });
  const ms: number[] = [];
  for (let n = 0; n < 400; n++) {
    const started = process.hrtime.bigint();
    cover.boxes(data, boxes);
    if (n >= 100) ms.push(Number(process.hrtime.bigint() - started) / 1e6);
  }
  ms.sort((a, b) => a - b);
  const [p50, p99] = [ms[Math.floor(ms.length / 2)], ms[Math.floor(ms.length * 0.99)]];
  const name = `1080p, 50 people, ${manner}`;
  const first = goal === null ? row(`${name}, p50`, p50, 'ms') : atMost(`${name}, p50`, p50, 'ms', goal);
  return [first, row(`${name}, p99`, p99, 'ms')];
}

/** What the product's model finds in each frame that is looked at, by index; null for the others. */
async function lookAtClip(): Promise<(Detection[] | null)[]> {
  const { inputWidth, inputHeight, lowThreshold, model: name } = config.shape.detect.parse(undefined);
  const model = findModel(name);
  const engine = new OnnxEngine();
  const file = { path: modelPaths(model, cacheDirectory()).onnxFile, sha256: model.onnx.sha256 };
  await engine.load(file, { threads: 1 });
  const decode = {
    classes: model.classes.map((c) => c.class),
    stride: model.graph.stride,
    threshold: lowThreshold,
  };
  const looks: (Detection[] | null)[] = [];
  for await (const rgb of clipPictures(sampleClip(), inputWidth, inputHeight)) {
    const due = looks.length % LOOK_EVERY === 0;
    looks.push(due ? decodeCentreNet(await engine.run(rgb, inputWidth, inputHeight), decode) : null);
  }
  await engine.close();
  return looks;
}

/** Runs the stage over frames that are white where nothing covers them. */
function runClip(
  looks: readonly (Detection[] | null)[],
  truth: Map<number, TruthBox[]>,
  options: { cover: 'bodies' | 'heads'; delaySeconds: number },
): { people: Uncovered[]; hidden: number } {
  const clock = new ManualClock();
  const people: Uncovered[] = [];
  let black = 0;
  const { lowThreshold } = config.shape.detect.parse(undefined);
  const stage = personMask(
    clock,
    {
      ...clipSize,
      head: null,
      personMask: { ...options, manner: 'solid', area: null, only: true },
      detect: { lowThreshold, ratePerSecond: FRAMES_PER_SECOND / LOOK_EVERY },
      rate: { numerator: FRAMES_PER_SECOND, denominator: 1 },
    },
    ({ seq, data }) => {
      black += shareOf(data, { x: 0, y: 0, width: 1, height: 1 });
      for (const { box, ignored } of truth.get(seq) ?? []) {
        if (!ignored) people.push(uncovered(seq, box, data));
      }
    },
  ) as Anonymiser;
  stage.start();
  const masker = new Masker(clipSize);
  masker.open(1, masker.load({ version: 1, zones: [] }));
  looks.forEach((detections, seq) => {
    const frame = whiteFrame(masker, seq, clock.monoUs());
    stage.push(frame, detections !== null);
    clock.advance(LOOK_MS);
    if (detections) stage.seen(frame, detections);
    clock.advance(1000 / FRAMES_PER_SECOND - LOOK_MS);
  });
  stage.stop();
  return { people, hidden: black / looks.length };
}

function whiteFrame(masker: Masker, seq: number, monoUs: number): MaskedFrame {
  const data = Buffer.alloc(i420Bytes(clipSize), WHITE);
  return masker.mask({ kind: 'raw', seq, monoUs, wallMs: 0, ...clipSize, data });
}

function uncovered(frame: number, box: Box, data: Buffer): Uncovered {
  const head = { ...box, height: box.height * HEAD };
  return { frame, box, share: 1 - shareOf(data, box), headCovered: shareOf(data, head) === 1 };
}

/** Share of the box's pixels, as far as they lie in the picture, that are covered; 1 when none does. */
function shareOf(data: Buffer, { x, y, width, height }: Box): number {
  const { width: across, height: down }: PictureSize = clipSize;
  const [left, right] = [
    Math.max(0, Math.floor(x * across)),
    Math.min(across, Math.ceil((x + width) * across)),
  ];
  const [top, bottom] = [Math.max(0, Math.floor(y * down)), Math.min(down, Math.ceil((y + height) * down))];
  let [black, all] = [0, 0];
  for (let row = top; row < bottom; row++) {
    for (let at = row * across + left; at < row * across + right; at++) {
      if (data[at] === BLACK) black++;
      all++;
    }
  }
  return all === 0 ? 1 : black / all;
}

function qualityRows(name: string, people: readonly Uncovered[], hidden: number, isGoal: boolean): Row[] {
  const open = people.reduce((sum, { share }) => sum + share, 0) / people.length;
  const heads = people.filter(({ headCovered }) => headCovered).length / people.length;
  const head = `${name}, person-frames with the head covered whole`;
  return [
    row(`${name}, person-frames`, people.length, 'boxes'),
    row(`${name}, box area left open`, open, 'share'),
    isGoal ? atLeast(head, heads, 'share', 0.99) : row(head, heads, 'share'),
    row(`${name}, picture covered`, hidden, 'share'),
  ];
}
