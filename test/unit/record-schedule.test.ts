import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../runtime/config/load.js';
import type { RecordMode, RecordWhen } from '../../runtime/config/recording.js';
import { Schedule } from '../../runtime/record/schedule.js';
import { firstOverlap } from '../../runtime/week.js';

const minuteMs = 60_000;
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri'] as const;
const when: Pick<RecordWhen, 'mode' | 'schedule' | 'timeZone'> = {
  mode: 'motion',
  timeZone: 'Europe/Paris',
  schedule: [
    { days: [...weekdays], from: '08:00', to: '19:00', mode: 'continuous' },
    { days: ['fri', 'sat', 'sun'], from: '22:30', to: '06:15', mode: 'detection' },
    { days: ['tue'], from: '19:00', to: '24:00', mode: 'off' },
  ],
};

/** The same, worked out from the day and the minute in Paris. */
function expected(day: number, minute: number): RecordMode {
  const night = (of: number): boolean => of >= 4;
  if (day < 5 && minute >= 480 && minute < 1140) return 'continuous';
  if (night(day) && minute >= 1350) return 'detection';
  if (night((day + 6) % 7) && minute < 375) return 'detection';
  return day === 1 && minute >= 1140 ? 'off' : 'motion';
}

/** Every minute of the days from `from`; `changeMs` is when the offset from UTC becomes another. */
function walk(from: number, days: number, changeMs: number, [before, after]: [number, number]): number {
  const schedule = new Schedule(when);
  let wrong = 0;
  for (let ms = from; ms < from + days * 1440 * minuteMs; ms += minuteMs) {
    const local = ms + (ms < changeMs ? before : after) * 60 * minuteMs;
    const day = (Math.floor(local / 86_400_000) + 3) % 7;
    const minute = Math.floor((local % 86_400_000) / minuteMs);
    if (schedule.modeAt(ms + 59_999) !== expected(day, minute)) wrong += 1;
  }
  return wrong;
}

test('every minute of a fortnight in which summer time begins, and of one in which it ends', () => {
  assert.equal(walk(Date.UTC(2026, 2, 22), 14, Date.UTC(2026, 2, 29, 1), [1, 2]), 0);
  assert.equal(walk(Date.UTC(2026, 9, 18), 14, Date.UTC(2026, 9, 25, 1), [2, 1]), 0);
});

test('negative control: a schedule that does not know summer time is an hour wrong', () => {
  assert.ok(walk(Date.UTC(2026, 2, 22), 14, Date.UTC(2026, 2, 29, 1), [1, 1]) > 0);
});

test('an hour that is left out does not happen; an hour that comes twice happens twice', () => {
  const range = { days: ['sun' as const], from: '02:15', to: '02:45', mode: 'off' as const };
  const schedule = new Schedule({ mode: 'continuous', timeZone: 'Europe/Paris', schedule: [range] });
  const off = (from: number): number => {
    let minutes = 0;
    for (let m = 0; m < 1440; m++) if (schedule.modeAt(from + m * minuteMs) === 'off') minutes += 1;
    return minutes;
  };
  assert.equal(off(Date.UTC(2026, 2, 28, 22)), 0);
  assert.equal(off(Date.UTC(2026, 9, 24, 22)), 60);
  assert.equal(off(Date.UTC(2026, 5, 6, 22)), 30);
});

test('a Sunday night goes on into Monday', () => {
  const range = { days: ['sun' as const], from: '20:00', to: '02:00', mode: 'off' as const };
  const schedule = new Schedule({ mode: 'continuous', timeZone: 'UTC', schedule: [range] });
  const at = (day: number, hour: number): RecordMode => schedule.modeAt(Date.UTC(2026, 2, day, hour));
  assert.deepEqual(
    [at(29, 19), at(29, 20), at(30, 1), at(30, 2)],
    ['continuous', 'off', 'off', 'continuous'],
  );
});

test('without a time that is sure: off wins, else the widest mode; without ranges the clock is not asked', () => {
  assert.equal(new Schedule(when).modeWithoutTime, 'off');
  const noOff = { ...when, schedule: when.schedule.filter(({ mode }) => mode !== 'off') };
  assert.equal(new Schedule(noOff).modeWithoutTime, 'continuous');
  const nightOnly = { ...when, schedule: when.schedule.slice(1, 2) };
  assert.equal(new Schedule(nightOnly).modeWithoutTime, 'motion');
  assert.equal(new Schedule({ mode: 'detection', schedule: [] }).modeWithoutTime, 'detection');
});

test('ranges that overlap are found, across midnight and across the end of the week too', () => {
  const range = (days: RecordWhen['schedule'][number]['days'], from: string, to: string) => ({
    days,
    from,
    to,
    mode: 'off' as const,
  });
  assert.equal(firstOverlap(when.schedule), null);
  assert.equal(firstOverlap([range(['mon'], '08:00', '12:00'), range(['mon'], '12:00', '13:00')]), null);
  assert.deepEqual(
    firstOverlap([range(['mon'], '08:00', '12:01'), range(['mon'], '12:00', '13:00')]),
    [0, 1],
  );
  assert.deepEqual(
    firstOverlap([range(['sun'], '22:00', '06:00'), range(['mon'], '05:59', '07:00')]),
    [0, 1],
  );
  assert.deepEqual(firstOverlap([range(['mon', 'mon'], '08:00', '09:00')]), [0, 0]);
});

const base = {
  camera: { id: 'a', name: 'a' },
  sensor: { kind: 'pattern' as const },
  mask: { zones: [], noneBecause: 'a test pattern shows nobody' },
};

test('the configuration refuses what cannot be meant, in words', () => {
  const refused = (record: object, said: RegExp): void => {
    assert.throws(() => loadConfig({ ...base, record }), said);
  };
  const off = { mode: 'off' as const };
  refused({ when: { schedule: [{ from: '8:00', to: '09:00', ...off }] } }, /from.*00:00 to 23:59/s);
  refused({ when: { schedule: [{ from: '08:00', to: '25:00', ...off }] } }, /to.*00:00 to 24:00/s);
  refused(
    {
      when: {
        schedule: [
          { from: '08:00', to: '10:00', ...off },
          { from: '09:00', to: '11:00', ...off },
        ],
      },
    },
    /schedule\[1\].*overlaps range 0/s,
  );
  refused({ when: { timeZone: 'Europe/Nowhere' } }, /timeZone.*Europe\/Paris/s);
  refused({ when: { mode: 'detection' } }, /nothing is looked for/);
  refused({ when: { mode: 'off' } }, /mode/);
  assert.throws(
    () =>
      loadConfig({
        ...base,
        encode: { bitrateKbps: 50_000 },
        record: { segmentMiB: 32, when: { mode: 'motion', preRollSeconds: 30 } },
      }),
    /preRollSeconds.*32 MiB/s,
  );
  const { when: defaults } = loadConfig(base).record;
  assert.deepEqual([defaults.mode, defaults.schedule], ['continuous', []]);
});
