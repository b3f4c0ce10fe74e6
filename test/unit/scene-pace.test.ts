/** At most one alert a second of a camera, and nothing lost in silence (N9 to N13). */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Alert } from '../../runtime/scene/alert.js';
import { AlertPace } from '../../runtime/scene/alert-pace.js';
import { IN, look, OUT, type Seen, scene, watch, zone } from './scene-script.js';

const ten = (change = {}) => Array.from({ length: 10 }, (_, i) => zone(change, `Zone ${i}`));
const listed = (alerts: Alert[]): string[] => alerts.flatMap(({ folded }) => folded.map((one) => one.zone));

describe('ten zones at once', () => {
  for (const rate of [1, 5, 10]) {
    it(`are told one a second in the order of the zones while it lasts, at ${rate} looks a second`, () => {
      const alerts = watch(scene(...ten()), 0, 20, rate, () => [{}]);
      assert.deepEqual(
        alerts.map((a) => a.zone),
        ten().map(({ name }) => name),
      );
      assert.deepEqual(
        alerts.map((a) => a.atMonoUs / 1e6),
        [2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      );
      assert.deepEqual(alerts[0]?.folded, []);
      assert.deepEqual(
        alerts[1]?.folded,
        ten()
          .slice(2)
          .map(({ name }) => ({ event: 'presence', zone: name, count: 1 })),
      );
      assert.deepEqual(listed(alerts.slice(2)), [], 'each is listed once');
      assert.equal(alerts[9]?.measured[0]?.value, 11, 'told with what holds when it is told');
    });
  }

  it('are each told or listed when what was seen is over at once', () => {
    const seenAt = (t: number): Seen[] => [{ x: t < 2.1 ? IN : OUT }];
    const alerts = watch(scene(...ten()), 0, 40, 5, seenAt);
    const told = alerts.map((a) => a.zone);
    assert.deepEqual(
      [...new Set([...told, ...listed(alerts)])].sort(),
      ten().map(({ name }) => name),
    );
    assert.ok(
      alerts.slice(1).every((a) => a.atMonoUs === 2_000_000),
      'with the look at which it held',
    );
  });

  it('are told although looks pause for longer than what is old may be', () => {
    const s = scene(...ten({ dwellSeconds: 0 }));
    const alerts = [...s.observe(look(0, {})).alerts];
    for (const t of [15, 16, 17, 40]) alerts.push(...s.observe(look(t)).alerts);
    assert.deepEqual(
      alerts.map((a) => a.zone),
      ['Zone 0', 'Zone 1'],
    );
    assert.equal(listed(alerts).length, 8);
  });

  it('are told anew when what was only listed holds again', () => {
    const s = scene(...ten({ dwellSeconds: 0, cooldownSeconds: 60 }));
    s.observe(look(0, {}));
    for (const t of [15, 16]) s.observe(look(t));
    const again = watch(s, 17, 30, 1, () => [{}]);
    assert.equal(again.length, 8, 'all but the two that were told and are in their cooldown');
  });
});

describe('the pace of alerts', () => {
  it('lists an event of a zone with how often it was held back', () => {
    const pace = new AlertPace();
    const item = (event: 'presence' | 'fall', name: string) => ({ event, zone: name, lastUs: 0 });
    for (const one of [
      item('presence', 'A'),
      item('presence', 'B'),
      item('presence', 'B'),
      item('fall', 'B'),
    ])
      pace.hold(one);
    assert.equal(pace.next(0).item?.zone, 'A');
    pace.hold(item('presence', 'B'));
    const { item: second, folded } = pace.next(1e6);
    assert.equal(second?.zone, 'B');
    assert.deepEqual(folded, [
      { event: 'presence', zone: 'B', count: 1 },
      { event: 'fall', zone: 'B', count: 1 },
    ]);
    assert.deepEqual(pace.next(2e6).folded, [{ event: 'presence', zone: 'B', count: 1 }]);
  });

  for (let seed = 1; seed <= 20; seed++) {
    it(`tells or lists each that is held back, whatever comes when, seed ${seed}`, () => {
      let state = seed;
      const random = (): number => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return state / 2 ** 32;
      };
      const pace = new AlertPace<{ event: 'presence'; zone: string; lastUs: number }>();
      const made: string[] = [];
      const told: string[] = [];
      const seen = new Set<string>();
      const times: number[] = [];
      const take = (us: number): void => {
        const { item, folded } = pace.next(us);
        for (const one of folded) seen.add(one.zone);
        if (!item) return;
        told.push(item.zone);
        times.push(us);
      };
      let us = 0;
      for (let i = 0; i < 300; i++) {
        us += Math.floor(random() * (random() < 0.05 ? 2e7 : 6e5));
        const busy = random() < 0.2;
        for (let n = 0; busy && n < random() * 8; n++) {
          made.push(`${made.length}`);
          pace.hold({ event: 'presence', zone: made.at(-1) ?? '', lastUs: us });
        }
        take(us);
      }
      const rest = pace.flush(us);
      for (const one of [...(rest?.folded ?? []), ...(rest ? [rest.item] : [])]) seen.add(one.zone);
      assert.deepEqual(
        made.filter((one) => !told.includes(one) && !seen.has(one)),
        [],
      );
      assert.equal(new Set(told).size, told.length, 'none is told twice');
      assert.ok(times.every((at, i) => i === 0 || at - (times[i - 1] ?? 0) >= 1e6));
      assert.ok(made.length > told.length && told.length > 20, 'some were only listed, so it was tried');
    });
  }

  it('never passes one a second, whatever is seen', () => {
    const zones = ten({ dwellSeconds: 0, cooldownSeconds: 0 });
    const alerts = watch(scene(...zones), 0, 30, 10, (t) => [{ id: `${Math.floor(t * 3)}` }]);
    const times = alerts.map((a) => a.atMonoUs);
    assert.ok(alerts.length > 20, `${alerts.length}`);
    assert.ok(alerts.length <= 31, `${alerts.length} in 30 s`);
    assert.equal(times.length, alerts.length);
  });

  it('tells one that is alone at once, without any fold', () => {
    const [only] = scene(zone({ dwellSeconds: 0 })).observe(look(0, {})).alerts;
    assert.deepEqual([only?.atMonoUs, only?.folded], [0, []]);
  });
});
