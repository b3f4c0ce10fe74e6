/** Things that stay: left, taken away, hidden for a while, absorbed; and what is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stills } from '../../pipelines/detect/stills.js';
import type { Still } from '../../pipelines/messages.js';
import { type Sight, Street, type Watching } from './detect-street.js';

const size = { width: 320, height: 180 };
const bag = { x: 100, y: 90, width: 20, height: 16, luma: 25 };
const person = { x: 96, y: 50, width: 22, height: 60, luma: 200 };

class Square extends Street {
  readonly #stills = new Stills();
  now: Still[] = [];

  constructor() {
    super(size);
    this.see(25);
  }

  see(seconds: number, sight: Sight | ((second: number) => Sight) = {}, options: Watching = {}): Still[] {
    this.watch(seconds, sight, {
      ...options,
      each: () => {
        this.now = this.#stills.update(this.background);
      },
    });
    return this.now;
  }
}

const withBag = { patches: [bag] };

for (const fps of [1, 5, 10]) {
  const rate = { everyS: 1 / fps };
  test(`a bag that is left is told after three seconds, and goes when it is taken, at ${fps} looks a second`, () => {
    const square = new Square();
    assert.deepEqual(square.see(2, withBag, rate), []);
    const cameUs = square.atUs - 2e6;
    const [told, ...others] = square.see(6, withBag, rate);
    assert.ok(told);
    assert.deepEqual(others, []);
    const box = square.box(bag);
    assert.ok(Math.abs(told.box.x - box.x) < 0.03 && Math.abs(told.box.width - box.width) < 0.04);
    assert.ok(told.contrast > 20);
    assert.ok(Math.abs(told.sinceUs - cameUs) <= 2.1e6, `${told.sinceUs} ${cameUs}`);
    assert.equal(square.see(3, withBag, rate)[0]?.id, told.id, 'the same thing');
    assert.equal(square.now[0]?.sinceUs, told.sinceUs);
    assert.deepEqual(square.see(2, {}, rate), []);
    assert.notEqual(square.see(8, withBag, rate)[0]?.id, told.id, 'what comes later is another');
  });
}

test('who passes in front of it hides it and does not end it; who stands and is followed is no thing', () => {
  const square = new Square();
  const [told] = square.see(6, withBag);
  assert.ok(told);
  const known = [square.box(person)];
  for (let n = 0; n < 5; n++) {
    const [still, ...others] = square.see(2, { patches: [bag, person] }, { known });
    assert.equal(still?.id, told.id);
    assert.deepEqual(others, []);
  }
  assert.equal(square.see(1, withBag)[0]?.sinceUs, told.sinceUs);
  const alone = new Square();
  assert.deepEqual(alone.see(20, { patches: [person] }, { known: [alone.box(person)] }), []);
});

test('what stays for ten minutes is the scene', () => {
  const square = new Square();
  assert.equal(square.see(500, withBag, { everyS: 1 }).length, 1);
  assert.deepEqual(square.see(150, withBag, { everyS: 1 }), []);
});

test('a shadow that creeps, light on a large part, an exposure step and a lone cell are no things', () => {
  const square = new Square();
  const creeping = (s: number): Sight => ({
    patches: [{ ...bag, x: 40 + Math.round(s * 6), width: 40, luma: 50 }],
  });
  assert.deepEqual(square.see(20, creeping), []);
  const lit = new Square();
  assert.deepEqual(lit.see(30, { lamp: { until: 200, gain: 1.7 } }), []);
  const exposed = new Square();
  assert.deepEqual(exposed.see(10, { gain: 1.4 }), []);
  const spot = new Square();
  assert.deepEqual(spot.see(10, { patches: [{ ...bag, width: 3, height: 3 }] }), []);
});

test('who stood there while the scene was learned leaves no ghost, however late they go', () => {
  const square = new Street(size);
  const stills = new Stills();
  const see = (seconds: number, patches: readonly (typeof person)[]): Still[] => {
    const known = patches.map((patch) => square.box(patch));
    let now: Still[] = [];
    square.watch(seconds, { patches }, { known, each: () => (now = stills.update(square.background)) });
    return now;
  };
  see(30, [person]);
  const gone = [3, 3, 9].flatMap((seconds) => see(seconds, []));
  assert.deepEqual(gone, []);
});

test('a faint shadow that comes and goes slowly, and an edge one cell thin, are no things', () => {
  const square = new Square();
  const faint = (s: number): Sight => ({
    over: (data, { width }) => {
      // 11 levels at its middle, across in half a minute: no look differs from the one before by what counts as moving.
      const middle = 40 + s * 8;
      for (let y = 90; y < 110; y++) {
        for (let x = 0; x < width; x++) {
          const near = Math.max(0, 1 - Math.abs(x - middle) / 14);
          data[y * width + x] = (data[y * width + x] as number) - 11 * near;
        }
      }
    },
  });
  for (let n = 0; n < 6; n++)
    assert.deepEqual(
      square.see(4, (s) => faint(s + 4 * n)),
      [],
    );
  const edge = new Square();
  assert.deepEqual(edge.see(8, { patches: [{ x: 60, y: 90, width: 60, height: 3, luma: 25 }] }), []);
});

test('light on everything ends what was told: nobody knows any more what is new', () => {
  const square = new Square();
  assert.equal(square.see(8, withBag).length, 1);
  assert.deepEqual(square.see(1, { ...withBag, lamp: { until: 160, gain: 1.8 } }), []);
});

test('no more than a message carries, and none is kept that is gone', () => {
  const square = new Square();
  const many = [...Array(84).keys()].map((n) => ({
    x: 4 + (n % 12) * 26,
    y: 6 + Math.floor(n / 12) * 25,
    width: 8,
    height: 8,
    luma: 220,
  }));
  assert.equal(square.see(8, { patches: many }).length, 64);
  assert.deepEqual(square.see(2), []);
});
