/** A runtime that dies in the middle of what an alert keeps: the next one goes on with it (docs/recording.md, O11 and O12). */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import type { Unit } from '../../pipelines/messages.js';
import { Recorder } from '../../runtime/record/recorder.js';
import type { Store } from '../../runtime/record/store.js';
import { TerminusFile } from '../../runtime/record/terminus-file.js';
import { type Bench, bench, fakeUnit, MemoryLog, readAll, startMs } from './store-fake.js';

interface Life {
  /** of the machine */
  boot: string;
  trusted?: boolean;
  /** what the second boot changes in each unit, and in the clock */
  unit?: (seq: number) => Partial<Unit>;
  clock: ManualClock;
}

/** An alert keeps 3 s before it and 4 s after. */
function recorderOn(b: Bench, store: Store, life: Life, copies = true) {
  const file = new TerminusFile(
    { clock: life.clock, log: b.log, clockTrusted: () => life.trusted ?? true, boot: () => life.boot },
    { file: join(b.directory, 'terminus.json') },
  );
  const recorder = new Recorder(
    {
      store: {
        append: (gop) => store.append(gop),
        // The run dies before its copies are made.
        keep: (record) => (copies ? store.keep(record) : new Promise(() => {})),
        stats: () => store.stats(),
        failure: null,
        maxGopBytes: store.maxGopBytes,
      },
      clock: life.clock,
      log: new MemoryLog(),
      remember: (windows) => file.save(windows),
    },
    {
      picture: { width: 64, height: 48 },
      clockTrusted: () => true,
      terminus: { beforeMs: 3000, afterMs: 4000 },
    },
  );
  recorder.open();
  const feed = async (from: number, to: number): Promise<void> => {
    for (let seq = from * 25; seq < to * 25; seq++) {
      recorder.onUnit(fakeUnit(seq, life.unit?.(seq)));
      if (seq % 25 === 0) await recorder.flushed();
    }
  };
  return { recorder, file, feed };
}

/** A clock at second `second` of fakeUnit's. */
function clockAt(second: number, start = startMs - 4000): ManualClock {
  const clock = new ManualClock(start);
  clock.advance(4000 + second * 1000);
  return clock;
}

/** Seconds that are still there once everything communal is destroyed. */
async function keptSeconds(store: Store): Promise<number[]> {
  for (const { sequence } of store.segments()) await store.destroy(sequence, 'communal');
  return (await readAll(store)).map(({ units }) => (units[0]?.seq ?? 0) / 25);
}

/** Ten seconds, an alert at 10 s, the end at once; a second life from second `backAt`. */
async function twoLives(
  t: TestContext,
  second: { backAt: number; life: Life; spoil?: (file: string) => Promise<void>; forget?: boolean },
): Promise<{ kept: number[]; b: Bench; damages: unknown[] }> {
  const b = await bench(t, 12);
  let store = await b.start();
  const first = recorderOn(b, store, { boot: 'one', clock: clockAt(10) }, false);
  await first.feed(0, 10);
  first.recorder.shut('a GOP a second until now');
  await first.recorder.flushed();
  first.recorder.alert(fakeUnit(250).monoUs);
  await first.file.save([{ fromUs: fakeUnit(250).monoUs - 3e6, toUs: fakeUnit(250).monoUs + 4e6 }]);
  await store.stop();

  const path = join(b.directory, 'terminus.json');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await second.spoil?.(path);
  store = await b.start();
  const next = recorderOn(b, store, second.life);
  const resumed = await next.file.load(store.newest(1000));
  if (!second.forget) next.recorder.resume(resumed);
  await next.feed(second.backAt, second.backAt + 10);
  await next.recorder.stop();
  const kept = await keptSeconds(store);
  return { kept, b, damages: (await b.check()).damages };
}

test('within a boot: what was before the alert is found and kept, what comes after goes on', async (t) => {
  const { kept, b, damages } = await twoLives(t, { backAt: 12, life: { boot: 'one', clock: clockAt(12) } });
  assert.deepEqual(kept, [7, 8, 9, 12, 13, 14]);
  assert.deepEqual(damages, []);
  assert.ok(!b.log.lines.some((line) => line.includes('terminus.json')));
});

test('negative control: a run that does not look keeps nothing of it', async (t) => {
  const { kept } = await twoLives(t, { backAt: 12, life: { boot: 'one', clock: clockAt(12) }, forget: true });
  assert.deepEqual(kept, []);
});

/** After another boot the monotonic clock begins anew; `wallMs` is what the clock shows wrongly. */
function rebooted(second: number, { wrongMs = 0, trusted = true } = {}): Life {
  const clock = new ManualClock(startMs + second * 1000 + wrongMs - 2000);
  clock.advance(2000);
  const unit = (seq: number): Partial<Unit> => ({
    monoUs: 3_000_000 + (seq - second * 25) * 40_000,
    wallMs: startMs + seq * 40 + wrongMs,
  });
  return { boot: 'two', trusted, clock, unit };
}

test('after another boot the wall clock places it', async (t) => {
  const { kept } = await twoLives(t, { backAt: 12, life: rebooted(12) });
  assert.deepEqual(kept, [7, 8, 9, 12, 13, 14]);
});

test('long after: what was before is kept, nothing of now', async (t) => {
  const { kept } = await twoLives(t, { backAt: 3600, life: rebooted(3600) });
  assert.deepEqual(kept, [7, 8, 9]);
});

test('after another boot with a clock that is wrong: the newest record counts as now', async (t) => {
  const wrongMs = -40 * 86_400_000;
  const { kept } = await twoLives(t, { backAt: 12, life: rebooted(12, { wrongMs, trusted: false }) });
  assert.deepEqual(kept, [7, 8, 9, 12, 13, 14, 15, 16], 'four seconds after the newest record');
});

test('a file that cannot be used is ignored, and said', async (t) => {
  for (const text of ['', '{"format":1', '{"format":2,"boot":"one","windows":[]}', '[]']) {
    const { kept, b } = await twoLives(t, {
      backAt: 12,
      life: { boot: 'one', clock: clockAt(12) },
      spoil: (file) => writeFile(file, text),
    });
    assert.deepEqual(kept, []);
    assert.ok(b.log.lines.some((line) => /^warn .*terminus\.json cannot be used/.test(line)));
  }
});

test('what was copied already is not copied again; saves are in order; a directory that is gone is said', async (t) => {
  const b = await bench(t, 12);
  const store = await b.start();
  const life = { boot: 'one', clock: clockAt(10) };
  const { recorder, file, feed } = recorderOn(b, store, life);
  await feed(0, 10);
  recorder.alert(fakeUnit(249).monoUs);
  await recorder.stop();
  const records = store.newest(1000).length;
  recorder.open();
  recorder.resume(await file.load(store.newest(1000)));
  await recorder.stop();
  assert.equal(store.newest(1000).length, records);
  assert.equal(store.newest(2).length, 2);

  await Promise.all([file.save([]), file.save([{ fromUs: 1, toUs: 2 }])]);
  const { windows } = JSON.parse(await readFile(join(b.directory, 'terminus.json'), 'utf8'));
  assert.deepEqual([windows[0].fromUs, windows[0].toUs], [1, 2]);
  const log = new MemoryLog();
  const nowhere = new TerminusFile(
    { clock: life.clock, log, clockTrusted: () => true, boot: () => 'one' },
    { file: join(b.directory, 'none', 'terminus.json') },
  );
  await nowhere.save([]);
  assert.match(log.lines.join(), /A restart would end what this alert keeps/);
});
