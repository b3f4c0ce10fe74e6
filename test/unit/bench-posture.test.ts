import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areaUnderCurve } from '../../bench/posture.js';
import { cropOf } from '../../bench/quality/crop.js';

test('the area under the curve: apart, the wrong way round, alike', () => {
  assert.equal(areaUnderCurve([3, 4], [1, 2]), 1);
  assert.equal(areaUnderCurve([1, 2], [3, 4]), 0);
  assert.equal(areaUnderCurve([1, 3], [2]), 0.5);
  assert.equal(areaUnderCurve([1], [1]), 0.5);
});

test('a crop of the same size is the part itself; what lies outside is black', () => {
  const rgb = Uint8Array.from({ length: 4 * 2 * 3 }, (_, i) => i + 1);
  const right = cropOf({ rgb, width: 4, height: 2 }, { x: 2, y: 0, width: 2, height: 2 }, 2, 2);
  assert.deepEqual([...right.rgb], [7, 8, 9, 10, 11, 12, 19, 20, 21, 22, 23, 24]);
  const above = cropOf({ rgb, width: 4, height: 2 }, { x: 0, y: -2, width: 4, height: 2 }, 4, 2);
  assert.ok(above.rgb.every((byte) => byte === 0));
});

test('a crop at half the size is the mean of four', () => {
  const rgb = Uint8Array.from([10, 20, 30, 40].flatMap((value) => [value, value, value]));
  const one = cropOf({ rgb, width: 2, height: 2 }, { x: 0, y: 0, width: 2, height: 2 }, 1, 1);
  assert.deepEqual([...one.rgb], [25, 25, 25]);
});
