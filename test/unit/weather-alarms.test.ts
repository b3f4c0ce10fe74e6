/** Weather through detector, tracker and scene: nobody is reported where nobody is; and the overlays are what they say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlay, weatherKinds } from '../../bench/quality/weather.js';
import { weatherAlarms } from '../../bench/quality/weather-alarms.js';
import { i420Bytes } from '../../pipelines/frame.js';
import { watchedZone } from '../camera-run.js';
import { withoutClip } from '../sight-scene.js';

test('a few seconds of each weather raise no alert on the lawn, and people are still found', {
  skip: withoutClip,
}, async () => {
  const told = await weatherAlarms({ seconds: 2.4 });
  assert.equal(told.length, weatherKinds.length + 1);
  assert.deepEqual(
    told.flatMap(({ kind, alerts }) => alerts.map(({ event, zone }) => `${kind}: ${event} in ${zone}`)),
    [],
  );
  // Else no alert would mean nothing.
  for (const { kind, people, looks } of told) assert.ok(people >= 2 * looks, `${kind}: ${people}`);
});

test('negative control: where people walk the same counts alerts', { skip: withoutClip }, async () => {
  const { name, points } = watchedZone;
  const [none] = await weatherAlarms({ seconds: 3, kinds: [], places: [{ name, points }] });
  assert.ok(none?.alerts.some(({ event }) => event === 'presence'));
});

test('the same seed and time give the same weather, others give another; no strength gives none', () => {
  const size = { width: 128, height: 96 };
  const picture = (): Buffer =>
    Buffer.from(Array.from({ length: i420Bytes(size) }, (_, i) => 40 + ((i * 7) % 150)));
  for (const kind of weatherKinds) {
    const drawn = (seed: number, seconds: number, strength = 1): Buffer => {
      const frame = picture();
      overlay(kind, { seed, strength })(frame, size, seconds);
      return frame;
    };
    assert.deepEqual(drawn(1, 5.1), drawn(1, 5.1), kind);
    assert.deepEqual(drawn(1, 5.1, 0), picture(), kind);
    const times = Array.from({ length: 12 }, (_, n) => drawn(1, n / 2).toString('base64'));
    assert.ok(new Set(times).size > 1, `${kind} stands still`);
    const luma = (frame: Buffer): Buffer => frame.subarray(0, size.width * size.height);
    for (const value of luma(drawn(2, 3.3))) assert.ok(value >= 16 && value <= 235, kind);
  }
});
