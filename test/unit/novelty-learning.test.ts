import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Point } from '../../pipelines/messages.js';
import type { Subject } from '../../runtime/scene/behaviour.js';
import { type Judged, ZoneMemory } from '../../runtime/scene/novelty/memory.js';
import { Statistics } from '../../runtime/scene/novelty/statistics.js';
import { footPoint } from '../../runtime/scene/zone.js';
import { ASPECT, type Passer, pass, walking } from './novelty-script.js';

const points: Point[] = [
  [0.1, 0.3],
  [0.9, 0.3],
  [0.9, 0.8],
  [0.1, 0.8],
];
const noon = { hour: 12, day: '2026-05-01' };

function memory(): ZoneMemory {
  return new ZoneMemory({ points, aspect: ASPECT, speedFrom: 'height' });
}

function subjects(passers: readonly Passer[], t: number): Subject[] {
  return pass(0, passers, t).tracks.map((track) => {
    const foot = footPoint(track.box);
    return { track, foot, ground: null, speed: null, velocity: null, speedFrom: 'height' };
  });
}

/** One that passes; @returns what was thought of it at the end. */
function one(zone: ZoneMemory, at: number, passer: Passer, lasts = 4, local = noon): Judged | undefined {
  let last: Judged | undefined;
  for (let i = 0; i <= lasts * 5; i++)
    [last] = zone.observe(subjects([passer], i / 5), Math.round((at + i / 5) * 1e6), local);
  zone.observe([], Math.round((at + lasts + 4) * 1e6), local);
  return last;
}

function teach(zone: ZoneMemory, count: number): number {
  for (let n = 0; n < count; n++)
    one(zone, n * 10, { id: `w${n}`, speed: walking(n), y: 0.45 + 0.05 * (n % 3) });
  zone.observe([], (count * 10 + 61) * 1e6, noon);
  return count * 10 + 70;
}

describe('what a zone learns', () => {
  it('a track is learned a minute after it is over, and not before', () => {
    const zone = memory();
    zone.observe(subjects([{ id: 'a', speed: 1 }], 0), 0, noon);
    zone.observe(subjects([{ id: 'a', speed: 1 }], 1.2), 1_200_000, noon);
    zone.observe(subjects([{ id: 'a', speed: 1 }], 2), 2_000_000, noon);
    assert.equal(zone.statistics.counts.learned, 0);
    zone.observe([], 2_200_000, noon);
    zone.observe([], 60_000_000, noon);
    assert.equal(zone.statistics.counts.learned, 0);
    zone.observe([], 62_300_000, noon);
    assert.equal(zone.statistics.counts.learned, 1);
    assert.equal(zone.following, 0);
  });

  it('what was seen for a moment is not learned', () => {
    const zone = memory();
    one(zone, 0, { id: 'a', speed: 1 }, 0.6);
    zone.observe([], 1e9, noon);
    assert.equal(zone.statistics.counts.learned, 0);
  });

  it('one who stays for hours counts once for the place, whole or in pieces', () => {
    const whole = memory();
    teach(whole, 50);
    one(whole, 1000, { id: 'l', speed: 0, from: 0.5 }, 600);
    const pieces = memory();
    teach(pieces, 50);
    for (let k = 0; k < 100; k++) {
      const passer = { id: `l${k}`, speed: 0, from: 0.5 };
      for (let i = 0; i < 10; i++)
        pieces.observe(subjects([passer], 0), Math.round((1000 + k * 3 + i / 5) * 1e6), noon);
    }
    for (const zone of [whole, pieces]) for (const at of [2000e6, 3000e6]) zone.observe([], at, noon);
    assert.equal(whole.statistics.counts.learned, 51);
    assert.equal(pieces.statistics.counts.learned, 51);
  });

  it('negative control: a hundred who stay there one after the other count a hundred times', () => {
    const zone = memory();
    for (let k = 0; k < 100; k++) one(zone, k * 20, { id: `l${k}`, speed: 0, from: 0.5 });
    zone.observe([], 3000e6, noon);
    assert.equal(zone.statistics.counts.learned, 100);
  });

  it('the share told is calibrated: of those like the ones learned, about that many are as unusual', () => {
    const zone = memory();
    const at = teach(zone, 400);
    let rare = 0;
    for (let n = 0; n < 200; n++) {
      const judged = one(zone, at + n * 10, { id: `t${n}`, speed: walking(n * 3), y: 0.45 + 0.05 * (n % 3) });
      if ((judged?.calibrated ?? 1) <= 0.05) rare++;
    }
    assert.ok(rare <= 20, `${rare} of 200 at 0.05`);
    const fast = one(zone, at + 3000, { id: 'f', speed: 6 }, 2);
    assert.ok((fast?.calibrated ?? 1) < 0.01);
    assert.ok((fast?.calibrated ?? 0) > 0, 'never none: more was never seen');
  });

  it('never claims to be rarer than its number of tracks can tell', () => {
    const few = new Statistics();
    assert.equal(few.calibrated(1000), 1);
    const zone = memory();
    teach(zone, 20);
    assert.ok(zone.statistics.calibrated(1000) >= 1 / 21);
  });

  it('old days fade, half in thirty; a clock that jumps to and fro makes no days', () => {
    const zone = memory();
    teach(zone, 10);
    const before = zone.statistics.counts.weight;
    for (let day = 1; day <= 30; day++)
      zone.observe([], (1000 + day * 86400) * 1e6, { hour: 1, day: `2026-06-${`${day}`.padStart(2, '0')}` });
    assert.ok(Math.abs(zone.statistics.counts.weight / before - 0.5) < 1e-6);
    const held = zone.statistics.counts.weight;
    for (let i = 1; i < 100; i++)
      zone.observe([], (1000 + 30 * 86400 + i) * 1e6, { hour: 1, day: i % 2 ? '2026-07-01' : '2026-06-30' });
    assert.equal(zone.statistics.counts.weight, held);
    assert.equal(zone.statistics.counts.learned, 10, 'how many it ever learned is told as it was');
  });

  it('starts of a board that does not know the day yet fade nothing, however many there are', () => {
    const learned = memory();
    teach(learned, 10);
    const { weight, day, days } = learned.statistics.counts;
    let { statistics } = learned;
    for (let start = 0; start < 40; start++) {
      const zone = new ZoneMemory({ points, aspect: ASPECT, speedFrom: 'height' }, statistics);
      zone.observe([], 1e6, { hour: 0, day: '1970-01-01' });
      zone.observe([], 60e6, noon);
      ({ statistics } = zone);
    }
    assert.deepEqual(
      [statistics.counts.weight, statistics.counts.day, statistics.counts.days],
      [weight, day, days],
    );
    // A day that was wrong is left when the other one lasts.
    const zone = new ZoneMemory({ points, aspect: ASPECT, speedFrom: 'height' }, statistics);
    for (let hour = 0; hour <= 21; hour++) zone.observe([], hour * 3600e6, { hour: 0, day: '2026-04-01' });
    assert.equal(statistics.counts.day, '2026-04-01');
    assert.equal(statistics.counts.weight, weight, 'time that went back is no day that passed');
  });

  it('an hour that nobody comes is unusual only after two weeks', () => {
    const zone = memory();
    const night = { hour: 3, day: noon.day };
    const at = teach(zone, 60);
    assert.equal(one(zone, at, { id: 'n', speed: 1.2 }, 4, night)?.rarity.shares.hour, 1);
    zone.statistics.counts.days = 14;
    const judged = one(zone, at + 20, { id: 'm', speed: 1.2 }, 4, { ...night, hour: 4 });
    assert.ok((judged?.rarity.shares.hour ?? 1) < 0.05);
  });

  it('stays within its size, whoever comes', () => {
    const zone = memory();
    const crowd = Array.from({ length: 600 }, (_, i) => ({ id: `c${i}`, speed: 1, from: 0.1 + i / 1000 }));
    for (let i = 0; i < 10; i++) zone.observe(subjects(crowd, i / 5), i * 200_000, noon);
    assert.ok(zone.following <= 512);
    zone.observe([], 10e6, noon);
    assert.equal(zone.following, 0);
  });
});
