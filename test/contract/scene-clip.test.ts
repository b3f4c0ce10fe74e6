/**
 * From the pictures of the sample clip to alerts, with the real model: the first 20 s, at 5 looks a second. What is to be found
 * was counted in the marks that people made on these pictures (the clip's published ground truth), not in what is detected:
 * who goes over the line in the middle of the path, when, and which way.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { clipPictures } from '../../bench/quality/clip.js';
import { decodeCentreNet } from '../../models/decode/centernet.js';
import { OnnxEngine } from '../../models/engines/onnx.js';
import type { Detection, Tracks } from '../../pipelines/messages.js';
import { Tracker } from '../../pipelines/track/tracker.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import { type WatchedZone, watchedZone } from '../../runtime/config/zones.js';
import type { Alert } from '../../runtime/scene/alert.js';
import { Scene } from '../../runtime/scene/scene.js';
import { model, modelFile, withoutModel } from './detect-model.js';

const clip = join(cacheDirectory(), 'sample', 'vtest.avi');
const skip =
  withoutModel || (existsSync(clip) ? false : `${clip} is not there: run npm test, which fetches it`);
const input = { width: 384, height: 288 };
const aspect = 4 / 3;
const seconds = 20;
/** The clip has ten pictures a second; every second one is looked at. */
const everyMs = 100;
/** A crossing is told at the second look clearly beyond the line, and marks are not exact. */
const withinSeconds = 1.5;

const looks: Tracks[] = [];

async function lookAtClip(): Promise<void> {
  const engine = new OnnxEngine();
  await engine.load(modelFile, { threads: 1 });
  const tracker = new Tracker({ lowThreshold: 0.15, highThreshold: 0.3, aspect });
  let index = -1;
  for await (const picture of clipPictures(clip, input.width, input.height)) {
    index += 1;
    if (index * everyMs >= seconds * 1000) break;
    if (index % 2 === 1) continue;
    const maps = await engine.run(picture, input.width, input.height);
    const classes = model.classes.map((c) => c.class);
    const found = decodeCentreNet(maps, { classes, stride: model.graph.stride, threshold: 0.15 });
    looks.push(lookOf(index, found, tracker));
  }
  await engine.close();
}

function lookOf(seq: number, detections: Detection[], tracker: Tracker): Tracks {
  const monoUs = 1e6 + seq * everyMs * 1000;
  const tracks = tracker.update(detections, monoUs);
  const rest = { looked: 'full' as const, stills: null, occupied: [], signals: [] };
  return { t: 'tracks', seq, monoUs, wallMs: seq, lookMs: 1, detections: 0, tracks, ...rest };
}

const all: WatchedZone['points'] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

/** Seconds into the clip at which each alert of a zone that watches for this was raised. */
function raisedAt(watching: object, points = all): number[] {
  const zones = [watchedZone.parse({ name: 'Path', points, ...watching })];
  const scene = new Scene({}, { cameraId: 'cam-1', zones, aspect });
  return looks.flatMap((look) => scene.observe(look).alerts).map(({ frameSeq }: Alert) => frameSeq / 10);
}

function assertTimes(actual: number[], counted: number[]): void {
  assert.equal(actual.length, counted.length, `${actual.join(' ')} against ${counted.join(' ')}`);
  actual.forEach((at, i) => {
    assert.ok(
      Math.abs(at - (counted[i] ?? 0)) <= withinSeconds,
      `${actual.join(' ')} against ${counted.join(' ')}`,
    );
  });
}

describe('the first 20 s of the sample clip', { skip }, () => {
  before(lookAtClip);
  const upright = {
    line: [
      [0.45, 0.2],
      [0.45, 0.8],
    ],
    cooldownSeconds: 0,
  };
  const rightwards = [1.4, 9.9];
  const leftwards = [6.6, 16.5, 18.6];

  it('have five crossings of a line over the path, two one way and three the other', () => {
    assertTimes(raisedAt({ crossing: { ...upright, towards: [0.9, 0.5] } }), rightwards);
    assertTimes(raisedAt({ crossing: { ...upright, towards: [0.1, 0.5] } }), leftwards);
    // Who went to the left at 6.6 s comes back at 9.9 s: within 5 s that is the same incident (N2).
    assertTimes(raisedAt({ crossing: upright }), [1.4, ...leftwards]);
  });

  it('have none of a line that nobody comes to, and none for cars', () => {
    assertTimes(
      raisedAt({
        crossing: {
          ...upright,
          line: [
            [0.1, 0.72],
            [0.9, 0.72],
          ],
        },
      }),
      [],
    );
    assertTimes(raisedAt({ crossing: { ...upright, classes: ['car'] } }), []);
  });

  it('have nobody in the lower quarter, for as long as a second', () => {
    const lower: WatchedZone['points'] = [
      [0, 0.75],
      [1, 0.75],
      [1, 1],
      [0, 1],
    ];
    assertTimes(raisedAt({ presence: { dwellSeconds: 1 } }, lower), []);
  });

  it('have two people who go against those who come from the right, on that piece of the path', () => {
    const piece: WatchedZone['points'] = [
      [0.33, 0.35],
      [0.62, 0.35],
      [0.62, 0.55],
      [0.33, 0.55],
    ];
    const direction = { classes: ['person'], from: [0.62, 0.45], to: [0.33, 0.45], cooldownSeconds: 0 };
    assertTimes(raisedAt({ direction }, piece), [3, 11]);
  });
});
