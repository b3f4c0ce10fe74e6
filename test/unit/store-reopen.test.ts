/** A store that let go of its card opens it again by itself, whatever became of it meanwhile (docs/store.md, P8). */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { LinuxCard } from '../../board/linux/card.js';
import type { VigieError } from '../../errors.js';
import { errnoOf, otherStore } from '../../runtime/record/card-refusal.js';
import { Store } from '../../runtime/record/store.js';
import { type Bench, bench, fakeGop, faulty, openReader, plain, readAll, storeDeps } from './store-fake.js';

const numbers = (gops: { record: number }[]): number[] => gops.map(({ record }) => record);
const signal = (): AbortSignal => new AbortController().signal;

/** Hands over a GOP each second until it is taken, as the recorder does; returns how often it was refused. */
async function insist(b: Bench, store: Store, n: number, most = 60): Promise<number> {
  for (let refused = 0; refused < most; refused++) {
    try {
      await store.append(fakeGop(n));
      return refused;
    } catch {
      assert.ok(store.failure);
      b.clock.advance(1000);
    }
  }
  throw new Error('never taken');
}

function openBelow(directory: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(join('/proc/self/fd', fd));
      return path.startsWith(directory) && !path.includes('/keys/') ? [path] : [];
    } catch {
      return [];
    }
  });
}

async function intact(b: Bench, store: Store, of: number[]): Promise<void> {
  const read = await readAll(store);
  assert.deepEqual(
    read.map(plain),
    of.map((n) => plain(fakeGop(n))),
  );
  const beside: number[] = [];
  for await (const gop of (await openReader(b.directory)).range(0, 1e13)) beside.push(gop.record);
  assert.deepEqual(beside, numbers(read), 'a reader beside it sees the same');
}

for (const what of ['write', 'datasync'] as const) {
  test(`a card that fails in its ${what} is let go, and opened again; every GOP is there once`, async (t) => {
    const b = await bench(t, 8);
    let broken = false;
    const store = await b.start(faulty((call) => broken && call.what === what));
    for (let n = 0; n < 3; n++) await store.append(fakeGop(n));
    assert.ok(openBelow(b.directory).length > 0);
    broken = true;
    await assert.rejects(store.append(fakeGop(3)));
    assert.deepEqual(openBelow(b.directory), [], 'nothing of the card stays open');
    await (await new LinuxCard().lock(join(b.directory, 'store.lock')))();
    for (let n = 0; n < 30; n++) {
      await assert.rejects(store.append(fakeGop(3)));
      b.clock.advance(1000);
    }
    broken = false;
    assert.ok((await insist(b, store, 3)) <= 5);
    assert.equal(store.failure, null);
    for (let n = 4; n < 8; n++) await store.append(fakeGop(n));
    await intact(b, store, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(numbers(await readAll(store)), [1, 2, 3, 4, 5, 6, 7, 8], 'no number is missing');
    await store.stop();
    await intact(b, await b.start(), [0, 1, 2, 3, 4, 5, 6, 7]);
    const { damages } = await b.check();
    assert.deepEqual(
      damages.filter(({ kind }) => kind !== 'segment-end' && kind !== 'record-payload'),
      [],
    );
  });
}

test('a GOP that was lost while the card refused it leaves a hole, unless it lies there all the same', async (t) => {
  for (const what of ['write', 'datasync'] as const) {
    const b = await bench(t, 8);
    let broken = false;
    const store = await b.start(faulty((call) => broken && call.what === what));
    await store.append(fakeGop(0));
    broken = true;
    await assert.rejects(store.append(fakeGop(1)));
    broken = false;
    b.clock.advance(5000);
    await store.append(fakeGop(2), 1);
    assert.equal(store.stats().gopsLost, 1);
    assert.deepEqual(numbers(await readAll(store)), [1, 3]);
    await store.stop();
    const read = await readAll(await b.start());
    assert.deepEqual(numbers(read), what === 'write' ? [1, 3] : [1, 2, 3]);
    assert.deepEqual(read.map(plain).at(1), plain(fakeGop(what === 'write' ? 2 : 1)));
  }
});

test('while the card is out its keys are destroyed at their term, and stay so when it comes back', async (t) => {
  const b = await bench(t, 8);
  let broken = false;
  const store = await b.start(faulty(() => broken));
  for (let n = 0; n < 12; n++) await store.append(fakeGop(n));
  broken = true;
  await assert.rejects(store.append(fakeGop(12)));
  const oldest = store.segments()[0];
  assert.ok(oldest);
  assert.equal(await store.destroy(oldest.sequence, 'communal'), true);
  broken = false;
  await insist(b, store, 12);
  assert.equal(store.keyState(oldest.sequence, 'communal'), 'destroyed');
  const { records } = oldest.perClass.communal;
  assert.deepEqual(numbers(await readAll(store))[0], records + 1);
});

test('cards are exchanged: another of this camera is taken, one of another camera is not', async (t) => {
  const b = await bench(t, 4);
  const ring = join(b.directory, 'ring');
  const aside = (name: string): string => join(b.directory, name);
  await (await b.start()).stop();
  await rename(ring, aside('second'));
  const foreign = new Store(await storeDeps(b.directory), { ...b.options, cameraId: 'cam-2' });
  await foreign.start(signal());
  await foreign.stop();
  await rename(ring, aside('foreign'));
  const found: string[] = [];
  const store = await b.start(undefined, { onFound: (storeId) => void found.push(storeId) });
  for (let n = 0; n < 6; n++) await store.append(fakeGop(n));
  const own = store.storeId;

  await rename(ring, aside('first'));
  let n = 6;
  while (!store.failure) await store.append(fakeGop(n++)).catch(() => undefined);
  n -= 1;
  b.clock.advance(5000);
  await assert.rejects(store.append(fakeGop(n)), /no store/);
  assert.equal(errnoOf(store.failure), otherStore);
  assert.equal(existsSync(ring), false, 'none is made in its place');
  await rename(aside('foreign'), ring);
  b.clock.advance(5000);
  await assert.rejects(store.append(fakeGop(n)), /belongs to camera cam-2/);
  assert.equal(errnoOf(store.failure), otherStore);
  await rename(ring, aside('foreign'));
  await rename(aside('second'), ring);
  await insist(b, store, n);
  assert.notEqual(store.storeId, own);
  assert.deepEqual(numbers(await readAll(store)), [1], 'it has its own numbers');
  assert.deepEqual(found, [own, store.storeId], 'told before the keys were opened');

  await rename(ring, aside('second'));
  while (!store.failure) await store.append(fakeGop(++n)).catch(() => undefined);
  await rename(aside('first'), ring);
  await insist(b, store, n);
  assert.equal(store.storeId, own);
  const read = await readAll(store);
  assert.deepEqual(
    numbers(read),
    read.map((_, i) => i + 1),
    'its numbers go on where they were',
  );
  assert.deepEqual(plain(read.at(-1) ?? fakeGop(0)), plain(fakeGop(n)));
});

test('where a card is to be mounted and none is, nothing is read or made below', async (t) => {
  const b = await bench(t, 4);
  let mounted = false;
  const card = Object.assign(new LinuxCard(), { mounted: async () => mounted });
  const deps = { ...(await storeDeps(b.directory, b)), card };
  const store = new Store(deps, { ...b.options, mountPoint: b.directory });
  t.after(() => store.stop());
  await assert.rejects(store.start(signal()), /No card is mounted/);
  assert.equal(await store.start(signal(), { withoutCard: true }), false);
  assert.equal(store.stats().state, 'failed');
  assert.equal(store.storeId, null);
  for (let n = 0; n < 10; n++) {
    await assert.rejects(store.append(fakeGop(0)), (error) => errnoOf(error) === 'ENODEV');
    b.clock.advance(1000);
  }
  assert.deepEqual(readdirSync(b.directory), ['keys']);
  mounted = true;
  await insist(b, store, 0);
  assert.deepEqual(numbers(await readAll(store)), [1]);
  mounted = false;
  await rm(join(b.directory, 'ring'), { recursive: true });
  let n = 1;
  while (!store.failure) await store.append(fakeGop(n++)).catch(() => undefined);
  b.clock.advance(5000);
  await assert.rejects(store.append(fakeGop(n)));
  assert.equal(existsSync(join(b.directory, 'ring')), false);
  mounted = true;
  await insist(b, store, n);
  assert.deepEqual(numbers(await readAll(store)), [1], 'a new card gets a new store');
});

test('a start on a card that cannot be read: it is waited for; other refusals stay refusals', async (t) => {
  const b = await bench(t, 8);
  const before = await b.start();
  for (let n = 0; n < 12; n++) await before.append(fakeGop(n));
  await before.stop();
  let broken = true;
  const deps = { ...(await storeDeps(b.directory, b)), open: faulty(() => broken) };
  const store = new Store(deps, b.options);
  t.after(() => store.stop());
  await assert.rejects(store.start(signal()), (error) => errnoOf(error) === 'EIO');
  assert.equal(await store.start(signal(), { withoutCard: true }), false);
  await assert.rejects(store.append(fakeGop(12)));
  assert.throws(
    () => store.list(),
    (error: VigieError) => error.kind === 'store',
  );
  broken = false;
  await insist(b, store, 12);
  assert.deepEqual(numbers(await readAll(store)), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  const second = new Store(deps, b.options);
  await assert.rejects(second.start(signal(), { withoutCard: true }), /Another process/);
  const wrong = new Store(deps, { ...b.options, cameraId: 'cam-2' });
  await store.stop();
  await assert.rejects(wrong.start(signal(), { withoutCard: true }), /belongs to camera/);
});

test('what can never be stored does not hold up a card that has just come back', async (t) => {
  const b = await bench(t, 8);
  let broken = false;
  const store = await b.start(faulty(() => broken));
  await store.append(fakeGop(0));
  broken = true;
  await assert.rejects(store.append(fakeGop(1)));
  broken = false;
  b.clock.advance(5000);
  await assert.rejects(store.append(fakeGop(1, { units: [] })));
  await store.append(fakeGop(2));
  assert.deepEqual(numbers(await readAll(store)), [1, 3]);
});
