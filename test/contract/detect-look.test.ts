/** Looking with the real model: at the whole, at a window, at nothing; the same people in the same places. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { sampleClip } from '../../bench/clip.js';
import { clipPictures } from '../../bench/quality/clip.js';
import { systemClock } from '../../board/linux/clock.js';
import { Look, type Seen } from '../../pipelines/detect/look.js';
import type { MaskedFrame } from '../../pipelines/frame.js';
import { Masker } from '../../pipelines/mask/masker.js';
import type { Track } from '../../pipelines/messages.js';
import { iou } from '../../pipelines/track/association.js';
import { Tracker } from '../../pipelines/track/tracker.js';
import { modelFile, withoutModel } from './detect-model.js';

const size = { width: 768, height: 576 };
const without =
  withoutModel || (existsSync(sampleClip()) ? false : 'the sample clip is not set up: npm run setup');
const options = {
  engine: 'onnx' as const,
  modelFile: modelFile.path,
  modelSha256: modelFile.sha256,
  inputWidth: 384,
  inputHeight: 288,
  ratePerSecond: 5,
  lowThreshold: 0.15,
  highThreshold: 0.3,
  classThresholds: {},
  threads: 1,
  occupancyZones: [
    {
      name: 'all',
      points: [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ] as [number, number][],
    },
  ],
  stills: true,
};

/** The first looks of the sample clip, then its last one again and again: people who stand. */
async function frames(moving: number, standing: number): Promise<MaskedFrame[]> {
  const masker = new Masker(size);
  masker.open(1, masker.load({ version: 1, zones: [] }));
  const all: Buffer[] = [];
  let index = 0;
  for await (const bytes of clipPictures(sampleClip(), size.width, size.height, 0, 'I420')) {
    if (index++ % 2 === 0) all.push(Buffer.from(bytes));
    if (all.length === moving) break;
  }
  for (let n = 0; n < standing; n++) all.push(Buffer.from(all[moving - 1] as Buffer));
  return all.map((data, seq) =>
    masker.mask({ kind: 'raw', seq, monoUs: (seq + 1) * 200_000, wallMs: 0, ...size, data }),
  );
}

async function look(
  pictures: readonly MaskedFrame[],
  fullLookSeconds: number | null,
): Promise<{ seen: Seen; tracks: Track[] }[]> {
  const tracker = new Tracker({ ...options, aspect: 4 / 3 });
  let answer: ((seen: Seen) => void) | null = null;
  const dropped: MaskedFrame[] = [];
  const stage: Look = new Look(
    {
      clock: systemClock,
      log: { info: () => {}, warn: () => {}, error: () => {} },
      onSeen: (seen) => answer?.(seen),
      onFault: (error) => assert.fail(error),
      expected: (monoUs) => tracker.expected(monoUs),
      dropped: (frame) => {
        assert.ok(!stage.keeps(frame));
        dropped.push(frame);
      },
    },
    { ...options, fullLookSeconds },
    size,
  );
  await stage.start();
  const looks = [];
  for (const picture of pictures) {
    const seen = await new Promise<Seen>((resolve) => {
      answer = resolve;
      stage.offer(picture);
    });
    looks.push({ seen, tracks: tracker.update(seen.detections, picture.monoUs, seen.isLively) });
    await setImmediate();
  }
  await stage.stop();
  assert.deepEqual(dropped, pictures.slice(0, -3), 'each is given back once, except those kept for pictures');
  return looks;
}

test('windows find the people whom whole looks find, and everybody who stands stays followed', {
  skip: without,
}, async () => {
  const pictures = await frames(60, 15);
  const whole = await look(pictures, null);
  const gated = await look(pictures, 2);
  assert.ok(whole.every(({ seen }) => seen.looked === 'full'));
  const windows = gated.filter(({ seen }) => seen.looked === 'window');
  assert.ok(windows.length > 5, `${windows.length} windows: the test would prove nothing`);
  let [found, both] = [0, 0];
  whole.forEach(({ tracks }, i) => {
    for (const { box } of tracks.filter((t) => t.seen)) {
      found++;
      if (gated[i]?.tracks.some((t) => iou(t.box, box) > 0.5)) both++;
    }
  });
  assert.ok(found > 200 && both >= 0.9 * found, `${both} of ${found}`);
  assert.ok(
    gated.every(({ seen }) => seen.looked !== 'none'),
    'somebody is always there',
  );
  const [last] = gated.slice(-1);
  assert.ok((last?.seen.occupied[0]?.share ?? 0) > 0.005);
  assert.deepEqual(last?.seen.stills, [], 'who is followed is no thing');
});

test('an empty picture: the model rests between whole looks, and nothing is found', {
  skip: without,
}, async () => {
  const masker = new Masker(size);
  masker.open(1, masker.load({ version: 1, zones: [] }));
  const grey = [...Array(60).keys()].map((seq) => {
    const data = Buffer.alloc(size.width * size.height * 1.5, 128);
    return masker.mask({ kind: 'raw', seq, monoUs: (seq + 1) * 200_000, wallMs: 0, ...size, data });
  });
  const looks = (await look(grey, 2)).slice(20);
  const rests = looks.filter(({ seen }) => seen.looked === 'none');
  assert.ok(rests.length >= 0.8 * looks.length);
  assert.ok(rests.every(({ seen }) => seen.lookMs === 0 && seen.detections.length === 0));
  assert.deepEqual(
    looks.flatMap(({ tracks }) => tracks),
    [],
  );
});
