/** What is done and said while the picture stays hidden: the head is sent home again, and the operator told (docs/head.md, H17, H18). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import type { HiddenBecause, MaskStamp } from '../../pipelines/frame.js';
import { head as headConfig } from '../../runtime/config/head.js';
import { CameraHead } from '../../runtime/head-parts.js';
import { FakeHead, fakeLimits, run } from './head-fake.js';

/** A camera on a made-up head, at home and shown; the stamps of its pictures are what the test says. */
async function camera() {
  const clock = new ManualClock();
  const head = new FakeHead(clock);
  const lines: string[] = [];
  const registered: unknown[] = [];
  const say = (line: string): void => void lines.push(line);
  const log = { info: say, warn: say, error: say };
  const config = headConfig.parse({
    protocol: 'visca',
    device: '/tmp/none',
    travel: { ...fakeLimits },
    presets: [
      { name: 'gate', panDeg: 20, tiltDeg: 5, hfovDeg: 30 },
      { name: 'square', panDeg: -20, tiltDeg: 0, hfovDeg: 60 },
    ],
    patrols: [
      {
        name: 'night',
        stops: [
          { preset: 'gate', seconds: 5 },
          { preset: 'square', seconds: 5 },
        ],
      },
    ],
  });
  const parts = new CameraHead(
    { clock, log, send: () => undefined, register: (told) => registered.push(told), open: () => head },
    config,
  );
  const picture: { why: HiddenBecause | undefined } = { why: undefined };
  const see = (): void => {
    const { why } = picture;
    const stamp = { version: 1, digest: 'd', state: why ? 'full' : 'zones', ...(why && { why }) };
    parts.seen(stamp as MaskStamp);
  };
  await parts.start(new AbortController().signal);
  const pass = (ms: number): Promise<void> => run(clock, head, ms, see);
  await pass(3000);
  assert.equal(parts.state.hide, null);
  head.orders.length = 0;
  return { head, parts, picture, lines, registered, pass };
}

const homings = (head: FakeHead): number => head.orders.filter((order) => order === 'home').length;
const codes = (parts: CameraHead): string[] => parts.notices().map(({ code }) => code);

test('a picture that contradicts for ten seconds sends the head home; for less it does not', async () => {
  const { head, parts, picture, registered, pass } = await camera();
  picture.why = 'disagrees';
  await pass(9500);
  assert.equal(homings(head), 0);
  picture.why = undefined;
  await pass(1000);
  picture.why = 'disagrees';
  await pass(9500);
  assert.equal(homings(head), 0);
  await pass(700);
  assert.equal(homings(head), 1);
  assert.equal(parts.state.hide, 'homing');
  parts.ordered({ by: 'odile', order: 'step' });
  await pass(12_000);
  assert.deepEqual(registered, [
    { orders: [{ order: 'home', times: 1 }] },
    { orders: [{ by: 'odile', order: 'step', times: 1 }] },
  ]);
});

test('each homing that did not help is followed by twice the wait, and after five a person has to look', async () => {
  const { head, parts, picture, pass } = await camera();
  picture.why = 'disagrees';
  const at: number[] = [];
  for (let second = 1; second <= 1000; second++) {
    await pass(1000);
    if (homings(head) > at.length) at.push(second);
  }
  assert.equal(homings(head), 5);
  const gaps = at.map((second, index) => second - (at[index - 1] ?? 0));
  for (const [index, gap] of gaps.entries())
    assert.ok(Math.abs(gap - 10 * 2 ** index) <= 3, `waits of ${gaps.join(', ')} s`);
  assert.deepEqual(codes(parts), ['head-disagrees', 'head-given-up']);
  picture.why = undefined;
  await pass(61_000);
  assert.deepEqual(codes(parts), []);
  picture.why = 'disagrees';
  await pass(11_000);
  assert.equal(homings(head), 6, 'a picture shown for a minute begins the row anew');
});

test('a head that is lost is not sent home for what the picture says, and an operator may always try', async () => {
  const { head, parts, picture, pass } = await camera();
  head.silent = true;
  picture.why = 'disagrees';
  await pass(30_000);
  assert.equal(homings(head), 0);
  assert.deepEqual(codes(parts), ['head-lost']);
  head.silent = false;
  picture.why = undefined;
  await pass(2000);
  await parts.control.home();
  assert.equal(homings(head), 1);
});

test('a patrol goes on after the camera sent the head home by itself', async () => {
  const { head, parts, picture, pass } = await camera();
  await parts.control.startPatrol('night');
  await pass(2000);
  picture.why = 'disagrees';
  await pass(10_500);
  assert.equal(homings(head), 1);
  picture.why = undefined;
  await pass(10_000);
  assert.equal(parts.state.patrol, 'night');
  assert.match(head.orders.at(-1) ?? '', /^move/);
  assert.ok(head.orders.lastIndexOf('home') < head.orders.length - 1);
});

test('notices come when the picture is hidden for five seconds, say why, and go when it is shown', async () => {
  const { head, parts, picture, lines, pass } = await camera();
  for (const why of ['late', 'zoom-unknown', 'homing', 'power'] as const) {
    picture.why = why;
    await pass(4500);
    assert.deepEqual(codes(parts), []);
    await pass(1000);
    assert.deepEqual(codes(parts), [`head-${why}`]);
    picture.why = undefined;
    await pass(200);
    assert.deepEqual(codes(parts), []);
  }
  head.silent = true;
  await pass(6000);
  assert.deepEqual(codes(parts), ['head-lost']);
  head.silent = false;
  await pass(2000);
  assert.deepEqual(codes(parts), []);
  assert.equal(lines.filter((line) => /does not answer: the picture/.test(line)).length, 1);
  assert.equal(lines.filter((line) => /believed again/.test(line)).length, 5);
});

test('what the last picture said does not count once no more pictures come', async () => {
  const { head, parts, pass } = await camera();
  parts.seen({ version: 1, digest: 'd', state: 'full', why: 'disagrees' });
  const seen = parts.seen.bind(parts);
  parts.seen = () => undefined;
  await pass(20_000);
  assert.equal(homings(head), 0);
  assert.deepEqual(codes(parts), []);
  parts.seen = seen;
});
