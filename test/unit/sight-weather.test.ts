/** Weather and light over the sample clip: no fault of the camera, but what it truly is (docs/sight.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Overlay, overlay, type WeatherKind, weatherKinds } from '../../bench/quality/weather.js';
import { settledScene, withoutClip } from '../sight-scene.js';

/** Night is dark, and a sensor at its highest gain is noisy. */
const truly: Partial<Record<WeatherKind, string[]>> = { night: ['+dark', '+noisy'] };

/** Comes over ten seconds, as dusk does; and not at once, as a hand does. */
function rising(kind: WeatherKind, seed: number): Overlay {
  return (frame, size, seconds) =>
    overlay(kind, { seed, strength: Math.min(1, 0.1 + seconds / 10) })(frame, size, seconds);
}

for (const kind of weatherKinds) {
  test(`${kind}: ${truly[kind]?.join(' and ') ?? 'no fault'}`, { skip: withoutClip }, async () => {
    const scene = await settledScene();
    await scene.run(kind === 'night' ? 45 : 35, rising(kind, 3));
    assert.deepEqual(scene.said.sort(), truly[kind] ?? []);
  });
}
