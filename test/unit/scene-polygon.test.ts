/** Plane geometry of zones: area, crossings, and which side of a border a point is on. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Point } from '../../pipelines/messages.js';
import { contains, firstCrossing, polygonArea } from '../../runtime/scene/polygon.js';

const square: Point[] = [
  [0.2, 0.2],
  [0.6, 0.2],
  [0.6, 0.6],
  [0.2, 0.6],
];
/** An L: the notch is its upper right quarter. */
const ell: Point[] = [
  [0, 0],
  [0.5, 0],
  [0.5, 0.5],
  [1, 0.5],
  [1, 1],
  [0, 1],
];

describe('polygonArea', () => {
  it('is the same whichever way the corners turn', () => {
    assert.ok(Math.abs(polygonArea(square) - 0.16) < 1e-12);
    assert.ok(Math.abs(polygonArea([...square].reverse()) - 0.16) < 1e-12);
    assert.ok(Math.abs(polygonArea(ell) - 0.75) < 1e-12);
  });

  it('is 0 without an extent', () => {
    assert.equal(polygonArea([]), 0);
    assert.equal(polygonArea([[0.1, 0.1]]), 0);
    assert.ok(
      polygonArea([
        [0.1, 0.1],
        [0.2, 0.2],
        [0.3, 0.3],
      ]) < 1e-15,
    );
  });
});

describe('firstCrossing', () => {
  const crossing: [string, Point[], [number, number]][] = [
    [
      'a bow tie',
      [
        [0, 0],
        [1, 1],
        [1, 0],
        [0, 1],
      ],
      [0, 2],
    ],
    [
      'a corner on a far side',
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0.5, 0],
        [0, 1],
      ],
      [0, 2],
    ],
    [
      'a corner through a far side',
      [
        [0, 0.1],
        [1, 0.1],
        [1, 1],
        [0.5, 0],
        [0, 1],
      ],
      [0, 2],
    ],
    [
      'a corner on a far corner',
      [
        [0, 0],
        [0.5, 0.5],
        [1, 0],
        [1, 1],
        [0.5, 0.5],
        [0, 1],
      ],
      [0, 3],
    ],
    [
      'a spike that folds back',
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [1, 0.5],
        [0, 1],
      ],
      [1, 2],
    ],
    [
      'far sides that overlap',
      [
        [0, 0],
        [1, 0],
        [1, 0.5],
        [0.2, 0.5],
        [0.2, 0],
        [0.1, 0],
        [0.1, 1],
        [0, 1],
      ],
      [0, 3],
    ],
    [
      'corners in one line',
      [
        [0.1, 0.1],
        [0.3, 0.3],
        [0.5, 0.5],
      ],
      [0, 2],
    ],
    [
      'two corners, one repeated',
      [
        [0.1, 0.1],
        [0.3, 0.3],
        [0.3, 0.3],
      ],
      [0, 2],
    ],
  ];
  for (const [name, points, sides] of crossing) {
    it(`finds ${name}`, () => assert.deepEqual(firstCrossing(points), sides));
  }

  const simple: [string, Point[]][] = [
    ['a square', square],
    ['the same, turning the other way', [...square].reverse()],
    ['a concave zone', ell],
    [
      'a corner in the middle of a straight side',
      [
        [0, 0],
        [0.5, 0],
        [1, 0],
        [1, 1],
      ],
    ],
    [
      'a corner repeated next to itself',
      [
        [0, 0],
        [1, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ],
    ],
    ['a zone closed by hand', [...square, square[0] as Point]],
    ['a zone closed by hand twice', [...square, square[0] as Point, square[0] as Point]],
    [
      'a gap a ten-thousandth wide',
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0.5, 1e-4],
        [0, 1],
      ],
    ],
    ['no corner at all', []],
    [
      'one corner, repeated',
      [
        [0.4, 0.4],
        [0.4, 0.4],
        [0.4, 0.4],
      ],
    ],
  ];
  for (const [name, points] of simple) {
    it(`lets ${name} pass`, () => assert.equal(firstCrossing(points), null));
  }

  it('does not depend on where the corners start', () => {
    for (let k = 0; k < ell.length; k++)
      assert.equal(firstCrossing([...ell.slice(k), ...ell.slice(0, k)]), null);
    const tie: Point[] = [
      [0.1, 0.1],
      [0.9, 0.8],
      [0.9, 0.1],
      [0.1, 0.8],
    ];
    for (let k = 0; k < 4; k++) assert.notEqual(firstCrossing([...tie.slice(k), ...tie.slice(0, k)]), null);
  });
});

describe('contains', () => {
  it('tells inside from outside, in a concave zone too', () => {
    assert.equal(contains(square, [0.4, 0.4]), true);
    assert.equal(contains(square, [0.7, 0.4]), false);
    assert.equal(contains(ell, [0.25, 0.25]), true);
    assert.equal(contains(ell, [0.75, 0.25]), false);
    assert.equal(contains(ell, [0.75, 0.75]), true);
  });

  it('counts sides and corners as inside, and no more than them', () => {
    for (const corner of square) assert.equal(contains(square, corner), true);
    assert.equal(contains(square, [0.6, 0.33]), true);
    assert.equal(contains(square, [0.33, 0.6]), true);
    assert.equal(contains(square, [0.6 + 1e-6, 0.33]), false);
    assert.equal(contains(ell, [0.5, 0.25]), true);
  });

  it('is not misled by a corner at the same height', () => {
    const diamond: Point[] = [
      [0.5, 0.2],
      [0.8, 0.5],
      [0.5, 0.8],
      [0.2, 0.5],
    ];
    assert.equal(contains(diamond, [0.1, 0.5]), false);
    assert.equal(contains(diamond, [0.9, 0.5]), false);
    assert.equal(contains(diamond, [0.5, 0.5]), true);
    assert.equal(contains(diamond, [0.3, 0.2]), false);
  });

  it('holds nothing without corners', () => assert.equal(contains([], [0.5, 0.5]), false));
});
