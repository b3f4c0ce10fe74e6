/** What retention does when the register or the key slots fail: it destroys, it tries again, it says so; nothing is told twice. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { VigieError } from '../../errors.js';
import type { Entry, RegisterEvent } from '../../runtime/access/register/entry.js';
import type { Register } from '../../runtime/access/register/register.js';
import { verifyRegister } from '../../runtime/access/register/verify.js';
import type { HoldRequest } from '../../runtime/record/hold.js';
import { type RecordClass, recordClasses } from '../../runtime/record/key-sector.js';
import { type RetainedStore, Retention } from '../../runtime/record/retention.js';
import { TermClock } from '../../runtime/record/retention-clock.js';
import { dayMs } from '../../runtime/record/retention-terms.js';
import { RegisterBench, startMs } from './register-fake.js';

const storeId = '00112233445566778899aabbccddeeff';
const cardFailure = new VigieError('store', 'The card fails', 'Replace it');

/** Two segments of a minute, with their keys. */
class SmallStore implements RetainedStore {
  readonly storeId = storeId;
  failing = false;
  readonly live = new Map([1, 2].map((segment) => [segment, new Set<RecordClass>(recordClasses)]));

  segments(): ReturnType<RetainedStore['segments']> {
    return [1, 2].map((sequence) => {
      const firstMs = startMs + sequence * 60_000;
      const perClass = { communal: { firstMs, lastMs: firstMs + 59_000, records: 60 }, terminus: null };
      return { sequence, perClass, trusted: true };
    });
  }

  liveKeys(): ReturnType<RetainedStore['liveKeys']> {
    return [...this.live].flatMap(([segmentSequence, classes]) =>
      [...classes].map((of) => ({ segmentSequence, class: of, createdMs: startMs, clockTrusted: true })),
    );
  }

  async destroy(sequence: number, of: RecordClass): Promise<boolean> {
    if (this.failing) throw cardFailure;
    return this.live.get(sequence)?.delete(of) ?? false;
  }
}

async function begin(t: TestContext) {
  const bench = new RegisterBench(t);
  const register = await bench.open();
  const store = new SmallStore();
  const registerCard = { full: false };
  const requests: { name: string; request: HoldRequest | null }[] = [];
  const retention = new Retention({
    clock: bench.clock,
    log: bench.log,
    time: new TermClock({ clock: bench.clock, trusted: () => true }),
    store,
    register: failable(register, registerCard),
    requests: {
      waiting: async () => [...requests],
      remove: async () => void requests.shift(),
    },
    terms: () => ({ reference: 'P-1', communalDays: 15, terminusDays: 30, minimumDays: null }),
  });
  await retention.start();
  const entries = async (): Promise<Entry[]> => {
    const found: Entry[] = [];
    await verifyRegister(bench.state, (entry) => found.push(entry));
    return found;
  };
  t.after(async () => {
    await retention.stop();
    await register.stop();
  });
  return { bench, store, register, registerCard, requests, retention, entries };
}

/** The register, on a card that may be full. */
function failable(register: Register, card: { full: boolean }) {
  return {
    get standing() {
      return register.standing;
    },
    get findings() {
      return register.findings;
    },
    get failure() {
      return card.full ? cardFailure : null;
    },
    append: async (event: RegisterEvent): Promise<Entry> => {
      if (card.full) throw cardFailure;
      return register.append(event);
    },
  };
}

const codes = (retention: Retention): string[] => retention.notices().map(({ code }) => code);

test('a register that cannot be written: keys go at their term all the same, and are told late, once', async (t) => {
  const { bench, store, registerCard, retention, entries } = await begin(t);
  registerCard.full = true;
  bench.clock.advance(16 * dayMs);
  await retention.check();
  assert.equal([...store.liveKeys()].length, 0);
  assert.deepEqual(codes(retention), ['register-failed']);
  bench.clock.advance(31_000);
  await retention.check();
  assert.ok(!(await entries()).some(({ kind }) => kind === 'key-destroyed'));
  registerCard.full = false;
  bench.clock.advance(10_000);
  await retention.check();
  await retention.changed();
  const gone = (await entries()).filter(({ kind }) => kind === 'key-destroyed');
  assert.deepEqual(
    gone.map((entry) => entry.kind === 'key-destroyed' && [entry.segment, entry.reason, entry.late]),
    [
      [1, 'term', true],
      [2, 'term', true],
    ],
  );
  assert.deepEqual(codes(retention), []);
});

test('a key that the card does not let go: nothing is told, an alarm, and it goes when the card does', async (t) => {
  const { bench, store, retention, entries } = await begin(t);
  store.failing = true;
  bench.clock.advance(16 * dayMs);
  await retention.check();
  assert.deepEqual(codes(retention), ['destruction-refused']);
  assert.ok(!(await entries()).some(({ kind }) => kind === 'key-destroyed'));
  store.failing = false;
  bench.clock.advance(10_000);
  await retention.check();
  assert.equal([...store.liveKeys()].length, 0);
  assert.deepEqual(codes(retention), []);
  bench.clock.advance(31_000);
  await retention.check();
  assert.equal((await entries()).filter(({ kind }) => kind === 'key-destroyed').length, 2);
});

test('requests that are none, or that ask too much, are removed and change nothing', async (t) => {
  const { bench, requests, retention, entries, register } = await begin(t);
  const hold = {
    requisition: 'R-1',
    fromMs: startMs,
    toMs: startMs + 90_000,
    untilMs: startMs + 400 * dayMs,
  };
  requests.push({ name: 'a', request: null }, { name: 'b', request: { ask: 'hold', hold } });
  await retention.check();
  assert.equal(requests.length, 0);
  assert.ok(!(await entries()).some(({ kind }) => kind === 'hold-set'));
  const good = { ...hold, untilMs: startMs + 20 * dayMs };
  requests.push({ name: 'c', request: { ask: 'hold', hold: good } });
  bench.clock.advance(10_000);
  await retention.check();
  assert.deepEqual(register.standing.holds, [good]);
  assert.deepEqual([retention.holds(1), retention.holds(2)], [true, false]);
  bench.clock.advance(16 * dayMs);
  await retention.check();
  assert.equal(retention.holds(1), true);
  bench.clock.advance(5 * dayMs);
  await retention.check();
  assert.equal(retention.holds(1), false);
});
