/** Pairs of tracks and detections: the best total, nothing under the least similarity, nobody twice. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assign, family, iou, widened } from '../../pipelines/track/association.js';

function pairs(matrix: number[][], least: number): [number, number][] {
  const columns = matrix[0]?.length ?? 0;
  const found = assign(matrix.length, columns, (r, c) => matrix[r]?.[c] ?? -1, least);
  return found.sort((a, b) => a[0] - b[0]);
}

/** The largest total of (similarity - least) over all ways to pair, by trying each. */
function bestTotal(
  matrix: number[][],
  least: number,
  row = 0,
  used: ReadonlySet<number> = new Set(),
): number {
  if (row === matrix.length) return 0;
  let best = bestTotal(matrix, least, row + 1, used);
  (matrix[row] as number[]).forEach((similarity, column) => {
    if (used.has(column) || similarity < least) return;
    const rest = bestTotal(matrix, least, row + 1, new Set([...used, column]));
    best = Math.max(best, similarity - least + rest);
  });
  return best;
}

describe('iou', () => {
  it('is 1 for the same box, 0 apart, and their shared part between', () => {
    const box = { x: 0.1, y: 0.1, width: 0.2, height: 0.2 };
    assert.ok(Math.abs(iou(box, box) - 1) < 1e-12);
    assert.equal(iou(box, { ...box, x: 0.35 }), 0);
    assert.ok(Math.abs(iou(box, { ...box, x: 0.2 }) - 1 / 3) < 1e-12);
  });
});

describe('widened', () => {
  it('grows by the longer side as seen in the picture, the same length both ways', () => {
    const wide = widened({ x: 0.5, y: 0.4, width: 0.03, height: 0.2 }, { x: 0.5, y: 0.5 }, 2);
    assert.ok(Math.abs(wide.x - 0.45) < 1e-12);
    assert.ok(Math.abs(wide.y - 0.3) < 1e-12);
    assert.ok(Math.abs(wide.width - 0.13) < 1e-12);
    assert.ok(Math.abs(wide.height - 0.4) < 1e-12);
    const car = widened({ x: 0.5, y: 0.4, width: 0.2, height: 0.1 }, { x: 0.5, y: 0.5 }, 2);
    assert.ok(Math.abs(car.width - 0.4) < 1e-12);
    assert.ok(Math.abs(car.height - 0.5) < 1e-12);
  });
});

describe('family', () => {
  it('puts together what detectors confuse, and people with nothing', () => {
    assert.equal(family('car'), family('truck'));
    assert.equal(family('bus'), family('truck'));
    assert.equal(family('bicycle'), family('motorcycle'));
    assert.notEqual(family('person'), family('car'));
    assert.notEqual(family('person'), family('bicycle'));
    assert.notEqual(family('bag'), family('animal'));
  });
});

describe('assign', () => {
  it('prefers the best total to the best single pair', () => {
    assert.deepEqual(
      pairs(
        [
          [0.9, 0.8],
          [0.8, 0.1],
        ],
        0.05,
      ),
      [
        [0, 1],
        [1, 0],
      ],
    );
  });

  it('never pairs under the least similarity, even to give everybody a partner', () => {
    assert.deepEqual(
      pairs(
        [
          [0.9, 0.5],
          [0.4, 0.1],
        ],
        0.3,
      ),
      [[0, 0]],
    );
    assert.deepEqual(pairs([[0.1, 0.2]], 0.3), []);
  });

  it('takes what is exactly the least', () => assert.deepEqual(pairs([[0.3]], 0.3), [[0, 0]]));

  it('does with more rows than columns, and with none', () => {
    assert.deepEqual(pairs([[0.5], [0.9], [0.7]], 0.3), [[1, 0]]);
    assert.deepEqual(pairs([[0.5, 0.9, 0.7]], 0.3), [[0, 1]]);
    assert.deepEqual(pairs([], 0.3), []);
    assert.deepEqual(
      assign(3, 0, () => 1, 0.3),
      [],
    );
  });

  it('finds the best total of every small matrix tried', () => {
    let seed = 7;
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    for (let round = 0; round < 200; round++) {
      const columns = 1 + Math.floor(random() * 5);
      const matrix = Array.from({ length: 1 + Math.floor(random() * 5) }, () =>
        Array.from({ length: columns }, random),
      );
      const found = pairs(matrix, 0.5);
      const total = found.reduce((sum, [r, c]) => sum + (matrix[r]?.[c] ?? 0) - 0.5, 0);
      assert.ok(Math.abs(total - bestTotal(matrix, 0.5)) < 1e-9, JSON.stringify(matrix));
      assert.equal(new Set(found.map(([, c]) => c)).size, found.length);
    }
  });
});
