/** docs/retention.md, R18: destructions and turns share entries, nothing is told later than a minute after its term, and a cut loses nothing. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Entry, partsOf } from '../../runtime/access/register/entry.js';
import { verifyRegister } from '../../runtime/access/register/verify.js';
import { type RecordClass, recordClasses } from '../../runtime/record/key-sector.js';
import { Retention, type RetentionDeps } from '../../runtime/record/retention.js';
import type { SegmentTimes } from '../../runtime/record/retention-terms.js';
import { RegisterBench } from './register-fake.js';

const dayMs = 86_400_000;
const stepMs = 1000;
const storeId = 'ab'.repeat(16);

/** Segments of so many seconds, one after another; nothing is overwritten for space. */
class Turning {
  readonly all: SegmentTimes[] = [];
  readonly live = new Map<number, Set<RecordClass>>();
  readonly storeId = storeId;

  begin(nowMs: number): void {
    const sequence = this.all.length + 1;
    const times = { firstMs: nowMs, lastMs: nowMs, records: 1 };
    this.all.push({ sequence, trusted: true, perClass: { communal: times, terminus: null } });
    this.live.set(sequence, new Set(recordClasses));
  }

  segments = (): SegmentTimes[] => [...this.all];

  liveKeys = () =>
    [...this.live].flatMap(([segmentSequence, classes]) =>
      [...classes].map((of) => ({ segmentSequence, class: of, createdMs: 0, clockTrusted: true })),
    );

  async destroy(sequence: number, of: RecordClass): Promise<boolean> {
    return this.live.get(sequence)?.delete(of) ?? false;
  }
}

interface Course {
  store: Turning;
  retention: Retention;
  /** the same store and register, in a process that begins */
  again(): Retention;
  /** time passes; a segment begins every `everyMs`, or none */
  pass(ms: number, everyMs: number | null): Promise<void>;
  entries(): Promise<Entry[]>;
}

async function course(t: TestContext): Promise<Course> {
  const bench = new RegisterBench(t);
  const register = await bench.open();
  const store = new Turning();
  const { clock, log } = bench;
  const now = (): { ms: number; sure: boolean } => ({ ms: clock.wallMs(), sure: true });
  const deps: RetentionDeps = {
    clock,
    log,
    time: { check: now, now },
    store,
    register,
    requests: { waiting: async () => [], remove: async () => undefined },
    terms: () => ({ reference: 'P-1', communalDays: 1, terminusDays: 1, minimumDays: null }),
  };
  const retention = new Retention(deps);
  store.begin(clock.wallMs());
  await retention.start();
  t.after(() => register.stop());
  let sinceMs = 0;
  return {
    store,
    retention,
    again: () => new Retention(deps),
    async pass(ms, everyMs) {
      for (let passed = 0; passed < ms; passed += stepMs) {
        clock.advance(stepMs);
        sinceMs += stepMs;
        if (everyMs !== null && sinceMs >= everyMs) {
          sinceMs = 0;
          store.begin(clock.wallMs());
          await retention.changed();
        }
        // What the clock set going.
        if (passed % 10_000 === 0) await retention.check();
      }
    },
    async entries() {
      const found: Entry[] = [];
      await verifyRegister(bench.state, (entry) => found.push(entry));
      return found;
    },
  };
}

interface Told {
  segment: number;
  delayMs: number;
  late: boolean;
  reason: string;
}

function destructions(entries: readonly Entry[]): Told[] {
  return entries.flatMap((entry) =>
    partsOf(entry).flatMap((part) =>
      part.kind === 'key-destroyed'
        ? [
            {
              segment: part.segment,
              delayMs: entry.at - (part.dueMs ?? Number.NaN),
              late: part.late === true,
              reason: part.reason,
            },
          ]
        : [],
    ),
  );
}

/** Segments are a little off a divisor of the day, so that terms and turns meet in every way. */
for (const segmentMs of [31_000, 45_000, 59_000]) {
  test(`segments of ${segmentMs / 1000} s: one entry each, every destruction told within a minute`, async (t) => {
    const { store, pass, entries } = await course(t);
    await pass(40 * segmentMs, segmentMs);
    await pass(dayMs - 40 * segmentMs, null);
    const before = (await entries()).at(-1)?.n ?? 0;
    await pass(40 * segmentMs, segmentMs);
    const all = await entries();
    const told = destructions(all);
    assert.ok(told.length >= 38 && store.all.length >= 80);
    assert.equal(new Set(told.map(({ segment }) => segment)).size, told.length, 'each told once');
    assert.ok(told.every(({ delayMs, late }) => delayMs >= 0 && delayMs <= 60_000 && !late));
    // Two for a segment would be 80.
    const written = (all.at(-1)?.n ?? 0) - before;
    assert.ok(written >= 39 && written <= 50, `${written} entries`);
  });
}

test('without turns a destruction is told by itself, within a minute', async (t) => {
  const { pass, entries, store } = await course(t);
  await pass(5 * 45_000, 45_000);
  await pass(dayMs + 60_000, null);
  const told = destructions(await entries());
  assert.equal(told.length, store.all.length);
  assert.ok(told.every(({ delayMs }) => delayMs >= 0 && delayMs <= 60_000));
});

test('a turn is told at once where nothing falls due soon', async (t) => {
  const { store, retention, entries } = await course(t);
  store.begin(Date.now());
  await retention.changed();
  const born = (await entries()).flatMap((entry) =>
    partsOf(entry).filter((part) => part.kind === 'segment-born'),
  );
  assert.equal(born.length, 2);
});

test('a stop tells what waits; a cut leaves it to the next start, which tells it as late', async (t) => {
  for (const cut of [false, true]) {
    const { store, retention, again, pass, entries } = await course(t);
    await pass(dayMs - 5000, null);
    await pass(16_000, null);
    assert.deepEqual(store.liveKeys(), [], 'destroyed');
    assert.deepEqual(destructions(await entries()), [], 'and not told yet');
    if (!cut) await retention.stop();
    assert.equal(destructions(await entries()).length, cut ? 0 : 1);
    const next = again();
    await next.start();
    const [told, ...more] = destructions(await entries());
    assert.deepEqual([told?.reason, told?.late, more], ['term', cut, []]);
    await next.stop();
    if (cut) await retention.stop();
  }
});
