import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchPicture, recallAndPrecision } from '../../bench/quality/match.js';
import { readMot, type TruthBox } from '../../bench/quality/mot.js';
import { VigieError } from '../../errors.js';
import type { Box, Detection } from '../../pipelines/messages.js';

const at = (x: number, width = 0.1): Box => ({ x, y: 0, width, height: 0.1 });
const seen = (box: Box, score: number): Detection => ({ class: 'person', score, box });
const real = (box: Box): TruthBox => ({ box, id: 1, ignored: false });
const ignored = (box: Box): TruthBox => ({ box, id: 2, ignored: true });

test('a row becomes a box of the picture before: frames count from 1', () => {
  const truth = readMot(
    '1,9,192,144,96,72,1,-4,-7,0\n1,2,0,0,768,576,0,0,0,0\n\n3,9,0,0,96,72,1,0,0,0\n',
    768,
    576,
  );
  assert.deepEqual([...truth.keys()], [0, 2]);
  assert.deepEqual(truth.get(0), [
    { box: { x: 0.25, y: 0.25, width: 0.125, height: 0.125 }, id: 9, ignored: false },
    { box: { x: 0, y: 0, width: 1, height: 1 }, id: 2, ignored: true },
  ]);
});

test('a row that is no box is refused with its line', () => {
  for (const row of ['a,b,c', '1,2,3,4,5,6', '1,2,3,4,0,6,1', '0,2,3,4,5,6,1', '1,2,3,4,x,6,1']) {
    const text = `1,1,1,1,1,1,1\n${row}`;
    assert.throws(
      () => readMot(text, 10, 10),
      (e) => e instanceof VigieError && /Line 2/.test(e.message),
      row,
    );
  }
});

test('a true box is hit once; a second detection of it is false', () => {
  const counts = matchPicture([seen(at(0), 0.5), seen(at(0.01), 0.9)], [real(at(0))], 0.4);
  assert.deepEqual(counts, { hits: 1, misses: 0, falseOnes: 1 });
});

test('each detection takes the box it overlaps most', () => {
  const counts = matchPicture([seen(at(0.04), 0.9), seen(at(0), 0.5)], [real(at(0)), real(at(0.05))], 0.3);
  assert.deepEqual(counts, { hits: 2, misses: 0, falseOnes: 0 });
});

test('an ignored box is neither hit nor miss, and no detection of it is false', () => {
  const truth = [ignored(at(0)), real(at(0.5))];
  assert.deepEqual(matchPicture([seen(at(0), 0.9)], truth, 0.4), { hits: 0, misses: 1, falseOnes: 0 });
  assert.deepEqual(matchPicture([], truth, 0.4), { hits: 0, misses: 1, falseOnes: 0 });
});

test('too little overlap is a miss and a false detection', () => {
  assert.deepEqual(matchPicture([seen(at(0.06), 0.9)], [real(at(0))], 0.4), {
    hits: 0,
    misses: 1,
    falseOnes: 1,
  });
});

test('recall and precision over all pictures; nothing to divide by is null', () => {
  const counts = [
    { hits: 3, misses: 1, falseOnes: 0 },
    { hits: 0, misses: 0, falseOnes: 1 },
  ];
  assert.deepEqual(recallAndPrecision(counts), { recall: 0.75, precision: 0.75 });
  assert.deepEqual(recallAndPrecision([]), { recall: null, precision: null });
});
