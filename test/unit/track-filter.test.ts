/** The filter of one box: what it promises about time, size and doubt. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Box } from '../../pipelines/messages.js';
import { BoxFilter } from '../../pipelines/track/box-filter.js';

const ASPECT = 16 / 9;
const person: Box = { x: 0.5, y: 0.4, width: 0.03, height: 0.15 };

function near(a: number, b: number, within: number, what: string): void {
  assert.ok(Math.abs(a - b) <= within, `${what}: ${a} is not within ${within} of ${b}`);
}

/** A filter that has followed the box moving `perSecond` to the right, `looks` times, `seconds` apart. */
function followed(perSecond: number, looks: number, seconds: number): BoxFilter {
  const filter = new BoxFilter(person, ASPECT);
  for (let i = 1; i < looks; i++) {
    filter.predict(seconds, false);
    filter.correct({ ...person, x: person.x + perSecond * seconds * i });
  }
  return filter;
}

describe('BoxFilter', () => {
  it('predicts the same over one long step and over many short ones', () => {
    const once = followed(0.05, 4, 0.2);
    const often = once.copy();
    once.predict(1, true);
    for (let i = 0; i < 10; i++) often.predict(0.1, true);
    near(often.box.x, once.box.x, 1e-12, 'x');
    near(often.doubt.x, once.doubt.x, 1e-9, 'doubt across');
    near(often.doubt.y, once.doubt.y, 1e-9, 'doubt down');
  });

  for (const rate of [1, 3, 5, 10]) {
    it(`learns a velocity per second at ${rate} looks a second`, () => {
      const { velocity } = followed(0.05, 12, 1 / rate);
      near(velocity.x, 0.05, 0.01, 'velocity across');
      near(velocity.y, 0, 1e-9, 'velocity down');
    });
  }

  it('doubts more the longer nothing was measured, and less after a measurement', () => {
    const filter = followed(0.05, 6, 0.2);
    const known = filter.doubt.x;
    filter.predict(0.5, true);
    const lost = filter.doubt.x;
    filter.correct(person);
    assert.ok(lost > known);
    assert.ok(filter.doubt.x < lost);
  });

  it('keeps the size of what is not seen, and moves it', () => {
    const filter = new BoxFilter(person, ASPECT);
    filter.predict(0.2, false);
    filter.correct({ ...person, x: 0.52, height: 0.12 });
    const { width, height, x } = filter.box;
    filter.predict(1, true);
    assert.equal(filter.box.width, width);
    assert.equal(filter.box.height, height);
    assert.ok(filter.box.x > x);
  });

  it('never lets a side vanish', () => {
    const filter = new BoxFilter({ ...person, height: 0.5 }, ASPECT);
    filter.predict(0.2, false);
    filter.correct({ ...person, height: 0.001 });
    for (let i = 0; i < 10; i++) filter.predict(1, false);
    assert.ok(filter.box.height > 0);
    assert.ok(Object.values(filter.box).every(Number.isFinite));
  });

  it('is left alone by what happens to its copy', () => {
    const filter = followed(0.05, 4, 0.2);
    const { box, doubt } = filter;
    const copy = filter.copy();
    copy.predict(1, false);
    copy.correct({ ...person, x: 0.9 });
    assert.deepEqual(filter.box, box);
    assert.deepEqual(filter.doubt, doubt);
  });

  it('stays finite over an hour of looks', () => {
    const filter = new BoxFilter(person, ASPECT);
    for (let i = 0; i < 18_000; i++) {
      filter.predict(0.2, false);
      filter.correct({ ...person, x: 0.5 + 0.3 * Math.sin(i / 50) });
    }
    assert.ok(filter.doubt.x > 0 && filter.doubt.x < 1);
  });
});
