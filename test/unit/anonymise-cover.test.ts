/** What covers people: outwards, irreversible, never over a zone (docs/anonymity.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cover } from '../../pipelines/anonymise/cover.js';
import { i420Bytes } from '../../pipelines/frame.js';
import { seeded } from '../random.js';

const size = { width: 320, height: 240 };
const [lumaBytes, halfWidth] = [size.width * size.height, size.width >> 1];

/** Noise without the value of black. */
function noise(seed: number): Buffer {
  const random = seeded(seed);
  const data = Buffer.alloc(i420Bytes(size));
  for (let i = 0; i < data.length; i++) data[i] = 40 + Math.floor(random() * 160);
  return data;
}

/** Bytes of each plane at one pixel. */
function at(data: Buffer, x: number, y: number): number[] {
  const chroma = lumaBytes + (y >> 1) * halfWidth + (x >> 1);
  return [data[y * size.width + x], data[chroma], data[chroma + (lumaBytes >> 2)]];
}

const box = { x: 0.31, y: 0.23, width: 0.2, height: 0.5 };
const inside: [number, number][] = [];
for (let y = Math.floor(0.23 * 240); y < Math.ceil(0.73 * 240); y++) {
  for (let x = Math.floor(0.31 * 320); x < Math.ceil(0.51 * 320); x++) inside.push([x, y]);
}

test('solid: every pixel that the box touches is black, its colour too, and nothing far from it', () => {
  const data = noise(1);
  const before = Buffer.from(data);
  new Cover(size, { manner: 'solid', cover: 'bodies' }).boxes(data, [box]);
  for (const [x, y] of inside) assert.deepEqual(at(data, x, y), [16, 128, 128], `${x},${y}`);
  for (const [x, y] of [
    [0, 0],
    [319, 239],
    [90, 100],
    [170, 100],
  ]) {
    assert.deepEqual(at(data, x, y), at(before, x, y));
  }
});

test('boxes that reach outside the picture, or lie there, are cut at its edge', () => {
  for (const manner of ['solid', 'blocks'] as const) {
    const cover = new Cover(size, { manner, cover: 'bodies' });
    const data = noise(2);
    cover.boxes(data, [
      { x: -0.5, y: -0.5, width: 0.6, height: 0.6 },
      { x: 0.9, y: 0.9, width: 3, height: 3 },
      { x: 4, y: 4, width: 1, height: 1 },
      { x: -4, y: -4, width: 1, height: 1 },
    ]);
    assert.equal(data.length, i420Bytes(size));
    assert.notDeepEqual(at(data, 0, 0), at(noise(2), 0, 0));
    assert.notDeepEqual(at(data, 319, 239), at(noise(2), 319, 239));
    assert.deepEqual(at(data, 160, 120), at(noise(2), 160, 120));
  }
});

/** Different colours in the box, and the changes of luma along its rows. */
function richness(data: Buffer): { colours: number; changes: number } {
  const colours = new Set(inside.map(([x, y]) => at(data, x, y).join()));
  const changes = inside.filter(([x, y]) => at(data, x, y)[0] !== at(data, x + 1, y)[0]).length;
  return { colours: colours.size, changes };
}

test('blocks: few colours in few steps, whatever was there', () => {
  const data = noise(3);
  new Cover(size, { manner: 'blocks', cover: 'bodies' }).boxes(data, [box]);
  const { colours, changes } = richness(data);
  // 120 pixels high: blocks of 20, at most 5 by 8 of them.
  assert.ok(colours <= 40, `${colours} colours`);
  assert.ok(changes <= 120 * 6, `${changes} changes`);
  for (const [x, y] of inside) assert.equal(at(data, x, y)[0] % 32, 16, `luma at ${x},${y}`);
});

test('negative control: the same search finds an uncovered picture rich', () => {
  const { colours, changes } = richness(noise(3));
  assert.ok(colours > 1000);
  assert.ok(changes > inside.length / 2);
});

test('blocks: two people who differ in detail only look the same', () => {
  const [a, b] = [Buffer.alloc(i420Bytes(size), 100), Buffer.alloc(i420Bytes(size), 100)];
  // A pattern finer than what a block tells, and fainter than one of its steps.
  for (let y = 60; y < 170; y += 3) a.fill(104, y * size.width, y * size.width + 200);
  const cover = new Cover(size, { manner: 'blocks', cover: 'bodies' });
  cover.boxes(a, [box]);
  cover.boxes(b, [box]);
  for (const [x, y] of inside) assert.deepEqual(at(a, x, y), at(b, x, y));
});

test('blocks: one that touches a zone where it looks is black and lays no colour over it', () => {
  const data = noise(4);
  data.fill(16, 0, lumaBytes);
  data.fill(128, lumaBytes);
  const hidden = Buffer.from(data);
  new Cover(size, { manner: 'blocks', cover: 'heads' }).boxes(data, [box]);
  assert.ok(data.equals(hidden));
});

test('blocks are the same wherever in its memory a picture begins, and whatever its width', () => {
  for (const width of [320, 314]) {
    const of = { width, height: size.height };
    const random = seeded(9);
    const plain = Buffer.alloc(i420Bytes(of));
    for (let i = 0; i < plain.length; i++) plain[i] = 40 + Math.floor(random() * 160);
    plain.fill(16, 100 * width, 100 * width + 110);
    plain.fill(128, width * size.height);
    const covered = [0, 1, 2, 62].map((from) => {
      const data = Buffer.from(new ArrayBuffer(from + plain.length), from);
      plain.copy(data);
      new Cover(of, { manner: 'blocks', cover: 'bodies' }).boxes(data, [box]);
      return data;
    });
    assert.ok(!covered[0].equals(plain));
    for (const data of covered) assert.ok(data.equals(covered[0]));
  }
});
