/** When keys are due: by class, by the fewest days since, by place in time where the clock was wrong; and what a hold may be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VigieError } from '../../errors.js';
import type { TermsSince } from '../../runtime/access/register/entry.js';
import { checkHold } from '../../runtime/record/hold.js';
import {
  dayMs,
  daysFor,
  dueMs,
  holdOver,
  placeSegments,
  type SegmentTimes,
} from '../../runtime/record/retention-terms.js';

const since = (sinceMs: number, communalDays: number, terminusDays = 30): TermsSince => ({
  sinceMs,
  terms: { reference: 'P-1', communalDays, terminusDays, minimumDays: null },
});

const segment = (sequence: number, firstMs: number, lastMs: number, trusted = true): SegmentTimes => ({
  sequence,
  trusted,
  perClass: { communal: { firstMs, lastMs, records: 2 }, terminus: null },
});

test('the first record of a class decides, each class by its own days', () => {
  const times: SegmentTimes = {
    sequence: 1,
    trusted: true,
    perClass: {
      communal: { firstMs: 1000, lastMs: 50_000, records: 9 },
      terminus: { firstMs: 4000, lastMs: 9000, records: 3 },
    },
  };
  const [placed] = placeSegments([times], () => null);
  assert.ok(placed);
  assert.equal(dueMs(placed, 'communal', [since(0, 15)]), 1000 + 15 * dayMs);
  assert.equal(dueMs(placed, 'terminus', [since(0, 15)]), 4000 + 30 * dayMs);
  assert.equal(dueMs({ ...placed, perClass: { ...placed.perClass, terminus: null } }, 'terminus', []), null);
});

test('fewer days count for what is there already, more days only for what comes', () => {
  const terms = [since(0, 15), since(10 * dayMs, 30), since(40 * dayMs, 7)];
  assert.equal(daysFor(terms.slice(0, 2), 'communal', 5 * dayMs), 15);
  assert.equal(daysFor(terms.slice(0, 2), 'communal', 11 * dayMs), 30);
  assert.equal(daysFor(terms, 'communal', 11 * dayMs), 7);
  assert.equal(daysFor(terms, 'communal', -1), 7);
  assert.equal(daysFor([], 'communal', 0), 30, 'the month of the law when nothing says how long');
});

test('a segment of a wrong clock lies after the one before it and before the one after it', () => {
  const list = [
    segment(1, 1000, 2000),
    segment(2, 9_000_000, 9_100_000, false),
    segment(3, 5, 10, false),
    segment(4, 7000, 8000),
  ];
  const placed = placeSegments(list, () => null);
  assert.deepEqual(
    placed.map(({ firstMs, lastMs }) => [firstMs, lastMs]),
    [
      [1000, 2000],
      [2000, 7000],
      [2000, 7000],
      [7000, 8000],
    ],
  );
  assert.equal(dueMs(placed[1] ?? assert.fail(), 'communal', [since(0, 15)]), 2000 + 15 * dayMs);
});

test('with nothing before it, it is as old as the moment by which it was known; with nothing at all it waits', () => {
  const [known] = placeSegments([segment(1, 5, 10, false)], () => 6000);
  assert.deepEqual([known?.firstMs, known?.lastMs], [6000, 6000]);
  const [unknown] = placeSegments([segment(1, 5, 10, false)], () => null);
  assert.equal(dueMs(unknown ?? assert.fail(), 'communal', []), Number.POSITIVE_INFINITY);
});

test('a hold keeps what it overlaps until its end', () => {
  const held = { requisition: 'R-1', fromMs: 100, toMs: 200, untilMs: 1000 };
  assert.equal(holdOver([held], { firstMs: 0, lastMs: 100 }, 999)?.requisition, 'R-1');
  assert.equal(holdOver([held], { firstMs: 200, lastMs: 300 }, 999)?.requisition, 'R-1');
  assert.equal(holdOver([held], { firstMs: 201, lastMs: 300 }, 999), null);
  assert.equal(holdOver([held], { firstMs: 0, lastMs: 100 }, 1000), null);
});

test('a hold has a reference, an interval, and an end within a year', () => {
  const good = { requisition: 'PV 2026/0042-3', fromMs: 0, toMs: 1000, untilMs: 365 * dayMs };
  assert.deepEqual(checkHold(good, 500), good);
  const bad = [
    { ...good, requisition: '' },
    { ...good, requisition: 'a\nb' },
    { ...good, toMs: -1 },
    { ...good, untilMs: 400 },
    { ...good, untilMs: 400 * dayMs },
    { ...good, fromMs: Number.NaN },
  ];
  for (const hold of bad) {
    assert.throws(
      () => checkHold(hold, 500),
      (error: unknown) => error instanceof VigieError,
      JSON.stringify(hold),
    );
  }
});
