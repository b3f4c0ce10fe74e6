/** The picture as a witness: a head that does not tell the truth about a street that can be seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { i420Bytes, type RawFrame } from '../../pipelines/frame.js';
import { Camera, directionOf, type Look } from '../../pipelines/mask/lens.js';
import { Masker } from '../../pipelines/mask/masker.js';
import { type FrameView, Placement } from '../../pipelines/mask/placement.js';
import type { Lens, MaskZone, Pose } from '../../pipelines/messages.js';
import { seeded } from '../random.js';

const size = { width: 320, height: 180 };
const lens: Lens = { principal: [0.5, 0.5], k1: 0, k2: 0, rollDeg: 0 };
const FRAME_US = 40_000;
/** Never in sight here. */
const behind: MaskZone = {
  name: 'behind',
  directions: [
    [170, 0],
    [175, 0],
    [175, 5],
  ],
};

/** Luma of the street by direction: blocks of about a degree, each of its own grey. */
function street(blockDeg: number, contrast: number): (pan: number, tilt: number) => number {
  const random = seeded(9);
  const greys = Array.from({ length: 997 }, () => 128 + contrast * (random() - 0.5));
  return (pan, tilt) => {
    const [i, j] = [Math.floor(pan / blockDeg), Math.floor(tilt / blockDeg)];
    return greys[(((i * 31 + j * 57 + i * j) % 997) + 997) % 997];
  };
}

const camera = new Camera(size, lens);
let noise = seeded(10);

function picture(look: Look, scene: (pan: number, tilt: number) => number): Buffer {
  camera.look(look, 0);
  const data = Buffer.alloc(i420Bytes(size), 128);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const to = camera.unproject(x + 0.5, y + 0.5);
      assert.ok(to);
      data[y * size.width + x] = scene(...directionOf(to)) + 6 * (noise() - 0.5);
    }
  }
  return data;
}

interface Step {
  truth: Look;
  says: Look;
  hide?: Pose['hide'];
}

/** What becomes of frames of a scene that the head truly sees at `truth` and says it sees at `says`. */
function run(steps: readonly Step[], scene: (pan: number, tilt: number) => number): FrameView[] {
  noise = seeded(10);
  const placement = new Placement(size, { lens, frameDelayMs: 0, holdMs: 100 });
  const pose = (i: number): Pose => {
    const { says, hide } = steps[Math.min(i, steps.length - 1)];
    return {
      t: 'pose',
      monoUs: i * FRAME_US,
      ...says,
      uncertaintyDeg: 0.02,
      speedDegPerS: 40,
      zoomPerS: 2,
      hide: hide ?? null,
    };
  };
  placement.add(pose(0));
  const masker = new Masker(size, lens);
  masker.open(1, masker.load({ version: 1, zones: [behind] }));
  return steps.map(({ truth }, i) => {
    placement.add(pose(i + 1));
    const monoUs = i * FRAME_US;
    assert.ok(placement.isKnown(monoUs));
    const raw = {
      kind: 'raw',
      seq: i,
      monoUs,
      timeErrorUs: 0,
      wallMs: 0,
      ...size,
      data: picture(truth, scene),
    } satisfies RawFrame;
    const where = placement.place(raw);
    placement.remember(masker.mask(raw, where));
    return where;
  });
}

const words = (views: FrameView[]): string[] => views.map((of) => ('why' in of ? of.why : 'placed'));
const at = (panDeg: number, tiltDeg = 0, hfovDeg = 40): Look => ({ panDeg, tiltDeg, hfovDeg });
const honest = (looks: Look[]): Step[] => looks.map((truth) => ({ truth, says: truth }));
const textured = street(1.7, 140);

test('a head that tells the truth is believed: at rest, in a sweep, tilting, zooming', () => {
  const n = 40;
  const ways: Look[][] = [
    Array.from({ length: n }, () => at(5)),
    Array.from({ length: n }, (_, i) => at(i * 0.6)),
    Array.from({ length: n }, (_, i) => at(3, -10 + i * 0.4)),
    Array.from({ length: n }, (_, i) => at(0, 0, 50 * 0.98 ** i)),
    Array.from({ length: n }, (_, i) => at(i * 0.9, i * 0.3, 50 * 0.99 ** i)),
  ];
  for (const [i, way] of ways.entries()) {
    const found = words(run(honest(way), textured));
    assert.deepEqual(new Set(found), new Set(['placed']), `way ${i}: ${found.join(' ')}`);
  }
});

test('a head that turns and does not say so is found out within three frames, and what was seen stays hidden', () => {
  const steps = Array.from(
    { length: 40 },
    (_, i): Step => ({
      truth: at(i < 15 ? 0 : Math.min(8, (i - 14) * 0.8)),
      says: at(0),
    }),
  );
  const found = words(run(steps, textured));
  assert.deepEqual(new Set(found.slice(0, 15)), new Set(['placed']));
  assert.ok(
    found.slice(18).every((word) => word === 'disagrees'),
    found.join(' '),
  );
});

test('a head that says it turns, or zooms, and does not is found out', () => {
  const turns = Array.from(
    { length: 40 },
    (_, i): Step => ({ truth: at(0), says: at(i < 15 ? 0 : (i - 14) * 0.8) }),
  );
  assert.equal(words(run(turns, textured)).at(22), 'disagrees');
  const zooms = Array.from(
    { length: 40 },
    (_, i): Step => ({
      truth: at(0),
      says: at(0, 0, i < 15 ? 40 : 40 * 0.97 ** (i - 14)),
    }),
  );
  assert.equal(words(run(zooms, textured)).at(24), 'disagrees');
});

test('it is believed again when it is back where it was last believed, not when it only stands still', () => {
  const away = Array.from(
    { length: 80 },
    (_, i): Step => ({ truth: at(i < 15 || i >= 40 ? 0 : 9), says: at(0) }),
  );
  const found = words(run(away, textured));
  assert.equal(found[39], 'disagrees', 'standing still elsewhere is not agreement');
  assert.equal(found[45], 'disagrees');
  assert.equal(found[79], 'placed');
});

test('homing makes a new start', () => {
  const steps = Array.from({ length: 60 }, (_, i): Step => {
    const hide = i >= 30 && i < 40 ? ('homing' as const) : null;
    return { truth: at(i < 15 ? 0 : 9), says: at(i < 40 ? 0 : 9), hide };
  });
  const found = words(run(steps, textured));
  assert.deepEqual([found[28], found[35], found[59]], ['disagrees', 'homing', 'placed']);
});

test('where nothing can be seen the head is believed, with a larger margin', () => {
  const margin = (of: FrameView | undefined): number => (of && 'view' in of ? of.view.marginPixels : -1);
  const still = Array.from({ length: 20 }, () => at(0));
  const [fog, clear] = [street(1.7, 0), textured].map((scene) => margin(run(honest(still), scene).at(-1)));
  assert.ok(clear > 2 && fog >= clear + 4, `${fog} against ${clear}`);
});

test('noise in the dark and a bus that passes do not hide a camera that stands still', () => {
  const random = seeded(21);
  const still = Array.from({ length: 60 }, () => at(0));
  const night = words(run(honest(still), () => 40 + 34 * (random() - 0.5)));
  assert.deepEqual(new Set(night), new Set(['placed']));
  let elements = 0;
  const withBus = (pan: number, tilt: number): number => {
    const frame = Math.floor(elements++ / (size.width * size.height));
    const front = -35 + frame;
    const isBus = pan > front && pan < front + 12 && tilt < 5 && tilt > -9;
    return isBus ? 200 : textured(pan, tilt);
  };
  const day = words(run(honest(still), withBus));
  assert.deepEqual(new Set(day), new Set(['placed']), day.join(' '));
});
