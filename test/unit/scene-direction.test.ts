/** Against the common direction, on scripted tracks: what must raise an alert, and what almost does (D1 to D6). */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Point } from '../../pipelines/messages.js';
import { watchedZone } from '../../runtime/config/zones.js';
import { type Alert, alert } from '../../runtime/scene/alert.js';
import type { SceneLook, Subject } from '../../runtime/scene/behaviour.js';
import { Direction } from '../../runtime/scene/behaviours/direction.js';
import { Zone } from '../../runtime/scene/zone.js';
import { look, type Seen, scene, track, watch } from './scene-script.js';

const points: [number, number][] = [
  [0.1, 0.4],
  [0.9, 0.4],
  [0.9, 0.6],
  [0.1, 0.6],
];
/** The common direction is to the right; a box is 0.1 high, so of one length, and 0.056 wide of the picture is one. */
const street = (change: object = {}) =>
  scene(
    watchedZone.parse({ name: 'Rue', points, direction: { from: [0.2, 0.5], to: [0.8, 0.5], ...change } }),
  );
/** To the left by 0.04 a second: 0.71 of its length. */
const against =
  (at: (t: number) => Seen = () => ({})) =>
  (t: number): Seen[] => [{ class: 'car', x: 0.8 - 0.04 * t, ...at(t) }];

describe('against the common direction', () => {
  for (const rate of [1, 5, 10]) {
    it(`raises one alert once it has gone far enough for long enough, at ${rate} looks a second`, () => {
      const alerts = watch(street(), 0, 12, rate, against());
      assert.equal(alerts.length, 1);
      const [a] = alerts as [Alert];
      // 1.5 lengths take 2.11 s.
      assert.ok(a.atMonoUs >= 2_100_000 && a.atMonoUs <= 2_110_000 + 1e6 / rate, `${a.atMonoUs}`);
      assert.equal(a.event, 'direction');
      assert.deepEqual(
        a.measured.map(({ name, threshold }) => [name, threshold]),
        [
          ['against', 1.5],
          ['way', 1.5],
        ],
      );
      assert.match(a.reason.en, /^A car has gone against the common direction in zone “Rue” for [23]\.\d s/);
      assert.deepEqual(alert.parse(a), a);
    });
  }

  it('raises none for who goes with it, across it, or stands', () => {
    const none = (seenAt: (t: number) => Seen): void =>
      assert.deepEqual(
        watch(street(), 0, 10, 5, (t) => [{ class: 'car', ...seenAt(t) }]),
        [],
      );
    none((t) => ({ x: 0.2 + 0.04 * t }));
    none((t) => ({ y: 0.42 + 0.015 * t, x: 0.6 - 0.008 * t }));
    none((t) => ({ x: 0.5 + 0.01 * Math.sin(t * 4) }));
  });

  it('raises none for a car that backs into a place: it is a short way', () => {
    const backs = (t: number): Seen[] => [
      { class: 'car', x: t < 5 ? 0.3 + 0.04 * t : Math.max(0.43, 0.5 - 0.02 * (t - 5)) },
    ];
    assert.deepEqual(watch(street(), 0, 40, 5, backs), []);
    const further = (t: number): Seen[] => [
      { class: 'car', x: t < 5 ? 0.3 + 0.04 * t : Math.max(0.4, 0.5 - 0.02 * (t - 5)) },
    ];
    assert.equal(watch(street(), 0, 40, 5, further).length, 1, 'control: a longer way is told');
  });

  it('counts the way from where it turned round', () => {
    const turns = (t: number): Seen[] => [
      { class: 'car', x: t < 10 ? 0.3 + 0.04 * t : 0.7 - 0.04 * (t - 10) },
    ];
    const [a] = watch(street(), 0, 16, 10, turns);
    assert.ok(a && a.atMonoUs >= 12_100_000 && a.atMonoUs < 12_400_000, `${a?.atMonoUs}`);
    const back = (t: number): Seen[] => [{ class: 'car', x: 0.5 + 0.03 * Math.sin(t) }];
    assert.deepEqual(
      watch(street(), 0, 60, 5, back),
      [],
      'to and fro by less than the way that is asked for',
    );
  });

  it('does not add up ways between which it stood', () => {
    const creeps = (t: number): Seen[] => [{ class: 'car', x: 0.8 - 0.04 * Math.floor(t / 6) }];
    assert.deepEqual(watch(street(), 0, 60, 5, creeps), []);
  });

  it('asks for the time as well as for the way', () => {
    const fast = (t: number): Seen[] => [{ class: 'car', x: 0.88 - 0.5 * t }];
    assert.deepEqual(watch(street(), 0, 1.4, 10, fast), []);
    assert.equal(watch(street({ seconds: 0.5 }), 0, 1.4, 10, fast).length, 1);
  });

  it('raises none for people in a zone for vehicles', () => {
    assert.deepEqual(
      watch(
        street(),
        0,
        12,
        5,
        against(() => ({ class: 'person' })),
      ),
      [],
    );
    const foot = street({ classes: ['person'] });
    assert.equal(
      watch(
        foot,
        0,
        12,
        5,
        against(() => ({ class: 'person' })),
      ).length,
      1,
    );
  });

  it('asks for the mean score', () => {
    assert.deepEqual(
      watch(
        street(),
        0,
        12,
        5,
        against(() => ({ score: 0.3 })),
      ),
      [],
    );
  });
});

describe('gaps and borders', () => {
  it('bridges looks that only predicted it, and finds nothing in them', () => {
    const [a] = watch(
      street(),
      0,
      6,
      5,
      against((t) => ({ seen: t < 1 || t > 3.1 })),
    );
    assert.equal(a?.atMonoUs, 3_200_000);
  });

  it('begins anew with a new id, and still finds who goes on', () => {
    const alerts = watch(
      street(),
      0,
      8,
      10,
      against((t) => ({ id: t < 1.9 ? 'a' : 'b' })),
    );
    assert.deepEqual(
      alerts.map((one) => one.participants[0]?.trackId),
      ['b'],
    );
    assert.ok((alerts[0]?.atMonoUs ?? 0) >= 4_000_000);
  });

  it('counts only what is in the zone, its corner included', () => {
    const corner = (t: number): Seen[] => [{ class: 'car', x: 0.16 - 0.03 * t, y: 0.6 }];
    assert.deepEqual(watch(street(), 0, 6, 10, corner), [], 'leaves the zone after one length');
    const longer = (t: number): Seen[] => [{ class: 'car', x: 0.2 - 0.03 * t, y: 0.6 }];
    assert.equal(watch(street(), 0, 6, 10, longer).length, 1, 'along its lower border');
    assert.deepEqual(
      watch(
        street(),
        0,
        12,
        10,
        against(() => ({ y: 0.61 })),
      ),
      [],
    );
  });
});

describe('with a calibrated ground', () => {
  /** Seen from a side: a metre across the picture is 0.1 of it, and a metre away from the camera 0.01. */
  const ground = {
    metresAt: ([x, y]: Point): Point => [x * 10, y * 100],
    pixelsPerMetre: () => 100,
  };
  const run = (around: typeof ground | null, vector: Point): number => {
    const behaviour = new Direction(new Zone('Rue', points), options);
    let found = 0;
    for (let i = 0; i < 60; i++) {
      const [x, y] = [0.5 + vector[0] * i, 0.5 + vector[1] * i];
      const one = track({ class: 'car', x, y });
      const subject: Subject = {
        ...{ track: one, foot: [x, y], ground: ground.metresAt([x, y]), speed: 3, velocity: null },
        speedFrom: 'ground',
      };
      const { seq, monoUs, wallMs } = look(i / 5);
      const rest = {
        stills: null,
        occupied: new Map<string, number>(),
        signals: [],
        aspect: 16 / 9,
        ground: around,
      };
      const scene: SceneLook = { seq, monoUs, wallMs, subjects: [subject], ...rest };
      found += behaviour.observe(scene, 1).length;
    }
    return found;
  };
  const options = {
    ...{
      classes: ['car' as const],
      from: [0.2, 0.5] as Point,
      to: [0.8, 0.5] as Point,
      seconds: 1,
      lengths: 1.5,
    },
    ...{ cooldownSeconds: 30, minScore: 0.4 },
  };

  it('goes by the angle on the ground, not by that in the picture', () => {
    const slant: Point = [-0.006, 0.0017];
    assert.ok(run(null, slant) > 0, 'in the picture it is nearly against');
    assert.equal(run(ground, slant), 0, 'on the ground it goes across');
    assert.ok(run(ground, [-0.006, 0]) > 0);
  });
});
