/** Crossing a tripwire, on scripted tracks: what must raise an alert, and what almost does (C1 to C9). */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Tracks } from '../../pipelines/messages.js';
import { watchedZone } from '../../runtime/config/zones.js';
import { type Alert, alert } from '../../runtime/scene/alert.js';
import { crossingReason } from '../../runtime/scene/words/crossing.js';
import { look, type Seen, scene, watch, watchAll, zoneOf } from './scene-script.js';

type Crossing = NonNullable<Parameters<typeof zoneOf>[0]['crossing']>;

/** The tripwire stands upright in the middle of the zone; the right side is forbidden. */
const wire: Pick<Crossing, 'line' | 'towards'> = {
  line: [
    [0.5, 0.35],
    [0.5, 0.65],
  ],
  towards: [0.6, 0.5],
};
const wired = (change: object = {}) => scene(zoneOf({ crossing: { ...wire, ...change } as Crossing }));
/** Walks across: at `x` from 0.44 at t = 0 by 0.02 a second. */
const across =
  (at: (t: number) => Seen = () => ({})) =>
  (t: number): Seen[] => [{ x: 0.44 + 0.02 * t, ...at(t) }];

describe('crossing a tripwire', () => {
  for (const rate of [1, 5, 10]) {
    it(`raises one alert at the second look clearly beyond, at ${rate} looks a second`, () => {
      const alerts = watch(wired(), 0, 10, rate, across());
      assert.equal(alerts.length, 1);
      const [a] = alerts as [Alert];
      assert.equal(a.event, 'presence');
      const x = 0.44 + (0.02 * a.atMonoUs) / 1e6;
      assert.ok(x > 0.508 && x <= 0.5085 + (2 * 0.02) / rate, `${x}`);
      assert.deepEqual([a.measured[0]?.name, a.measured[0]?.threshold], ['beyond', 0.15]);
      assert.ok((a.measured[0]?.value ?? 0) >= 0.15);
      assert.match(
        a.reason.en,
        /^A person crossed the line of zone “Path” to the forbidden side by 0\.\d\d of/,
      );
      assert.deepEqual(alert.parse(a), a);
    });
  }

  it('raises none for who comes to the line and turns round', () => {
    const seenAt = (t: number): Seen[] => [{ x: 0.44 + 0.02 * Math.min(t, 6 - t) }];
    assert.deepEqual(watch(wired(), 0, 6, 10, seenAt), []);
  });

  it('raises none for who stands on the line and sways', () => {
    const seenAt = (t: number): Seen[] => [{ x: t < 2 ? 0.46 + 0.02 * t : 0.5 + 0.007 * Math.sin(t * 5) }];
    assert.deepEqual(watch(wired(), 0, 60, 10, seenAt), []);
  });

  it('raises one when who swayed goes on', () => {
    const seenAt = (t: number): Seen[] => [
      { x: t < 2 ? 0.46 + 0.02 * t : t < 20 ? 0.5 + 0.007 * Math.sin(t * 5) : 0.5 + 0.02 * (t - 20) },
    ];
    assert.equal(watch(wired(), 0, 23, 10, seenAt).length, 1);
  });

  it('raises none the allowed way, and both ways without a forbidden side', () => {
    const back = (t: number): Seen[] => [{ x: 0.56 - 0.02 * t }];
    assert.deepEqual(watch(wired(), 0, 6, 5, back), []);
    const [a] = watch(wired({ towards: undefined }), 0, 6, 5, back);
    assert.match(
      a?.reason.fr ?? '',
      /^Une personne a franchi la ligne de la zone «\u00a0Path\u00a0», de 0,\d\d\u00a0fois/,
    );
    assert.equal(watch(wired({ towards: undefined }), 0, 6, 5, across()).length, 1);
  });

  it('does not depend on which end of the line comes first', () => {
    const line: Crossing['line'] = [wire.line[1], wire.line[0]];
    assert.equal(watch(wired({ line }), 0, 6, 5, across()).length, 1);
    assert.equal(watch(wired({ line }), 0, 6, 5, (t) => [{ x: 0.56 - 0.02 * t }]).length, 0);
  });

  it('finds a line that lies across the picture too', () => {
    const flat = {
      line: [
        [0.4, 0.5],
        [0.6, 0.5],
      ],
      towards: [0.5, 0.6],
    };
    assert.equal(watch(wired(flat), 0, 6, 5, (t) => [{ y: 0.45 + 0.02 * t }]).length, 1);
    assert.equal(watch(wired(flat), 0, 6, 5, (t) => [{ y: 0.55 - 0.02 * t }]).length, 0);
  });
});

describe('where the tripwire ends', () => {
  it('raises one just inside its end and none beyond it', () => {
    const wide = {
      line: [
        [0.5, 0.45],
        [0.5, 0.55],
      ],
      towards: [0.6, 0.5],
    };
    assert.equal(
      watch(
        wired(wide),
        0,
        6,
        5,
        across(() => ({ y: 0.46 })),
      ).length,
      1,
    );
    assert.equal(
      watch(
        wired(wide),
        0,
        6,
        5,
        across(() => ({ y: 0.44 })),
      ).length,
      0,
      'walks round its end',
    );
  });

  it('raises none where the line lies outside the zone', () => {
    assert.equal(
      watch(
        wired(),
        0,
        6,
        5,
        across(() => ({ y: 0.62 })),
      ).length,
      0,
      'the zone ends at 0.6',
    );
    assert.equal(
      watch(
        wired(),
        0,
        6,
        5,
        across(() => ({ y: 0.6 })),
      ).length,
      1,
      'its border counts',
    );
  });

  it('counts a crossing at the very corner of the zone', () => {
    const points = [
      [0.5, 0.5],
      [0.7, 0.5],
      [0.6, 0.7],
    ];
    const corner = scene(watchedZone.parse({ name: 'Corner', points, crossing: wire }));
    assert.equal(
      watch(
        corner,
        0,
        6,
        5,
        across(() => ({ y: 0.5 })),
      ).length,
      1,
    );
  });

  it('raises none for who goes round the end and only then comes back to its height', () => {
    const wide = {
      line: [
        [0.5, 0.45],
        [0.5, 0.55],
      ],
      towards: [0.6, 0.5],
    };
    const seenAt = (t: number): Seen[] => [{ x: 0.44 + 0.02 * t, y: t > 1.5 && t < 4.5 ? 0.42 : 0.5 }];
    assert.deepEqual(watch(wired(wide), 0, 6, 5, seenAt), []);
  });
});

describe('gaps and doubtful boxes', () => {
  it('counts a crossing that happened while the track was only predicted', () => {
    const gap = across((t) => ({ seen: t < 2 || t > 4.5 }));
    const [a] = watch(wired(), 0, 6, 10, gap);
    assert.ok(a && a.atMonoUs > 4_500_000);
  });

  it('never finds anything on a predicted place', () => {
    assert.deepEqual(
      watch(
        wired(),
        0,
        6,
        10,
        across((t) => ({ seen: t < 2 })),
      ),
      [],
    );
  });

  it('supposes nothing over a gap of more than 3 s', () => {
    assert.deepEqual(
      watch(
        wired(),
        0,
        6,
        10,
        across((t) => ({ seen: t < 1.5 || t > 4.8 })),
      ),
      [],
    );
  });

  it('supposes nothing of a new id beyond the line', () => {
    assert.deepEqual(
      watch(
        wired(),
        0,
        6,
        10,
        across((t) => ({ id: t < 3 ? 'a' : 'b' })),
      ),
      [],
    );
    const before = across((t) => ({ id: t < 1.5 ? 'a' : 'b' }));
    assert.equal(watch(wired(), 0, 6, 10, before).length, 1, 'a new id before the line crosses it itself');
  });

  it('raises none for one look whose box is wrong', () => {
    const seenAt = (t: number): Seen[] => [{ x: Math.abs(t - 3) < 0.05 ? 0.55 : 0.47 }];
    assert.deepEqual(watch(wired(), 0, 6, 10, seenAt), []);
  });

  it('raises none when legs are hidden and the foot point jumps over the line, while the head stays', () => {
    const flat = {
      line: [
        [0.4, 0.5],
        [0.6, 0.5],
      ],
    };
    const looks = (cut: number): Tracks[] =>
      Array.from({ length: 40 }, (_, i) => {
        const one = look(i / 5, { y: 0.53 });
        if (i > 15) for (const { box } of one.tracks) box.height -= cut;
        return one;
      });
    const raised = (cut: number): number => {
      const s = wired({ ...flat, towards: undefined });
      return looks(cut).flatMap((one) => s.observe(one).alerts).length;
    };
    assert.equal(raised(0.05), 0);
    const s = wired({ ...flat, towards: undefined });
    const walked = (t: number): Seen[] => [{ y: t < 3 ? 0.53 : 0.48 }];
    assert.equal(watch(s, 0, 8, 5, walked).length, 1, 'control: the whole box went the same way');
  });
});

describe('who counts', () => {
  it('asks for the class and for the mean score', () => {
    assert.deepEqual(
      watch(
        wired(),
        0,
        6,
        5,
        across(() => ({ class: 'car' })),
      ),
      [],
    );
    assert.equal(
      watch(
        wired({ classes: ['car'] }),
        0,
        6,
        5,
        across(() => ({ class: 'car' })),
      ).length,
      1,
    );
    assert.deepEqual(
      watch(
        wired(),
        0,
        6,
        5,
        across(() => ({ score: 0.39 })),
      ),
      [],
    );
  });

  it('tells of who crosses during the cooldown in an update, and after it in an alert', () => {
    const walk = (from: number, id: string) => (t: number) =>
      t < from || t > from + 6 ? [] : [{ id, x: 0.44 + 0.02 * (t - from) }];
    const seenAt = (t: number): Seen[] => [walk(0, 'a')(t), walk(8, 'b')(t), walk(30, 'c')(t)].flat();
    const { alerts, updates } = watchAll(wired(), 0, 40, 5, seenAt);
    assert.deepEqual(
      alerts.map((a) => a.participants[0]?.trackId),
      ['a', 'c'],
    );
    assert.ok(updates.some(({ id, joined }) => id === alerts[0]?.id && joined === 1));
  });

  it('tells of two zones whose lines are crossed in the same step, one second apart', () => {
    const zones = ['A', 'B'].map((name) => zoneOf({ crossing: wire as Crossing }, name));
    const alerts = watch(scene(...zones), 0, 20, 5, across());
    assert.deepEqual(
      alerts.map((a) => a.zone),
      ['A', 'B'],
    );
  });

  it('says no more than was measured', () => {
    const { fr, en } = crossingReason('car', 'Quai', true, 0.1999, 0.15);
    assert.equal(
      en,
      'A car crossed the line of zone “Quai” to the forbidden side by 0.19 of its own size (threshold 0.15)',
    );
    assert.match(fr, /vers le côté interdit, de 0,19\u00a0fois sa taille \(seuil 0,15\)$/);
  });
});
