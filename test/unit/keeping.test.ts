/** Terms run for every store of the camera, whether its card is there, failing or away, in one register. */
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { answerFor } from '../../runtime/access/register/proof.js';
import { verifyRegister } from '../../runtime/access/register/verify.js';
import { Keeping } from '../../runtime/keeping.js';
import { HoldRequests } from '../../runtime/record/hold-requests.js';
import { dayMs } from '../../runtime/record/retention-terms.js';
import { Store } from '../../runtime/record/store.js';
import {
  type Bench,
  bench,
  type Fault,
  fakeGop,
  faulty,
  readAll,
  segmentBytes,
  startMs,
  storeDeps,
} from './store-fake.js';

const signal = (): AbortSignal => new AbortController().signal;
const interval = { fromMs: startMs - 1000, toMs: startMs + 60_000 };

interface Kept {
  keeping: Keeping;
  first: Store;
  second: Store;
  fails: { first: Fault };
  days: { communal: number };
  /** looks of retention come every 10 s; one is enough here */
  pass(ms: number): Promise<void>;
  stop(): Promise<void>;
}

async function kept(t: TestContext, b: Bench): Promise<Kept> {
  const deps = await storeDeps(b.directory, b);
  const fails: Kept['fails'] = { first: () => false };
  const days = { communal: 10 };
  const terms = () => ({
    reference: 'P-1',
    communalDays: days.communal,
    terminusDays: 10,
    minimumDays: null,
  });
  const keeping: Keeping = new Keeping(
    { ...deps, clockTrusted: () => true, terms },
    { stateDirectory: b.directory, cameraId: 'cam-1', keepDays: 400 },
  );
  const storeIn = (name: string, open = faulty(() => false)): Store => {
    const directory = join(b.directory, name);
    const store: Store = new Store(
      {
        ...deps,
        open,
        onSegment: (event) => keeping.onSegment(event),
        held: (segment, storeId) => keeping.holds(segment, storeId),
        onFound: (storeId) => keeping.found(directory, storeId),
        onOpened: () => void keeping.opened(store),
      },
      { ...b.options, directory, capacityBytes: 8 * segmentBytes },
    );
    return store;
  };
  const first = storeIn(
    'first',
    faulty((call) => fails.first(call)),
  );
  const second = storeIn('second');
  await first.start(signal(), { withoutCard: true });
  await second.start(signal());
  await keeping.start([first, second]);
  const stop = async (): Promise<void> => {
    await keeping.stop();
    await first.stop();
    await second.stop();
  };
  t.after(stop);
  const pass = async (ms: number): Promise<void> => {
    b.clock.advance(ms);
    await keeping.look();
    await keeping.look();
  };
  return { keeping, first, second, fails, days, pass, stop };
}

async function verdict(b: Bench): Promise<string> {
  const { answer, verified } = await answerFor(b.directory, interval);
  assert.deepEqual(verified.findings, []);
  return answer.verdict;
}

test('two stores, the first of which fails: both go at their term, a hold keeps both, one register tells it', async (t) => {
  const b = await bench(t, 2);
  const c = await kept(t, b);
  for (let n = 0; n < 7; n++) await c.first.append(fakeGop(n));
  c.fails.first = () => true;
  await assert.rejects(c.first.append(fakeGop(7)));
  for (let n = 7; n < 14; n++) await c.second.append(fakeGop(n));
  await c.pass(11_000);
  assert.equal(await verdict(b), 'kept');
  const requests = new HoldRequests({ directory: join(b.directory, 'register') });
  const hold = { requisition: 'R-1', ...interval, untilMs: startMs + 20 * dayMs };
  await requests.leave({ ask: 'hold', hold });
  await c.pass(11_000);
  await c.pass(11 * dayMs);
  assert.equal(await verdict(b), 'kept', 'held in both');
  assert.ok([...c.first.liveKeys()].length > 0);
  await requests.leave({ ask: 'release', requisition: 'R-1' });
  await c.pass(11_000);
  await c.pass(11_000);
  assert.deepEqual([[...c.first.liveKeys()], [...c.second.liveKeys()]], [[], []]);
  await c.pass(31_000);
  assert.equal(await verdict(b), 'destroyed');
  assert.deepEqual(await readAll(c.first), []);
  await c.stop();
});

test('fewer days count at once in every store', async (t) => {
  const b = await bench(t, 2);
  const c = await kept(t, b);
  for (const store of [c.first, c.second]) await store.append(fakeGop(0));
  await c.pass(3 * dayMs);
  assert.ok([...c.first.liveKeys()].length > 0 && [...c.second.liveKeys()].length > 0);
  c.days.communal = 2;
  await c.pass(11_000);
  await c.pass(11_000);
  assert.deepEqual([[...c.first.liveKeys()], [...c.second.liveKeys()]], [[], []]);
  await c.stop();
});

test('a card that is away at the start: its keys go at their term, and nothing opens when it is back', async (t) => {
  const b = await bench(t, 2);
  const before = await kept(t, b);
  for (let n = 0; n < 7; n++) await before.first.append(fakeGop(n));
  const { storeId } = before.first;
  await before.stop();
  const c = await kept(t, b);
  await c.stop();
  const ring = join(b.directory, 'first', 'ring');
  await rename(ring, `${ring}.out`);
  const away = await kept(t, { ...b, directory: b.directory });
  // A new, empty store was made in its place, as at any start without record.mountPoint.
  assert.notEqual(away.first.storeId, storeId);
  assert.equal(await verdict(b), 'kept');
  await away.pass(11 * dayMs);
  await away.pass(11_000);
  assert.equal(await verdict(b), 'destroyed');
  away.fails.first = () => true;
  await assert.rejects(away.first.append(fakeGop(7)));
  away.fails.first = () => false;
  await rename(ring, `${ring}.new-card`);
  await rename(`${ring}.out`, ring);
  b.clock.advance(5000);
  await away.first.append(fakeGop(8));
  assert.equal(away.first.storeId, storeId, 'taken, as it is of this camera');
  assert.deepEqual(
    (await readAll(away.first)).map(({ units }) => units[0]?.seq),
    [200],
    'only what was recorded now',
  );
  assert.deepEqual((await verifyRegister(b.directory)).findings, []);
  // Before the directory goes, which is given up first.
  await away.stop();
});
