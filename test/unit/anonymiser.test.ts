/** The person mask as a stage: order, waiting, who is covered when, and what happens when nobody looks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { Anonymiser, heldAtMost } from '../../pipelines/anonymise/anonymiser.js';
import { i420Bytes, type MaskedFrame } from '../../pipelines/frame.js';
import { Masker } from '../../pipelines/mask/masker.js';
import type { Box, Detection, PersonMaskOptions } from '../../pipelines/messages.js';
import { Tracker } from '../../pipelines/track/tracker.js';

const size = { width: 160, height: 120 };
const FRAME_MS = 40;
const WHITE = 200;

interface Given {
  seq: number;
  people: string | undefined;
  /** share of the picture that is covered */
  covered: number;
  data: Buffer;
}

/** A stage at 25 frames a second, looked at five times a second, and what it gave back. */
class Street {
  readonly clock = new ManualClock();
  readonly given: Given[] = [];
  readonly stage: Anonymiser;
  readonly frames: MaskedFrame[] = [];
  readonly #masker = new Masker(size);

  constructor(options: Partial<PersonMaskOptions> = {}, looksPerSecond: number | null = 5) {
    this.#masker.open(1, this.#masker.load({ version: 1, zones: [] }));
    const thresholds = { lowThreshold: 0.1, highThreshold: 0.1 };
    this.stage = new Anonymiser(
      {
        clock: this.clock,
        follow: () => new Tracker({ ...thresholds, aspect: 4 / 3, confirmHits: 1, lostSeconds: 2 }),
        area: { luma: Int32Array.of(0, size.width * 60), chroma: Int32Array.of() },
        release: (frame) => this.#take(frame),
      },
      { cover: 'bodies', manner: 'solid', delaySeconds: 0, area: null, only: true, ...options },
      { ...size, framesPerSecond: 25, looksPerSecond },
    );
    this.stage.start();
  }

  frame(looked = false): MaskedFrame {
    const [seq, data] = [this.frames.length, Buffer.alloc(i420Bytes(size), WHITE)];
    const raw = { kind: 'raw' as const, seq, monoUs: this.clock.monoUs(), wallMs: 0, ...size, data };
    const frame = this.#masker.mask(raw);
    this.frames.push(frame);
    this.stage.push(frame, looked);
    return frame;
  }

  /** Frames for so long, one in five looked at and answered at once with who is there then. */
  run(seconds: number, who: (seconds: number) => Box[]): void {
    for (let n = 0; n < seconds * 25; n++) {
      const looked = this.frames.length % 5 === 0;
      const frame = this.frame(looked);
      if (looked) this.stage.seen(frame, who(this.frames.length / 25).map(person));
      this.clock.advance(FRAME_MS);
    }
  }

  #take({ seq, mask, data }: MaskedFrame): void {
    let black = 0;
    for (let i = 0; i < size.width * size.height; i++) if (data[i] === 16) black++;
    this.given.push({ seq, people: mask.people, covered: black / (size.width * size.height), data });
  }
}

const person = (box: Box): Detection => ({ class: 'person', score: 0.9, box });
const standing: Box = { x: 0.4, y: 0.3, width: 0.1, height: 0.4 };

function isCovered({ data }: Given, { x, y, width, height }: Box): boolean {
  for (let row = Math.floor(y * size.height); row < (y + height) * size.height; row++) {
    for (let at = Math.floor(x * size.width); at < (x + width) * size.width; at++) {
      if (data[row * size.width + at] !== 16) return false;
    }
  }
  return true;
}

test('every frame comes back once, in order, stamped', () => {
  for (const delaySeconds of [0, 0.5, 1]) {
    const street = new Street({ delaySeconds });
    street.run(3, () => [standing]);
    street.stage.stop();
    assert.deepEqual(
      street.given.map(({ seq }) => seq),
      street.frames.map(({ seq }) => seq),
    );
    assert.ok(street.given.every(({ people }) => people === 'covered'));
  }
});

test('a new person is covered in the first frame in which they were seen: it waits for its look', () => {
  const street = new Street();
  street.run(1, () => []);
  const first = street.frame(true);
  street.clock.advance(FRAME_MS);
  street.frame();
  assert.equal(street.given.length, 25, 'given back before its look was answered');
  street.stage.seen(first, [person(standing)]);
  assert.equal(street.given.length, 27);
  assert.ok(isCovered(street.given[25], standing));
  assert.ok(isCovered(street.given[26], standing));
});

test('with a delay they are covered before they were first seen; without one they are not (negative control)', () => {
  const walking = (seconds: number): Box => ({ ...standing, x: 0.1 + 0.1 * seconds });
  const bornAt = 2;
  const uncovered = (delaySeconds: number): number => {
    const street = new Street({ delaySeconds });
    street.run(4, (seconds) => (seconds >= bornAt ? [walking(seconds)] : []));
    street.stage.stop();
    const before = street.given.filter(({ seq }) => seq >= (bornAt - 0.3) * 25 && seq < bornAt * 25);
    return before.filter((given) => !isCovered(given, walking(given.seq / 25))).length;
  };
  assert.equal(uncovered(0.5), 0);
  assert.ok(uncovered(0) >= 6);
});

test('between looks a walker is where they were going', () => {
  const walking = (seconds: number): Box => ({ ...standing, x: 0.05 + 0.2 * seconds });
  const street = new Street();
  street.run(4, (seconds) => [walking(seconds)]);
  street.stage.stop();
  const open = street.given.slice(25).filter((given) => !isCovered(given, walking(given.seq / 25)));
  assert.deepEqual(
    open.map(({ seq }) => seq),
    [],
  );
  assert.ok(street.given.every(({ covered }) => covered < 0.5));
});

test('somebody who steps behind something stays covered to the size they had, then to the one they have', () => {
  const half: Box = { ...standing, x: 0.44, y: 0.45, width: 0.06, height: 0.25 };
  const street = new Street();
  street.run(1, () => [standing]);
  street.run(2, () => [half]);
  assert.ok(street.given.slice(25, 35).every((given) => isCovered(given, standing)));
  const last = street.given.at(-1) as Given;
  assert.ok(isCovered(last, half));
  assert.ok(!isCovered(last, standing));
});

test('heads: the top of the box is covered, its foot is not', () => {
  const street = new Street({ cover: 'heads' });
  street.run(2, () => [standing]);
  const last = street.given.at(-1) as Given;
  assert.ok(isCovered(last, { ...standing, height: 0.2 * standing.height }));
  assert.ok(!isCovered(last, { ...standing, y: standing.y + 0.9 * standing.height, height: 0.02 }));
});

test('other things than people are left alone', () => {
  const street = new Street();
  const frame = street.frame(true);
  street.stage.seen(frame, [{ ...person(standing), class: 'car' }]);
  assert.deepEqual([street.given[0].covered, street.given[0].people], [0, 'covered']);
});

test('nobody looks: the area is covered whole, from the first frame and for good', () => {
  const street = new Street({}, null);
  street.run(1, () => []);
  assert.equal(street.given.length, 25);
  assert.ok(street.given.every(({ people, covered }) => people === 'area' && covered === 0.5));
});

test('the looks stop: the area is covered after three that did not come, and open again with the next', () => {
  const street = new Street();
  street.run(1, () => []);
  for (let n = 0; n < 50; n++) {
    street.frame();
    street.clock.advance(FRAME_MS);
  }
  const states = street.given.map(({ people }) => people);
  const first = states.indexOf('area');
  // The last look was at frame 20; three of them are 600 ms, 15 frames.
  assert.equal(first, 36);
  assert.ok(states.slice(first).every((people) => people === 'area'));
  const back = street.frame(true);
  street.stage.seen(back, []);
  assert.equal(street.given.at(-1)?.people, 'covered');
});

test('a look that is not answered holds frames up for half a second; they come out covered', () => {
  const street = new Street();
  street.run(1, () => [standing]);
  street.frame(true);
  for (let n = 0; n < 12; n++) {
    street.clock.advance(FRAME_MS);
    street.frame();
  }
  assert.equal(street.given.length, 25);
  street.clock.advance(FRAME_MS);
  assert.equal(street.given.length, 26);
  assert.equal(street.given[25].people, 'area');
  assert.ok(isCovered(street.given[25], standing));
});

test('no more frames wait than may: it says so, and a stop gives all of them back covered', () => {
  const street = new Street({ delaySeconds: 1 });
  const most = heldAtMost(1, 25);
  for (let n = 0; n < most; n++) {
    assert.equal(street.stage.full, false);
    street.frame(n === 0);
  }
  assert.equal(street.stage.full, true);
  street.stage.stop();
  street.stage.stop();
  assert.equal(street.given.length, most);
  assert.ok(street.given.every(({ people, covered }) => people === 'area' && covered >= 0.5));
});

test('somebody the looks lost stays covered where they were going, then is forgotten', () => {
  const street = new Street();
  street.run(1, () => [standing]);
  street.run(4, () => []);
  assert.ok(isCovered(street.given[25 + 24], standing), 'a second later');
  assert.equal(street.given.at(-1)?.covered, 0);
});
