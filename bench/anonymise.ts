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
import { inputSize } from '../runtime/config/detect.js';
import { cacheDirectory } from '../runtime/config/paths.js';
import { config } from '../runtime/config/schema.js';
import { type FoundIn, foundIn, type Miss, misses, whyMissed } from './anonymise-misses.js';
import { sampleClip } from './clip.js';
import { clipSize, readTruth } from './detect.js';
import { people as fiftyPeople } from './mask.js';
import { drawBox, writePng } from './quality/boxes.js';
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
interface Uncovered {
  frame: number;
  box: Box;
  /** share of the box */
  share: number;
  /** share of the head */
  headShare: number;
  /** null when the head was covered whole */
  why: Miss | null;
}

interface ClipRun {
  people: Uncovered[];
  /** share of the picture, mean */
  hidden: number;
  /** luma of the frames in which a head was open */
  frames: Map<number, Buffer>;
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
  const found = foundIn(looks, truth);
  for (const cover of ['bodies', 'heads'] as const) {
    for (const delaySeconds of [0, 0.5]) {
      const run = runClip(looks, { truth, found }, { cover, delaySeconds });
      const half = looks.length / 2;
      rows.push(...qualityRows(`${cover}, delay ${delaySeconds} s`, run, half, delaySeconds === 0.5));
      if (pictures) await writePictures(join(pictures, `${cover}-${delaySeconds}`), run);
    }
  }
  return rows;
}

/** The worst of each frame, the worst frames first. */
async function writePictures(directory: string, { people, frames }: ClipRun): Promise<void> {
  const worst = new Map<number, Uncovered>();
  for (const one of people.filter(({ why }) => why !== null)) {
    if (one.headShare > (worst.get(one.frame)?.headShare ?? 0)) worst.set(one.frame, one);
  }
  const chosen = [...worst.values()].sort((a, b) => b.headShare - a.headShare).slice(0, PICTURES);
  if (chosen.length === 0) return;
  await mkdir(directory, { recursive: true });
  let index = 0;
  for await (const rgb of clipPictures(sampleClip(), clipSize.width, clipSize.height)) {
    const frame = index++;
    const one = chosen.find((missed) => missed.frame === frame);
    const luma = frames.get(frame);
    if (!one || !luma) continue;
    luma.forEach((value, i) => {
      if (value === BLACK) rgb.fill(0, 3 * i, 3 * i + 3);
    });
    drawBox(rgb, one.box, clipSize);
    writePng(join(directory, `frame-${String(frame).padStart(4, '0')}-${one.why}.png`), rgb, clipSize);
  }
}

function coverTimes(manner: 'solid' | 'blocks', goal: number | null): Row[] {
  const size = { width: 1920, height: 1080 };
  const cover = new Cover(size, { manner, cover: 'bodies' });
  const data = Buffer.alloc(i420Bytes(size), WHITE);
  const boxes = fiftyPeople(50);
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
  const { lowThreshold, model: name, ...asked } = config.shape.detect.parse(undefined);
  const { inputWidth, inputHeight } = inputSize(clipSize, asked);
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
  { truth, found }: { truth: Map<number, TruthBox[]>; found: FoundIn },
  options: { cover: 'bodies' | 'heads'; delaySeconds: number },
): ClipRun {
  const clock = new ManualClock();
  const run: ClipRun = { people: [], hidden: 0, frames: new Map() };
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
    ({ seq, data, mask }) => {
      run.hidden += shareOf(data, { x: 0, y: 0, width: 1, height: 1 }) / looks.length;
      for (const { box, id, ignored } of truth.get(seq) ?? []) {
        if (ignored) continue;
        const headShare = 1 - shareOf(data, { ...box, height: box.height * HEAD });
        const why = headShare > 0 ? whyMissed(found.get(id), seq, LOOK_EVERY, mask.people) : null;
        run.people.push({ frame: seq, box, share: 1 - shareOf(data, box), headShare, why });
        if (why) run.frames.set(seq, data.subarray(0, clipSize.width * clipSize.height));
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
  return run;
}

function whiteFrame(masker: Masker, seq: number, monoUs: number): MaskedFrame {
  const data = Buffer.alloc(i420Bytes(clipSize), WHITE);
  return masker.mask({ kind: 'raw', seq, monoUs, wallMs: 0, ...clipSize, data });
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

function qualityRows(name: string, { people, hidden }: ClipRun, half: number, isGoal: boolean): Row[] {
  const open = people.reduce((sum, { share }) => sum + share, 0) / people.length;
  const heads = (of: readonly Uncovered[]): number => of.filter(({ why }) => why === null).length / of.length;
  const head = `${name}, person-frames with the head covered whole`;
  const all = heads(people);
  return [
    row(`${name}, person-frames`, people.length, 'boxes'),
    row(`${name}, box area left open`, open, 'share'),
    isGoal ? atLeast(head, all, 'share', 0.99) : row(head, all, 'share'),
    row(`${head}, first half of the clip`, heads(people.filter(({ frame }) => frame < half)), 'share'),
    row(`${head}, second half`, heads(people.filter(({ frame }) => frame >= half)), 'share'),
    ...Object.entries(misses).map(([miss, words]) =>
      row(`${name}, head open: ${words}`, people.filter(({ why }) => why === miss).length, 'boxes'),
    ),
    row(`${name}, picture covered`, hidden, 'share'),
  ];
}
