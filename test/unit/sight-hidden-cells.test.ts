/** Every pixel that the mask covers lies in a cell that is left out, whatever the zone looks like. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { i420Bytes } from '../../pipelines/frame.js';
import { Masker } from '../../pipelines/mask/masker.js';
import { type MaskTable, type Point, sightGrid } from '../../pipelines/messages.js';
import { Cells } from '../../pipelines/sight/cells.js';
import { hiddenCells } from '../../pipelines/sight/hidden-cells.js';
import { seeded } from '../random.js';

const size = { width: 640, height: 360 };
const { columns, rows } = sightGrid;

/** The luma of a white picture under this table. */
function masked(table: MaskTable): Buffer {
  const masker = new Masker(size);
  masker.open(table.version, masker.load(table));
  const data = Buffer.alloc(i420Bytes(size), 235);
  const { data: luma } = masker.mask({ kind: 'raw', seq: 0, monoUs: 0, wallMs: 0, ...size, data });
  return luma.subarray(0, size.width * size.height);
}

test('forty zones of three corners, slivers too: not one black sample is measured', () => {
  const random = seeded(5);
  const share = (of: number): number => Math.min(1, Math.max(0, of));
  for (let n = 0; n < 40; n++) {
    const reach = n % 4 === 0 ? 0.01 : random();
    const [x, y] = [random(), random()];
    const near = (): Point => [share(x + (random() - 0.5) * reach), share(y + (random() - 0.5) * reach)];
    const table: MaskTable = { version: 1, zones: [{ name: 'house', points: [[x, y], near(), near()] }] };
    const hidden = hiddenCells(table, size);
    const luma = masked(table);
    const found = new Cells(size).measure(luma, hidden, false);
    if (!found) continue;
    assert.equal(found.luma, 235, `zone ${n}: black was read`);
    assert.equal(found.flat, 1, `zone ${n}: its border was read`);
    for (let at = 0; at < luma.length; at++) {
      if (luma[at] !== 16) continue;
      const column = Math.floor(((at % size.width) * columns) / size.width);
      const row = Math.floor((Math.floor(at / size.width) * rows) / size.height);
      assert.equal(hidden[row * columns + column], 1, `zone ${n}: cell ${column}, ${row}`);
    }
  }
});

test('negative control: without the list of hidden cells the mask is measured', () => {
  const points: Point[] = [
    [0.2, 0.2],
    [0.6, 0.2],
    [0.4, 0.6],
  ];
  const luma = masked({ version: 1, zones: [{ name: 'house', points }] });
  const found = new Cells(size).measure(luma, new Uint8Array(columns * rows), false);
  assert.ok(found && found.luma < 235 && found.flat < 1);
});

test('no more than the zone and its margin is left out', () => {
  const points: Point[] = [
    [0.25, 0.25],
    [0.5, 0.25],
    [0.5, 0.5],
    [0.25, 0.5],
  ];
  const hidden = hiddenCells({ version: 1, zones: [{ name: 'house', points }] }, size);
  const count = hidden.reduce((sum, one) => sum + one, 0);
  assert.ok(count >= 12 * 9 && count <= 17 * 14, `${count} cells`);
  assert.equal(hiddenCells({ version: 1, zones: [] }, size).some(Boolean), false);
});
