/** The keys of a card that is away go at their term, unless a requisition keeps them, and the register says so. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KeyVault } from '../../board/ports.js';
import { destroyElsewhere } from '../../runtime/record/absent-stores.js';
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
