/** When a zone is watched and how closely: schedules, sensitivity, summer time, and no time at all (T1 to T5). */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type WatchedZone, watchedZone } from '../../runtime/config/zones.js';
import type { Alert } from '../../runtime/scene/alert.js';
import { Hours } from '../../runtime/scene/hours.js';
import { Scene } from '../../runtime/scene/scene.js';
import { look, watch, zone } from './scene-script.js';

const hourMs = 3_600_000;
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
/** What the looks of scene-script.ts begin with, as a time of the day in UTC. */
const scriptStart = new Date(1_700_000_000_000);
const clock = (seconds: number): string =>
  new Date(scriptStart.getTime() + seconds * 1000).toISOString().slice(11, 16);

function hours(change: object): Hours {
  return new Hours(watchedZone.parse({ ...zone(), ...change }), 'Europe/Paris');
}

function sceneOf(change: Partial<WatchedZone>, clockTrusted = (): boolean => true): Scene {
  const zones = [{ ...zone(), ...change }];
  return new Scene({ clockTrusted }, { cameraId: 'cam-1', zones, timeZone: 'UTC' });
}

describe('the hours of a zone', () => {
  it('are always when no range is given', () => {
    assert.equal(hours({}).at(0), 1);
    assert.equal(hours({}).timed, false);
    assert.equal(hours({ sensitivity: 2 }).at(null), 2);
  });

  it('go on into the next day', () => {
    const night = hours({ schedule: [{ days: ['fri'], from: '22:00', to: '06:00' }] });
    const at = (day: number, hour: number): number | null => night.at(Date.UTC(2026, 0, day, hour - 1));
    assert.deepEqual([at(2, 21), at(2, 22), at(3, 5), at(3, 6), at(3, 23)], [null, 1, 1, null, null]);
  });

  it('follow summer time: what is left out does not happen, what comes twice happens twice', () => {
    const early = hours({ schedule: [{ from: '02:00', to: '03:00' }] });
    const watchedHours = (from: number): number => {
      let count = 0;
      for (let hour = 0; hour < 24; hour++) if (early.at(from + hour * hourMs) !== null) count += 1;
      return count;
    };
    assert.equal(watchedHours(Date.UTC(2026, 2, 28, 23)), 0, 'the day on which it begins');
    assert.equal(watchedHours(Date.UTC(2026, 9, 24, 22)), 2, 'the day on which it ends');
    assert.equal(watchedHours(Date.UTC(2026, 5, 6, 22)), 1, 'any other');
  });

  it('replace the sensitivity in its hours', () => {
    const closer = hours({
      sensitivity: 0.5,
      sensitivityAt: [{ from: '20:00', to: '08:00', sensitivity: 2 }],
    });
    assert.deepEqual([closer.at(Date.UTC(2026, 0, 2, 12)), closer.at(Date.UTC(2026, 0, 2, 22))], [0.5, 2]);
  });

  it('watch as closely as ever while nobody knows the time', () => {
    const closed = hours({
      schedule: [{ days: ['mon'], from: '08:00', to: '08:01' }],
      sensitivityAt: [{ from: '20:00', to: '08:00', sensitivity: 4 }],
    });
    assert.equal(closed.at(null), 4);
  });

  it('survive a time that is none', () => {
    const timed = hours({ schedule: [{ from: '00:00', to: '24:00' }] });
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, -8.7e15])
      assert.equal(timed.at(ms), null);
  });
});

describe('a zone with hours', () => {
  const until = (seconds: number): Partial<WatchedZone> => ({
    schedule: [{ days: [...days], from: '00:00', to: clock(seconds) }],
  });
  const starts = (seconds: number): Partial<WatchedZone> => ({
    schedule: [{ days: [...days], from: clock(seconds), to: '24:00' }],
  });
  /** A whole minute begins this many seconds after the first look of the script. */
  const minute = 60 - scriptStart.getUTCSeconds();

  it('raises alerts in its hours and none outside', () => {
    const times = (change: Partial<WatchedZone>): number[] =>
      watch(sceneOf(change), minute - 20, minute + 20, 5, () => [{}]).map((a: Alert) => a.atMonoUs / 1e6);
    assert.deepEqual(times(until(minute)), [minute - 18]);
    assert.deepEqual(times(starts(minute)), [minute + 2], 'the dwell counts from the beginning of the range');
  });

  it('is watched outside them too while the clock is not right', () => {
    const alerts = watch(
      sceneOf(starts(minute), () => false),
      minute - 20,
      minute - 10,
      5,
      () => [{}],
    );
    assert.equal(alerts.length, 1);
  });

  it('forgets what it had gathered when a range ends', () => {
    const s = sceneOf(until(minute));
    watch(s, minute - 1.8, minute + 1, 5, () => [{}]);
    assert.deepEqual(
      watch(s, minute + 24 * 3600 - 100, minute + 24 * 3600 - 99, 5, () => [{}]),
      [],
    );
  });

  it('ends the incident that is open when its hours are over', () => {
    const s = sceneOf(until(minute));
    assert.equal(watch(s, minute - 3, minute - 0.2, 5, () => [{}]).length, 1);
    const ended = [1, 3, 5, 7].flatMap((t) => s.observe(look(minute + t, {})).updates);
    assert.deepEqual(
      ended.map((update) => update.ended),
      [true],
    );
  });

  it('asks for half of the time when it is twice as sensitive', () => {
    const first = (sensitivity: number): Alert | undefined =>
      watch(sceneOf({ sensitivity }), 0, 10, 10, () => [{}])[0];
    assert.deepEqual(
      [0.5, 1, 2].map((s) => first(s)?.atMonoUs),
      [4_000_000, 2_000_000, 1_000_000],
    );
    assert.equal(first(2)?.measured[0]?.threshold, 1);
    assert.match(first(2)?.reason.en ?? '', /for 1\.0 s \(threshold 1 s\)$/);
  });
});
