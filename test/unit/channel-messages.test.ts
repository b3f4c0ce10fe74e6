/** What the runtime process does not take from the pipeline process: numbers that no frame can have. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromPipeline } from '../../pipelines/messages.js';
import { testPicture, testUnit } from '../contract/control-camera.js';

const taken = (message: object): boolean => fromPipeline.safeParse(message).success;

test('a unit and a picture as they should be are taken', () => {
  assert.ok(taken(testUnit(0, true)));
  assert.ok(taken(testPicture()));
});

const wrong: object[] = [
  { monoUs: 1.5 },
  { monoUs: -1 },
  { monoUs: 1e300 },
  { seq: -1 },
  { wallMs: Number.NaN },
  { wallMs: 1e300 },
  { data: [0, 0, 1] },
  { data: new Uint8Array((64 << 20) + 1) },
  { mask: { version: 0, digest: '', state: 'none' } },
  { more: 1 },
];
for (const change of wrong) {
  test(`a unit with a wrong ${Object.keys(change).join()} is not`, () => {
    assert.equal(taken({ ...testUnit(0, true), ...change }), false);
  });
}

test('a text for the log has a bound', () => {
  const log = { t: 'log', level: 'warn' };
  assert.ok(taken({ ...log, message: 'x'.repeat(4096) }));
  assert.equal(taken({ ...log, message: 'x'.repeat(4097) }), false);
});
