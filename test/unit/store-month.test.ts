/**
 * A month in minutes, with everything that keeps and destroys recordings as the camera has it: coverage, destruction times,
 * the register and its answers agree with the truth to the GOP (docs/faults.md, "A month"). Then cameras that are wrong in
 * a known way, which must be found.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs } from '../../runtime/record/retention-terms.js';
import { simulateMonth } from '../fault/month.js';
import { hourMs } from '../fault/month-camera.js';
import { alert, at, bothOut, firstFails, jump, noClock, plannedMonth } from '../fault/month-scenario.js';

const usualTerms = { reference: 'P-1', communalDays: 15, terminusDays: 30, minimumDays: null };
/** So that a few days are enough. */
const shortTerms = { ...usualTerms, communalDays: 1, terminusDays: 2 };

test('a month and a half: two classes, two holds, two jumps, card failures and a power cut, to the GOP', async () => {
  const found = await simulateMonth(plannedMonth());
  assert.deepEqual(found.violations, []);
  assert.deepEqual(found.lost, { cut: 1, room: 0 });
  assert.deepEqual([found.jumps, found.holds], [2, 2]);
  assert.ok(found.cardFailures >= 3);
  assert.ok(found.destroyed.term > 200);
  assert.ok(found.readable > 1000 && found.readable < found.gops / 2);
  assert.ok(found.answers > 2 * found.destroyed.term);
});

test('cards that are away for longer than the memory lasts: exactly the oldest are lost', async () => {
  const events = [...alert(0.5, 1), ...bothOut(1, 2, 12)];
  const found = await simulateMonth({ events, days: 4, terms: shortTerms });
  assert.deepEqual(found.violations, []);
  assert.ok(found.lost.room > 10 && found.lost.room < 12 * 3);
});

test('a ring that is too small: what is overwritten is told as such, and what is held is passed over', async () => {
  const events = [
    ...alert(1.5, 1),
    at(1, 1, (month) => month.hold('R-1', 2 * hourMs, 5 * hourMs, 5 * dayMs)),
    ...firstFails(3, 1, 5),
  ];
  const found = await simulateMonth({ events, days: 6, slots: { first: 20, second: 10 } });
  assert.deepEqual(found.violations, []);
  assert.ok(found.destroyed.space > 20);
});

test('negative control: retention that believes a clock that jumped is caught', async () => {
  const events = jump(1, 2, 3, 21 * dayMs);
  const { violations } = await simulateMonth({ events, days: 2, wrong: 'believes-jumps' });
  assert.match(violations.join('\n'), /was destroyed early/);
  assert.match(violations.join('\n'), /GOP \d+ is not there/);
});

test('negative control: without memory for what waits and without a second store, what is missing is found', async () => {
  for (const events of [bothOut(1, 2, 3), firstFails(1, 2, 3)]) {
    const { violations } = await simulateMonth({ events, days: 2, wrong: 'no-buffer' });
    assert.match(violations.join('\n'), /GOP \d+ was never stored/);
    assert.match(violations.join('\n'), /GOP \d+ is not there/);
  }
});

test('negative control: recordings of 1970 that are never corrected are found', async () => {
  const { violations } = await simulateMonth({
    events: noClock(1, 2, 3),
    days: 2,
    wrong: 'ignores-corrections',
  });
  assert.match(violations.join('\n'), /GOP \d+ is shown \d+ s off its true time/);
});

test('negative control: keys that are said to be destroyed and are not are found', async () => {
  const { violations } = await simulateMonth({ events: [], days: 3, terms: shortTerms, wrong: 'keeps-keys' });
  assert.match(violations.join('\n'), /is kept past its term/);
  assert.match(violations.join('\n'), /GOP \d+ can still be read/);
});
