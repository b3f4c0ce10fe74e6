/** A thing left behind, on scripted looks: what must raise an alert, what almost does, and what is often taken for one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Still, Tracks } from '../../pipelines/messages.js';
import { type WatchedZone, watchedZone } from '../../runtime/config/zones.js';
import { type Alert, alert } from '../../runtime/scene/alert.js';
import type { Ground } from '../../runtime/scene/ground.js';
import { Scene } from '../../runtime/scene/scene.js';
import { look, type Seen } from './scene-script.js';

const points: WatchedZone['points'] = [
  [0.3, 0.3],
  [0.7, 0.3],
  [0.7, 0.7],
  [0.3, 0.7],
];

/** A person is 0.2 of the picture high, so that a metre across is 0.118 of its height: 0.088 of its width at 4:3. */
const person: Seen = { id: 'p', y: 0.6, width: 0.05, height: 0.2 };
const CAME = 10;

function scene(
  abandoned: Partial<NonNullable<WatchedZone['abandoned']>> = {},
  { ground = null, sensitivity = 1 }: { ground?: Ground | null; sensitivity?: number } = {},
): Scene {
  const zone = watchedZone.parse({
    name: 'Hall',
    points,
    sensitivity,
    abandoned: { seconds: 20, ...abandoned },
  });
  return new Scene({}, { cameraId: 'cam-1', zones: [zone], ground, aspect: 4 / 3 });
}

/** Half a metre high and 0.4 m wide; told from 3 s after it came on. */
function bag(
  t: number,
  { x = 0.5, y = 0.6, width = 0.035, height = 0.06, id = 's', came = CAME } = {},
): Still[] {
  if (t < came + 3) return [];
  return [{ id, box: { x: x - width / 2, y: y - height, width, height }, sinceUs: came * 1e6, contrast: 30 }];
}

/** Comes with the bag, stands by it for 2 s, and walks away at a metre a second from `leaves` on. */
const owner =
  (leaves = CAME + 2, until = 30) =>
  (t: number): Seen[] => {
    if (t > until) return [];
    const before = Math.min(0, t - CAME + 2) * 0.088;
    return [{ ...person, x: 0.5 + before + Math.max(0, t - leaves) * 0.088 }];
  };

type Script = { people?: (t: number) => Seen[]; stills?: (t: number) => Still[] | null };

function run(s: Scene, from: number, to: number, rate: number, script: Script): Alert[] {
  const { people = owner(), stills = (t: number) => bag(t) } = script;
  const alerts: Alert[] = [];
  for (let i = 0; i <= Math.round((to - from) * rate); i++) {
    const t = from + i / rate;
    const seen: Tracks = { ...look(t, ...people(t)), stills: stills(t) };
    alerts.push(...s.observe(seen).alerts);
  }
  return alerts;
}

/** Whether the alert comes at this second, give or take a look. */
function at(a: Alert | undefined, seconds: number, rate: number): void {
  assert.ok(a, 'an alert');
  const off = a.atMonoUs / 1e6 - seconds;
  assert.ok(Math.abs(off) <= 1.01 / rate, `at ${a.atMonoUs / 1e6} s instead of ${seconds} s`);
}

describe('a thing left behind', () => {
  for (const rate of [1, 5, 10]) {
    it(`is told when its owner has been away for long enough, at ${rate} looks a second`, () => {
      const alerts = run(scene(), 5, 60, rate, {});
      assert.equal(alerts.length, 1);
      const [a] = alerts as [Alert];
      // They leave at 12 s and are 3 m away some 3 s later.
      at(a, 15.2 + 20, rate);
      assert.equal(a.event, 'abandoned');
      assert.equal(a.class, null);
      assert.equal(a.score, 0.5);
      assert.match(
        a.reason.en,
        /^A thing of about 0\.5 m has been alone in zone “Hall” for 20 s \(threshold 20 s\); whoever was/,
      );
      assert.match(a.reason.en, /whoever was beside it went more than 3 m away$/);
      assert.match(a.reason.fr, /^Un objet d’environ 0,5\sm est seul dans la zone «\sHall\s» depuis 20\ss/);
      assert.deepEqual(alert.parse(a), a);
    });

    it(`is not told when it is taken away just before, at ${rate} looks a second`, () => {
      const stills = (t: number): Still[] => (t > 33.9 ? [] : bag(t));
      assert.deepEqual(run(scene(), 5, 60, rate, { stills }), []);
    });

    it(`is not told when the owner comes back just before, at ${rate} looks a second`, () => {
      const people = (t: number): Seen[] => (t > 33.9 ? [{ ...person, x: 0.5 }] : owner(12, 60)(t));
      assert.deepEqual(run(scene(), 5, 70, rate, { people }), []);
    });

    it(`is told across a gap in which nobody sees it, at ${rate} looks a second`, () => {
      const stills = (t: number): Still[] => (t > 24.5 && t < 28.5 ? [] : bag(t));
      at(run(scene(), 5, 60, rate, { stills })[0], 35.2, rate);
      const other = (t: number): Still[] => {
        if (t > 24.5 && t < 28.5) return [];
        return t < 26 ? bag(t) : bag(t, { id: 'other' });
      };
      at(run(scene(), 5, 60, rate, { stills: other })[0], 35.2, rate);
    });
  }

  it('begins anew after a longer gap: nobody brought what is there then', () => {
    const stills = (t: number): Still[] => (t < 22 ? bag(t) : bag(t, { id: 'other', came: 27 }));
    assert.deepEqual(run(scene(), 5, 90, 5, { stills }), []);
  });

  it('asks for half of the time at twice the sensitivity', () => {
    at(run(scene({}, { sensitivity: 2 }), 5, 60, 5, {})[0], 25.2, 5);
  });

  it('is surer of it when the model sees a bag there', () => {
    const people = (t: number): Seen[] => [
      ...owner()(t),
      { id: 'b', class: 'bag', score: 0.6, y: 0.6, width: 0.03, height: 0.05 },
    ];
    assert.ok(Math.abs((run(scene(), 5, 60, 5, { people })[0]?.score ?? 0) - 0.8) < 1e-9);
  });

  it('goes by metres of the ground when there is a calibration', () => {
    const ground: Ground = {
      metresAt: ([x, y]) => [x * 40, y * 40],
      pixelsPerMetre: () => 30,
    };
    // 0.088 of the picture a second are 3.5 m here: away after a second instead of three.
    at(run(scene({}, { ground }), 5, 60, 10, {})[0], 12.9 + 20, 10);
  });

  it('counts a corner of the zone as in it, and what stands outside not', () => {
    const shifted = (dx: number, dy: number): Script => ({
      people: (t) => owner()(t).map((p) => ({ ...p, x: (p.x ?? 0) + dx, y: 0.6 + dy })),
      stills: (t) => bag(t, { x: 0.5 + dx, y: 0.6 + dy }),
    });
    assert.equal(run(scene(), 5, 60, 5, shifted(0.2, 0.1)).length, 1);
    assert.equal(run(scene(), 5, 60, 5, shifted(0.21, 0.11)).length, 0);
  });

  it('forgets after a reset: who brought what is there is not known any more', () => {
    const s = scene();
    run(s, 5, 25, 5, {});
    s.reset();
    assert.deepEqual(run(s, 25.2, 90, 5, {}), []);
  });
});

describe('who has not left it', () => {
  it('somebody who stands by it, whoever that is', () => {
    const other = { ...person, id: 'q', x: 0.6, bornUs: 16_000_000 };
    const people = (t: number): Seen[] => [...owner()(t), ...(t > 15.9 ? [other] : [])];
    assert.deepEqual(run(scene(), 5, 120, 5, { people }), []);
  });

  it('but not those who walk by, however many', () => {
    const people = (t: number): Seen[] => {
      const way = (t % 4) / 4;
      return [
        ...owner()(t),
        { ...person, id: `walker ${Math.floor(t / 4)}`, x: way, bornUs: Math.floor(t / 4) * 4e6 },
      ];
    };
    at(run(scene(), 5, 60, 5, { people })[0], 35.2, 5);
  });

  it('the owner, whose track broke while they stood there', () => {
    const people = (t: number): Seen[] =>
      t < 14 ? owner(99)(t) : [{ ...person, id: 'new', bornUs: 14_000_000 }];
    assert.deepEqual(run(scene(), 5, 120, 5, { people }), []);
  });

  it('nobody any more: the owner was not seen to leave, and twice the time has gone', () => {
    const people = (t: number): Seen[] => (t < 14 ? owner(99)(t) : []);
    const [a] = run(scene(), 5, 120, 5, { people });
    at(a, 14 + 40, 5);
    assert.match(a?.reason.en ?? '', /whoever was beside it is no longer seen$/);
  });

  it('nobody any more: the owner left the picture beside it', () => {
    const script: Script = {
      people: (t) => owner(12, 14)(t).map((p) => ({ ...p, x: (p.x ?? 0) + (t > 13.9 ? 0.3 : 0.18) })),
      stills: (t) => bag(t, { x: 0.68 }),
    };
    const wide = { ownerMetres: 6 };
    const [a] = run(scene(wide), 5, 120, 5, script);
    at(a, 14 + 20.2, 5);
    assert.match(a?.reason.en ?? '', /whoever was beside it left the picture$/);
    assert.match(a?.reason.fr ?? '', /qui était à côté a quitté l’image$/);
  });

  it('somebody only predicted to be there', () => {
    const people = (t: number): Seen[] => owner(99, 99)(t).map((p) => ({ ...p, seen: t < 20 }));
    assert.deepEqual(run(scene(), 5, 90, 5, { people }), []);
  });
});

describe('what nobody left', () => {
  const none = (name: string, script: Script): void => {
    for (const rate of [1, 10]) {
      it(`${name}, at ${rate} looks a second`, () => {
        assert.deepEqual(run(scene(), 5, 90, rate, script), []);
      });
    }
  };
  none('a shadow, a light, a bin that the wind moved: nobody was near', { people: () => [] });
  none('something that came while people only passed far away', {
    people: (t) => [{ ...person, x: 0.05 + (t % 10) * 0.005 }],
  });
  none('a car that parked, with its driver who walked away', {
    people: (t) => [
      ...owner()(t),
      ...(t > 8 ? [{ id: 'v', class: 'car' as const, y: 0.61, width: 0.3, height: 0.2, bornUs: 8e6 }] : []),
    ],
    stills: (t) => bag(t, { width: 0.1, height: 0.1 }),
  });
  none('a bicycle leaned against a wall', {
    people: (t) => [
      ...owner()(t),
      ...(t > 9
        ? [{ id: 'v', class: 'bicycle' as const, y: 0.6, width: 0.08, height: 0.1, bornUs: 9e6 }]
        : []),
    ],
    stills: (t) => bag(t, { width: 0.075, height: 0.095 }),
  });
  none('somebody who stands still, and is lost', {
    people: (t) => (t < 16 ? owner(99)(t) : []),
    stills: (t) => bag(t, { width: 0.05, height: 0.2 }),
  });
  none('something as large as a van', { stills: (t) => bag(t, { width: 0.3, height: 0.28 }) });
  none('something as small as a cup', { stills: (t) => bag(t, { width: 0.008, height: 0.012 }) });

  it('but a bag in front of a car that had stood there before is one', () => {
    const people = (t: number): Seen[] => [
      ...owner()(t),
      { id: 'v', class: 'car', x: 0.5, y: 0.61, width: 0.3, height: 0.2 },
    ];
    at(run(scene(), 2, 60, 5, { people })[0], 35.2, 5);
  });

  it('and so is one that a car only passes', () => {
    const people = (t: number): Seen[] => [
      ...owner()(t),
      ...(t > 11 && t < 15
        ? [{ id: 'v', class: 'car' as const, x: (t - 11) / 4, y: 0.62, width: 0.3, height: 0.2 }]
        : []),
    ];
    at(run(scene(), 2, 60, 5, { people })[0], 35.2, 5);
  });

  it('nothing is found where nothing is looked for', () => {
    assert.deepEqual(run(scene(), 5, 60, 5, { stills: () => null }), []);
  });
});
