/** A camera on a moving head is turned, zoomed and deceived: nothing private comes out, and what lets it out is found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examineMask, leaksOf, slowSensor, violationsOf } from './mask.js';

test('nothing private in access units and still pictures, whatever the head does', async () => {
  const found = await examineMask({ frames: 300, seed: 1 });
  assert.deepEqual(violationsOf(found), []);
  assert.ok(found.frames >= 300);
  assert.ok(found.pictures > 0);
});

test('negative control: without zones the search finds what is private', async () => {
  const found = await examineMask({ frames: 100, seed: 1, zones: [], phases: ['presets'] });
  assert.ok(found.privatePixels > 0 && found.zonePixels > 0 && found.picturePixels > 0);
  assert.ok(violationsOf(found).length >= 3);
  assert.equal(found.phases.presets?.full, 0);
});

test('negative control: without compensation of the latency the mask leaks', async () => {
  const found = await examineMask({ frames: 100, seed: 1, ...slowSensor, compensated: false });
  assert.ok(leaksOf(found) > 0);
});
