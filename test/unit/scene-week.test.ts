/** A week of a street whose tracks, things and flames never have the same id twice: nothing of them stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tracks } from '../../pipelines/messages.js';
import { Scene } from '../../runtime/scene/scene.js';
import { heldBy } from '../held-entries.js';
import { seeded } from '../random.js';
import { look, type Seen, zoneOf } from './scene-script.js';

const everything = zoneOf({
  presence: { classes: ['person'], dwellSeconds: 1, cooldownSeconds: 20, minScore: 0.4 },
  crossing: {
    classes: ['person'],
    line: [
      [0.5, 0.4],
      [0.5, 0.6],
    ],
    cooldownSeconds: 20,
    minScore: 0.4,
  },
  direction: {
    classes: ['person', 'car'],
    from: [0.4, 0.5],
    to: [0.6, 0.5],
    seconds: 1,
    lengths: 1,
    cooldownSeconds: 30,
    minScore: 0.4,
  },
  density: { capacity: 3, seconds: 2, cooldownSeconds: 60 },
  crowd: { people: 3, metresPerSecond: 1, timesUsual: 1, seconds: 1, cooldownSeconds: 60 },
  fall: { seconds: 2, cooldownSeconds: 60, minScore: 0.3 },
  abandoned: { seconds: 5, ownerMetres: 3, cooldownSeconds: 60 },
  fire: { seconds: 1, minScore: 0.5, cooldownSeconds: 60 },
  weapon: { seconds: 1, minScore: 0.5, cooldownSeconds: 60 },
  novelty: { rarity: 0.01, learnTracks: 100, seconds: 1, cooldownSeconds: 60 },
});

const RATE = 5;
const random = seeded(9);
let made = 0;

/** Some who come, go and are lost, each under an id that nobody had before; the classes and sizes change too. */
function passers(): (t: number) => Seen[] {
  const several = Array.from({ length: 1 + Math.floor(random() * 6) }, () => ({
    id: `t${made++}`,
    class: random() < 0.8 ? ('person' as const) : ('car' as const),
    from: 0.3 + 0.4 * random(),
    speed: (random() - 0.5) * 0.2,
    y: 0.42 + 0.16 * random(),
    falls: random() < 0.3 ? 2 + 2 * random() : 99,
    until: 1 + 7 * random(),
    lost: random() < 0.3,
  }));
  return (t) =>
    several
      .filter(({ until }) => t < until)
      .map(({ from, speed, falls, until, lost, ...who }) => ({
        ...who,
        x: from + speed * Math.min(t, falls),
        seen: !(lost && t > until - 1),
        ...(t > falls ? { width: 0.1, height: 0.03 } : {}),
      }));
}

/** One group that passes: looks of ten seconds, the last ones of an empty street. */
function* group(at: number): Generator<Tracks> {
  const seenAt = passers();
  const still = `s${made++}`;
  const [burns, left] = [random() < 0.2, random() < 0.3];
  for (let i = 0; i < 10 * RATE; i++) {
    const t = i / RATE;
    const box = { x: 0.48, y: 0.5, width: 0.02, height: 0.03 };
    const place = { score: 0.9, box, modelSha256: 'a'.repeat(64) };
    const signals: Tracks['signals'] = burns
      ? [
          { ...place, task: 'fire' },
          { ...place, task: 'weapon' },
        ]
      : [];
    const stills = left && t > 3 && t < 9 ? [{ id: still, box, sinceUs: (at + 3) * 1e6, contrast: 40 }] : [];
    const occupied = [{ zone: everything.name, share: t < 8 ? random() : 0 }];
    yield { ...look(at + t, ...(t < 8 ? seenAt(t) : [])), stills, occupied, signals };
  }
}

const isId = (text: string): boolean => /^[ts]\d+$/.test(text);

/** Groups one after the other in each quarter of a day, and a pause. @returns alerts */
function day(scene: Scene, number: number, during: (ids: number) => void): number {
  let alerts = 0;
  for (let quarter = 0; quarter < 4; quarter++) {
    const from = number * 86_400 + quarter * 21_600;
    for (let n = 0; n < 4; n++) {
      let looks = 0;
      for (const one of group(from + n * 10)) {
        alerts += scene.observe(one).alerts.length;
        if (n === 0 && looks++ === 2 * RATE) during(heldBy(scene).texts.filter(isId).length);
      }
    }
    for (let minute = 0; minute < 10; minute++)
      alerts += scene.observe(look(from + 3600 + minute * 60)).alerts.length;
  }
  return alerts;
}

test('a week of ids that nobody had before leaves nothing behind', () => {
  const scene = new Scene({}, { cameraId: 'cam-1', zones: [everything] });
  let alerts = 0;
  let during = 0;
  for (let number = 0; number < 7; number++) {
    alerts += day(scene, number, (held) => {
      during = Math.max(during, held);
    });
    const { entries, texts } = heldBy(scene);
    assert.deepEqual(texts.filter(isId), [], `day ${number}`);
    // Speeds and shares that are learned from are kept by the hundred, and no more (usual-speed.ts, head-count.ts).
    assert.ok(entries < 2000, `${entries} entries on day ${number}`);
  }
  assert.ok(made > 400 && alerts > 50, `${made} ids, ${alerts} alerts: something was there to be kept`);
  assert.ok(during > 10, `${during} ids were held while they were there`);
});

test('negative control: a map of ids is counted', () => {
  class Keeps {
    readonly #seen = new Map<string, { at: number }>();
    see(id: string): void {
      this.#seen.set(id, { at: 1 });
    }
  }
  const keeps = new Keeps();
  for (let n = 0; n < 100; n++) keeps.see(`t${n}`);
  assert.equal(heldBy(keeps).texts.filter(isId).length, 100);
});
