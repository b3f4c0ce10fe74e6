/** The scores of tracks, on clips small enough to count by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoreTracking } from '../../bench/quality/tracking.js';
import type { Box } from '../../pipelines/messages.js';

const at = (x: number): Box => ({ x, y: 0.2, width: 0.1, height: 0.2 });
const person = (id: number, x: number, ignored = false) => ({ id, box: at(x), ignored });
const track = (id: string, x: number) => ({ id, box: at(x) });

test('all right is one everywhere; nothing found is zero', () => {
  const pictures = [1, 2, 3].map(() => ({ truth: [person(1, 0.1)], tracks: [track('a', 0.1)] }));
  const { recall, precision, mota, idf1, switches } = scoreTracking(pictures, 0.4);
  assert.deepEqual([recall, precision, mota, idf1, switches], [1, 1, 1, 1, 0]);
  const none = scoreTracking(
    pictures.map(({ truth }) => ({ truth, tracks: [] })),
    0.4,
  );
  assert.deepEqual([none.recall, none.mota, none.idf1, none.misses], [0, 0, 0, 3]);
});

test('misses, false ones and a switch after a gap, by hand', () => {
  const pictures = [
    { truth: [person(1, 0.1), person(2, 0.5)], tracks: [track('a', 0.1), track('x', 0.8)] },
    { truth: [person(1, 0.1), person(2, 0.5)], tracks: [track('b', 0.5)] },
    { truth: [person(1, 0.1), person(2, 0.5)], tracks: [track('c', 0.1), track('b', 0.5)] },
  ];
  const score = scoreTracking(pictures, 0.4);
  assert.deepEqual([score.truths, score.misses, score.falseOnes, score.switches], [6, 2, 1, 1]);
  assert.equal(score.recall, 4 / 6);
  assert.equal(score.precision, 4 / 5);
  assert.ok(Math.abs(score.mota - (1 - 4 / 6)) < 1e-12);
  // the best pairing: 1 with a or c (1 right), 2 with b (2 right); 6 true boxes, 5 of tracks
  assert.ok(Math.abs(score.idf1 - 6 / 11) < 1e-12);
});

test('a pair of the picture before is kept while it still overlaps, though another is nearer now', () => {
  const pictures = [
    { truth: [person(1, 0.1)], tracks: [track('a', 0.1)] },
    { truth: [person(1, 0.1)], tracks: [track('b', 0.1), track('a', 0.13)] },
  ];
  const score = scoreTracking(pictures, 0.4);
  assert.deepEqual([score.switches, score.falseOnes], [0, 1]);
});

test('what is to be ignored is neither hit nor miss, and takes a box that nobody else took', () => {
  const pictures = [
    { truth: [person(1, 0.1), person(2, 0.5, true)], tracks: [track('a', 0.1), track('b', 0.5)] },
  ];
  const score = scoreTracking(pictures, 0.4);
  assert.deepEqual([score.truths, score.misses, score.falseOnes, score.idf1], [1, 0, 0, 1]);
});

test('the pairing is the best of all, not the best first', () => {
  const truth = [person(1, 0.1), person(2, 0.14)];
  const score = scoreTracking([{ truth, tracks: [track('a', 0.13), track('b', 0.18)] }], 0.4);
  assert.deepEqual([score.misses, score.falseOnes], [0, 0]);
});
