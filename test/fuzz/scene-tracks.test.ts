/**
 * Garbage in the path from detections to alerts: whatever a model or a damaged channel puts out, the tracker
 * and the scene neither throw, nor give a number that is none, nor grow. Seeds are fixed: a failure repeats.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Detection,
  objectClass,
  type Track,
  type Tracks,
  tracks as tracksSchema,
} from '../../pipelines/messages.js';
import { Tracker } from '../../pipelines/track/tracker.js';
import { type WatchedZone, watchedZone } from '../../runtime/config/zones.js';
import { alert } from '../../runtime/scene/alert.js';
import { contains, firstCrossing, polygonArea } from '../../runtime/scene/polygon.js';
import { Scene } from '../../runtime/scene/scene.js';

type Random = () => number;

/** A small seeded generator (mulberry32), 0 <= value < 1. */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const nasty = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  -1,
  1,
  2,
  1e-300,
  5e-324,
  1e308,
  -1e308,
];

function number(random: Random): number {
  if (random() < 0.15) return nasty[Math.floor(random() * nasty.length)] as number;
  return random() < 0.1 ? (random() - 0.5) * 10 ** (random() * 20) : random() * 1.4 - 0.2;
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

function detection(random: Random): Detection {
  const box = { x: number(random), y: number(random), width: number(random), height: number(random) };
  return { class: pick(random, objectClass.options), score: number(random), box };
}

function zones(): WatchedZone[] {
  const points: WatchedZone['points'] = [
    [0.1, 0.1],
    [0.9, 0.1],
    [0.9, 0.9],
    [0.1, 0.9],
  ];
  const classes = [...objectClass.options];
  const presence = { classes, dwellSeconds: 0, cooldownSeconds: 0, minScore: 0 };
  const quick = { seconds: 0, cooldownSeconds: 0 };
  const slot = { ...quick, minScore: 0 };
  const others = { fall: slot, abandoned: quick, fire: slot, weapon: slot };
  return [watchedZone.parse({ name: 'All', points, presence, ...others })];
}

function look(seq: number, monoUs: number, tracks: Track[]): Tracks {
  const found = { looked: 'full' as const, stills: null, occupied: [], signals: [] };
  return { t: 'tracks', seq, monoUs, wallMs: seq, lookMs: 1, detections: 0, tracks, ...found };
}

/** What else a look may bring: things that stay, and what models of the integrator say. */
function others(random: Random): Pick<Tracks, 'stills' | 'signals'> {
  const few = <T>(make: () => T): T[] => Array.from({ length: Math.floor(random() * 6) }, make);
  const modelSha256 = '0'.repeat(64);
  return {
    stills: few(() => {
      const { box } = detection(random);
      const id = String(Math.floor(random() * 8));
      return { id, box, sinceUs: number(random) * 1e7, contrast: number(random) };
    }),
    signals: few(() => {
      const task = random() < 0.5 ? ('fire' as const) : ('weapon' as const);
      return { task, ...detection(random), modelSha256 };
    }),
  };
}

describe('garbage detections', () => {
  for (let seed = 1; seed <= 20; seed++) {
    it(`are survived, seed ${seed}`, () => {
      const random = seeded(seed);
      const tracker = new Tracker({ lowThreshold: 0.05, highThreshold: 0.1, aspect: 4 / 3 });
      const scene = new Scene({}, { cameraId: 'cam-1', zones: zones() });
      let monoUs = 1e6;
      let detections: Detection[] = [];
      let reported = 0;
      let alerts = 0;
      for (let i = 0; i < 60; i++) {
        const step = random();
        monoUs = step < 0.02 ? number(random) * 1e6 : Math.max(1, monoUs || 1) + Math.floor(random() * 4e5);
        // Some of the last look stays, or nothing would ever be tracked.
        const stays = detections.filter(() => random() < 0.6);
        detections = [
          ...stays,
          ...Array.from({ length: Math.floor(random() * 30) }, () => detection(random)),
        ];
        const given = JSON.stringify(detections);
        const found = tracker.update(detections, monoUs);
        assert.equal(JSON.stringify(detections), given, 'the input is left alone');
        const ahead = tracker.predict(number(random) * 1e6);
        assert.ok(found.length <= 512);
        reported += found.length;
        // The channel's schema refuses NaN and infinities.
        tracksSchema.parse(look(i, i, found));
        tracksSchema.parse(look(i, i, ahead));
        for (const a of scene.observe(look(i, monoUs, found)).alerts) {
          alert.parse(a);
          alerts++;
        }
      }
      assert.ok(reported > 0 && alerts > 0, 'something got through, so something was checked');
    });
  }

  it('cannot make the list of tracks grow without bound', () => {
    const random = seeded(99);
    const tracker = new Tracker({ lowThreshold: 0, highThreshold: 0, confirmHits: 1 });
    for (let i = 0; i < 12; i++) {
      const detections = Array.from({ length: 600 }, (): Detection => {
        const box = { x: random(), y: random(), width: 0.004, height: 0.004 };
        return { class: pick(random, objectClass.options), score: random(), box };
      });
      const found = tracker.update(detections, 1e6 + i * 2e4);
      assert.ok(found.length <= 512, `${found.length} tracks`);
      if (i > 4) assert.ok(found.length > 400, 'the bound was really tried');
    }
  });
});

describe('garbage tracks', () => {
  for (let seed = 1; seed <= 10; seed++) {
    it(`raise no alert with a number that is none, seed ${seed}`, () => {
      const random = seeded(1000 + seed);
      const scene = new Scene({}, { cameraId: 'cam-1', zones: zones() });
      let alerts = 0;
      for (let i = 0; i < 200; i++) {
        const list = Array.from({ length: Math.floor(random() * 10) }, (): Track => {
          const velocity = { x: number(random), y: number(random) };
          const id = String(Math.floor(random() * 20));
          return {
            ...detection(random),
            id,
            velocity,
            hits: 1,
            bornUs: number(random),
            seen: random() < 0.8,
          };
        });
        if (random() < 0.05) scene.reset();
        const at = random() < 0.05 ? number(random) : i * 1e5;
        for (const a of scene.observe({ ...look(i, at, list), ...others(random) }).alerts) {
          alert.parse(a);
          alerts++;
        }
      }
      assert.ok(alerts > 0, 'something got through, so something was checked');
    });
  }
});

describe('garbage polygons', () => {
  it('are measured without throwing, whatever their corners', () => {
    const random = seeded(5);
    for (let i = 0; i < 2000; i++) {
      const grid = random() < 0.5;
      const corner = (): [number, number] =>
        grid ? [Math.floor(random() * 4) / 4, Math.floor(random() * 4) / 4] : [random(), random()];
      const points = Array.from({ length: Math.floor(random() * 9) }, corner);
      assert.ok(polygonArea(points) >= 0);
      const crossing = firstCrossing(points);
      if (crossing)
        assert.ok(crossing[0] < crossing[1] && crossing[1] < points.length, JSON.stringify(points));
      assert.equal(firstCrossing([...points].reverse()) === null, crossing === null, JSON.stringify(points));
      for (const p of points) assert.equal(contains(points, p), true);
    }
  });
});
