/**
 * The street of `npm run bench -- alert`: the sample clip without its people, and one of them as a cut-out, so that somebody can be
 * put into the picture at a known moment. Fed by GStreamer and the product's detector, read by bench/alert.ts.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { VigieError } from '../errors.js';
import { decodeCentreNet, overlapOf } from '../models/decode/centernet.js';
import { OnnxEngine } from '../models/engines/onnx.js';
import { findModel, modelPaths } from '../models/manifest.js';
import { i420Bytes } from '../pipelines/frame.js';
import type { Box, Detection } from '../pipelines/messages.js';
import { cacheDirectory } from '../runtime/config/paths.js';
import { clipPictures } from './quality/clip.js';

/** The clip's own size. */
export const stageSize = { width: 768, height: 576 };
/** Pictures of the clip that are looked through for somebody to cut out. */
const SEARCHED = 120;
/** Every so many of them goes into the median that is left when people are gone. */
const MEDIAN_EVERY = 8;
/** Around the person, pixels; even. */
const PADDING = 6;

/** A rectangle of the clip, even numbers of pixels. */
interface CutOut {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Stage {
  /** the street without people, I420 */
  empty: Buffer;
  /** where the person stood, shares of the picture */
  box: Box;
  /** the street with the person moved by so many pixels to the right (an even number) */
  withPerson(moved: number): Buffer;
}

/** @throws VigieError `source` or `model` when set-up has not run */
export async function makeStage(): Promise<Stage> {
  const clip = join(cacheDirectory(), 'sample', 'vtest.avi');
  const frames = framesOf(clip);
  const { index, box } = await somebody(clip, frames.length);
  const empty = median(frames.filter((_, i) => i % MEDIAN_EVERY === 0));
  const person = frames[index] as Buffer;
  const cut = cutOut(box);
  return {
    empty,
    box,
    withPerson: (moved) => {
      const frame = Buffer.from(empty);
      paste(frame, person, cut, moved);
      return frame;
    },
  };
}

function framesOf(clip: string): Buffer[] {
  const caps = `video/x-raw,format=I420,width=${stageSize.width},height=${stageSize.height}`;
  const launch = `filesrc location=${clip} ! decodebin ! videoconvert ! ${caps} ! identity eos-after=${SEARCHED + 1} ! fdsink fd=1`;
  const bytes = i420Bytes(stageSize);
  const { stdout, status } = spawnSync('gst-launch-1.0', ['-q', ...launch.split(' ')], {
    maxBuffer: (SEARCHED + 2) * bytes,
  });
  const count = Math.floor((stdout?.length ?? 0) / bytes);
  if (status !== 0 || count < SEARCHED)
    throw new VigieError('source', `The clip ${clip} cannot be decoded`, 'Run npm run setup again');
  return Array.from({ length: SEARCHED }, (_, i) => stdout.subarray(i * bytes, (i + 1) * bytes));
}

/** The person who is found with the best score while nobody else is near. */
async function somebody(clip: string, most: number): Promise<{ index: number; box: Box }> {
  const model = findModel('centernet');
  const engine = new OnnxEngine();
  await engine.load(
    { path: modelPaths(model, cacheDirectory()).onnxFile, sha256: model.onnx.sha256 },
    { threads: 1 },
  );
  const options = { classes: model.classes.map((c) => c.class), stride: model.graph.stride, threshold: 0.2 };
  let best: { index: number; found: Detection } | null = null;
  let index = 0;
  for await (const rgb of clipPictures(clip, 384, 288)) {
    if (index >= most) break;
    const people = decodeCentreNet(await engine.run(rgb, 384, 288), options);
    for (const found of people.filter((p) => p.class === 'person' && isUsable(p, people)))
      if (!best || found.score > best.found.score) best = { index, found };
    index++;
  }
  await engine.close();
  if (best) return { index: best.index, box: best.found.box };
  throw new VigieError('source', 'Nobody stands alone in the sample clip', 'Run npm run setup again');
}

/** Alone, whole, and with room on both sides to walk. */
function isUsable({ box, class: kind }: Detection, all: readonly Detection[]): boolean {
  const wide = { x: box.x - box.width, y: box.y, width: 3 * box.width, height: box.height };
  const alone = all.every((other) => other.box === box || overlapOf(wide, other.box) === 0);
  const centre = box.x + box.width / 2;
  return (
    kind === 'person' && alone && centre > 0.3 && centre < 0.7 && box.y > 0.1 && box.y + box.height < 0.95
  );
}

function cutOut({ x, y, width, height }: Box): CutOut {
  const even = (value: number): number => 2 * Math.round(value / 2);
  return {
    left: even(x * stageSize.width - PADDING),
    top: even(y * stageSize.height - PADDING),
    width: even(width * stageSize.width + 2 * PADDING),
    height: even(height * stageSize.height + 2 * PADDING),
  };
}

function paste(frame: Buffer, from: Buffer, { left, top, width, height }: CutOut, moved: number): void {
  let plane = 0;
  for (const scale of [1, 2, 2]) {
    const stride = stageSize.width / scale;
    for (let row = top / scale; row < (top + height) / scale; row++) {
      const start = plane + row * stride;
      const source = start + left / scale;
      from.copy(frame, start + (left + moved) / scale, source, source + width / scale);
    }
    plane += stride * (stageSize.height / scale);
  }
}

/** Byte by byte over the frames: who walks is nowhere for long. */
function median(frames: readonly Buffer[]): Buffer {
  const out = Buffer.alloc(i420Bytes(stageSize));
  const values = new Uint8Array(frames.length);
  for (let at = 0; at < out.length; at++) {
    for (let i = 0; i < frames.length; i++) values[i] = (frames[i] as Buffer)[at] as number;
    values.sort();
    out[at] = values[frames.length >> 1] as number;
  }
  return out;
}
