/** Presence in a designated zone, on scripted tracks: what must raise an alert, and what almost does. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WatchedZone } from '../../runtime/config/schema.js';
import { type Alert, alert } from '../../runtime/scene/alert.js';
import { IN, look, OUT, type Seen, scene, watch, zone } from './scene-script.js';

describe('presence in a zone', () => {
  for (const rate of [1, 5, 10]) {
    it(`raises one alert at the look in which the dwell is reached, at ${rate} looks a second`, () => {
      const alerts = watch(scene(), 10, 18, rate, () => [{}]);
      assert.equal(alerts.length, 1);
      const [a] = alerts as [Alert];
      assert.equal(a.atMonoUs, 12_000_000);
      assert.equal(a.atMs, 1_700_000_012_000);
      assert.equal(a.frameSeq, 300);
      assert.deepEqual(a.measured, [{ name: 'dwell', value: 2, threshold: 2, unit: 's' }]);
      assert.match(a.reason.en, /^A person has been in zone “Path” for 2\.0 s \(threshold 2 s\)$/);
      assert.equal(a.number, 0);
      assert.match(a.id, /^[0-9a-f]{32}$/);
      assert.deepEqual(alert.parse(a), a);
    });
  }

  it('raises none when the dwell is almost reached', () => {
    const seenAt = (t: number): Seen[] => [{ x: t < 11.95 ? IN : OUT }];
    assert.deepEqual(watch(scene(), 10, 16, 10, seenAt), []);
  });

  it('raises one at the first look when no dwell is asked for', () => {
    const [a] = scene(zone({ dwellSeconds: 0 })).observe(look(3, {})).alerts;
    assert.equal(a?.atMonoUs, 3_000_000);
    assert.equal(a?.reason.en, 'A person is in zone “Path”');
  });

  it('counts the border and the corners of the zone as in it', () => {
    for (const [x, y] of [
      [0.4, 0.5],
      [0.6, 0.6],
      [0.4, 0.4],
    ]) {
      assert.equal(
        watch(scene(), 0, 3, 5, () => [{ x: x as number, y: y as number }]).length,
        1,
        `${x}, ${y}`,
      );
    }
    assert.equal(watch(scene(), 0, 3, 5, () => [{ x: 0.601 }]).length, 0);
  });

  it('goes by the foot point, not by the box', () => {
    assert.equal(
      watch(scene(), 0, 3, 5, () => [{ y: 0.65 }]).length,
      0,
      'box overlaps the zone, feet below it',
    );
    assert.equal(
      watch(scene(), 0, 3, 5, () => [{ y: 0.42 }]).length,
      1,
      'feet in the zone, box mostly above',
    );
  });

  it('counts feet that the lower border of the picture cuts off', () => {
    const low = {
      ...zone(),
      points: [
        [0.4, 0.8],
        [0.6, 0.8],
        [0.6, 1],
        [0.4, 1],
      ] as WatchedZone['points'],
    };
    assert.equal(watch(scene(low), 0, 3, 5, () => [{ y: 1.03 }]).length, 1);
  });
});

describe('gaps and short exits', () => {
  it('bridges looks that only predicted the track', () => {
    const alerts = watch(scene(), 0, 4, 5, (t) => [{ seen: t < 0.9 || t > 1.9 }]);
    assert.deepEqual(
      alerts.map((a) => a.atMonoUs),
      [2_000_000],
    );
  });

  it('never raises an alert on a place that was only predicted', () => {
    assert.deepEqual(
      watch(scene(), 0, 2.8, 5, (t) => [{ seen: t < 1.9 }]),
      [],
    );
    const s = scene();
    assert.deepEqual(
      watch(s, 0, 2.8, 5, (t) => [{ seen: t < 1.9 }]),
      [],
    );
    assert.equal(s.observe(look(3, {})).alerts.length, 1, 'seen there again');
  });

  it('starts anew after a gap of more than 3 s', () => {
    const s = scene();
    s.observe(look(0, {}));
    assert.deepEqual(s.observe(look(3.2, {})).alerts, []);
    assert.equal(s.observe(look(5.2, {})).alerts.length, 1);
  });

  it('forgives an exit of half a second, and not a longer one', () => {
    const exit =
      (until: number) =>
      (t: number): Seen[] => [{ x: t > 0.95 && t < until ? OUT : IN }];
    assert.deepEqual(
      watch(scene(), 0, 3, 10, exit(1.45)).map((a) => a.atMonoUs),
      [2_000_000],
    );
    assert.deepEqual(watch(scene(), 0, 3, 10, exit(1.65)), []);
    assert.deepEqual(
      watch(scene(), 0, 3.7, 10, exit(1.65)).map((a) => a.atMonoUs),
      [3_700_000],
    );
  });

  it('raises none while the track is outside, however short the exit', () => {
    const alerts = watch(scene(), 0, 2.4, 5, (t) => [{ x: t > 1.9 && t < 2.3 ? OUT : IN }]);
    assert.deepEqual(
      alerts.map((a) => a.atMonoUs),
      [2_400_000],
    );
  });

  it('does not carry the dwell of one track over to another', () => {
    assert.deepEqual(
      watch(scene(), 0, 3.6, 5, (t) => [{ id: t < 1.9 ? 'a' : 'b' }]),
      [],
    );
  });

  it('does not count time for which the track was only predicted into the zone', () => {
    const seenAt = (t: number): Seen[] => (t < 0.5 ? [{ x: OUT }] : [{ seen: t > 1.9 }]);
    assert.deepEqual(watch(scene(), 0, 3.8, 5, seenAt), []);
  });

  it('ends the visit and the score of a track that is not reported any more', () => {
    const seenAt = (t: number): Seen[] => (t === 2 ? [] : [{ score: t < 2 ? 0.1 : 0.5 }]);
    assert.deepEqual(
      watch(scene(), 0, 6, 5, seenAt).map((a) => a.atMonoUs),
      [4_200_000],
    );
  });

  it('does not add up visits', () => {
    assert.deepEqual(
      watch(scene(), 0, 30, 5, (t) => [{ x: t % 3 < 1.5 ? IN : OUT }]),
      [],
    );
  });
});

describe('which objects count', () => {
  it('ignores a car where people are watched for', () => {
    assert.deepEqual(
      watch(scene(), 0, 5, 5, () => [{ class: 'car' }]),
      [],
    );
  });

  it('watches for each class of the set', () => {
    const s = scene(zone({ classes: ['car', 'truck'] }));
    const alerts = watch(s, 0, 5, 5, () => [{ id: 'a' }, { id: 'b', class: 'truck' }]);
    assert.deepEqual(
      alerts.map((a) => [a.participants[0]?.trackId, a.class]),
      [['b', 'truck']],
    );
    assert.match((alerts[0] as Alert).reason.fr, /^Un camion est dans la zone/);
  });

  it('asks for the mean score of the track, not for one good look', () => {
    assert.deepEqual(
      watch(scene(), 0, 5, 5, (t) => [{ score: t === 3 ? 0.99 : 0.3 }]),
      [],
    );
    const alerts = watch(scene(), 0, 5, 5, (t) => [{ score: t === 2 ? 0.05 : 0.5 }]);
    assert.deepEqual(
      alerts.map((a) => a.atMonoUs),
      [2_000_000],
    );
    assert.ok((alerts[0] as Alert).score >= 0.4);
  });
});
