/** People are forgotten, and all is covered, where the picture is another one than the looks saw (docs/anonymity.md, A10 to A12). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import type { Anonymiser } from '../../pipelines/anonymise/anonymiser.js';
import { i420Bytes, type MaskedFrame } from '../../pipelines/frame.js';
import { Masker } from '../../pipelines/mask/masker.js';
import type { FrameView } from '../../pipelines/mask/placement.js';
import type { Box, MaskTable, PersonMaskOptions, Point } from '../../pipelines/messages.js';
import { personMask } from '../../pipelines/person-mask.js';

const size = { width: 160, height: 120 };
const lens = { principal: [0.5, 0.5] as Point, k1: 0, k2: 0, rollDeg: 0 };
const aHead = { lens, frameDelayMs: 0, holdMs: 100 };
const HFOV_DEG = 60;
const TURN_FRAMES = 4;
const seenAt = (panDeg: number, hfovDeg = HFOV_DEG): FrameView => ({
  view: { panDeg, tiltDeg: 0, hfovDeg, marginPixels: 2 },
});
const strip = (version: number, from: number, to: number): MaskTable => {
  const points: Point[] = [
    [from, 0],
    [to, 0],
    [to, 0.1],
    [from, 0.1],
  ];
  return { version, zones: [{ name: 'Mur', points }] };
};
/** where they stand in the world: share of the picture when the camera looks at 0 */
const standing: Box = { x: 0.4, y: 0.5, width: 0.1, height: 0.3 };
const turnedBy = (panDeg: number): Box => ({ ...standing, x: standing.x - panDeg / HFOV_DEG });

interface Given {
  seq: number;
  people: string | undefined;
  data: Buffer;
}

/** 25 frames a second, one in five looked at and answered at once. */
class Street {
  readonly clock = new ManualClock();
  readonly given: Given[] = [];
  readonly masker: Masker;
  readonly #stage: Anonymiser;
  #seq = 0;

  constructor(options: Partial<PersonMaskOptions> = {}, head: typeof aHead | null = aHead) {
    this.masker = new Masker(size, head?.lens, head !== null);
    this.change(strip(1, 0, 1));
    const whole = { cover: 'bodies', manner: 'solid', delaySeconds: 0, area: null, only: true } as const;
    this.#stage = personMask(
      this.clock,
      {
        ...size,
        head,
        personMask: { ...whole, ...options },
        detect: { lowThreshold: 0.1, ratePerSecond: 5 },
        rate: { numerator: 25, denominator: 1 },
      },
      ({ seq, mask, data }) => void this.given.push({ seq, people: mask.people, data }),
    ) as Anonymiser;
    this.#stage.start();
  }

  change(table: MaskTable): void {
    this.masker.open(table.version, this.masker.load(table));
  }

  /** @param who where people are in the picture of this moment, if anybody looks */
  run(frames: number, where: (n: number) => FrameView | null, who: (n: number) => Box[] | null): void {
    for (let n = 0; n < frames; n++) {
      const people = this.#seq % 5 === 0 ? who(n) : null;
      const frame = this.#frame(where(n));
      this.#stage.push(frame, people !== null);
      const found = (people ?? []).map((box) => ({ class: 'person' as const, score: 0.9, box }));
      if (people) this.#stage.seen(frame, found);
      this.clock.advance(40);
    }
  }

  /** How the last so many frames were covered. */
  last(frames: number): (string | undefined)[] {
    return this.given.slice(-frames).map(({ people }) => people);
  }

  #frame(where: FrameView | null): MaskedFrame {
    const data = Buffer.alloc(i420Bytes(size), 200);
    const times = { seq: this.#seq++, monoUs: this.clock.monoUs(), wallMs: 0 };
    return this.masker.mask({ kind: 'raw', ...times, ...size, data }, where);
  }
}

function isCovered({ data }: Given, { x, y, width, height }: Box): boolean {
  for (let row = Math.ceil(y * size.height); row < Math.floor((y + height) * size.height); row++) {
    for (let at = Math.ceil(x * size.width); at < Math.floor((x + width) * size.width); at++) {
      if (data[row * size.width + at] !== 16) return false;
    }
  }
  return true;
}

const still = (panDeg: number) => (): FrameView => seenAt(panDeg);
const there = (panDeg: number) => (): Box[] => [turnedBy(panDeg)];

/** A second at 0, a quick turn to 15 degrees between two looks, and nearly two seconds there. */
const turned = (n: number): number => 15 * Math.min(1, n / TURN_FRAMES);

function turn(street: Street, told: (view: FrameView) => FrameView | null): void {
  street.run(26, () => told(seenAt(0)), there(0));
  street.run(
    50,
    (n) => told(seenAt(turned(n))),
    (n) => [turnedBy(turned(n))],
  );
}

test('a head that turns: all is covered until it stands and a look saw it there; nobody is seen', () => {
  const street = new Street();
  turn(street, (view) => view);
  const [before, moving, after] = [
    street.given.slice(8, 26),
    street.given.slice(27, 35),
    street.given.slice(36),
  ];
  assert.ok(before.every(({ people }) => people === 'covered'));
  assert.ok(moving.every(({ people }) => people === 'area'));
  assert.ok(after.every(({ people }) => people === 'covered'));
  assert.ok(after.every((given) => isCovered(given, turnedBy(15))));
  // Where they stood in the picture before it turned, there is nobody now.
  assert.ok(after.every((given) => !isCovered(given, standing)));
  assert.ok(street.given.every((given, n) => isCovered(given, turnedBy(Math.max(0, turned(n - 26))))));
});

test('negative control: a head whose views are not told shows people in motion', () => {
  const street = new Street({}, null);
  turn(street, () => null);
  const open = street.given.filter((given, n) => n >= 26 && !isCovered(given, turnedBy(turned(n - 26))));
  assert.ok(open.length > 0);
});

test('a zoom is another view too', () => {
  const street = new Street();
  street.run(26, still(0), there(0));
  street.run(
    5,
    () => seenAt(0, HFOV_DEG * 0.97),
    () => null,
  );
  assert.deepEqual(street.last(5), Array(5).fill('area'));
});

test('a position that trembles by less than a hundredth of the picture is the same view; boxes are grown by it', () => {
  const street = new Street();
  const tremble = (n: number): number => (n % 2 === 0 ? 0.25 : -0.25);
  street.run(76, (n) => seenAt(n === 0 ? 0 : tremble(n)), there(0));
  assert.deepEqual(street.last(60), Array(60).fill('covered'));
  assert.ok(street.given.slice(-60).every((given, n) => isCovered(given, turnedBy(tremble(n) * 2))));
});

test('looks at pictures that are hidden whole tell nothing: what opens after them is covered until it is looked at', () => {
  const street = new Street();
  street.run(26, still(0), there(0));
  street.run(
    20,
    () => ({ why: 'late' }),
    () => [],
  );
  street.run(3, still(0), () => null);
  assert.deepEqual(street.last(3), Array(3).fill('area'));
  street.run(5, still(0), there(0));
  assert.equal(street.given.at(-1)?.people, 'covered');
});

test('a moment that is hidden whole does not make anybody forgotten', () => {
  const street = new Street();
  street.run(26, still(0), there(0));
  street.run(
    3,
    () => ({ why: 'late' }),
    () => null,
  );
  street.run(1, still(0), () => null);
  assert.equal(street.given.at(-1)?.people, 'covered');
  assert.ok(isCovered(street.given.at(-1) as Given, standing));
});

test('another table: the area is covered until a look under it; who was known outside the area stays covered', () => {
  const area: Point[] = [
    [0.7, 0.2],
    [1, 0.2],
    [1, 0.9],
    [0.7, 0.9],
  ];
  const street = new Street({ area }, null);
  street.run(26, () => null, there(0));
  assert.equal(street.given.at(-1)?.people, 'covered');
  street.change(strip(2, 0.5, 1));
  street.run(
    4,
    () => null,
    () => null,
  );
  assert.deepEqual(street.last(4), Array(4).fill('area'));
  assert.ok(street.given.slice(-4).every((given) => isCovered(given, standing)));
  street.run(1, () => null, there(0));
  assert.equal(street.given.at(-1)?.people, 'covered');
});

test('on a head the view must be known without zones by directions: without it the picture is hidden', () => {
  const street = new Street();
  street.run(
    1,
    () => null,
    () => null,
  );
  assert.ok(isCovered(street.given[0] as Given, { x: 0, y: 0, width: 1, height: 1 }));
});
