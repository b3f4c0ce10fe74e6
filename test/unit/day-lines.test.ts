import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Span } from '../../runtime/record/coverage.js';
import { type CellState, type DayLine, dayLines } from '../../runtime/record/day-lines.js';

// The days of Paris, wherever this runs: they are 23 and 25 hours long at the end of March and of October.
process.env.TZ = 'Europe/Paris';

const at = (iso: string): number => new Date(iso).getTime();

function span(from: string, to: string, clock: Span['clock'] = 'trusted'): Span {
  const place = { number: 1, segment: 1 };
  const times = { fromMs: at(from), toMs: at(to) };
  return {
    ...times,
    gops: 1,
    pictures: 25,
    afterPause: false,
    clockTrusted: clock === 'trusted',
    clock,
    first: place,
    last: place,
  };
}

const signs: Record<CellState, string> = {
  full: '#',
  part: '+',
  corrected: '~',
  untrusted: '?',
  destroyed: 'x',
  none: '.',
  outside: ' ',
};
const drawn = (lines: readonly DayLine[]): string[] =>
  lines.map(({ cells }) =>
    cells
      .map((cell) => signs[cell])
      .join('')
      .trimEnd(),
  );

test('half hours: full, in part, nothing, destroyed, corrected, not trusted', () => {
  const lines = dayLines({
    coverage: [
      span('2026-03-01T00:00', '2026-03-01T02:00'),
      span('2026-03-01T03:15', '2026-03-01T03:20'),
      span('2026-03-01T05:00', '2026-03-01T05:30', 'corrected'),
      span('2026-03-01T06:00', '2026-03-01T06:30', 'untrusted'),
    ],
    destroyed: [span('2026-03-01T04:00', '2026-03-01T04:30')],
  });
  assert.deepEqual(drawn(lines), ['####..+.x.~ ?']);
  assert.equal(lines[0]?.recordedMs, (120 + 5 + 30 + 30) * 60_000);
  assert.equal(lines[0]?.ofMs, 5.5 * 3_600_000);
});

test('days without anything are left out, however many: 1970 costs one line', () => {
  const lines = dayLines({
    coverage: [
      span('1970-01-01T01:00', '1970-01-01T01:10', 'untrusted'),
      span('2026-03-01T23:00', '2026-03-02T01:00'),
    ],
    destroyed: [],
  });
  assert.equal(lines.length, 3);
  assert.deepEqual(drawn(lines)[2], '##');
});

test('a day of 23 hours and one of 25', () => {
  const lines = dayLines({
    coverage: [span('2026-03-29T00:00', '2026-03-30T00:00'), span('2026-10-25T00:00', '2026-10-26T00:00')],
    destroyed: [],
  });
  assert.deepEqual(
    lines.filter(({ recordedMs }) => recordedMs > 0).map(({ recordedMs }) => recordedMs / 3_600_000),
    [23, 25],
  );
});

test('a clock that was set back fills no half hour twice', () => {
  const lines = dayLines({
    coverage: [span('2026-03-01T00:00', '2026-03-01T01:00'), span('2026-03-01T00:30', '2026-03-01T01:30')],
    destroyed: [],
  });
  assert.deepEqual(drawn(lines), ['###']);
  assert.equal(lines[0]?.recordedMs, 90 * 60_000);
});

test('a damaged time makes nobody draw for ever', () => {
  const lines = dayLines({
    coverage: [{ ...span('2026-03-01T00:00', '2026-03-01T01:00'), toMs: 8e15 }],
    destroyed: [],
  });
  assert.ok(lines.length <= 4_000);
});
