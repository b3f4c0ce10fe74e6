/** Blocks over people at the edge of a private zone: what the check of a recording asks of the zone holds (docs/mask-log.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cover } from '../../pipelines/anonymise/cover.js';
import { i420Bytes, type MaskedFrame } from '../../pipelines/frame.js';
import { Masker } from '../../pipelines/mask/masker.js';
import { maskDigest } from '../../pipelines/mask/table.js';
import type { Box, MaskTable, Point } from '../../pipelines/messages.js';
import { MaskCheck } from '../../runtime/mask-log/check.js';
import { Findings } from '../../runtime/mask-log/findings.js';
import type { KeptTable } from '../../runtime/mask-log/tables.js';
import { seeded } from '../random.js';

const size = { width: 320, height: 240 };
const random = seeded(7);

/** A triangle anywhere: large enough to have an inside, or one that is hardly more than a line or a point. */
function triangle(kind: 'large' | 'thin' | 'tiny' = 'large'): MaskTable {
  const corner = (x: number, y: number): Point => [x + 0.3 * random(), y + 0.3 * random()];
  if (kind !== 'large') {
    const [x, y] = corner(0.3, 0.3);
    const far = kind === 'thin' ? corner(0.6, 0.6) : ([x + 0.002, y] as Point);
    return { version: 1, zones: [{ name: 'Porte', points: [[x, y], far, [x, y + 0.002]] }] };
  }
  return {
    version: 1,
    zones: [{ name: 'Porte', points: [corner(0, 0), corner(0.7, 0.1), corner(0.3, 0.7)] }],
  };
}

function street(table: MaskTable): MaskedFrame {
  const masker = new Masker(size);
  masker.open(1, masker.load(table));
  const data = Buffer.alloc(i420Bytes(size));
  for (let i = 0; i < data.length; i++) data[i] = 60 + Math.floor(random() * 140);
  return masker.mask({ kind: 'raw', seq: 0, monoUs: 0, wallMs: 0, ...size, data });
}

/** A person somewhere, on the edge of the zone as likely as not. */
function person(): Box {
  const height = 0.1 + 0.5 * random();
  return { x: 0.9 * random(), y: 0.8 * random(), width: height * 0.3, height };
}

function found(table: MaskTable, { data, mask }: MaskedFrame): Findings {
  const digest = maskDigest(table);
  const lenses = [{ sinceMs: 0, lens: null }];
  const kept: KeptTable = { format: 1, digest, table, lenses, fromMs: 0, untilMs: null, sure: true };
  const findings = new Findings();
  new MaskCheck(new Map([[digest, kept]]), size).look(data, { wallMs: 0, mask }, findings);
  return findings;
}

test('blocks that meet a zone leave every pixel of it black, and the check finds nothing', () => {
  let blackened = 0;
  for (let n = 0; n < 240; n++) {
    const table = triangle((['large', 'thin', 'tiny'] as const)[n % 3]);
    const frame = street(table);
    const before = Buffer.from(frame.data);
    const cover = new Cover(size, { manner: 'blocks', cover: n % 2 === 0 ? 'bodies' : 'heads' });
    cover.boxes(frame.data, [person(), person(), person()]);
    const luma = size.width * size.height;
    for (let i = 0; i < luma; i++) {
      // Nothing but a zone has this luma before, and no block by its own colour after.
      if (before[i] !== 16 && frame.data[i] === 16) blackened++;
      if (before[i] !== 16) continue;
      assert.equal(frame.data[i], 16, `luma ${i} in picture ${n}`);
      const at = luma + (Math.floor(i / size.width) >> 1) * (size.width >> 1) + ((i % size.width) >> 1);
      assert.deepEqual([frame.data[at], frame.data[at + (luma >> 2)]], [128, 128], `colour at ${i}`);
    }
    assert.deepEqual(found(table, frame).all, []);
  }
  assert.ok(blackened > 1000, 'no block met a zone');
});

test('negative control: a block that keeps its colour over the edge of a zone is found', () => {
  const table = triangle();
  const frame = street(table);
  const inside = frame.data.indexOf(16) + 8 * size.width;
  const at = frame.data.indexOf(16, inside) - 8;
  for (let row = 0; row < 16; row++) frame.data.fill(112, at + row * size.width, at + row * size.width + 16);
  assert.deepEqual(
    found(table, frame).all.map(({ kind, zone }) => [kind, zone]),
    [['leak', 'Porte']],
  );
});
