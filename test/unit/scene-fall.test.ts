/** A fall, on scripted tracks: what must raise an alert, what almost does, and what is often taken for one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type WatchedZone, watchedZone } from '../../runtime/config/zones.js';
import { alert } from '../../runtime/scene/alert.js';
import { Fall } from '../../runtime/scene/behaviours/fall.js';
import { Scene } from '../../runtime/scene/scene.js';
import { Subjects } from '../../runtime/scene/subjects.js';
import { Zone } from '../../runtime/scene/zone.js';
import { look, type Seen, watch } from './scene-script.js';

const points: WatchedZone['points'] = [
  [0.2, 0.2],
  [0.8, 0.2],
  [0.8, 0.8],
  [0.2, 0.8],
];

const all: WatchedZone['points'] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

function scene(
  fall: Partial<NonNullable<WatchedZone['fall']>> = {},
  sensitivity = 1,
  corners = points,
): Scene {
  const zones = [watchedZone.parse({ name: 'Quay', points: corners, sensitivity, fall })];
  return new Scene({}, { cameraId: 'cam-1', zones, aspect: 4 / 3 });
}

/** A picture of 4:3: upright 0.3 high and a third as wide; lying 0.1 high and three times as wide. */
const upright: Seen = { x: 0.5, y: 0.6, width: 0.08, height: 0.3 };
const lying: Seen = { x: 0.55, y: 0.62, width: 0.22, height: 0.1, score: 0.4 };

/** Stands until `at`, is half down half a second later, lies from one second later on. */
const falls =
  (at: number, more: Seen = {}) =>
  (t: number): Seen[] => {
    if (t < at + 0.05) return [{ ...upright, ...more }];
    if (t < at + 0.95) return [{ ...upright, x: 0.52, height: 0.22, width: 0.14, ...more }];
    return [{ ...lying, ...more }];
  };

describe('a fall', () => {
  for (const rate of [1, 5, 10]) {
    it(`is told when the person has stayed down, at ${rate} looks a second`, () => {
      const alerts = watch(scene(), 0, 10, rate, falls(3));
      assert.equal(alerts.length, 1);
      const [a] = alerts;
      assert.ok(a);
      assert.equal(a.atMonoUs, 7_000_000);
      assert.equal(a.event, 'fall');
      assert.equal(a.class, 'person');
      assert.deepEqual(a.measured[0], { name: 'down', value: 3, threshold: 3, unit: 's' });
      assert.match(
        a.reason.en,
        /^A person went to the ground within 1\.0 s in zone “Quay” and has been there for 3\.0 s/,
      );
      assert.match(a.reason.en, /\(threshold 3 s\), at 34 % of their upright height$/);
      assert.match(a.reason.fr, /^Une personne est passée au sol en 1,0\ss au plus dans la zone «\sQuay\s»/);
      assert.deepEqual(alert.parse(a), a);
    });
  }

  it('is not told when the person gets up just before', () => {
    const seenAt = (t: number): Seen[] => (t > 6.85 ? [upright] : falls(3)(t));
    assert.deepEqual(watch(scene(), 0, 20, 10, seenAt), []);
  });

  it('counts anew when the person gets up and falls again', () => {
    const seenAt = (t: number): Seen[] => (t > 5.05 && t < 6.15 ? [upright] : falls(3)(t));
    const alerts = watch(scene(), 0, 10, 10, seenAt);
    assert.deepEqual(
      alerts.map((a) => a.atMonoUs),
      [9_200_000],
    );
  });

  it('asks for half of the time at twice the sensitivity', () => {
    const [a] = watch(scene({}, 2), 0, 10, 10, falls(3));
    assert.equal(a?.atMonoUs, 5_500_000);
  });

  it('is not told of somebody whose scores are too low', () => {
    assert.equal(watch(scene({ minScore: 0.5 }), 0, 10, 5, falls(3, { score: 0.45 })).length, 0);
    assert.equal(watch(scene({ minScore: 0.5 }), 0, 10, 5, falls(3, { score: 0.55 })).length, 1);
  });

  it('needs somebody who was seen upright for a second', () => {
    assert.equal(watch(scene(), 0, 8, 10, falls(0.8)).length, 0);
    assert.equal(watch(scene(), 0, 8, 10, falls(1.1)).length, 1);
  });

  it('begins anew after a reset', () => {
    const s = scene();
    watch(s, 0, 5, 10, falls(3));
    s.reset();
    assert.deepEqual(watch(s, 5.1, 12, 10, falls(3)), []);
  });
});

describe('a fall across a gap', () => {
  for (const rate of [1, 10]) {
    it(`goes on when the track is only predicted for two seconds, at ${rate} looks a second`, () => {
      const seenAt = (t: number): Seen[] => falls(3)(t).map((s) => ({ ...s, seen: t < 4.5 || t > 6.5 }));
      const [a] = watch(scene(), 0, 10, rate, seenAt);
      assert.equal(a?.atMonoUs, 7_000_000);
    });

    it(`goes on when the track breaks on the way down, at ${rate} looks a second`, () => {
      const seenAt = (t: number): Seen[] => {
        if (t < 3.6) return falls(3)(t);
        return t < 4.95 ? [] : [{ ...lying, id: 'b', bornUs: 4_500_000 }];
      };
      const [a] = watch(scene(), 0, 12, rate, seenAt);
      assert.equal(a?.atMonoUs, 8_000_000);
    });
  }

  it('goes on when another track, even of an animal, lies there', () => {
    const seenAt = (t: number): Seen[] => {
      if (t < 5) return falls(3)(t);
      return t < 6 ? [] : [{ ...lying, id: 'b', class: 'animal', bornUs: 5_500_000 }];
    };
    assert.equal(watch(scene(), 0, 10, 10, seenAt)[0]?.atMonoUs, 7_000_000);
  });

  it('ends when nobody is seen down there for more than three seconds', () => {
    const seenAt = (t: number): Seen[] => (t > 4.5 && t < 8 ? [] : falls(3)(t));
    assert.deepEqual(watch(scene(), 0, 20, 10, seenAt), []);
  });

  it('is never told on a place that was only predicted', () => {
    const seenAt = (t: number): Seen[] => falls(3)(t).map((s) => ({ ...s, seen: t < 6.5 }));
    assert.deepEqual(watch(scene(), 0, 20, 10, seenAt), []);
  });

  it('begins when the same track was not seen on the way down', () => {
    const seenAt = (t: number): Seen[] => falls(3)(t).map((s) => ({ ...s, seen: t < 3.1 || t > 5.3 }));
    assert.equal(watch(scene(), 0, 12, 10, seenAt)[0]?.atMonoUs, 8_400_000);
  });

  it('is not made of a broken track and a thing that was there before', () => {
    const seenAt = (t: number): Seen[] => [
      ...(t < 3 ? [upright] : []),
      { ...lying, id: 'b', bornUs: 0, seen: t > 3 },
    ];
    assert.deepEqual(watch(scene(), 0, 12, 10, seenAt), []);
  });
});

describe('the zone of a fall', () => {
  const moved = (dx: number, dy: number) => (t: number) =>
    falls(3)(t).map((s) => ({ ...s, x: (s.x ?? 0) + dx, y: (s.y ?? 0) + dy }));

  it('counts a corner of it as in it', () => {
    assert.equal(watch(scene(), 0, 10, 5, moved(0.3, 0.2)).length, 1, 'stood on the corner, lies outside');
    assert.equal(watch(scene(), 0, 10, 5, moved(0.25, 0.18)).length, 1, 'lies on the corner');
  });

  it('counts whoever lies across the lower border of the picture', () => {
    assert.equal(watch(scene({}, 1, all), 0, 10, 5, moved(0, 0.38)).length, 1);
  });

  it('leaves out who walks out of the picture over its lower border', () => {
    const low = { ...upright, y: 0.98 };
    const seenAt = (t: number): Seen[] => [t < 3.05 ? low : { ...low, y: 1, height: 0.12 }];
    assert.deepEqual(watch(scene({}, 1, all), 0, 10, 5, seenAt), []);
  });

  it('leaves out who stood and lies outside', () => {
    assert.equal(watch(scene(), 0, 10, 5, moved(0.31, 0.21)).length, 0);
  });
});

describe('what is no fall', () => {
  const none = (name: string, seenAt: (t: number) => Seen[], rates = [1, 5, 10]): void => {
    for (const rate of rates) {
      it(`${name}, at ${rate} looks a second`, () => {
        assert.deepEqual(watch(scene({ seconds: 2 }), 0, 16, rate, seenAt), []);
      });
    }
  };
  const after =
    (seen: Seen) =>
    (t: number): Seen[] => [t < 3.05 ? upright : { ...upright, ...seen }];

  none('sitting down on a bench', after({ height: 0.22, width: 0.1 }));
  none('bending down', after({ height: 0.21, width: 0.15 }));
  none('a car that hides the legs', after({ y: 0.45, height: 0.15 }));
  none('ducking behind a wall', after({ y: 0.54, height: 0.09 }));
  none('crouching for a second', (t) => [
    t > 3.05 && t < 4.15 ? { ...upright, height: 0.15, width: 0.1 } : upright,
  ]);
  const slowly =
    (seconds: number) =>
    (t: number): Seen[] => {
      const share = Math.min(1, Math.max(0, (t - 3) / seconds));
      return [{ ...upright, height: 0.3 - 0.2 * share, width: 0.08 + 0.14 * share }];
    };
  none('lying down slowly', slowly(5), [5, 10]);
  none('lying down very slowly', slowly(9), [1]);
  none('a dog that lies down', (t) => [
    { class: 'animal', x: 0.5, y: 0.6, width: 0.12, height: t < 3.05 ? 0.12 : 0.05 },
  ]);
  none('a dog taken for a person', (t) => [{ x: 0.5, y: 0.6, width: 0.12, height: t < 3.05 ? 0.12 : 0.05 }]);
  none('two people who become one box', (t) =>
    t < 3.05 ? [upright, { ...upright, id: 'b', x: 0.6 }] : [{ ...upright, x: 0.55, width: 0.18 }],
  );
  none('somebody who crawls away', (t) =>
    falls(3)(t).map((s) => ({ ...s, x: (s.x ?? 0) + Math.max(0, t - 4) * 0.3 })),
  );
});

describe('two falls', () => {
  it('at the same time are two sightings, each of its own track', () => {
    const zone = new Zone('Quay', points);
    const fall = new Fall(zone, { seconds: 3, cooldownSeconds: 60, minScore: 0.3 });
    const subjects = new Subjects(null);
    const keys = new Set<string>();
    for (let i = 0; i <= 50; i++) {
      const other = falls(3)(i / 5).map((p) => ({ ...p, id: 'b', x: (p.x ?? 0) - 0.25 }));
      const { seq, monoUs, wallMs, tracks } = look(i / 5, ...falls(3)(i / 5), ...other);
      const seen = { seq, monoUs, wallMs, stills: null, occupied: new Map(), signals: [], aspect: 4 / 3 };
      for (const { key } of fall.observe({ ...seen, subjects: subjects.of(tracks, monoUs) }, 1))
        keys.add(key);
    }
    assert.deepEqual([...keys].sort(), ['a', 'b']);
  });
});

describe('somebody else, or the same, seen badly', () => {
  it('a person further away who passes where somebody was lost from sight is nobody on the ground', () => {
    // Half hidden for a moment, then gone behind others; who walks by there is smaller, upright, and takes their time.
    const alerts = watch(scene(), 0, 12, 5, (t) => {
      if (t < 3) return [upright];
      if (t < 3.5) return [{ ...upright, height: 0.12, width: 0.1 }];
      const passes: Seen = { id: 'b', bornUs: 3.6e6, height: 0.19, x: 0.4 + 0.02 * (t - 3.5), y: 0.6 };
      return [{ ...passes, width: 0.07 }];
    });
    assert.deepEqual(alerts, []);
  });

  it('a box that trembles between half and whole is somebody who stands', () => {
    const half: Seen = { ...upright, height: 0.14, width: 0.13, y: 0.6 };
    const alerts = watch(scene({}, 4), 0, 12, 5, (t) =>
      t < 3 ? [upright] : [Math.round(t * 5) % 3 === 0 ? half : { ...upright, height: 0.22 }],
    );
    assert.deepEqual(alerts, []);
  });
});
