import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTime, showTime } from '../../runtime/cli/store-times.js';
import { coverage, gaps } from '../../runtime/record/coverage.js';
import { layOutRecord } from '../../runtime/record/record.js';
import { essentialsOf, RingIndex, SegmentEntries } from '../../runtime/record/ring-index.js';
import { Timeline } from '../../runtime/record/timeline.js';
import { fakeGop } from './store-fake.js';

const now = new Date(2026, 2, 1, 14, 30, 15).getTime();

test('times as a person writes them', () => {
  assert.equal(parseTime('now', now), now);
  assert.equal(parseTime('-10m', now), now - 600_000);
  assert.equal(parseTime('-90s', now), now - 90_000);
  assert.equal(parseTime('-2h', now), now - 7_200_000);
  assert.equal(parseTime('-1d', now), now - 86_400_000);
  assert.equal(parseTime('14:05', now), new Date(2026, 2, 1, 14, 5).getTime());
  assert.equal(parseTime('9:05:07', now), new Date(2026, 2, 1, 9, 5, 7).getTime());
  assert.equal(parseTime('2026-03-01T14:05:00Z', now), Date.UTC(2026, 2, 1, 14, 5));
  assert.equal(parseTime('2026-03-01T14:05:00+01:00', now), Date.UTC(2026, 2, 1, 13, 5));
  assert.equal(parseTime('2026-03-01 14:05', now), new Date(2026, 2, 1, 14, 5).getTime());
  for (const wrong of [
    '',
    'yesterday',
    '25:00',
    '14:60',
    '-10',
    '1',
    '2026-13-01T00:00:00',
    '10m',
    '2026-03-01',
  ]) {
    assert.throws(() => parseTime(wrong, now), { kind: 'config' }, wrong);
  }
  assert.match(showTime(now), /^2026-03-01 14:30:15 [+-]\d\d:\d\d$/);
});

test('the time line of an export: monotonic within a run, wall clock across runs, never backwards', () => {
  const line = new Timeline();
  assert.equal(line.place({ monoUs: 500, wallMs: 1000 }, 'a'), 0);
  assert.equal(
    line.place({ monoUs: 40_500, wallMs: 999_000 }, 'a'),
    40_000,
    'a jump of the wall clock is none of film',
  );
  assert.equal(line.place({ monoUs: 7, wallMs: 1_009_000 }, 'b'), 10_040_000);
  assert.equal(line.place({ monoUs: 7, wallMs: 5 }, 'c'), 10_041_000, 'a clock that was set back');
  assert.equal(line.place({ monoUs: 1, wallMs: 6 }, 'c'), 10_042_000);
});

test('coverage: spans, gaps, and a clock that was set back', () => {
  const index = new RingIndex();
  const entries = new SegmentEntries(1, 1);
  const gops = [0, 1, 2, 10, 11, 3].map((n) => fakeGop(n));
  for (const [i, gop] of gops.entries()) {
    entries.push(essentialsOf(4096 + i, layOutRecord(gop, i + 1, '00'.repeat(8)).header));
  }
  index.add(entries);
  const spans = coverage(index.records());
  assert.deepEqual(
    spans.map((span) => span.gops),
    [3, 2, 1],
  );
  assert.equal(gaps(spans).length, 1);
});
