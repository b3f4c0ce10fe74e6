/** The keys of a card that is away go at their term, unless a requisition keeps them, and the register says so. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { KeyVault } from '../../board/ports.js';
import { ManualClock } from '../../board/virtual/clock.js';
import type { Register } from '../../runtime/access/register/register.js';
import { type AbsentStores, destroyElsewhere } from '../../runtime/record/absent-stores.js';
import { KeySlots } from '../../runtime/record/key-slots.js';
import { Retention } from '../../runtime/record/retention.js';
import { TermClock } from '../../runtime/record/retention-clock.js';
import { dayMs } from '../../runtime/record/retention-terms.js';
import { RegisterBench, startMs } from './register-fake.js';

const away = 'aa'.repeat(16);
const here = 'bb'.repeat(16);
const vault: KeyVault = { wrap: async (key) => Buffer.from(key), unwrap: async (key) => Buffer.from(key) };

test('a card taken out, its keys in their slots', async (t) => {
  const bench = new RegisterBench(t);
  const register = await bench.open();
  const deps = { vault, clock: bench.clock, log: bench.log };
  const keysDirectory = join(bench.state, 'keys');
  const file = join(keysDirectory, `slots-${away}.bin`);
  const slots = new KeySlots(deps, { file, storeId: away, slots: 4 });
  await slots.start();
  for (const segment of [1, 2]) {
    await slots.begin(segment, segment);
    await register.append({ kind: 'segment-born', storeId: away, segment });
    const communal = { records: 1, firstMs: bench.clock.wallMs(), lastMs: bench.clock.wallMs() };
    const { firstMs, lastMs } = communal;
    const sealed = { firstMs, lastMs, communal, terminus: null, timesSure: true };
    await register.append({ kind: 'segment-sealed', storeId: away, segment, ...sealed });
    bench.clock.advance(60_000);
  }
  await slots.stop();
  const hold = { requisition: 'R-1', fromMs: startMs, toMs: startMs + 1000, untilMs: startMs + 20 * dayMs };
  await register.append({ kind: 'hold-set', hold });
  const retention = new Retention({
    clock: bench.clock,
    log: bench.log,
    time: new TermClock({ clock: bench.clock, trusted: () => true }),
    register,
    requests: { waiting: async () => [], remove: async () => undefined },
    terms: () => ({ reference: 'P-1', communalDays: 15, terminusDays: 15, minimumDays: null }),
    elsewhere: (of) => destroyElsewhere(deps, { ...of, keysDirectory }),
    store: { storeId: here, segments: () => [], liveKeys: () => [], destroy: async () => false },
  });
  await retention.start();
  const stand = (): string[] => [...register.standing.segments.keys()];
  assert.deepEqual(stand(), [`${away}/1`, `${away}/2`]);
  bench.clock.advance(15 * dayMs);
  await retention.check();
  assert.deepEqual(stand(), [`${away}/1`], 'the other is held');
  bench.clock.advance(6 * dayMs);
  await retention.check();
  assert.deepEqual(stand(), []);
  await retention.stop();
  await register.stop();
  assert.deepEqual((await bench.verify()).findings, []);
});

interface Away {
  bench: RegisterBench;
  register: Register;
  /** keys of the card that is away, made while the clock showed 1970 */
  begin(segment: number): Promise<void>;
  /** live keys there now, as `SEGMENT CLASS` */
  live(): Promise<string[]>;
  /** retention from here on, under a right clock, with the card away */
  retain(change?: Partial<AbsentStores>): Promise<Retention>;
}

/** A card that is away and was written while the clock was not right. */
async function wokeIn1970(t: TestContext, knewBefore = true): Promise<Away> {
  const bench = new RegisterBench(t);
  bench.sure = knewBefore;
  const register = await bench.open();
  const wrong = { vault, clock: new ManualClock(0), log: bench.log, clockTrusted: () => false };
  const keysDirectory = join(bench.state, 'keys');
  const place = { file: join(keysDirectory, `slots-${away}.bin`), storeId: away, slots: 8 };
  const withKeys = async <T>(use: (keys: KeySlots) => Promise<T>): Promise<T> => {
    const keys = new KeySlots(wrong, place);
    await keys.start();
    return use(keys).finally(() => keys.stop());
  };
  t.after(() => register.stop());
  return {
    bench,
    register,
    begin: (segment) => withKeys(async (keys) => void (await keys.begin(segment % 8, segment))),
    live: () =>
      withKeys(async (keys) =>
        [...keys.live()].map(({ segmentSequence, class: of }) => `${segmentSequence} ${of}`),
      ),
    async retain(change = {}) {
      bench.sure = true;
      const deps = { vault, clock: bench.clock, log: bench.log };
      const retention = new Retention({
        ...deps,
        time: new TermClock({ clock: bench.clock, trusted: () => true }),
        register,
        requests: { waiting: async () => [], remove: async () => undefined },
        terms: () => ({ reference: 'P-1', communalDays: 15, terminusDays: 20, minimumDays: null }),
        elsewhere: (of) => destroyElsewhere(deps, { ...of, keysDirectory, ...change }),
        store: { storeId: here, segments: () => [], liveKeys: () => [], destroy: async () => false },
      });
      await retention.start();
      return retention;
    },
  };
}

const bothOf = (segment: number): string[] => [`${segment} communal`, `${segment} terminus`];

/** Days from now until these keys are gone; each day is looked at twice. */
async function daysUntilGone(
  { bench, live }: Away,
  retention: Retention,
  key: string,
): Promise<number | null> {
  for (let days = 0; days <= 40; days++) {
    await retention.check();
    await retention.changed();
    if (!(await live()).includes(key)) return days;
    bench.clock.advance(dayMs);
  }
  return null;
}

test('keys made in 1970, by a board that knew the time before: from the last entry under a right clock', async (t) => {
  const a = await wokeIn1970(t);
  a.bench.clock.advance(4 * dayMs);
  a.bench.sure = false;
  await a.begin(1);
  await a.register.append({ kind: 'segment-born', storeId: away, segment: 1 });
  a.bench.clock.advance(dayMs);
  const retention = await a.retain();
  assert.deepEqual(await a.live(), bothOf(1));
  assert.equal(await daysUntilGone(a, retention, '1 communal'), 10, '15 days less five');
  assert.deepEqual(await a.live(), ['1 terminus']);
  assert.equal(await daysUntilGone(a, retention, '1 terminus'), 5);
  await retention.stop();
  assert.deepEqual((await a.bench.verify()).findings, []);
});

test('by a board that never knew the time before: from the first entry under a right clock', async (t) => {
  const a = await wokeIn1970(t, false);
  await a.begin(1);
  await a.register.append({ kind: 'segment-born', storeId: away, segment: 1 });
  assert.equal(a.register.standing.get(away, 1)?.bornAfterMs, null);
  const retention = await a.retain();
  assert.equal(await daysUntilGone(a, retention, '1 communal'), 15);
  await retention.stop();
});

test('whose times were corrected before the card went: from these', async (t) => {
  const a = await wokeIn1970(t);
  a.bench.clock.advance(4 * dayMs);
  a.bench.sure = false;
  await a.begin(1);
  await a.register.append({ kind: 'segment-born', storeId: away, segment: 1 });
  a.bench.sure = true;
  const communal = { records: 1, firstMs: startMs + 3 * dayMs, lastMs: startMs + 3 * dayMs + 1000 };
  const { firstMs, lastMs } = communal;
  const times = { firstMs, lastMs, communal, terminus: null, timesSure: true, timesCorrected: true } as const;
  const run = 'aa'.repeat(8);
  const of = { run, offsetMs: startMs, firstSegment: 1, lastSegment: 1 };
  await a.register.append({ kind: 'time-corrected', storeId: away, ...of });
  await a.register.append({ kind: 'segment-sealed', storeId: away, segment: 1, ...times });
  const retention = await a.retain();
  assert.equal(await daysUntilGone(a, retention, '1 communal'), 14, 'recorded a day ago, and not four');
  await retention.stop();
});

test('of which the register knows nothing: it does from the first look on, and they go', async (t) => {
  const a = await wokeIn1970(t);
  await a.begin(1);
  await a.begin(2);
  const retention = await a.retain();
  assert.equal(await daysUntilGone(a, retention, '2 communal'), 15);
  assert.deepEqual(await a.live(), ['1 terminus', '2 terminus']);
  assert.equal(await daysUntilGone(a, retention, '2 terminus'), 5);
  assert.deepEqual([...a.register.standing.segments.keys()], []);
  await retention.stop();
  const { findings, entries } = await a.bench.verify();
  assert.deepEqual(findings, []);
  assert.ok(entries < 12, `${entries} entries: told once`);
});

test('held: what may lie in the interval stays', async (t) => {
  const a = await wokeIn1970(t);
  a.bench.clock.advance(4 * dayMs);
  a.bench.sure = false;
  await a.begin(1);
  await a.register.append({ kind: 'segment-born', storeId: away, segment: 1 });
  a.bench.sure = true;
  const fromMs = startMs + 2 * dayMs;
  const hold = { requisition: 'R-1', fromMs, toMs: fromMs + 1000, untilMs: startMs + 30 * dayMs };
  await a.register.append({ kind: 'hold-set', hold });
  const retention = await a.retain();
  assert.equal(await daysUntilGone(a, retention, '1 communal'), 26, 'until the hold ends');
  await retention.stop();
});

test('negative control: without what the register told they are left for ever', async (t) => {
  const a = await wokeIn1970(t);
  await a.begin(1);
  await a.register.append({ kind: 'segment-born', storeId: away, segment: 1 });
  const retention = await a.retain({ startMs: () => null });
  assert.equal(await daysUntilGone(a, retention, '1 communal'), null);
  await retention.stop();
});
