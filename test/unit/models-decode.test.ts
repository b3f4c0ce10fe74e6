import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCentreNet, overlapOf } from '../../models/decode/centernet.js';
import type { CentreMaps } from '../../models/engines/engine.js';
import type { Box, ObjectClass } from '../../pipelines/messages.js';

const classes: ObjectClass[] = ['person', 'car'];
const options = { classes, stride: 4, threshold: 0.3 };
const rows = 6;
const columns = 8;
const area = rows * columns;

/** Maps of a 32x24 picture in which every cell reaches 4 pixels to each side, and the given centres. */
function maps(...centres: [channel: number, row: number, column: number, score: number][]): CentreMaps {
  const heat = new Float32Array(classes.length * area);
  for (const [channel, row, column, score] of centres) heat[channel * area + row * columns + column] = score;
  return { rows, columns, heat, reach: new Float32Array(4 * area).fill(4) };
}

/** x, y, width, height, to a millionth. */
const inPixels = ({ x, y, width, height }: Box): number[] =>
  [x * 32, y * 24, width * 32, height * 24].map((v) => Math.round(v * 1e6) / 1e6);

test('a centre gives its box, as shares of the picture', () => {
  const [found, ...others] = decodeCentreNet(maps([0, 2, 4, 0.75]), options);
  assert.equal(others.length, 0);
  assert.deepEqual([found.class, found.score], ['person', 0.75]);
  assert.deepEqual(inPixels(found.box), [12, 4, 8, 8]);
});

test('each side has its own distance: left, top, right, bottom', () => {
  const one = maps([1, 3, 3, 0.5]);
  for (const [side, pixels] of [2, 4, 6, 8].entries()) one.reach.fill(pixels, side * area, (side + 1) * area);
  const [{ class: found, box }] = decodeCentreNet(one, options);
  assert.equal(found, 'car');
  assert.deepEqual(inPixels(box), [10, 8, 8, 12]);
});

test('a centre in each corner is found, its box cut at the edge', () => {
  const corners = maps([0, 0, 0, 0.9], [0, 0, 7, 0.8], [0, 5, 0, 0.7], [0, 5, 7, 0.6]);
  const found = decodeCentreNet(corners, options);
  assert.equal(found.length, 4);
  for (const { box } of found) {
    assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= 1 && box.y + box.height <= 1);
  }
  assert.deepEqual(inPixels(found[0].box), [0, 0, 4, 4]);
});

test('a lower neighbour is no centre; the end of a row does not touch the next', () => {
  assert.equal(decodeCentreNet(maps([0, 2, 2, 0.6], [0, 3, 3, 0.5]), options).length, 1);
  assert.equal(decodeCentreNet(maps([0, 2, 7, 0.6], [0, 3, 0, 0.5]), options).length, 2);
});

test('equal neighbours give one detection, the first', () => {
  const plateau = maps([0, 2, 2, 0.5], [0, 2, 3, 0.5], [0, 3, 2, 0.5], [0, 3, 3, 0.5]);
  const found = decodeCentreNet(plateau, { ...options, overlap: 1 });
  assert.equal(found.length, 1);
  assert.equal(found[0].box.x, (2 * 4 - 4) / 32);
});

test('the threshold is the lowest score kept', () => {
  const at = Math.fround(0.3);
  assert.equal(decodeCentreNet(maps([0, 2, 2, 0.3]), { ...options, threshold: at }).length, 1);
  assert.equal(decodeCentreNet(maps([0, 2, 2, 0.29]), { ...options, threshold: at }).length, 0);
});

test('best first, and no more than asked for', () => {
  const three = maps([0, 0, 0, 0.4], [0, 0, 4, 0.9], [1, 4, 4, 0.6]);
  assert.deepEqual(
    decodeCentreNet(three, { ...options, most: 2 }).map((d) => Math.round(d.score * 10)),
    [9, 6],
  );
});

test('of two boxes of one class in one place the better stays; another class is another object', () => {
  const near = maps([0, 2, 2, 0.8], [0, 2, 4, 0.5], [1, 2, 3, 0.6]);
  near.reach.fill(40);
  assert.deepEqual(
    decodeCentreNet(near, options).map((d) => d.class),
    ['person', 'car'],
  );
  assert.equal(decodeCentreNet(near, { ...options, overlap: 1 }).length, 3);
});

test('maps without cells, silence, and what is not a number give nothing', () => {
  const none = { rows: 0, columns: 0, heat: new Float32Array(0), reach: new Float32Array(0) };
  assert.deepEqual(decodeCentreNet(none, options), []);
  assert.deepEqual(decodeCentreNet(maps(), options), []);
  assert.deepEqual(decodeCentreNet(maps([0, 2, 2, Number.NaN]), options), []);
  const lost = maps([0, 2, 2, 0.9]);
  lost.reach.fill(Number.NaN);
  assert.deepEqual(decodeCentreNet(lost, options), []);
  const crossed = maps([0, 2, 2, 0.9]);
  crossed.reach.fill(-4);
  assert.deepEqual(decodeCentreNet(crossed, options), []);
});

test('overlap is shared area over joint area', () => {
  const a = { x: 0, y: 0, width: 0.2, height: 0.2 };
  assert.equal(overlapOf(a, a), 1);
  assert.equal(overlapOf(a, { ...a, x: 0.2 }), 0);
  assert.ok(Math.abs(overlapOf(a, { ...a, x: 0.1 }) - 1 / 3) < 1e-9);
});
