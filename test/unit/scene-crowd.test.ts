/** Crowds that suddenly run, the same way or apart, and those that only walk, jog by, or are shaken by the camera. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Point } from '../../pipelines/messages.js';
import { Crowd, type CrowdOptions } from '../../runtime/scene/behaviours/crowd.js';
import { PlaneGround } from '../../runtime/scene/ground.js';
import { Zone } from '../../runtime/scene/zone.js';
import { seeded } from '../random.js';
import type { Seen } from './scene-script.js';
import { Show } from './scene-shown.js';

const corners: Point[] = [
  [0.05, 0.05],
  [0.95, 0.05],
  [0.95, 0.95],
  [0.05, 0.95],
];
/** A ground seen from straight above: the picture is 100 m by 100 m. */
const size = { width: 1000, height: 1000 };
const above = new PlaneGround([0.1, 0, 0, 0, 0.1, 0, 0, 0, 1], size);

function crowd(options: Partial<CrowdOptions> = {}, ground: PlaneGround | null = above): Show {
  const all = {
    people: 6,
    metresPerSecond: 2.5,
    timesUsual: 2,
    seconds: 1.5,
    cooldownSeconds: 0,
    ...options,
  };
  return new Show(new Crowd(new Zone('Path', corners), all), ground);
}

/** Where each of them is, metres from the middle of the zone, from where they stood and how they moved since. */
type Move = (t: number, start: Point, i: number) => Point;

function people(count: number, move: Move, changes: (i: number, t: number) => Partial<Seen> = () => ({})) {
  return (t: number): Seen[] =>
    Array.from({ length: count }, (_, i) => {
      const start: Point = [-3 + 2 * (i % 4), -3 + 2.5 * Math.floor(i / 4)];
      const [x, y] = move(t, start, i);
      return { id: `p${i}`, x: 0.5 + x / 100, y: 0.5 + y / 100, ...changes(i, t) };
    });
}

/** They stand until `t` is `at`, and then go at this speed in the direction that `way` gives. */
const then =
  (at: number, speed: number, way: (start: Point, i: number) => Point): Move =>
  (t, start, i) => {
    const [x, y] = way(start, i);
    const gone = (Math.max(0, t - at) * speed) / Math.hypot(x, y);
    return [start[0] + x * gone, start[1] + y * gone];
  };
const same = (): Point => [1, 0.2];
const apart = ([x, y]: Point): Point => [x + 0.1, y + 0.9];

describe('a crowd that suddenly runs', () => {
  for (const rate of [1, 5, 10]) {
    it(`is told when all go the same way, at ${rate} looks a second`, () => {
      const { times, sightings } = crowd().run({
        from: 0,
        to: 18,
        rate,
        seenAt: people(8, then(10, 4, same)),
      });
      assert.ok((times[0] as number) > 11.5 && (times[0] as number) <= 15, `${times[0]}`);
      const first = sightings[0];
      assert.deepEqual(
        first?.measured.map(({ name }) => name),
        ['speed', 'people', 'same', 'lasted'],
      );
      assert.match(
        first?.reason.en ?? '',
        /^8 people in zone “Path” have begun to move fast the same way: median \d\.\d m\/s \(threshold 2\.5 m\/s\)$/,
      );
    });
  }

  it('is told when they run apart, and the words say so', () => {
    const { times, sightings } = crowd().run({
      from: 0,
      to: 16,
      rate: 5,
      seenAt: people(8, then(10, 4, apart)),
    });
    assert.ok((times[0] as number) < 13, `${times[0]}`);
    assert.equal(sightings[0]?.measured[2]?.name, 'apart');
    assert.match(
      sightings[0]?.reason.fr ?? '',
      /^8 personnes de la zone «\u00a0Path\u00a0» s’écartent vite les unes des autres\u00a0: vitesse médiane \d,\d\u00a0m\/s \(seuil 2,5\u00a0m\/s\)$/,
    );
  });

  it('is told without a calibration, as an estimate', () => {
    // a person of 1.7 m is a tenth of the picture tall: 17 m, times the aspect across
    const { sightings } = crowd({}, null).run({
      from: 0,
      to: 16,
      rate: 5,
      seenAt: people(8, then(10, 18, same)),
    });
    assert.match(sightings[0]?.reason.en ?? '', /estimated median/);
    assert.match(sightings[0]?.reason.fr ?? '', /vitesse médiane estimée/);
  });

  it('is told across a gap of some of the tracks, and when others come back as somebody new', () => {
    const lost = (i: number, t: number): Partial<Seen> => ({
      seen: i > 1 || t < 11 || t > 12,
      id: i === 7 && t > 11.5 ? 'new' : `p${i}`,
    });
    const run = { from: 0, to: 16, rate: 5, seenAt: people(9, then(10, 4, same), lost) };
    assert.ok(crowd().run(run).times.length > 0);
  });

  it('counts those on a corner of the zone, and nobody beside it', () => {
    const beside = (x: number) => (i: number) => (i === 0 ? { x, y: 0.95 } : {});
    const still = then(10, 4, same);
    const six = (x: number) => people(6, still, beside(x));
    // who stands on the corner does not run, so one more is needed than runs
    assert.deepEqual(crowd().run({ from: 0, to: 16, rate: 5, seenAt: six(0.95) }).times, []);
    assert.ok(crowd({ people: 5 }).run({ from: 0, to: 16, rate: 5, seenAt: six(0.95) }).times.length > 0);
    const left = people(6, (t, s, i) => {
      const [x, y] = still(t, s, i);
      return [x - 58, y];
    });
    assert.deepEqual(crowd().run({ from: 0, to: 12, rate: 5, seenAt: left }).times, []);
  });

  it('is not told when it almost lasts, almost all take part, or they are almost fast enough', () => {
    const burst: Move = (t, [x, y]) => [x + 4 * Math.min(Math.max(0, t - 10), 1), y];
    const run = { from: 0, to: 20, rate: 5 };
    assert.deepEqual(crowd({ seconds: 2.5 }).run({ ...run, seenAt: people(8, burst) }).times, []);
    assert.deepEqual(crowd().run({ ...run, seenAt: people(5, then(10, 4, same)) }).times, []);
    assert.deepEqual(crowd().run({ ...run, seenAt: people(8, then(10, 2.4, same)) }).times, []);
  });

  it('asks for half of the time where the zone is twice as sensitive', () => {
    const at = (sensitivity: number) =>
      crowd({ seconds: 3 }).run({
        from: 0,
        to: 18,
        rate: 5,
        seenAt: people(8, then(10, 4, same)),
        sensitivity,
      }).times[0] as number;
    assert.ok(Math.abs(at(1) - at(2) - 1.5) < 0.21, `${at(1)} ${at(2)}`);
  });
});

describe('what is no such crowd', () => {
  const quiet = (show: Show, seenAt: (t: number) => Seen[], { from = 0, to = 20, rate = 5 } = {}): void =>
    assert.deepEqual(show.run({ from, to, rate, seenAt }).times, []);

  it('people at a bus stop who all walk off at a normal pace', () => {
    quiet(crowd(), people(12, then(10, 1.5, same)));
  });

  it('joggers who are fewer than the people asked for, past people who stand', () => {
    const joggers: Move = (t, start, i) => (i < 5 ? then(10, 3.5, same)(t, start, i) : start);
    quiet(crowd(), people(9, joggers));
  });

  it('people who run each in a direction of their own, as in a game', () => {
    const game: Move = (t, start, i) => {
      const turn = i * 2.4 + t * (i % 2 === 0 ? 1 : -1.3);
      return [start[0] + 3 * Math.cos(turn), start[1] + 3 * Math.sin(turn)];
    };
    quiet(crowd(), people(8, game));
  });

  it('a camera that is shaken: everybody jumps the same way and back', () => {
    const random = seeded(3);
    for (const rate of [1, 5, 10]) {
      const jumps = Array.from({ length: 20 * rate + 1 }, () => (random() - 0.5) * 3);
      const shaken: Move = (t, [x, y]) => [x + (jumps[Math.round(t * rate)] as number), y];
      quiet(crowd(), people(10, shaken), { rate });
    }
    const knock: Move = (t, [x, y]) => [x + (t >= 10 && t < 10.3 ? 2 : 0), y];
    quiet(crowd(), people(10, knock));
  });

  it('runners who come in running: nobody here began to run', () => {
    const race = people(10, (t, [x, y]) => [x - 60 + 4 * t, y]);
    quiet(crowd(), race, { to: 30 });
  });

  it('a place where people usually run', () => {
    const show = crowd();
    const lap = (t: number): number => Math.floor(t / 15);
    const laps = people(
      3,
      (t, [x, y]) => [x - 30 + 4 * (t - 15 * lap(t)), y],
      (i, t) => ({ id: `p${i}-${lap(t)}` }),
    );
    show.run({ from: 0, to: 900, rate: 2, seenAt: laps });
    quiet(show, people(8, then(910, 4, same)), { from: 900, to: 916 });
    assert.ok(
      crowd().run({ from: 900, to: 916, rate: 5, seenAt: people(8, then(910, 4, same)) }).times.length > 0,
    );
  });

  it('cars, and people whose speed is not known yet', () => {
    quiet(
      crowd(),
      people(8, then(10, 4, same), () => ({ class: 'car' })),
    );
    const anew = people(8, then(10, 4, same), (i, t) => ({ id: `${i}-${Math.floor(t * 5)}` }));
    quiet(crowd(), anew);
  });

  it('forgets what was gathered when everything starts anew', () => {
    const show = crowd();
    show.run({ from: 0, to: 11, rate: 5, seenAt: people(8, then(10, 4, same)) });
    show.behaviour.reset();
    quiet(show, people(8, then(10, 4, same)), { from: 11.2, to: 16 });
  });
});
