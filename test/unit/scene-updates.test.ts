/** What becomes of an incident after its alert: who joins, what grows, when it ends, and when it is told (N1 to N8, N14). */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alertUpdate } from '../../runtime/scene/alert.js';
import { updateReason } from '../../runtime/scene/reasons.js';
import { look, type Seen, scene, watch, watchAll, zone } from './scene-script.js';

const start = 1_700_000_000_000;
const people = (...ids: string[]): Seen[] => ids.map((id, i) => ({ id, x: 0.42 + i * 0.03 }));

describe('updates of an incident', () => {
  it('tell of those who join, under the id of the alert, in numbers that count up', () => {
    const { alerts, updates } = watchAll(scene(), 0, 9, 5, (t) =>
      people('a', ...(t > 2.9 ? ['b', 'c'] : [])),
    );
    assert.equal(alerts.length, 1);
    const [first] = updates;
    assert.equal(first?.id, alerts[0]?.id);
    assert.deepEqual(
      [first?.update, first?.atMs, first?.ended, first?.most, first?.joined, first?.seconds],
      [1, start + 7000, false, 3, 2, 5],
    );
    for (const update of updates) assert.deepEqual(alertUpdate.parse(update), update);
  });

  it('come at most every 5 s, also from the alert on', () => {
    const seenAt = (t: number): Seen[] => people(...'abcdefgh'.slice(0, 1 + Math.floor(t / 2)));
    const { alerts, updates } = watchAll(scene(), 0, 16, 5, seenAt);
    const times = [alerts[0]?.atMs ?? 0, ...updates.map(({ atMs }) => atMs)];
    assert.ok(updates.length >= 2);
    times.slice(1).forEach((ms, i) => {
      assert.ok(ms - (times[i] ?? 0) >= 5000, `${times.join(' ')}`);
    });
  });

  it('tell of who was in the zone at the alert as taking part, not as having joined', () => {
    const seenAt = (t: number): Seen[] => people('a', ...(t > 1.5 ? ['b'] : []));
    const { updates } = watchAll(scene(), 0, 7, 5, seenAt);
    assert.deepEqual([updates[0]?.most, updates[0]?.joined], [2, 0]);
  });

  it('come when nobody joined only for a measure that grew by a quarter, so ever more rarely', () => {
    const { alerts, updates } = watchAll(scene(), 0, 120, 5, () => [{}]);
    assert.equal(alerts.length, 1);
    let before = 2;
    for (const { measured, joined } of updates) {
      const [dwell] = measured;
      assert.ok((dwell?.value ?? 0) >= 1.25 * before, `${dwell?.value} after ${before}`);
      assert.equal(joined, 0);
      before = dwell?.value ?? 0;
    }
    assert.ok(updates.length > 3 && updates.length < 20, `${updates.length}`);
  });

  it('end once nothing was seen for 5 s, with how long it lasted', () => {
    const { updates } = watchAll(scene(), 0, 30, 5, (t) => (t < 6.1 ? [{}] : []));
    const [last, ...more] = updates.filter(({ ended }) => ended);
    assert.deepEqual([last?.seconds, more.length], [4, 0]);
    assert.ok((last?.atMs ?? 0) > start + 11_000);
    assert.match(last?.reason.en ?? '', /over; lasted 4 s$/);
    assert.match(last?.reason.fr ?? '', /terminé\u00a0; a duré 4\u00a0s$/);
  });

  it('go on under the same id when somebody comes back during the cooldown, even after the end was told', () => {
    const { alerts, updates } = watchAll(scene(), 0, 21, 5, (t) =>
      t < 2.3 ? people('a') : t > 11 && t < 13.3 ? people('b') : [],
    );
    assert.equal(alerts.length, 1);
    assert.deepEqual(
      updates.map(({ update, ended, joined }) => [update, ended, joined]),
      [
        [1, true, 0],
        [2, false, 1],
        [3, true, 1],
      ],
    );
  });

  it('say that a new alert follows when one takes over', () => {
    const { alerts, updates } = watchAll(scene(), 0, 23, 5, (t) => (t < 10 ? people('a') : people('a', 'b')));
    assert.equal(alerts.length, 2);
    assert.notEqual(alerts[0]?.id, alerts[1]?.id);
    const last = updates.findLast(({ id }) => id === alerts[0]?.id);
    assert.deepEqual([last?.ended, last?.atMs], [true, alerts[1]?.atMs]);
    assert.match(last?.reason.en ?? '', /a new alert follows$/);
    assert.deepEqual(
      alerts[1]?.participants.map(({ trackId }) => trackId),
      ['b', 'a'],
      'who is new comes first',
    );
  });

  it('count a new id after a tracker gap as somebody who joined, not as a new alert', () => {
    const { alerts, updates } = watchAll(scene(), 0, 20, 5, (t) =>
      t > 6 && t < 8 ? [] : [{ id: t < 7 ? 'a' : 'b' }],
    );
    assert.equal(alerts.length, 1);
    assert.equal(updates.at(-1)?.joined, 1);
    assert.ok(updates.every(({ ended }) => !ended));
  });

  it('end every open incident when nothing is watched any more', () => {
    const s = scene(zone({}, 'Path'), zone({}, 'Lawn'));
    watch(s, 0, 4, 5, () => [{}]);
    const { alerts, updates } = s.end();
    assert.deepEqual(alerts, []);
    assert.deepEqual(
      updates.map(({ ended, update }) => [ended, update]),
      [
        [true, 1],
        [true, 1],
      ],
    );
    assert.deepEqual(s.end(), { alerts: [], updates: [] });
    assert.deepEqual(scene().end(), { alerts: [], updates: [] });
  });

  it('tell or list what was held back when nothing is watched any more', () => {
    const s = scene(...['A', 'B', 'C', 'D'].map((name) => zone({ dwellSeconds: 0 }, name)));
    s.observe(look(0, {}));
    const { alerts, updates } = s.end();
    assert.deepEqual(
      alerts.map((a) => [a.zone, a.folded.map((one) => one.zone)]),
      [['B', ['C', 'D']]],
    );
    assert.equal(updates.filter(({ ended }) => ended).length, 2, 'A and B, who have an alert');
  });

  it('keep the incident over a restart of the pipeline process', () => {
    const s = scene();
    const [before] = watch(s, 0, 4, 5, () => [{ id: 'a' }]);
    s.reset();
    const { alerts, updates } = watchAll(s, 6, 14, 5, () => [{ id: 'b' }]);
    assert.deepEqual(alerts, []);
    assert.deepEqual([updates.at(-1)?.id, updates.at(-1)?.joined], [before?.id, 1]);
  });
});

describe('one incident after another', () => {
  it('raises none for who leaves for less than 5 s, and one for who leaves for longer', () => {
    const away = (seconds: number) => (t: number) => (t > 30 && t < 30 + seconds ? [] : [{}]);
    assert.equal(watch(scene(), 0, 60, 5, away(4.5)).length, 1);
    assert.equal(watch(scene(), 0, 60, 5, away(6)).length, 2);
  });

  it('remembers nobody who is gone', () => {
    const s = scene(zone({ dwellSeconds: 0, cooldownSeconds: 0 }));
    let alerts = 0;
    for (let i = 0; i < 2000; i++) alerts += s.observe(look(i / 2, { id: `t${i}` })).alerts.length;
    assert.ok(alerts > 900, `${alerts}: each is somebody new, at most one a second`);
    s.observe(look(1100));
    const { alerts: again } = s.observe(look(1101, { id: 't1999' }));
    assert.equal(again.length, 1, 'a member that is long gone counts as new');
  });
});

describe('the words of an update', () => {
  const words = { fr: 'X', en: 'X' };
  const of = (change: object) =>
    updateReason(words, { ended: false, seconds: 12.99, most: 1, joined: 0, next: false, ...change });

  it('round seconds down and say only what there is to say', () => {
    assert.deepEqual(of({}), { fr: 'X\u00a0; dure depuis 12\u00a0s', en: 'X; has lasted 12 s' });
    assert.equal(
      of({ most: 3, joined: 2 }).en,
      'X; has lasted 12 s; 3 at once at most; 2 more after the alert',
    );
    assert.equal(
      of({ ended: true, next: true, most: 2 }).fr,
      'X\u00a0; terminé\u00a0; a duré 12\u00a0s\u00a0; 2 à la fois au plus\u00a0; une nouvelle alerte suit',
    );
  });
});
