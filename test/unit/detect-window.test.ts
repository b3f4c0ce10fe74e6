/** Where a look is: nothing, a window or the whole; what a window shows, and boxes from it back in the picture. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cropped } from '../../pipelines/detect/crop.js';
import {
  Attention,
  fromWindow,
  type Plan,
  type Window,
  windowAround,
} from '../../pipelines/detect/window.js';
import type { Box } from '../../pipelines/messages.js';
import { inputSize } from '../../runtime/config/detect.js';
import { seeded } from '../random.js';
import { Street } from './detect-street.js';

const full = { width: 320, height: 192 };
const near = (a: number, b: number, by: number): boolean => Math.abs(a - b) <= by;
const holds = (outer: Box, inner: Box): boolean =>
  outer.x <= inner.x + 1e-9 &&
  outer.y <= inner.y + 1e-9 &&
  outer.x + outer.width >= inner.x + inner.width - 1e-9 &&
  outer.y + outer.height >= inner.y + inner.height - 1e-9;

test('a window holds what it is for, lies in the picture, keeps its shape and costs no more than the whole', () => {
  const random = seeded(3);
  const picture = { width: 1920, height: 1080 };
  let windows = 0;
  for (let n = 0; n < 2000; n++) {
    const box = { x: random(), y: random(), width: 0, height: 0 };
    box.width = random() * (1 - box.x);
    box.height = random() * (1 - box.y);
    const window = windowAround(box, picture, full);
    if (!window) continue;
    windows++;
    const { box: shown, input } = window;
    assert.ok(holds(shown, box), JSON.stringify({ box, shown }));
    assert.ok(holds({ x: 0, y: 0, width: 1, height: 1 }, shown));
    assert.ok(input.width % 32 === 0 && input.height % 32 === 0);
    assert.ok(input.width * input.height <= full.width * full.height);
    const scale = { x: input.width / shown.width / full.width, y: input.height / shown.height / full.height };
    assert.ok(near(scale.x, scale.y, 1e-9) && scale.x > 1 && scale.x <= 2);
  }
  assert.ok(windows > 500);
  assert.equal(windowAround({ x: 0, y: 0, width: 1, height: 1 }, picture, full), null);
  assert.equal(
    windowAround({ x: 0.4, y: 0.4, width: 0.1, height: 0.1 }, full, full),
    null,
    'nothing is enlarged',
  );
});

test('boxes come back exactly; what an inner edge cuts is left out, what the picture cuts is not', () => {
  const window: Window = {
    box: { x: 0.25, y: 0, width: 0.5, height: 0.25 },
    input: { width: 320, height: 96 },
  };
  const found = (box: Box) => fromWindow([{ class: 'person', score: 0.7, box }], window);
  assert.deepEqual(found({ x: 0.5, y: 0.5, width: 0.25, height: 0.25 }), [
    { class: 'person', score: 0.7, box: { x: 0.5, y: 0.125, width: 0.125, height: 0.0625 } },
  ]);
  assert.deepEqual(found({ x: 0, y: 0.5, width: 0.25, height: 0.25 }), []);
  assert.deepEqual(found({ x: 0.5, y: 0.5, width: 0.25, height: 0.5 }), []);
  assert.equal(
    found({ x: 0.5, y: 0, width: 0.25, height: 0.25 }).length,
    1,
    'the top is the edge of the picture',
  );
});

test('a window shows its part of the picture at its place, in the right colours', () => {
  const street = new Street();
  const patch = { x: 320, y: 180, width: 80, height: 90, luma: 235 };
  const frame = street.frame({ noise: 0, patches: [patch] });
  const window: Window = {
    box: { x: 0.25, y: 0.25, width: 0.5, height: 0.5 },
    input: { width: 160, height: 96 },
  };
  const { rgb, width, height, seq } = cropped(frame, window);
  assert.deepEqual([width, height, seq], [160, 96, frame.seq]);
  const at = (x: number, y: number): number[] => [
    ...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
  ];
  // the patch begins in the middle of the picture, which is the middle of the window
  for (const [x, y] of [
    [81, 49],
    [118, 94],
  ] as const)
    assert.ok(
      at(x, y).every((v) => near(v, 255, 1)),
      `${at(x, y)}`,
    );
  for (const [x, y] of [
    [78, 49],
    [81, 46],
    [122, 60],
  ] as const)
    assert.ok(at(x, y).every((v) => v < 200));
  const whole = cropped(frame, {
    box: { x: 0, y: 0, width: 1, height: 1 },
    input: { width: 640, height: 352 },
  });
  assert.equal(whole.rgb.length, 640 * 352 * 3);
});

interface Planned {
  atUs: number;
  plan: Plan;
  /** of what moves, if anything does */
  shown: Box;
}

/** Looks at a street five times a second. */
function looks(
  seconds: number,
  street: Street,
  attention: Attention,
  moving: (s: number) => boolean,
  expected: Box[],
): Planned[] {
  const plans: Planned[] = [];
  const patch = { x: 100, y: 100, width: 24, height: 60, luma: 20 };
  street.watch(
    seconds,
    (s) => {
      patch.x = 100 + Math.round(s * 40);
      return { patches: moving(s) ? [patch] : [] };
    },
    {
      each: () => {
        const plan = attention.plan(street.background, expected);
        plans.push({ atUs: street.atUs, plan, shown: street.box(patch) });
      },
    },
  );
  return plans;
}

test('nothing moves and nobody is followed: the model rests, but never for two seconds', () => {
  const street = new Street();
  const attention = new Attention(street.size, full, 2, 5);
  const plans = looks(60, street, attention, () => false, []).slice(25);
  const kinds = plans.map(({ plan }) => plan.looked);
  assert.ok(kinds.filter((kind) => kind === 'none').length > 0.8 * kinds.length);
  const fullUs = plans.filter(({ plan }) => plan.looked === 'full').map(({ atUs }) => atUs);
  for (const [n, atUs] of fullUs.slice(1).entries()) assert.ok(atUs - (fullUs[n] as number) <= 2e6);
});

test('a model that takes long is not two seconds from the whole either', () => {
  const street = new Street();
  const attention = new Attention(street.size, full, 2, 5);
  street.watch(6, {}, { each: () => attention.plan(street.background, []) });
  const standing = { x: 0.6, y: 0.2, width: 0.05, height: 0.2 };
  const fullUs: number[] = [];
  const windows: number[] = [];
  // What is followed asks for a window from time to time; the next look waits for as long as the model takes.
  for (let n = 0, tookS = 0.2; n < 60; n++) {
    street.watch(tookS, {}, { everyS: tookS });
    const { looked } = attention.plan(street.background, n % 3 === 0 ? [] : [standing]);
    if (looked === 'full') fullUs.push(street.atUs);
    if (looked === 'window') windows.push(street.atUs);
    tookS = looked === 'none' ? 0.2 : 0.7;
  }
  assert.ok(windows.length > 5);
  for (const [n, atUs] of fullUs.slice(1).entries()) {
    const betweenUs = atUs - (fullUs[n] as number);
    assert.ok(betweenUs <= 2e6, `${betweenUs}`);
  }
});

test('who comes while nothing moves is looked at in the frame that shows them', () => {
  const street = new Street();
  const attention = new Attention(street.size, full, 2, 5);
  looks(8.4, street, attention, () => false, []);
  const [first, ...others] = looks(2, street, attention, () => true, []);
  for (const { plan } of [first, ...others]) assert.notEqual(plan?.looked, 'none');
  const windows = others.map(({ plan }) => plan).filter((plan) => plan.looked === 'window');
  assert.ok(windows.length > 4);
  for (const { plan, shown } of others) {
    if (plan.looked === 'window') assert.ok(holds(plan.window.box, shown), JSON.stringify({ plan, shown }));
  }
});

test('where somebody is followed is looked at, whether anything moves or not; what is no number is nowhere', () => {
  const street = new Street();
  const attention = new Attention(street.size, full, 2, 5);
  const standing = { x: 0.6, y: 0.2, width: 0.05, height: 0.2 };
  const plans = looks(20, street, attention, () => false, [standing]).slice(25);
  assert.ok(plans.some(({ plan }) => plan.looked === 'window'));
  for (const { plan } of plans) {
    assert.notEqual(plan.looked, 'none');
    if (plan.looked === 'window') assert.ok(holds(plan.window.box, standing));
  }
  const wrong = { x: Number.NaN, y: 0, width: Number.POSITIVE_INFINITY, height: 1 };
  const none = looks(4, street, attention, () => false, [wrong]).map(({ plan }) => plan.looked);
  assert.ok(!none.includes('window') && none.includes('none'));
});

test('while the background learns, and at a low rate, every look is at the whole', () => {
  const street = new Street();
  const early = looks(2, street, new Attention(street.size, full, 2, 5), () => false, []);
  assert.ok(early.every(({ plan }) => plan.looked === 'full'));
  const slow = new Attention(street.size, full, 2, 0.5);
  street.watch(
    20,
    {},
    { everyS: 2, each: () => assert.equal(slow.plan(street.background, []).looked, 'full') },
  );
});

test('the input keeps the shape of the picture at about one cost; what is written is kept', () => {
  const chosen = (width: number, height: number, asked = {}): [number, number] => {
    const { inputWidth, inputHeight } = inputSize({ width, height }, asked);
    return [inputWidth, inputHeight];
  };
  assert.deepEqual(chosen(768, 576), [384, 288]);
  assert.deepEqual(chosen(1920, 1080), [448, 256]);
  assert.deepEqual(chosen(1080, 1920), [256, 448]);
  assert.deepEqual(chosen(1920, 1080, { inputWidth: 640 }), [640, 352]);
  assert.deepEqual(chosen(1920, 1080, { inputHeight: 288 }), [512, 288]);
  assert.deepEqual(chosen(1920, 1080, { inputWidth: 384, inputHeight: 288 }), [384, 288]);
  for (const [width, height] of [
    [64, 8192],
    [8192, 64],
    [720, 720],
  ] as const) {
    const [w, h] = chosen(width, height);
    assert.ok(w % 32 === 0 && h % 32 === 0 && w >= 64 && h >= 64 && w * h <= 1.05 * 384 * 288);
  }
});
