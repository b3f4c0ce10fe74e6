/** Frames that wait for a position: in order, not for ever, not too many. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import type { RawFrame } from '../../pipelines/frame.js';
import { HeldFrames, MOST_HELD } from '../../pipelines/mask/held-frames.js';

function rig() {
  const clock = new ManualClock();
  const state = { knownTo: -1, room: true, passed: [] as number[] };
  const held = new HeldFrames(
    {
      clock,
      events: {
        isKnown: ({ seq }) => seq <= state.knownTo,
        canPass: () => state.room,
        pass: ({ seq }) => state.passed.push(seq),
      },
    },
    { holdMs: 200 },
  );
  const offer = (seq: number): void =>
    held.offer({
      kind: 'raw',
      seq,
      monoUs: clock.monoUs(),
      wallMs: 0,
      width: 2,
      height: 2,
      data: Buffer.alloc(6),
    } satisfies RawFrame);
  return { clock, state, held, offer };
}

test('a frame whose position is known goes at once, the others when it comes', () => {
  const { state, held, offer } = rig();
  state.knownTo = 0;
  offer(0);
  offer(1);
  offer(2);
  assert.deepEqual(state.passed, [0]);
  state.knownTo = 1;
  held.drain();
  assert.deepEqual(state.passed, [0, 1]);
});

test('no frame waits longer than it may', () => {
  const { clock, state, offer } = rig();
  offer(0);
  clock.advance(120);
  offer(1);
  clock.advance(79);
  assert.deepEqual(state.passed, []);
  clock.advance(1);
  assert.deepEqual(state.passed, [0]);
  clock.advance(120);
  assert.deepEqual(state.passed, [0, 1]);
});

test('frames wait for room behind the mask too, but never more of them than there may be', () => {
  const { state, held, offer } = rig();
  state.knownTo = 1000;
  state.room = false;
  for (let seq = 0; seq < MOST_HELD; seq++) offer(seq);
  assert.deepEqual([state.passed.length, held.count], [0, MOST_HELD]);
  offer(MOST_HELD);
  assert.deepEqual([state.passed, held.count], [[0], MOST_HELD]);
  state.room = true;
  held.drain();
  assert.equal(held.count, 0);
  assert.deepEqual(
    state.passed,
    [...state.passed].sort((a, b) => a - b),
  );
});

test('at the end everything goes, known or not', () => {
  const { clock, state, held, offer } = rig();
  offer(0);
  offer(1);
  held.flush();
  assert.deepEqual(state.passed, [0, 1]);
  clock.advance(1000);
  assert.deepEqual(state.passed, [0, 1]);
});
