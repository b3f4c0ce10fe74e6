/**
 * Weather over a street where a few people walk: nothing left, no crowd, nobody too many. The product's background, stills,
 * occupancy and scene, with the people's tracks as a script says, so that no model is needed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Overlay, overlay, weatherKinds } from '../../bench/quality/weather.js';
import { Occupancy } from '../../pipelines/detect/occupancy.js';
import { Stills } from '../../pipelines/detect/stills.js';
import type { Point } from '../../pipelines/messages.js';
import { watchedZone } from '../../runtime/config/zones.js';
import { Scene } from '../../runtime/scene/scene.js';
import { type Patch, Street } from './detect-street.js';
import { look, type Seen } from './scene-script.js';

const size = { width: 240, height: 136 };
/** Between two looks, while it is calm and in the weather. */
const EVERY_S = { calm: 1, weather: 0.4 };
/** Calm for so long, so that the scene is known and what a person covers is learned. */
const CALM_S = 52;
const points: Point[] = [
  [0.02, 0.02],
  [0.98, 0.02],
  [0.98, 0.98],
  [0.02, 0.98],
];

interface Staged {
  over?: Overlay | undefined;
  /** a bag that stays from the start of the weather */
  bag?: Patch;
  /** people from the start of the weather */
  people?: number;
  /** moves tracks as a mast in the wind moves the picture, shares of its width */
  sways?: number;
}

/** People who walk to and fro, a third as wide as high. */
function walkers(count: number, x: (n: number) => number): Seen[] {
  return [...Array(count).keys()].map((n) => ({
    id: `p${n}`,
    x: x(n),
    y: 0.45 + 0.1 * (n % 5),
    width: 0.05,
    height: 0.25,
  }));
}

/** @returns the events told, in order */
function eventsOf({ over, bag, people = 3, sways = 0 }: Staged): string[] {
  const street = new Street(size);
  const zone = watchedZone.parse({
    name: 'Square',
    points,
    // Three who are tracked are fewer than half of too many: what covers the ground besides may be anything.
    density: { capacity: 7 },
    crowd: { people: 3 },
    abandoned: { seconds: 5, ownerMetres: 1 },
  });
  const aspect = size.width / size.height;
  const scene = new Scene({}, { cameraId: 'c', zones: [zone], aspect });
  const stills = new Stills();
  const occupancy = new Occupancy(street.background, [{ name: 'Square', points }]);
  const told: string[] = [];
  let everyS = EVERY_S.calm;
  for (let s = 0; s < CALM_S + 24; s += everyS) {
    everyS = s < CALM_S ? EVERY_S.calm : EVERY_S.weather;
    const since = s - CALM_S;
    const shaken = since > 0 ? sways * Math.sin(since * 17) : 0;
    // What one person covers is learned while few are there.
    const seen = walkers(since < 0 ? 1 : people, (n) => {
      const way = ((0.1 * s) / aspect + n / 3) % 1.6;
      return 0.1 + Math.min(way, 1.6 - way) + shaken;
    });
    const patches: Patch[] = seen.map(({ x = 0, y = 0, width = 0, height = 0 }) => ({
      x: (x - width / 2) * size.width,
      y: (y - height) * size.height,
      width: width * size.width,
      height: height * size.height,
      luma: 215,
    }));
    if (bag && since > 0) patches.push(bag);
    const weather = since > 0 ? over : undefined;
    street.watch(
      everyS,
      { patches, over: (data, of) => weather?.(data, of, since) },
      { everyS, known: patches.slice(0, seen.length).map((patch) => street.box(patch)) },
    );
    const found = look(street.atUs / 1e6, ...seen);
    found.stills = stills.update(street.background);
    found.occupied = occupancy.measure(street.background);
    told.push(...scene.observe(found).alerts.map(({ event }) => event));
  }
  return told;
}

test('without weather nothing is told', () => {
  assert.deepEqual(eventsOf({}), []);
});

for (const kind of weatherKinds) {
  test(`${kind}: nothing was left, nobody runs, and there are not too many`, () => {
    assert.deepEqual(eventsOf({ over: overlay(kind, { seed: 1, strength: 1 }) }), []);
  });
}

test('a mast in the wind moves everybody, and nobody runs', () => {
  assert.deepEqual(eventsOf({ people: 4, sways: 0.02 }), []);
});

test('negative control: the same finds a bag and too many people', () => {
  const bag = { x: 120, y: 50, width: 12, height: 12, luma: 20 };
  assert.deepEqual(eventsOf({ bag, people: 1 }), ['abandoned']);
  assert.deepEqual(eventsOf({ people: 9 }), ['density']);
});
