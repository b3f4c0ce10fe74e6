/** With a person mask every look is at the whole picture; without one the gate stays as it was asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DetectOptions } from '../../pipelines/messages.js';
import { looking } from '../../pipelines/person-mask.js';

const detect: DetectOptions = {
  engine: 'onnx',
  modelFile: 'centernet.onnx',
  modelSha256: 'a'.repeat(64),
  inputWidth: 384,
  inputHeight: 288,
  ratePerSecond: 5,
  lowThreshold: 0.15,
  highThreshold: 0.3,
  threads: 1,
  classThresholds: {},
  fullLookSeconds: 2,
  occupancyZones: [],
  stills: false,
};

test('a person mask is given every detection of the whole picture', () => {
  const cover = { cover: 'bodies', manner: 'solid', delaySeconds: 0.5, area: null, only: false } as const;
  assert.equal(looking({ personMask: cover }, detect).fullLookSeconds, null);
  assert.equal(looking({ personMask: null }, detect).fullLookSeconds, 2);
});
