import assert from 'node:assert/strict';
import { mkdir, readdir, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { VigieError } from '../../errors.js';
import { Store } from '../../runtime/record/store.js';
import { bench, fakeGop, fakeUnit, plain, readAll, segmentBytes, startMs, storeDeps } from './store-fake.js';

const gopsOf = (gops: { record: number }[]): number[] => gops.map(({ record }) => record);

test('what is stored comes back byte for byte, flags and stamps included', async (t) => {
  const store = await (await bench(t)).start();
  const full = { version: 0, digest: '', state: 'full' } as const;
  const changing = fakeGop(2);
  const stamped = changing.units.map((unit, i) => (i < 7 ? { ...unit, mask: full } : unit));
  const gops = [
    fakeGop(0),
    fakeGop(1, { interrupted: true, clockTrusted: false }),
    { ...changing, units: stamped },
    fakeGop(3, { continues: true }),
  ];
  for (const gop of gops) await store.append(gop);
  const read = await readAll(store);
  assert.deepEqual(read.map(plain), gops.map(plain));
  assert.deepEqual(gopsOf(read), [1, 2, 3, 4]);
});

test('a range holds the GOPs that overlap it, and the pieces they need', async (t) => {
  const store = await (await bench(t)).start();
  for (let n = 0; n < 4; n++) await store.append(fakeGop(n, { continues: n === 2 }));
  const numbers = async (from: number, to: number): Promise<number[]> => {
    const found: number[] = [];
    for await (const { record } of store.range(startMs + from, startMs + to)) found.push(record);
    return found;
  };
  assert.deepEqual(await numbers(0, 500), [1]);
  assert.deepEqual(await numbers(500, 1000), [1, 2]);
  assert.deepEqual(await numbers(2100, 2200), [2, 3], 'a piece comes with the keyframe it needs');
  assert.deepEqual(await numbers(3100, 9000), [4]);
  assert.deepEqual(await numbers(10_000, 20_000), []);
});

test('a piece whose keyframe is lost is not given out', async (t) => {
  const store = await (await bench(t)).start();
  await store.append(fakeGop(0, { continues: true }));
  await store.append(fakeGop(1));
  assert.deepEqual(gopsOf(await readAll(store)), [2]);
});

test('the ring wraps: the oldest goes first, the rest stays in order', async (t) => {
  const { start, check } = await bench(t, 4);
  const store = await start();
  for (let n = 0; n < 60; n++) await store.append(fakeGop(n));
  const read = await readAll(store);
  const first = read[0]?.record ?? 0;
  assert.ok(first > 30, `the first laps are gone, ${first} is the oldest`);
  assert.deepEqual(
    gopsOf(read),
    Array.from({ length: 61 - first }, (_, i) => first + i),
  );
  assert.deepEqual(
    read.map(plain),
    read.map(({ record }) => plain(fakeGop(record - 1))),
  );
  const stats = store.stats();
  assert.equal(stats.segmentsUsed, 4);
  assert.equal(stats.gops, 60);
  assert.equal(stats.oldestMs, startMs + (first - 1) * 1000);
  assert.equal(stats.newestMs, startMs + 60_000 - 40);
  const report = await check();
  assert.deepEqual(report.damages, []);
  assert.equal(report.records, read.length);
});

test('after a restart the index is the same and writing goes on in the same segment', async (t) => {
  const { start, check, log } = await bench(t, 4);
  for (const [from, to] of [
    [0, 3],
    [3, 4],
    [4, 47],
    [47, 48],
  ] as const) {
    const store = await start();
    const before = await readAll(store);
    for (let n = from; n < to; n++) await store.append(fakeGop(n));
    const after = await readAll(store);
    const list = store.list();
    await store.stop();
    const again = await start();
    assert.deepEqual(again.list(), list);
    assert.deepEqual((await readAll(again)).map(plain), after.map(plain));
    assert.deepEqual(gopsOf(after).slice(-1), [to]);
    assert.ok(from === 0 || before.length > 0);
    await again.stop();
  }
  assert.deepEqual((await check()).damages, []);
  assert.deepEqual(log.lines, []);
});

test('restarts do not spend segments', async (t) => {
  const { start } = await bench(t, 4);
  for (let n = 0; n < 6; n++) {
    const store = await start();
    await store.append(fakeGop(n));
    assert.equal(store.stats().segmentsUsed, n < 5 ? 1 : 2);
    await store.stop();
  }
});

test('records of an earlier generation never come back', async (t) => {
  const { start, check } = await bench(t, 3);
  let store = await start();
  for (let n = 0; n < 14; n++) await store.append(fakeGop(n));
  await store.stop();
  // One short GOP in a segment that was full: behind its end mark stand whole records of the lap before.
  store = await start();
  const short = fakeGop(100, { units: fakeGop(100).units.slice(0, 1) });
  while (store.list().segments.at(-1)?.records !== 1) await store.append(fakeGop(50));
  await store.append(short);
  await store.stop();
  const again = await start();
  const read = await readAll(again);
  assert.deepEqual(
    gopsOf(read),
    [...gopsOf(read)].sort((a, b) => a - b),
  );
  assert.equal(read.at(-1)?.units.length, 1);
  assert.equal(read.at(-2)?.units[0]?.seq, 50 * 25);
  assert.deepEqual((await check()).damages, []);
});

test('a reader goes on while the writer overwrites', async (t) => {
  const store = await (await bench(t, 3)).start();
  for (let n = 0; n < 14; n++) await store.append(fakeGop(n));
  const seen: number[] = [];
  for await (const gop of store.range(0, startMs * 2)) {
    seen.push(gop.record);
    assert.deepEqual(plain(gop), plain(fakeGop(gop.record - 1)));
    if (seen.length === 1) for (let n = 14; n < 20; n++) await store.append(fakeGop(n));
  }
  assert.ok(seen.length >= 1);
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
});

test('a second writer is refused, a reader is not; the lock goes with stop', async (t) => {
  const { start } = await bench(t);
  const store = await start();
  await store.append(fakeGop(0));
  await assert.rejects(
    start(),
    (error: VigieError) => error.kind === 'store' && /Another process/.test(error.message),
  );
  await store.stop();
  await store.stop();
  await assert.rejects(store.append(fakeGop(1)), /not running/);
  await start();
});

test('a store of another camera, segment size or capacity is refused and left alone', async (t) => {
  const { start, options, clock, log, directory } = await bench(t);
  const store = await start();
  await store.append(fakeGop(0));
  await store.stop();
  const others = [
    { cameraId: 'cam-2' },
    { segmentBytes: segmentBytes / 2 },
    { capacityBytes: options.capacityBytes * 2 },
  ];
  for (const other of others) {
    const deps = await storeDeps(directory, { clock, log });
    const wrong = new Store(deps, { ...options, ...other });
    await assert.rejects(
      wrong.start(new AbortController().signal),
      (error: VigieError) => error instanceof VigieError && error.kind === 'store' && error.hint.length > 0,
    );
  }
  const tooSmall = new Store(await storeDeps(directory, { clock, log }), {
    ...options,
    capacityBytes: segmentBytes,
  });
  await assert.rejects(tooSmall.start(new AbortController().signal), (e: VigieError) => e.kind === 'config');
  assert.deepEqual(gopsOf(await readAll(await start())), [1]);
});

test('a creation that is stopped leaves nothing, and one that was cut is made again', async (t) => {
  const { options, clock, log, directory, start } = await bench(t);
  const stopper = new AbortController();
  const store = new Store(await storeDeps(directory, { clock, log }), options);
  const onProgress = ({ segments }: { segments: number }): void => {
    if (segments === 2) stopper.abort();
  };
  await assert.rejects(store.start(stopper.signal, { onProgress }));
  assert.deepEqual(await readdir(directory), ['keys', 'store.lock']);
  await mkdir(join(directory, 'ring.new'));
  await writeFile(join(directory, 'ring.new', '000000.seg'), 'cut');
  const made = await start();
  assert.deepEqual((await readdir(directory)).sort(), ['keys', 'ring', 'store.lock']);
  assert.equal(made.stats().segments, 4);
  const { mode, size } = await stat(join(directory, 'ring', '000003.seg'));
  assert.equal(mode & 0o777, 0o600);
  assert.equal(size, segmentBytes);
});

test('a missing description is taken from the segments, and nothing is lost', async (t) => {
  const { start, directory, check, log } = await bench(t);
  const store = await start();
  await store.append(fakeGop(0));
  await store.stop();
  await unlink(join(directory, 'ring', 'store.json'));
  assert.deepEqual(
    (await check()).damages.map(({ kind }) => kind),
    ['description'],
  );
  assert.deepEqual(gopsOf(await readAll(await start())), [1]);
  assert.match(log.lines.join(), /description/);
  assert.deepEqual((await check()).damages, []);
});

test('a ring in which nothing can be read is refused, not made anew', async (t) => {
  const { start, directory } = await bench(t);
  await (await start()).stop();
  await writeFile(join(directory, 'ring', 'store.json'), '{"format":');
  await assert.rejects(start(), (error: VigieError) => error.kind === 'store');
  assert.equal((await readdir(join(directory, 'ring'))).length, 5);
});

test('a segment file that is gone or short is made anew when its turn comes', async (t) => {
  const { start, segment, check } = await bench(t, 3);
  let store = await start();
  for (let n = 0; n < 14; n++) await store.append(fakeGop(n));
  await store.stop();
  await rm(segment(1));
  await writeFile(segment(2), 'short');
  assert.ok((await check()).damages.some(({ kind }) => kind === 'segment-file'));
  store = await start();
  for (let n = 14; n < 30; n++) await store.append(fakeGop(n));
  assert.deepEqual(gopsOf(await readAll(store)).at(-1), 30);
  assert.deepEqual((await check()).damages, []);
});

test('a GOP that fits in no segment is refused and counted, and the next is stored', async (t) => {
  const store = await (await bench(t)).start();
  const unit = fakeUnit(0, {}, segmentBytes);
  await assert.rejects(store.append(fakeGop(0, { units: [unit] })), (e: VigieError) => e.kind === 'store');
  await assert.rejects(store.append(fakeGop(0, { units: [] })), (e: VigieError) => e.kind === 'store');
  assert.equal(store.stats().gopsLost, 2);
  assert.equal(store.stats().state, 'recording');
  await store.append(fakeGop(1));
  assert.equal((await readAll(store)).length, 1);
  const largest = fakeUnit(0, {}, store.maxGopBytes - 16 - 72 - 24);
  await store.append(fakeGop(0, { units: [largest] }));
  assert.equal((await readAll(store)).length, 2);
});
