import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../board/linux/clock.js';
import { VigieError } from '../../errors.js';
import { decodeCentreNet } from '../../models/decode/centernet.js';
import { engineOf } from '../../models/engines/choose.js';
import { Detector } from '../../pipelines/detect/detector.js';
import { type SmallPicture, smallPictureOf } from '../../pipelines/detect/small-picture.js';
import { i420Bytes } from '../../pipelines/frame.js';
import { Masker } from '../../pipelines/mask/masker.js';
import type { DetectOptions } from '../../pipelines/messages.js';
import { model, modelFile, patternPicture, withoutModel } from './detect-model.js';

const size = { width: 96, height: 64 };
const options: DetectOptions = {
  modelFile: modelFile.path,
  modelSha256: modelFile.sha256,
  inputWidth: size.width,
  inputHeight: size.height,
  ratePerSecond: 5,
  // low enough for the model to see something in a pattern
  lowThreshold: 0.02,
  highThreshold: 0.3,
  threads: 1,
  engine: 'onnx',
  classThresholds: {},
  fullLookSeconds: null,
  occupancyZones: [],
  stills: false,
};
const silent = { info: () => {}, warn: () => {}, error: () => {} };
const newDetector = (changes: Partial<DetectOptions> = {}): Detector =>
  new Detector({ log: silent, clock: systemClock }, { ...options, ...changes });

function picture(seq: number, { width, height } = size): SmallPicture {
  const raw = { kind: 'raw' as const, seq, monoUs: 1, wallMs: 2, width, height };
  const frame = new Masker({ width, height }).mask({
    ...raw,
    data: Buffer.alloc(i420Bytes({ width, height })),
  });
  return smallPictureOf(frame, width, height, patternPicture(width, height));
}

const refused =
  (words: RegExp) =>
  (error: unknown): boolean =>
    error instanceof VigieError && error.kind === 'model' && words.test(error.message);

for (const engineName of ['onnx', 'tfjs'] as const) {
  test(`the thread finds what ${engineName} finds, picture after picture`, {
    skip: withoutModel,
  }, async () => {
    const engine = await engineOf(engineName);
    await engine.load(modelFile, { threads: 1 });
    const maps = await engine.run(patternPicture(size.width, size.height), size.width, size.height);
    const classes = model.classes.map((c) => c.class);
    const expected = decodeCentreNet(maps, {
      classes,
      stride: model.graph.stride,
      threshold: options.lowThreshold,
    });
    await engine.close();
    assert.ok(expected.length > 0, 'the pattern shows the model nothing: the test would prove nothing');
    const detector = newDetector({ engine: engineName });
    await detector.start();
    for (const seq of [7, 8]) {
      const look = await detector.look(picture(seq));
      assert.equal(look?.seq, seq);
      assert.deepEqual(look?.detections, expected);
      assert.ok((look?.lookMs ?? -1) >= 0);
    }
    await detector.stop();
  });
}

test('one look at a time: a picture that comes while it looks is left alone', {
  skip: withoutModel,
}, async () => {
  const detector = newDetector();
  await detector.start();
  assert.equal(detector.busy, false);
  const first = detector.look(picture(1));
  assert.equal(detector.busy, true);
  const second = picture(2);
  assert.equal(await detector.look(second), null);
  assert.equal(second.rgb.length, size.width * size.height * 3);
  assert.equal((await first)?.seq, 1);
  assert.equal(detector.busy, false);
  assert.equal((await detector.look(second))?.seq, 2);
  await detector.stop();
});

test('a model that is not the listed one does not start', { skip: withoutModel }, async () => {
  await assert.rejects(newDetector({ modelSha256: 'a'.repeat(64) }).start(), refused(/not in the list/));
  await assert.rejects(newDetector({ modelFile: '/nowhere/model.onnx' }).start(), refused(/cannot be read/));
  await assert.rejects(newDetector({ modelFile: import.meta.filename }).start(), refused(/SHA-256 differs/));
});

test('stop ends a look under way, may be called twice, and before start', {
  skip: withoutModel,
}, async () => {
  const detector = newDetector();
  await detector.stop();
  await detector.start();
  const look = assert.rejects(detector.look(picture(1)), refused(/not running/));
  await Promise.all([look, detector.stop()]);
  await detector.stop();
  await assert.rejects(detector.look(picture(2)), refused(/not running/));
  await detector.start();
  assert.equal((await detector.look(picture(3)))?.seq, 3);
  await detector.stop();
});

test('a signal stops it', { skip: withoutModel }, async () => {
  const abort = new AbortController();
  const detector = newDetector();
  await detector.start(abort.signal);
  abort.abort();
  await assert.rejects(detector.look(picture(1)), refused(/not running/));
  await detector.stop();
  await assert.rejects(newDetector().start(AbortSignal.abort()), refused(/not running/));
});

test('a picture larger than the configured size, or of odd sides, is refused before it reaches the model', {
  skip: withoutModel,
}, async () => {
  const detector = newDetector();
  await detector.start();
  await assert.rejects(detector.look(picture(1, { width: 128, height: 64 })), refused(/128x64/));
  await assert.rejects(detector.look(picture(1, { width: 64, height: 62 })), refused(/64x62/));
  assert.equal((await detector.look(picture(1, { width: 64, height: 64 })))?.seq, 1);
  assert.equal((await detector.look(picture(2)))?.seq, 2);
  await detector.stop();
});

test('a small picture owns its bytes and names its frame', () => {
  const made = picture(5);
  assert.deepEqual([made.seq, made.monoUs, made.wallMs], [5, 1, 2]);
  const source = patternPicture(size.width, size.height);
  const frame = new Masker(size).mask({
    kind: 'raw',
    seq: 0,
    monoUs: 0,
    wallMs: 0,
    ...size,
    data: Buffer.alloc(i420Bytes(size)),
  });
  const small = smallPictureOf(frame, size.width, size.height, source);
  source.fill(0);
  assert.ok(small.rgb.some((byte) => byte !== 0));
  assert.throws(() => smallPictureOf(frame, size.width, size.height, source.subarray(1)), VigieError);
});
