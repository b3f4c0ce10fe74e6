/** Too many people in a zone: counted, for each square metre, hidden by each other, and what only looks like many. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Point } from '../../pipelines/messages.js';
import { Density, type DensityOptions } from '../../runtime/scene/behaviours/density.js';
import { PlaneGround } from '../../runtime/scene/ground.js';
import { Zone } from '../../runtime/scene/zone.js';
import type { Seen } from './scene-script.js';
import { Show } from './scene-shown.js';

const corners: Point[] = [
  [0.2, 0.2],
  [0.8, 0.2],
  [0.8, 0.8],
  [0.2, 0.8],
];
/** A ground seen from straight above: the zone is 10 m by 10 m. */
const size = { width: 1200, height: 1200 };
const metre = 10 / (0.6 * 1200);
const above = new PlaneGround([metre, 0, 0, 0, metre, 0, 0, 0, 1], size);

function density(options: Partial<DensityOptions> = {}, ground: PlaneGround | null = null): Show {
  const all = { capacity: 10, seconds: 10, cooldownSeconds: 0, ...options };
  return new Show(new Density(new Zone('Path', corners), all, { ground }), ground);
}

/** So many people in the zone, well apart. */
function people(count: number, changes: Partial<Seen> = {}): Seen[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `p${i}`,
    x: 0.24 + 0.08 * (i % 7),
    y: 0.35 + 0.15 * Math.floor(i / 7),
    ...changes,
  }));
}

describe('too many people', () => {
  for (const rate of [1, 10]) {
    it(`is told when it has lasted, at ${rate} looks a second, for as long as it lasts`, () => {
      const { times, sightings } = density().run({ from: 0, to: 20, rate, seenAt: () => people(11) });
      assert.deepEqual([times[0], times.at(-1), times.length], [10, 20, 10 * rate + 1]);
      const [first] = sightings;
      assert.deepEqual(first?.measured[0], { name: 'people', value: 11, threshold: 10, unit: '' });
      assert.equal(first?.key, 'zone');
      assert.equal(first?.subjects.length, 11);
      assert.equal(first?.reason.en, '11 people in zone “Path” (threshold 10) for 10 s, counted one by one');
      assert.equal(
        first?.reason.fr,
        '11 personnes dans la zone «\u00a0Path\u00a0» (seuil 10) depuis 10\u00a0s, comptées une à une',
      );
    });
  }

  it('is not told when there are as many as may be', () => {
    const { times } = density().run({ from: 0, to: 60, rate: 5, seenAt: () => people(10) });
    assert.deepEqual(times, []);
  });

  it('is not told when it almost lasts', () => {
    const seenAt = (t: number) => people(t < 9.9 ? 11 : 3);
    assert.deepEqual(density().run({ from: 0, to: 30, rate: 5, seenAt }).times, []);
  });

  it('is told for each square metre of ground', () => {
    const of = (count: number) =>
      density({ capacity: undefined, perSquareMetre: 0.2 }, above).run({
        from: 0,
        to: 12,
        rate: 5,
        seenAt: () => people(count),
      });
    assert.deepEqual(of(20).times, []);
    const [first] = of(21).sightings;
    assert.equal(first?.measured[0]?.name, 'density');
    assert.ok(Math.abs((first?.measured[0]?.value as number) - 0.21) < 1e-9);
    assert.match(
      first?.reason.en ?? '',
      /^21 people in zone “Path” \(0\.2 per m², threshold 0\.2\) for 10 s/,
    );
    assert.match(first?.reason.fr ?? '', /\(0,2\u00a0par m², seuil 0,2\)/);
  });

  it('is told by whichever of the two comes first', () => {
    const show = density({ capacity: 30, perSquareMetre: 0.1 }, above);
    const { sightings } = show.run({ from: 0, to: 12, rate: 5, seenAt: () => people(12) });
    assert.equal(sightings[0]?.measured[0]?.name, 'density');
  });

  it('counts who stands on a corner of the zone, and nobody outside, no cars', () => {
    const corner = (x: number, y: number) => [...people(10), { id: 'c', x, y }];
    const run = (seen: Seen[]) =>
      density().run({ from: 0, to: 11, rate: 5, seenAt: () => seen }).times.length;
    assert.ok(run(corner(0.8, 0.8)) > 0);
    assert.equal(run(corner(0.81, 0.8)), 0);
    assert.equal(run([...people(10), { id: 'c', class: 'car' }]), 0);
  });

  it('goes on while the number trembles, and ends below 80 of a hundred', () => {
    const seenAt = (t: number) => people(t < 12 ? 11 : t < 20 ? 8 : 7);
    const { times } = density().run({ from: 0, to: 40, rate: 5, seenAt });
    assert.deepEqual([times[0], times.at(-1)], [10, 19.8]);
    const again = density().run({
      from: 0,
      to: 40,
      rate: 5,
      seenAt: (t) => people(t < 12 || t > 18 ? 11 : 7),
    });
    assert.deepEqual(
      again.times.filter((t) => t > 12 && t < 28),
      [],
      'what has ended begins anew',
    );
  });

  it('asks for half of the time where the zone is twice as sensitive', () => {
    const { times } = density().run({ from: 0, to: 6, rate: 5, seenAt: () => people(11), sensitivity: 2 });
    assert.equal(times[0], 5);
  });
});

describe('people whom tracking loses', () => {
  it('count for 1.5 s, over a gap of the track', () => {
    const seenAt = (t: number) => people(11).map((p, i) => ({ ...p, seen: i > 3 || t % 4 < 2.9 }));
    assert.equal(density().run({ from: 0, to: 12, rate: 5, seenAt }).times[0], 10);
    const gone = (t: number) => people(11).map((p, i) => ({ ...p, seen: i > 3 || t < 1 }));
    assert.deepEqual(density().run({ from: 0, to: 20, rate: 5, seenAt: gone }).times, []);
  });

  it('are not counted twice when they come back under another number', () => {
    // every second one of ten people gets a new track; the old one is still reported for 1.4 s
    const seenAt = (t: number): Seen[] => {
      const round = Math.floor(t);
      const now = people(10).map((p) => ({ ...p, id: `${p.id}-${round}`, bornS: round }));
      const before = people(10).map((p) => ({ ...p, id: `${p.id}-${round - 1}`, seen: false }));
      return [...now, ...before];
    };
    assert.deepEqual(density().run({ from: 0, to: 40, rate: 5, seenAt }).times, []);
  });

  it('do not make up a crowd that holds when everything starts anew', () => {
    const show = density();
    show.run({ from: 0, to: 9, rate: 5, seenAt: () => people(11) });
    show.behaviour.reset();
    assert.equal(show.run({ from: 9.2, to: 25, rate: 5, seenAt: () => people(11) }).times[0], 19.2);
  });
});

describe('people who hide each other', () => {
  /** One person covers 3 % of the zone. */
  const share = 0.03;
  const learn = (show: Show): void => {
    show.run({ from: 0, to: 60, rate: 5, seenAt: () => people(2), occupiedAt: () => 2 * share });
  };

  it('are estimated from the covered ground, and the words say so', () => {
    const show = density();
    learn(show);
    // eight are tracked, fourteen are there; they come in slowly
    const occupiedAt = (t: number) => Math.min(14, 2 + 0.5 * (t - 60)) * share;
    const { times, sightings } = show.run({
      from: 60,
      to: 120,
      rate: 5,
      seenAt: () => people(8),
      occupiedAt,
    });
    assert.ok(times.length > 0);
    const last = sightings.at(-1);
    assert.equal(
      last?.reason.en.replace(/for \d+ s/, ''),
      '14 people in zone “Path” (threshold 10) , estimated from the covered ground; 8 counted one by one',
    );
    assert.match(last?.reason.fr ?? '', /estimées d’après le sol couvert\u00a0; 8 comptées une à une/);
    assert.ok(last?.measured.some(({ name, value }) => name === 'occupancy' && Math.abs(value - 14) < 0.01));
  });

  it('are not estimated before enough has been learned', () => {
    const run = { from: 0, to: 60, rate: 5, seenAt: () => people(8), occupiedAt: () => 14 * share };
    assert.deepEqual(density().run(run).times, []);
  });

  it('raise nothing without half of them in tracks: a shadow, headlights', () => {
    const show = density();
    learn(show);
    for (const count of [0, 2, 4]) {
      const run = { from: 60, to: 160, rate: 5, seenAt: () => people(count), occupiedAt: () => 0.9 };
      assert.deepEqual(show.run(run).times, [], `${count} people in the light`);
    }
  });

  it('raise nothing when the light is switched on over seven of ten people', () => {
    const show = density();
    learn(show);
    const occupiedAt = (t: number) => (t < 70 || t > 74 ? 7 * share : 0.95);
    assert.deepEqual(show.run({ from: 60, to: 120, rate: 5, seenAt: () => people(7), occupiedAt }).times, []);
  });

  it('are not learned from people who stand together', () => {
    const show = density();
    const together = [{ id: 'a' }, { id: 'b', x: 0.51 }];
    show.run({ from: 0, to: 60, rate: 5, seenAt: () => together, occupiedAt: () => 0.03 });
    const run = { from: 60, to: 100, rate: 5, seenAt: () => people(8), occupiedAt: () => 0.3 };
    assert.deepEqual(show.run(run).times, []);
  });
});
