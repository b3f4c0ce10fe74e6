/** Which presences make one incident, the cooldown, and what a restart of the pipeline process changes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Alert } from '../../runtime/scene/alert.js';
import { Scene } from '../../runtime/scene/scene.js';
import { IN, look, OUT, scene, watch, zone } from './scene-script.js';

describe('cooldown and incidents', () => {
  it('tells of one visit once, however long it lasts', () => {
    assert.equal(watch(scene(zone({ cooldownSeconds: 5 })), 0, 60, 5, () => [{}]).length, 1);
  });

  it('tells of two people who came together once', () => {
    const alerts = watch(scene(zone({ cooldownSeconds: 5 })), 0, 30, 5, (t) =>
      t < 0.5 ? [{ id: 'a' }] : [{ id: 'a' }, { id: 'b', x: 0.45 }],
    );
    assert.deepEqual(
      alerts.map((a) => a.participants[0]?.trackId),
      ['a'],
    );
  });

  it('tells of the one that has been there longest', () => {
    const s = scene(zone({ dwellSeconds: 1 }));
    s.observe(look(0, { id: 'b' }));
    s.observe(look(0.5, { id: 'a' }, { id: 'b' }));
    const { alerts } = s.observe(look(2, { id: 'a' }, { id: 'b' }, { id: 'c' }));
    assert.deepEqual(
      alerts.map((a) => a.participants[0]?.trackId),
      ['b'],
    );
  });

  it('tells of who came after the alert and is still there at the end of the cooldown', () => {
    const alerts = watch(scene(), 0, 40, 5, (t) => (t < 10 ? [{ id: 'a' }] : [{ id: 'b' }]));
    assert.deepEqual(
      alerts.map((a) => [a.participants[0]?.trackId, a.atMonoUs]),
      [
        ['a', 2_000_000],
        ['b', 22_000_000],
      ],
    );
    assert.equal((alerts[1] as Alert).measured[0]?.value, 12);
  });

  it('does not tell of who came and went within the cooldown', () => {
    const alerts = watch(scene(), 0, 40, 5, (t) => (t < 5 ? [{ id: 'a' }] : t < 15 ? [{ id: 'b' }] : []));
    assert.deepEqual(
      alerts.map((a) => a.participants[0]?.trackId),
      ['a'],
    );
  });

  it('tells again of someone who left and came back after the cooldown', () => {
    const alerts = watch(scene(), 0, 40, 5, (t) => [{ x: t > 5 && t < 30 ? OUT : IN }]);
    assert.equal(alerts.length, 2);
    assert.notEqual((alerts[0] as Alert).id, (alerts[1] as Alert).id);
  });

  it('keeps zones apart', () => {
    const s = scene(zone({}, 'Path'), zone({ dwellSeconds: 4 }, 'Lawn'));
    assert.deepEqual(
      watch(s, 0, 6, 5, () => [{}]).map((a) => [a.zone, a.atMonoUs / 1e6]),
      [
        ['Path', 2],
        ['Lawn', 4],
      ],
    );
  });
});

describe('restart of the pipeline process', () => {
  it('forgets visits', () => {
    const s = scene();
    watch(s, 0, 1.8, 5, () => [{}]);
    s.reset();
    assert.deepEqual(s.observe(look(2, {})).alerts, []);
    assert.equal(watch(s, 2.2, 4, 5, () => [{}]).length, 1);
  });

  it('keeps the cooldown', () => {
    const s = scene();
    assert.equal(watch(s, 0, 3, 5, () => [{}]).length, 1);
    s.reset();
    assert.deepEqual(
      watch(s, 4, 20, 5, () => [{ id: 'b' }]),
      [],
    );
  });

  it('ignores a look older than the last one', () => {
    const s = scene();
    s.observe(look(5, {}));
    assert.deepEqual(s.observe(look(1, {})).alerts, []);
    assert.equal(s.observe(look(7, {})).alerts.length, 1);
  });

  it('watches nothing when no zone is allowed', () => {
    assert.deepEqual(
      watch(new Scene({}, { cameraId: 'cam-1', zones: [] }), 0, 5, 5, () => [{}]),
      [],
    );
  });
});
