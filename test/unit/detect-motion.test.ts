import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Motion } from '../../pipelines/detect/motion.js';
import { i420Bytes, type PictureSize } from '../../pipelines/frame.js';
import { Masker } from '../../pipelines/mask/masker.js';
import type { Point } from '../../pipelines/messages.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import { recordWhen } from '../../runtime/config/recording.js';
import { seeded } from '../random.js';

const size = { width: 640, height: 360 };
const clipSize = { width: 768, height: 576 };
const threshold = recordWhen.parse({}).motionShare;

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  luma: number;
}

/** A street of grey blocks, with noise, a gain and what moves in it. */
class Street {
  readonly #motion: Motion;
  readonly #masker: Masker;
  readonly #random = seeded(7);
  #seq = 0;

  constructor(
    readonly of: PictureSize = size,
    zones: { name: string; points: Point[] }[] = [],
  ) {
    this.#motion = new Motion(of, { ratePerSecond: 5 });
    this.#masker = new Masker(of);
    this.mask(1, zones);
  }

  mask(version: number, zones: { name: string; points: Point[] }[]): void {
    this.#masker.open(version, this.#masker.load({ version, zones }));
  }

  /** The share of the next picture. */
  share({ noise = 0, gain = 1, boxes = [] as Box[] } = {}): number | null {
    const { width, height } = this.of;
    const data = Buffer.alloc(i420Bytes(this.of), 128);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const block = 60 + (((x >> 5) * 37 + (y >> 5) * 53) % 80);
        const noisy = noise === 0 ? 0 : (this.#random() + this.#random() - 1) * noise;
        data[y * width + x] = Math.max(16, Math.min(235, (block - 16) * gain + 16 + noisy));
      }
    }
    for (const box of boxes) {
      for (let y = box.y; y < box.y + box.height; y++) {
        data.fill(box.luma, y * width + box.x, y * width + box.x + box.width);
      }
    }
    this.#seq += 1;
    const raw = {
      kind: 'raw' as const,
      seq: this.#seq,
      monoUs: this.#seq * 200_000,
      wallMs: 0,
      ...this.of,
      data,
    };
    return this.#motion.measure(this.#masker.mask(raw));
  }

  /** The largest of some shares, after it has learnt. */
  most(count: number, of: (n: number) => { noise?: number; gain?: number; boxes?: Box[] }): number {
    return Math.max(...Array.from({ length: count }, (_, n) => this.share(of(n)) ?? 0));
  }

  learn(noise = 0): this {
    for (let n = 0; n < 10; n++) this.share({ noise });
    return this;
  }
}

/** A person of a tenth of the height of the picture who walks. */
const person = (n: number): Box[] => [{ x: 200 + 6 * n, y: 150, width: 14, height: 36, luma: 30 }];

test('a picture that is still, or noisy, is no motion', () => {
  assert.equal(
    new Street().learn().most(20, () => ({})),
    0,
  );
  assert.ok(new Street().learn(16).most(40, () => ({ noise: 16 })) < threshold);
  assert.ok(new Street().learn(60).most(40, () => ({ noise: 60 })) < threshold);
});

test('a person far away is motion, in noise too', () => {
  assert.ok(new Street().learn().most(5, (n) => ({ boxes: person(n) })) >= threshold);
  assert.ok(new Street().learn(16).most(5, (n) => ({ noise: 16, boxes: person(n) })) >= threshold);
});

test('a moth is not, wherever it sits: inside a cell or at the corner of four', () => {
  for (let at = 0; at < 10; at++) {
    const moth: Box = { x: 320 + at, y: 180 + at, width: 9, height: 9, luma: 230 };
    assert.ok(new Street().learn().most(3, () => ({ boxes: [moth] })) < threshold, `at ${at}`);
  }
});

test('an exposure that steps, either way, is none; a person during it is', () => {
  for (const gain of [0.75, 1.3]) {
    assert.ok(new Street().learn().most(10, () => ({ gain })) < threshold, `gain ${gain}`);
    assert.ok(new Street().learn().most(3, (n) => ({ gain, boxes: person(n) })) >= threshold, `gain ${gain}`);
  }
});

test('what stays is learnt', () => {
  const street = new Street().learn();
  const parked = { boxes: [{ x: 100, y: 100, width: 90, height: 50, luma: 200 }] };
  assert.ok((street.share(parked) ?? 0) >= threshold);
  street.most(400, () => parked);
  assert.ok((street.share(parked) ?? 1) < threshold);
});

test('what moves under the mask is seen by nobody; a new mask begins anew', () => {
  const house: Point[] = [
    [0.2, 0.2],
    [0.8, 0.2],
    [0.8, 0.8],
    [0.2, 0.8],
  ];
  const street = new Street(size, [{ name: 'house', points: house }]).learn();
  assert.equal(
    street.most(10, (n) => ({ boxes: person(n) })),
    0,
  );
  street.mask(2, []);
  assert.equal(street.share(), null);
  assert.equal(
    street.learn().most(10, () => ({})),
    0,
  );
});

const clip = join(cacheDirectory(), 'sample', 'vtest.avi');
const withoutClip = existsSync(clip) ? false : `${clip} is not there: run npm test, which fetches it`;

test('people walk through the sample clip: nearly every measure is motion', { skip: withoutClip }, () => {
  const args = ['-v', 'error', '-i', clip, '-frames:v', '200', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'];
  const raw = execFileSync('ffmpeg', args, { maxBuffer: 2 ** 30 });
  const bytes = i420Bytes(clipSize);
  const masker = new Masker(clipSize);
  masker.open(1, masker.load({ version: 1, zones: [] }));
  const motion = new Motion(clipSize, { ratePerSecond: 5 });
  const shares: number[] = [];
  for (let seq = 0; seq < raw.length / bytes; seq++) {
    const data = Buffer.from(raw.subarray(seq * bytes, (seq + 1) * bytes));
    const frame = { kind: 'raw' as const, seq, monoUs: seq * 100_000, wallMs: 0, ...clipSize, data };
    const share = motion.offer(masker.mask(frame));
    if (share !== null) shares.push(share);
  }
  assert.ok(shares.length >= 90 && shares.length <= 100, `${shares.length} measures of 20 s`);
  assert.ok(shares.filter((share) => share >= threshold).length >= 0.95 * shares.length);
});
