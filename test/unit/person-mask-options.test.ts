/** Whether people are covered, and how: the stricter of the configuration and the authorisation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personMaskOptions, pipelineOptions } from '../../runtime/camera-parts.js';
import { loadConfig } from '../../runtime/config/load.js';
import type { ConfigInput } from '../../runtime/config/schema.js';

function configured(overrides: Partial<ConfigInput> = {}) {
  return loadConfig({
    camera: { id: 'cam-1', name: 'Quai' },
    sensor: { kind: 'pattern' },
    mask: { zones: [], noneBecause: 'a test pattern' },
    ...overrides,
  });
}

test('nobody asks for it: people are shown', () => {
  assert.equal(personMaskOptions(configured(), null, true), null);
});

test('either of the two switches it on, and the larger cover counts', () => {
  const heads = configured({ personMask: { cover: 'heads' } });
  assert.equal(personMaskOptions(heads, 'heads', true)?.cover, 'heads');
  assert.equal(personMaskOptions(heads, 'bodies', true)?.cover, 'bodies');
  assert.equal(personMaskOptions(configured(), 'heads', true)?.cover, 'bodies');
  const enabled = configured({ personMask: { enabled: true, manner: 'blocks', delaySeconds: 1 } });
  assert.deepEqual(personMaskOptions(enabled, null, false), {
    cover: 'bodies',
    manner: 'blocks',
    delaySeconds: 1,
    area: null,
    only: true,
  });
});

test('the configuration alone does not have people looked for: its mask then covers the area', async () => {
  const config = configured({ personMask: { enabled: true } });
  const options = await pipelineOptions(config, [], { mayRecord: true, personMask: null });
  assert.equal(options.detect, null);
  assert.notEqual(options.personMask, null);
});

test('nor does an authorisation that has expired', async () => {
  const options = await pipelineOptions(configured(), [], { mayRecord: false, personMask: 'bodies' });
  assert.equal(options.detect, null);
  assert.notEqual(options.personMask, null);
});

test('an area that crosses itself, and pictures that would not fit in memory, are refused', () => {
  const bowTie: [number, number][] = [
    [0, 0],
    [1, 1],
    [1, 0],
    [0, 1],
  ];
  assert.throws(() => configured({ personMask: { area: bowTie } }), /personMask.area/);
  const large = { picture: { width: 3840, height: 2160, framesPerSecond: 50 } };
  assert.throws(
    () => configured({ ...large, personMask: { enabled: true, delaySeconds: 1 } }),
    /personMask.delaySeconds/,
  );
  assert.ok(configured(large));
});
