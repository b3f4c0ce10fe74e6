import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VigieError } from '../../errors.js';
import { i420Bytes, type RawFrame } from '../../pipelines/frame.js';
import { Masker } from '../../pipelines/mask/masker.js';
import type { FrameView } from '../../pipelines/mask/placement.js';
import { maskDigest } from '../../pipelines/mask/table.js';
import type { Lens, MaskTable } from '../../pipelines/messages.js';

const size = { width: 32, height: 32 };
const left: MaskTable = {
  version: 1,
  zones: [
    {
      name: 'left',
      points: [
        [0, 0],
        [0.25, 0],
        [0.25, 1],
        [0, 1],
      ],
    },
  ],
};
const right: MaskTable = {
  version: 2,
  zones: [
    {
      name: 'right',
      points: [
        [0.75, 0],
        [1, 0],
        [1, 1],
        [0.75, 1],
      ],
    },
  ],
};

function frame(): RawFrame {
  return { kind: 'raw', seq: 0, monoUs: 0, wallMs: 0, ...size, data: Buffer.alloc(i420Bytes(size), 200) };
}

function shown(masker: Masker): { state: string; left: boolean; middle: boolean; right: boolean } {
  const { data, mask } = masker.mask(frame());
  const at = (x: number): boolean => data[16 * 32 + x] !== 16;
  return { state: mask.state, left: at(2), middle: at(16), right: at(30) };
}

test('the whole picture is hidden until a table was loaded and opened', () => {
  const masker = new Masker(size);
  const hidden = { state: 'full', left: false, middle: false, right: false };
  assert.deepEqual(shown(masker), hidden);
  masker.load(left);
  assert.deepEqual(shown(masker), hidden);
  masker.open(1, maskDigest(left));
  assert.deepEqual(shown(masker), { state: 'zones', left: false, middle: true, right: true });
});

test('during a change the old and the new table both hide', () => {
  const masker = new Masker(size);
  masker.load(left);
  masker.open(1, maskDigest(left));
  masker.load(right);
  assert.deepEqual(shown(masker), { state: 'both', left: false, middle: true, right: false });
  masker.open(2, maskDigest(right));
  assert.deepEqual(shown(masker), { state: 'zones', left: true, middle: true, right: false });
});

test('opening anything but the loaded table hides the whole picture', () => {
  for (const [version, digest] of [
    [1, maskDigest(right)],
    [7, maskDigest(left)],
  ] as const) {
    const masker = new Masker(size);
    masker.load(left);
    masker.open(1, maskDigest(left));
    masker.load(left);
    assert.throws(
      () => masker.open(version, digest),
      (error) => error instanceof VigieError && error.kind === 'mask',
    );
    assert.equal(shown(masker).state, 'full');
  }
});

test('the stamp names the table in force', () => {
  const masker = new Masker(size);
  masker.load(left);
  masker.open(1, maskDigest(left));
  assert.deepEqual(masker.mask(frame()).mask, { version: 1, digest: maskDigest(left), state: 'zones' });
});

test('a frame of another size is refused', () => {
  const masker = new Masker(size);
  assert.throws(() => masker.mask({ ...frame(), data: Buffer.alloc(10) }), VigieError);
});

test('the digest changes with the version, a name, a corner and their order', () => {
  const zone = { name: 'left', points: left.zones.flatMap((of) => ('points' in of ? of.points : [])) };
  const others: MaskTable[] = [
    { ...left, version: 2 },
    { ...left, zones: [{ ...zone, name: 'Left' }] },
    {
      ...left,
      zones: [
        {
          ...zone,
          points: [
            [0, 0],
            [0.25, 0],
            [0.25, 1],
            [0, 0.99],
          ],
        },
      ],
    },
    { ...left, zones: [{ ...zone, points: [...zone.points].reverse() }] },
    { ...left, zones: [] },
  ];
  const digests = new Set([left, ...others].map(maskDigest));
  assert.equal(digests.size, others.length + 1);
});

const lens: Lens = { principal: [0.5, 0.5], k1: 0, k2: 0, rollDeg: 0 };
const ahead: MaskTable = {
  version: 3,
  zones: [
    {
      name: 'ahead',
      directions: [
        [-5, -5],
        [5, -5],
        [5, 5],
        [-5, 5],
      ],
    },
  ],
};
const looking = (panDeg: number): FrameView => ({
  view: { panDeg, tiltDeg: 0, hfovDeg: 60, marginPixels: 2 },
});

test('a zone by directions follows the view, and the stamp says which', () => {
  const masker = new Masker(size, lens);
  assert.equal(masker.needsView, false);
  masker.open(3, masker.load(ahead));
  assert.equal(masker.needsView, true);
  const hiddenAt = (panDeg: number): boolean[] => {
    const { data, mask } = masker.mask(frame(), looking(panDeg));
    assert.deepEqual(mask, { version: 3, digest: maskDigest(ahead), state: 'zones', ...looking(panDeg) });
    return [2, 16, 29].map((x) => data[16 * 32 + x] === 16);
  };
  assert.deepEqual(hiddenAt(0), [false, true, false]);
  assert.deepEqual(hiddenAt(25), [true, false, false]);
  assert.deepEqual(hiddenAt(-25), [false, false, true]);
  assert.deepEqual(hiddenAt(180), [false, false, false]);
});

test('a head without zones by directions hides nothing for want of a view, and tells the view when there is one', () => {
  const masker = new Masker(size, lens);
  masker.open(1, masker.load({ version: 1, zones: [] }));
  const unseen = masker.mask(frame(), { why: 'late' }).mask;
  assert.deepEqual([unseen.state, unseen.why, unseen.view], ['zones', undefined, undefined]);
  assert.deepEqual(masker.mask(frame(), looking(10)).mask, { ...unseen, ...looking(10) });
});

test('without a view, a zone by directions hides everything, and the stamp says why', () => {
  const masker = new Masker(size, lens);
  masker.open(3, masker.load(ahead));
  const full = (where: FrameView | null): string | undefined => {
    const { data, mask } = masker.mask(frame(), where);
    assert.deepEqual([mask.state, mask.version, mask.digest], ['full', 3, maskDigest(ahead)]);
    assert.ok(data.subarray(0, 32 * 32).every((luma) => luma === 16));
    assert.ok(data.subarray(32 * 32).every((chroma) => chroma === 128));
    return mask.why;
  };
  assert.equal(full(null), 'late');
  assert.equal(full({ why: 'homing' }), 'homing');
  assert.equal(full({ view: { panDeg: 0, tiltDeg: 0, hfovDeg: 0, marginPixels: 2 } }), 'zoom-unknown');
  const still = new Masker(size);
  still.open(3, still.load(ahead));
  assert.equal(
    still.mask(frame(), looking(0)).mask.why,
    'zoom-unknown',
    'a camera without a lens of its own',
  );
});

test('during a change both follow the view, and an unknown view hides everything from the moment of loading', () => {
  const masker = new Masker(size, lens);
  masker.open(1, masker.load(left));
  masker.load(ahead);
  assert.equal(masker.mask(frame(), null).mask.state, 'full');
  const { data, mask } = masker.mask(frame(), looking(0));
  assert.equal(mask.state, 'both');
  assert.deepEqual(
    [2, 16, 29].map((x) => data[16 * 32 + x] === 16),
    [true, true, false],
  );
});

test('a zone that cannot be placed hides everything, whatever the view', () => {
  const masker = new Masker(size, lens);
  const impossible: MaskTable = {
    version: 4,
    zones: [
      {
        name: 'half the world',
        directions: [
          [0, 0],
          [175, 0],
          [90, 50],
        ],
      },
    ],
  };
  masker.open(4, masker.load(impossible));
  const { data } = masker.mask(frame(), looking(-90));
  assert.ok(data.subarray(0, 32 * 32).every((luma) => luma === 16));
});
