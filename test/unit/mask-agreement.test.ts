/** Which pictures the runtime process takes from the other one: hidden ones, and those under a mask it opened. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskDigest } from '../../pipelines/mask/table.js';
import type { MaskTable } from '../../pipelines/messages.js';
import { MaskAgreement } from '../../runtime/health/mask-agreement.js';

const first: MaskTable = { version: 1, zones: [] };
const second: MaskTable = {
  version: 2,
  zones: [
    {
      name: 'window',
      points: [
        [0, 0],
        [1, 0],
        [1, 1],
      ],
    },
  ],
};
const hidden = { version: 0, digest: '', state: 'full' } as const;
const zones = (table: MaskTable) =>
  ({ version: table.version, digest: maskDigest(table), state: 'zones' }) as const;

test('before a table is opened only a hidden picture is taken', () => {
  const agreement = new MaskAgreement();
  agreement.change(first);
  assert.equal(agreement.allows(hidden), true);
  assert.equal(agreement.allows(zones(first)), false);
  assert.equal(agreement.judge(1, maskDigest(first)), 'open');
  assert.equal(agreement.allows(zones(first)), true);
});

test('a digest of its own is refused, and opens nothing', () => {
  const agreement = new MaskAgreement();
  agreement.change(first);
  assert.equal(agreement.judge(1, maskDigest(second)), 'refuse');
  assert.equal(agreement.allows({ ...zones(first), digest: maskDigest(second) }), false);
});

test('during a change the table before is still taken, the one to come not yet', () => {
  const agreement = new MaskAgreement();
  agreement.change(first);
  agreement.judge(1, maskDigest(first));
  agreement.change(second);
  assert.equal(agreement.allows({ ...zones(first), state: 'both' }), true);
  const next = { version: 2, digest: maskDigest(second).slice(0, 24) };
  assert.equal(agreement.allows({ ...zones(first), state: 'both', next }), true);
  assert.equal(agreement.allows({ ...zones(first), next }), false, 'a table to come, and no change');
  assert.equal(agreement.allows(zones(second)), false);
  assert.equal(agreement.judge(1, maskDigest(first)), 'ignore', 'an answer that was overtaken opens nothing');
  assert.equal(agreement.judge(2, maskDigest(second)), 'open');
  assert.equal(agreement.allows(zones(second)), true);
});

test('where people are to be covered, a picture that does not say how they were is not taken', () => {
  const agreement = new MaskAgreement();
  agreement.change(first);
  agreement.born(true);
  agreement.judge(1, maskDigest(first));
  assert.equal(agreement.allows(zones(first)), false);
  assert.equal(agreement.allows(hidden), false);
  assert.equal(agreement.allows({ ...zones(first), people: 'covered' }), true);
  assert.equal(agreement.allows({ ...hidden, people: 'area' }), true);
});

test('a new process has nothing opened, and a picture that claims a version without a digest is not hidden', () => {
  const agreement = new MaskAgreement();
  agreement.change(first);
  agreement.judge(1, maskDigest(first));
  agreement.born();
  assert.equal(agreement.allows(zones(first)), false);
  assert.equal(agreement.allows({ ...hidden, version: 1 }), false);
});

test('a picture hidden for a reason is taken under an opened table only, and no other state has one', () => {
  const agreement = new MaskAgreement();
  agreement.change(first);
  const late = { ...zones(first), state: 'full', why: 'late' } as const;
  assert.equal(agreement.allows(late), false, 'before it is opened');
  agreement.judge(1, maskDigest(first));
  assert.equal(agreement.allows(late), true);
  assert.equal(agreement.allows({ ...late, why: undefined }), false);
  assert.equal(agreement.allows({ ...hidden, why: 'late' }), false);
  assert.equal(agreement.allows({ ...zones(first), why: 'late' }), false);
});
