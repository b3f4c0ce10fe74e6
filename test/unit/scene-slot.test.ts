/** Fire and weapon: what a model of the integrator says, over time and in the zone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Signal } from '../../pipelines/messages.js';
import { type WatchedZone, watchedZone } from '../../runtime/config/zones.js';
import { type Alert, alert } from '../../runtime/scene/alert.js';
import { Slot } from '../../runtime/scene/behaviours/slot.js';
import { Scene } from '../../runtime/scene/scene.js';
import { Zone } from '../../runtime/scene/zone.js';
import { look } from './scene-script.js';

const points: WatchedZone['points'] = [
  [0.4, 0.4],
  [0.6, 0.4],
  [0.6, 0.6],
  [0.4, 0.6],
];
const modelSha256 = `0123456789abcdef${'0'.repeat(48)}`;

function scene(parts: Partial<Pick<WatchedZone, 'fire' | 'weapon'>> = { fire: slot() }): Scene {
  return new Scene({}, { cameraId: 'cam-1', zones: [watchedZone.parse({ name: 'Hall', points, ...parts })] });
}

function slot(more: Partial<NonNullable<WatchedZone['fire']>> = {}): NonNullable<WatchedZone['fire']> {
  return { seconds: 2, minScore: 0.5, cooldownSeconds: 120, ...more };
}

function signal(more: Partial<Signal> & { x?: number; y?: number } = {}): Signal {
  const { x = 0.5, y = 0.5, ...rest } = more;
  const box = { x: x - 0.02, y: y - 0.02, width: 0.04, height: 0.04 };
  return { task: 'fire', score: 0.7, box, modelSha256, ...rest };
}

function run(s: Scene, from: number, to: number, rate: number, at: (t: number) => Signal[]): Alert[] {
  const alerts: Alert[] = [];
  for (let i = 0; i <= Math.round((to - from) * rate); i++) {
    const t = from + i / rate;
    alerts.push(...s.observe({ ...look(t), signals: at(t) }).alerts);
  }
  return alerts;
}

describe('a slot', () => {
  for (const rate of [1, 5, 10]) {
    it(`tells what its model has said for long enough, at ${rate} looks a second`, () => {
      const [a, ...more] = run(scene(), 10, 16, rate, () => [signal()]);
      assert.deepEqual(more, []);
      assert.ok(a);
      assert.equal(a.atMonoUs, 12_000_000);
      assert.equal(a.event, 'fire');
      assert.equal(a.class, null);
      assert.deepEqual(a.participants, []);
      assert.equal(
        a.reason.en,
        "The start of a fire in zone “Hall”, says the integrator's model 0123456789ab, for 2.0 s " +
          '(threshold 2 s), mean score 0.70 (threshold 0.5)',
      );
      assert.match(
        a.reason.fr,
        /^Un départ de feu dans la zone «\sHall\s», selon le modèle 0123456789ab de l’int/,
      );
      assert.deepEqual(alert.parse(a), a);
    });

    it(`does not tell what goes just before, at ${rate} looks a second`, () => {
      assert.deepEqual(
        run(scene(), 10, 16, rate, (t) => (t < 11.95 ? [signal()] : [])),
        [],
      );
    });

    it(`bridges a look or a second without it, at ${rate} looks a second`, () => {
      const alerts = run(scene(), 10, 16, rate, (t) => (t > 10.45 && t < 11.45 ? [] : [signal()]));
      assert.deepEqual(
        alerts.map((a) => a.atMonoUs),
        [12_000_000],
      );
    });
  }

  it('begins anew after a longer gap', () => {
    const alerts = run(scene(), 10, 18, 10, (t) => (t > 11.05 && t < 14.05 ? [] : [signal()]));
    assert.equal(alerts[0]?.atMonoUs, 16_100_000);
  });

  it('goes on with a weaker score, and begins only with the full one', () => {
    assert.equal(run(scene(), 0, 6, 5, (t) => [signal({ score: t === 1 ? 0.4 : 0.7 })]).length, 1);
    assert.deepEqual(
      run(scene(), 0, 6, 5, () => [signal({ score: 0.45 })]),
      [],
    );
  });

  it('is not told when most looks were weak: the mean counts', () => {
    assert.deepEqual(
      run(scene(), 0, 6, 5, (t) => [signal({ score: t % 1 === 0 ? 0.5 : 0.36 })]),
      [],
    );
  });

  it('counts the border of the zone, and goes by the middle of the box', () => {
    assert.equal(run(scene(), 0, 3, 5, () => [signal({ x: 0.4, y: 0.4 })]).length, 1, 'corner');
    assert.equal(
      run(scene(), 0, 3, 5, () => [signal({ x: 0.39 })]).length,
      0,
      'overlaps the zone, middle outside',
    );
  });

  it('does not take a headlight that passes for something that stays', () => {
    const quick = scene({ fire: slot({ seconds: 0.5 }) });
    const passes = (t: number): Signal[] => (t < 0.65 ? [signal({ x: 0.42 + t * 0.27 })] : []);
    assert.deepEqual(run(quick, 0, 6, 5, passes), []);
    const creeps = (t: number): Signal[] => (t < 0.65 ? [signal({ x: 0.42 + t * 0.1 })] : []);
    assert.equal(run(quick, 10, 12, 5, (t) => creeps(t - 10)).length, 1, 'what grows or creeps goes on');
  });

  it('holds two places apart', () => {
    const behaviour = new Slot('weapon', new Zone('Hall', points), slot());
    const keys = new Set<string>();
    for (let i = 0; i <= 20; i++) {
      const signals = [signal({ task: 'weapon', x: 0.45 }), signal({ task: 'weapon', x: 0.55 }), signal()];
      const seen = {
        seq: i,
        monoUs: i * 200_000,
        wallMs: 0,
        subjects: [],
        stills: null,
        occupied: new Map(),
      };
      for (const { key } of behaviour.observe({ ...seen, signals }, 1)) keys.add(key);
    }
    assert.deepEqual([...keys], ['weapon 1', 'weapon 2']);
  });

  it('listens to its own task only', () => {
    const both = { fire: slot(), weapon: slot() };
    const alerts = run(scene(both), 0, 4, 5, () => [signal({ task: 'weapon' })]);
    assert.deepEqual(
      alerts.map(({ event }) => event),
      ['weapon'],
    );
    assert.match(alerts[0]?.reason.fr ?? '', /^Une arme dans la zone/);
  });

  it('finds nothing when no model speaks, and survives numbers that are none', () => {
    assert.deepEqual(
      run(scene(), 0, 10, 5, () => []),
      [],
    );
    assert.deepEqual(
      run(scene(), 0, 10, 5, () => [signal({ score: Number.NaN }), signal({ x: Number.POSITIVE_INFINITY })]),
      [],
    );
  });

  it('forgets after a reset', () => {
    const s = scene();
    run(s, 0, 1.8, 5, () => [signal()]);
    s.reset();
    assert.deepEqual(
      run(s, 2, 3.8, 5, () => [signal()]),
      [],
    );
  });
});
