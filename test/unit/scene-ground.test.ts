/** The ground from marks and from people, against cameras of which everything is known; and what is refused. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Point } from '../../pipelines/messages.js';
import type { GroundConfig } from '../../runtime/config/scene.js';
import { type Calibration, calibrate, type Fault } from '../../runtime/scene/calibration.js';
import { PlaneGround, squareMetres } from '../../runtime/scene/ground.js';
import { type Camera, groundFromPeople, homographyOf } from '../../runtime/scene/ground-people.js';
import { seeded } from '../random.js';
import { cameras, lampPost, placesIn, seenAt, shaken, share, size } from './scene-camera.js';

function marks(camera: Camera, places: Point[], pixels = 0, seed = 1): GroundConfig {
  const random = seeded(seed);
  const points = places.map((place) => ({
    at: share(shaken(seenAt(camera, place), pixels, random)),
    // another origin, and axes that turn the other way: neither matters to a distance
    metres: [place[0] + 3, 7 - place[1]] as Point,
  }));
  return { points };
}

function people(camera: Camera, places: Point[], pixels = 0, seed = 1): GroundConfig {
  const random = seeded(seed);
  const one = (place: Point, metres: number) => ({
    feet: share(shaken(seenAt(camera, place), pixels, random)),
    head: share(shaken(seenAt(camera, place, metres), pixels, random)),
    metres,
  });
  return { people: places.map((place, i) => one(place, [1.7, 1.82, 1.61][i % 3] as number)) };
}

function pointOf({ points }: GroundConfig, index: number): { at: Point; metres: Point } {
  const found = points?.[index];
  assert.ok(found);
  return found;
}

function calibrated(ground: GroundConfig): Calibration {
  const found = calibrate(ground, size);
  assert.ok('ground' in found, JSON.stringify(found));
  return found;
}

function fault(ground: GroundConfig): Fault {
  const found = calibrate(ground, size);
  assert.ok(!('ground' in found), 'it was accepted');
  return found;
}

/** How wrong distances between places are, as shares, smallest first. */
function distanceErrors({ ground }: Calibration, camera: Camera, seed: number): number[] {
  const places = placesIn(camera, 12, seed);
  const errors = places.slice(0, -1).flatMap((p, i) => {
    const q = places[i + 1] as Point;
    const [a, b] = [p, q].map((place) => ground.metresAt(share(seenAt(camera, place))));
    if (!a || !b) return [];
    return [Math.abs(Math.hypot(a[0] - b[0], a[1] - b[1]) / Math.hypot(p[0] - q[0], p[1] - q[1]) - 1)];
  });
  return errors.sort((p, q) => p - q);
}

/** What nine of ten distances are better than, over many calibrations; those refused are left out and counted. */
function usualError(camera: Camera, make: typeof marks, count: number): { most: number; refused: number } {
  const runs = 40;
  const errors: number[] = [];
  let refused = 0;
  for (let seed = 1; seed <= runs; seed++) {
    const found = calibrate(make(camera, placesIn(camera, count, seed), 2, seed), size);
    if ('ground' in found) errors.push(...distanceErrors(found, camera, 1000 + seed));
    else refused++;
  }
  assert.ok(errors.length > 100, 'many distances were compared');
  errors.sort((p, q) => p - q);
  return { most: errors[Math.floor(errors.length * 0.9)] as number, refused: refused / runs };
}

const square: Point[] = [
  [-4, 12],
  [4, 12],
  [5, 25],
  [-5, 25],
];

describe('the ground from marks', () => {
  for (const [name, camera] of Object.entries(cameras)) {
    it(`is exact when the marks are, ${name}`, () => {
      const found = calibrated(marks(camera, placesIn(camera, 6, 3)));
      assert.ok(Math.max(...found.off) < 1e-6);
      assert.ok(Math.max(...distanceErrors(found, camera, 4)) < 1e-6);
    });

    it(`is good to a tenth for nine of ten distances when the marks are set to 2 pixels, ${name}`, () => {
      const { most, refused } = usualError(camera, marks, 8);
      assert.ok(most < 0.1, `${most}`);
      assert.ok(refused < 0.1, `${refused} refused`);
    });

    it(`tells how tall a person is in the picture, ${name}`, () => {
      const { ground } = calibrated(marks(camera, placesIn(camera, 6, 3)));
      for (const place of placesIn(camera, 20, 5)) {
        const [feet, head] = [seenAt(camera, place), seenAt(camera, place, 1.7)];
        const tall = Math.hypot(feet[0] - head[0], feet[1] - head[1]);
        const told = ground.personPixels(share(feet), 1.7);
        assert.ok(told !== null && Math.abs(told / tall - 1) < 0.01, `${told} for ${tall}`);
      }
    });
  }

  it('tells pixels per metre, and square metres', () => {
    const { ground } = calibrated(marks(lampPost, square));
    const corners = square.map((place) => share(seenAt(lampPost, place)));
    assert.ok(Math.abs((squareMetres(ground, corners) as number) - 117) < 1e-6);
    const [left, right] = [
      [-0.5, 14],
      [0.5, 14],
    ].map((p) => seenAt(lampPost, p as Point)) as [Point, Point];
    const told = ground.pixelsPerMetre(share(seenAt(lampPost, [0, 14]))) as number;
    assert.ok(Math.abs(told / (right[0] - left[0]) - 1) < 1e-6);
  });

  it('answers nothing above the horizon, nor next to it', () => {
    const { ground } = calibrated(marks(lampPost, square));
    // the horizon of this camera is 4 pixels below the upper border
    for (const y of [0, 3 / 720, 8 / 720]) {
      assert.equal(ground.metresAt([0.5, y]), null);
      assert.equal(ground.pixelsPerMetre([0.5, y]), null);
      assert.equal(ground.personPixels([0.5, y], 1.7), null);
    }
    assert.notEqual(ground.metresAt([0.5, 0.3]), null);
    const sky: Point[] = [
      [0.4, 0],
      [0.6, 0],
      [0.5, 0.5],
    ];
    assert.equal(squareMetres(ground, sky), null);
  });

  it('tells a person on ground whose camera looks straight down, where the lens is not told', () => {
    const ground = new PlaneGround([0.01, 0, 0, 0, 0.01, 0, 0, 0, 1], size);
    assert.equal(ground.personPixels([0.5, 0.5], 1.7), 0);
  });

  it('says which mark was measured wrong, when there are enough others to tell', () => {
    const given = marks(lampPost, [...square, [0, 18], [-2, 15], [3, 21]], 1);
    pointOf(given, 5).metres[0] += 4;
    assert.deepEqual([fault(given).index, fault(given).text], [5, 'is not where the other marks put it']);
  });

  it('says that the marks do not agree when there are five', () => {
    const given = marks(lampPost, [...square, [0, 18]]);
    pointOf(given, 4).metres[0] += 4;
    assert.match(fault(given).text, /^the marks do not agree: one is \d\.\d m from/);
  });

  for (const [name, places] of [
    [
      'three in a line',
      [
        [-4, 12],
        [0, 12],
        [4, 12],
        [0, 25],
      ],
    ],
    [
      'three next to a line',
      [
        [-4, 12],
        [0, 12.01],
        [4, 12],
        [0, 25],
      ],
    ],
    [
      'all in a line',
      [
        [-4, 12],
        [0, 16],
        [4, 20],
        [8, 24],
      ],
    ],
    [
      'two in one place',
      [
        [-4, 12],
        [-4, 12],
        [4, 12],
        [0, 25],
      ],
    ],
  ] as [string, Point[]][]) {
    it(`is refused with ${name}`, () => assert.match(fault(marks(lampPost, places)).text, /in a line/));
  }

  it('is refused when two marks were confused', () => {
    const given = marks(lampPost, square);
    const [a, b] = [pointOf(given, 0), pointOf(given, 1)];
    [a.metres, b.metres] = [b.metres, a.metres];
    assert.match(fault(given).text, /horizon/);
  });

  it('is refused when a mark is in the sky', () => {
    const given = marks(lampPost, [...square, [0, 18]]);
    pointOf(given, 4).at[1] = 0.001;
    assert.match(fault(given).text, /horizon|do not agree/);
  });
});

describe('the ground from people', () => {
  for (const [name, camera] of Object.entries(cameras)) {
    it(`finds the camera when feet and heads are exact, ${name}`, () => {
      const found = groundFromPeople(people(camera, placesIn(camera, 6, 3)).people ?? [], size);
      assert.ok('camera' in found, JSON.stringify(found));
      assert.ok(Math.abs(found.camera.focalPixels / camera.focalPixels - 1) < 1e-3);
      assert.ok(Math.abs(found.camera.tilt - camera.tilt) < 1e-3);
      assert.ok(Math.abs(found.camera.heightMetres / camera.heightMetres - 1) < 1e-3);
    });

    it(`is good to a sixth for nine of ten distances when they are set to 2 pixels, ${name}`, () => {
      const { most, refused } = usualError(camera, people, 8);
      assert.ok(most < 0.17, `${most}`);
      assert.ok(refused < 0.25, `${refused} refused`);
    });
  }

  it('takes three people', () => {
    const found = calibrated(
      people(lampPost, [
        [-3, 9],
        [4, 16],
        [-2, 28],
      ]),
    );
    assert.ok(Math.max(...distanceErrors(found, lampPost, 4)) < 1e-3);
  });

  it('is refused when they all stand as far away', () => {
    const given = people(
      lampPost,
      [
        [-3, 15],
        [0, 15],
        [3, 15],
      ],
      1,
    );
    assert.match(fault(given).text, /too much alike/);
  });

  it('takes heads marked above the feet, as in the boxes of a detector, when the field of view is known', () => {
    const hfovDeg = (2 * Math.atan(size.width / 2 / lampPost.focalPixels) * 180) / Math.PI;
    const boxes = people(lampPost, placesIn(lampPost, 8, 3));
    // they lean nowhere, which no lens explains but an endlessly long one
    for (const person of boxes.people ?? []) person.head = [person.feet[0], person.head[1]];
    assert.match(fault(boxes).text, /too much alike|does not fit/);
    const errors = distanceErrors(calibrated({ ...boxes, hfovDeg }), lampPost, 4);
    assert.ok(Math.max(...errors) < 0.35, `${errors}`);
  });

  it('says who was marked wrong', () => {
    const given = people(lampPost, placesIn(lampPost, 8, 3));
    (given.people?.[2] as { metres: number }).metres = 1;
    assert.deepEqual([fault(given).index, fault(given).text.slice(0, 12)], [2, 'does not fit']);
    const upsideDown = people(lampPost, placesIn(lampPost, 4, 3));
    const second = upsideDown.people?.[1] as { feet: Point; head: Point };
    [second.feet, second.head] = [second.head, second.feet];
    assert.deepEqual([fault(upsideDown).index, fault(upsideDown).text], [1, 'is less than 4 pixels tall']);
  });

  it('gives the same map as the camera', () => {
    const ground = new PlaneGround(homographyOf(lampPost, size), size);
    const at = ground.metresAt(share(seenAt(lampPost, [3, 17]))) as Point;
    assert.ok(Math.hypot(at[0] - 3, at[1] - 17) < 1e-9);
  });
});
