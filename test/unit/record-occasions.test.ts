import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { VigieError } from '../../errors.js';
import type { ObjectClass, Track, Unit } from '../../pipelines/messages.js';
import { type RecordWhen, recordWhen } from '../../runtime/config/recording.js';
import type { Gop } from '../../runtime/record/gop.js';
import { Occasions, type OccasionsOptions } from '../../runtime/record/occasions.js';
import { Recorder, type RecorderOptions } from '../../runtime/record/recorder.js';
import { Schedule } from '../../runtime/record/schedule.js';
import type { StoreStats } from '../../runtime/record/store.js';
import { bench, fakeUnit, MemoryLog, readAll, startMs } from './store-fake.js';

const secondUs = 1_000_000;

interface Setting extends Partial<OccasionsOptions> {
  input?: Partial<RecordWhen>;
  sure?: boolean;
  recorder?: Partial<RecorderOptions>;
  /** wall clock at picture 0, milliseconds after 12:00 of a Sunday, UTC */
  shiftMs?: number;
  append?: (gop: Gop) => Promise<number>;
  /** the measure says nothing */
  silent?: boolean;
}

/** A recorder with its occasions, before a store in memory; a GOP a second, number n begins at second n. */
function street(setting: Setting = {}) {
  const { input = { mode: 'motion' }, sure = true, shiftMs = 0, recorder: rest, silent = false } = setting;
  const clock = new ManualClock(startMs + shiftMs - 4000);
  clock.advance(4000);
  const when = recordWhen.parse({ timeZone: 'UTC', ...input });
  const occasions = new Occasions(
    { clock, schedule: new Schedule(when), time: () => ({ ms: clock.wallMs(), sure }) },
    { when, alert: { beforeUs: 10e6, afterUs: 30e6 }, detectorSilenceUs: 5e6, ...setting },
  );
  const gops: Gop[] = [];
  const store = {
    append: setting.append ?? (async (gop: Gop) => gops.push(gop)),
    keep: async () => 1,
    stats: () => ({ state: 'recording' as const, gopsLost: 0 }) as StoreStats,
    failure: null,
    maxGopBytes: 1 << 20,
  };
  const recorder = new Recorder(
    { store, clock, log: new MemoryLog(), occasions },
    { picture: { width: 64, height: 48 }, clockTrusted: () => true, ...rest },
  );
  recorder.open();
  /** Seconds `from` to `to`; `moving` says whether a picture at this second shows motion, told `lateMs` after it. */
  const feed = async (
    from: number,
    to: number,
    moving: (second: number) => boolean = () => false,
    unit: (seq: number) => Partial<Unit> = () => ({}),
    lateMs = 200,
  ): Promise<void> => {
    for (let seq = from * 25; seq < to * 25; seq++) {
      const target = 5 * secondUs + seq * 40_000;
      clock.advance((target - clock.monoUs()) / 1000);
      recorder.onUnit(fakeUnit(seq, unit(seq)));
      const told = seq - lateMs / 40;
      if (!silent && seq % 5 === 0 && told >= 0) {
        recorder.motion({
          t: 'motion',
          seq,
          monoUs: at(told / 25),
          share: moving(told / 25) ? 0.01 : 0.0005,
        });
      }
      if (seq % 25 === 0) await recorder.flushed();
    }
  };
  /** Seconds at which a recorded GOP begins. */
  const seconds = (): number[] =>
    gops.filter(({ continues }) => !continues).map(({ units }) => (units[0]?.seq ?? 0) / 25);
  return { clock, occasions, recorder, gops, feed, seconds };
}

/** monotonic clock at this second */
const at = (second: number): number => 5 * secondUs + Math.round(second * secondUs);
const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);
const between =
  (from: number, to: number) =>
  (second: number): boolean =>
    second >= from && second <= to;

test('motion: whole GOPs from the pre-roll to the post-roll, nothing else', async () => {
  for (const lateMs of [200, 1800]) {
    const s = street();
    await s.feed(0, 80, between(30.4, 33.4), () => ({}), lateMs);
    await s.recorder.stop();
    // Pictures from 25.4 to 43.4 are wanted.
    assert.deepEqual(s.seconds(), range(25, 43), `told after ${lateMs} ms`);
    assert.ok(s.gops.every(({ units }) => units.length === 25 && units[0]?.key));
    assert.equal(s.occasions.framesLeftOut, (80 - 19) * 25);
  }
});

test('without pre-roll and post-roll: the GOP in which it moves', async () => {
  const s = street({ input: { mode: 'motion', preRollSeconds: 0, postRollSeconds: 0 } });
  await s.feed(0, 50, between(30.4, 30.4), () => ({}), 1800);
  assert.deepEqual(s.seconds(), [30]);
});

test('negative control: nothing moves, or too little of the picture', async () => {
  const still = street();
  await still.feed(0, 60);
  assert.deepEqual(still.seconds(), []);
  assert.equal(still.recorder.stats().state, 'waiting');
  const deaf = street({ input: { mode: 'motion', motionShare: 0.02 } });
  await deaf.feed(0, 60, between(10, 40));
  assert.deepEqual(deaf.seconds(), []);
});

test('continuous: every GOP at once, nothing waits', async () => {
  const s = street({ input: {} });
  await s.feed(0, 5);
  await s.recorder.flushed();
  assert.deepEqual(s.seconds(), range(0, 3));
  await s.recorder.stop();
  assert.deepEqual(s.seconds(), range(0, 4));
});

test('two motions close to each other are one recording; order stays', async () => {
  const s = street();
  await s.feed(
    0,
    90,
    (second) => between(20, 21)(second) || between(33, 34)(second) || between(60, 60)(second),
  );
  assert.deepEqual(s.seconds(), [...range(15, 44), ...range(55, 70)]);
});

test('a GOP in pieces goes whole, or not at all', async () => {
  const s = street({
    recorder: { maxRecordMs: 300 },
    input: { mode: 'motion', preRollSeconds: 0.1, postRollSeconds: 0.1 },
  });
  await s.feed(0, 40, between(20.8, 20.8));
  assert.deepEqual(s.seconds(), [20]);
  assert.equal(
    s.gops.reduce((sum, { units }) => sum + units.length, 0),
    25,
  );
});

const off = (from: string, to: string): Partial<RecordWhen> => ({
  mode: 'continuous',
  schedule: [{ days: ['sun'], from, to, mode: 'off' }],
});

test('off hours: no picture of them, not around an alert either; what waited is let go of', async () => {
  const s = street({ input: off('12:01', '12:02'), shiftMs: 500 });
  await s.feed(0, 90);
  assert.equal(s.recorder.stats().state, 'off-hours');
  s.recorder.alert(at(80));
  await s.feed(90, 180);
  await s.recorder.stop();
  // The pictures of GOP 59 and of GOP 119 lie on both sides.
  assert.deepEqual(s.seconds(), [...range(0, 58), ...range(120, 179)]);
  assert.equal(s.recorder.stats().state, 'off');
});

test('motion before off hours end is not recorded with what comes after', async () => {
  const input: Partial<RecordWhen> = { ...off('12:00', '12:01'), mode: 'motion' };
  const s = street({ input });
  await s.feed(0, 90, between(58, 61));
  assert.deepEqual(s.seconds(), range(60, 71));
});

test('a schedule without a sure time: nothing where it has off hours, else everything; both are told', async () => {
  const strict = street({ input: off('03:00', '04:00'), sure: false });
  await strict.feed(0, 20);
  assert.deepEqual(strict.seconds(), []);
  assert.equal(strict.occasions.withoutTime, true);
  const nights: Partial<RecordWhen> = {
    mode: 'continuous',
    schedule: [{ days: ['sun'], from: '03:00', to: '14:00', mode: 'motion' }],
  };
  const open = street({ input: nights, sure: false });
  await open.feed(0, 20);
  assert.deepEqual(open.seconds(), range(0, 18));
  const sure = street({ input: nights });
  await sure.feed(0, 20);
  assert.deepEqual(sure.seconds(), [], 'negative control: with a sure time the range counts');
  assert.equal(sure.occasions.withoutTime, false);
});

test('nobody measures: everything is recorded, from the first picture on, and it is told', async () => {
  const s = street({ silent: true });
  await s.feed(0, 20);
  assert.deepEqual(s.seconds(), range(0, 18));
  assert.equal(s.occasions.blind, true);
  for (let second = 20; second < 40; second++) {
    await s.feed(second, second + 1);
    s.recorder.motion({ t: 'motion', seq: 0, monoUs: at(second + 0.9), share: 0 });
  }
  assert.equal(s.occasions.blind, false);
  assert.equal(s.seconds().at(-1), 19);
});

function track(id: string, of: ObjectClass, x: number): Track {
  const box = { x, y: 0.5, width: 0.1, height: 0.1 };
  return { id, class: of, score: 0.8, box, velocity: { x: 0, y: 0 }, hits: 9, bornUs: 0, seen: true };
}

test('detection: a person counts all the time, a car until a minute after it stopped, what is not seen never', async () => {
  const run = async (of: ObjectClass, seen = true): Promise<number[]> => {
    const s = street({ input: { mode: 'detection', preRollSeconds: 0, postRollSeconds: 0 } });
    for (let second = 0; second < 100; second++) {
      await s.feed(second, second + 1);
      const x = second < 10 ? 0.05 * second : 0.45;
      const tracks = second < 5 ? [] : [{ ...track('a', of, x), seen }];
      s.recorder.tracks({
        t: 'tracks',
        seq: 0,
        monoUs: at(second + 0.9),
        wallMs: 0,
        lookMs: 1,
        detections: 1,
        looked: 'full',
        stills: null,
        occupied: [],
        signals: [],
        tracks,
      });
    }
    return s.seconds();
  };
  assert.deepEqual(await run('person'), range(5, 98));
  assert.deepEqual(await run('car'), range(5, 69));
  assert.deepEqual(await run('person', false), []);
});

test('an alert keeps its seconds in any mode, under terminus', async () => {
  const s = street({ input: { mode: 'motion', preRollSeconds: 0 } });
  await s.feed(0, 31);
  s.recorder.alert(at(30.4));
  await s.feed(31, 90);
  assert.deepEqual(s.seconds(), range(20, 60));
  assert.ok(s.gops.every((gop) => gop.class === 'terminus'));
});

test('what waits goes when the gate shuts, when the mask changes, and when it is too much', async () => {
  const shut = street();
  await shut.feed(0, 20);
  shut.recorder.shut('not authorised');
  shut.recorder.open();
  await shut.feed(20, 40, between(22, 22));
  assert.deepEqual(shut.seconds(), range(20, 32));

  const masked = street();
  const mask = { version: 2, digest: 'cd'.repeat(32), state: 'zones' as const };
  await masked.feed(0, 20);
  await masked.feed(20, 40, between(22, 22), () => ({ mask }));
  assert.deepEqual(masked.seconds(), range(20, 32));

  // A head that turns hides the picture whole for moments: before it and after it the same table holds.
  const turning = street();
  const { digest } = fakeUnit(0).mask;
  const away = { version: 1, digest, state: 'full' as const, why: 'late' as const };
  const none = { version: 0, digest: '', state: 'full' as const };
  const moments = (seq: number): Partial<Unit> =>
    seq >= 430 && seq < 460 ? { mask: away } : seq >= 480 && seq < 490 ? { mask: none } : {};
  await turning.feed(0, 20, undefined, moments);
  await turning.feed(20, 40, between(22, 22));
  assert.deepEqual(turning.seconds(), range(17, 32));

  // Hidden or not in between: what another table masked is not kept.
  const both = street();
  await both.feed(0, 20, undefined, (seq) => (seq >= 480 ? { mask: away } : {}));
  await both.feed(20, 40, between(22, 22), () => ({ mask }));
  assert.deepEqual(both.seconds(), range(20, 32));

  const small = street({ ringBytes: 30_000 });
  await small.feed(0, 40, between(22, 22));
  const kept = small.seconds().filter((second) => second < 22);
  assert.ok(kept.length > 0 && kept.length < 5, `${kept.length} of 5`);
});

/** Seconds whose record says that what is missing before it was not to be recorded. */
const pauses = (gops: readonly Gop[]): number[] =>
  gops.filter(({ afterPause }) => afterPause).map(({ units }) => (units[0]?.seq ?? 0) / 25);

test('a pause is said to be one only when every picture in it was seen and left out', async () => {
  const twice = (second: number): boolean => between(20, 20)(second) || between(60, 60)(second);
  const whole = street();
  await whole.feed(0, 80, twice);
  assert.deepEqual(whole.seconds(), [...range(15, 30), ...range(55, 70)]);
  assert.deepEqual(pauses(whole.gops), [55], 'what is before the first record is not known');

  const cut = street();
  await cut.feed(0, 40, twice);
  cut.recorder.interrupt();
  await cut.feed(44, 80, twice);
  assert.deepEqual(cut.seconds(), [...range(15, 30), ...range(55, 70)]);
  assert.deepEqual(pauses(cut.gops), [], 'four seconds of it were not seen');

  const shut = street();
  await shut.feed(0, 40, twice);
  shut.recorder.shut('not authorised');
  await shut.feed(40, 45, twice);
  shut.recorder.open();
  await shut.feed(45, 80, twice);
  assert.deepEqual(pauses(shut.gops), []);

  const stored: Gop[] = [];
  const append = async (gop: Gop): Promise<number> => {
    if (gop.units[0]?.seq === 30 * 25) throw new VigieError('store', 'Cannot record', 'Replace the card');
    return stored.push(gop);
  };
  const lost = street({ append });
  await lost.feed(0, 80, twice);
  assert.deepEqual(pauses(stored), [], 'the last GOP before it was lost');
});

test('the list tells a pause from a gap, from a sealed index and from records, not where something was destroyed', async (t) => {
  const b = await bench(t, 8);
  let store = await b.start();
  const s = street({ append: (gop) => store.append(gop) });
  await s.feed(0, 40, (second) => between(5, 6)(second) || between(30, 31)(second));
  await s.recorder.stop();
  const gaps = (): [number, boolean][] =>
    store.list().gaps.map(({ fromMs, intended }) => [Math.ceil((fromMs - startMs) / 1000), intended]);
  assert.deepEqual(gaps(), [[17, true]]);
  assert.equal((await readAll(store)).filter(({ afterPause }) => afterPause).length, 1);
  await store.stop();
  store = await b.start();
  assert.deepEqual(gaps(), [[17, true]], 'after a restart');
  const between17 = store.segments().filter(({ firstMs }) => (firstMs ?? 0) < startMs + 20_000);
  assert.ok(between17.length >= 2);
  await store.destroy(between17.at(-1)?.sequence ?? 0, 'communal');
  assert.ok(gaps().every(([, intended]) => !intended));
  assert.deepEqual((await b.check()).damages, []);
});
