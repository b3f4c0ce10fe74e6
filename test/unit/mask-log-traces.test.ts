/** What the codec leaves of a street in a black that has just come there is no leak; the same at rest is one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MaskStamp, View } from '../../pipelines/frame.js';
import { i420Bytes } from '../../pipelines/frame.js';
import { maskDigest } from '../../pipelines/mask/table.js';
import type { MaskTable } from '../../pipelines/messages.js';
import { MaskCheck } from '../../runtime/mask-log/check.js';
import { Findings } from '../../runtime/mask-log/findings.js';
import type { KeptTable } from '../../runtime/mask-log/tables.js';

const size = { width: 64, height: 48 };
const table: MaskTable = {
  version: 1,
  zones: [
    {
      name: 'house',
      directions: [
        [-9, -9],
        [9, -9],
        [9, 9],
        [-9, 9],
      ],
    },
  ],
};
const digest = maskDigest(table);
const lens = { principal: [0.5, 0.5] as [number, number], k1: 0, k2: 0, rollDeg: 0 };
const kept: KeptTable = {
  format: 1,
  table,
  digest,
  lenses: [{ sinceMs: 0, lens }],
  fromMs: 0,
  untilMs: null,
  sure: true,
};
const looking = (panDeg: number): View => ({ panDeg, tiltDeg: 0, hfovDeg: 60, marginPixels: 2 });

/** Findings of pictures of one grey, each with the view of its number. */
function found(luma: number, pans: readonly number[], everyMs: number): number {
  const check = new MaskCheck(new Map([[digest, kept]]), size);
  const findings = new Findings();
  for (const [i, pan] of pans.entries()) {
    const picture = Buffer.alloc(i420Bytes(size), 128).fill(luma, 0, size.width * size.height);
    const mask: MaskStamp = { version: 1, digest, state: 'zones', view: looking(pan) };
    check.look(picture, { wallMs: 1_000_000 + i * everyMs, mask }, findings);
  }
  return findings.all.filter(({ kind }) => kind === 'leak').length;
}

test('a trace is none while the camera moves and for a second after, and is found at rest', () => {
  assert.equal(found(40, [0, 1, 2, 3, 4], 40), 0);
  assert.equal(found(40, [0, 1, 1, 1], 900), 1);
});

test('negative control: what is brighter than a trace is found at once', () => {
  assert.ok(found(60, [0, 1, 2], 40) > 0);
});
