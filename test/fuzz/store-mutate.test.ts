import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { crc32c } from '@node-rs/crc32';
import { decodeKeySector, encodeKeySector } from '../../runtime/record/key-sector.js';
import { Store } from '../../runtime/record/store.js';
import { seeded } from '../random.js';
import { bench, fakeGop, fakeUnit, gopUnit, keysDirectory, startMs, storeDeps } from '../unit/store-fake.js';
import { examine, type Files, fingerprint, mutate, readFiles, writeRing } from './store-mutate.js';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const cases = option('cases', 1500);
const firstSeed = option('seed', 1);
const corpus = join(import.meta.dirname, '..', '..', '..', 'test', 'fuzz', 'corpus', 'store');

/** A store of three small segments, wrapped once, and the fingerprints of everything ever stored in it. */
async function smallStore(t: TestContext): Promise<{ directory: string; files: Files; known: Set<string> }> {
  const b = await bench(t, 3);
  const options = { ...b.options, segmentBytes: 16 * 1024, capacityBytes: 48 * 1024 };
  const store = new Store({ ...(await storeDeps(b.directory)), run: 'aa'.repeat(8) }, options);
  await store.start(new AbortController().signal);
  const known = new Set<string>();
  const lateMs = 1_000_000;
  for (let n = 0; n < 40; n++) {
    const units = Array.from({ length: 5 }, (_, i) => gopUnit(fakeUnit(n * 5 + i)));
    const kept = n % 4 === 1 ? 'terminus' : 'communal';
    const clockTrusted = n % 6 !== 5;
    const flags = { continues: n % 7 === 3, interrupted: n % 5 === 0, class: kept, clockTrusted } as const;
    const gop = fakeGop(n, { units, ...flags });
    known.add(fingerprint(gop));
    // Under a clock that is late: it is given out as it was recorded, or as it was corrected, and in no other way.
    const late = units.map((unit) => ({ ...unit, wallMs: unit.wallMs - lateMs }));
    const recorded = clockTrusted ? gop : { ...gop, units: late };
    known.add(fingerprint(recorded));
    const record = await store.append(recorded);
    if (n === 35) await store.correctTimes({ wallUs: startMs * 1000, monoUs: 5_000_000 });
    if (n % 6 === 0) await store.keep(record);
  }
  await store.stop();
  return { directory: b.directory, files: await readFiles(b.directory), known };
}

test('the examination finds a record that was never stored', async (t) => {
  const { directory, known } = await smallStore(t);
  const wrong = await examine(directory, new Set([...known].slice(0, -1)));
  assert.equal(wrong.length, 1);
});

test('the writer opens mutated stores too, or refuses them, and what it then stores can be read', async (t) => {
  const { directory, files, known } = await smallStore(t);
  const keys = keysDirectory(directory);
  const b = await bench(t, 3);
  const options = {
    ...b.options,
    directory,
    keysDirectory: keys,
    segmentBytes: 16 * 1024,
    capacityBytes: 48 * 1024,
  };
  const unit = gopUnit(fakeUnit(5000));
  const gop = fakeGop(0, { units: [unit] });
  const all = new Set([...known, fingerprint(gop)]);
  for (let seed = firstSeed; seed < firstSeed + cases / 10; seed++) {
    const [name, bytes] = mutate(files, seeded(seed));
    await writeRing(directory, name, bytes);
    const store = new Store(await storeDeps(directory), options);
    const started = await store.start(new AbortController().signal).then(
      () => true,
      () => false,
    );
    if (started) {
      const record = await store.append(gop);
      const read: number[] = [];
      for await (const found of store.range(unit.wallMs, unit.wallMs)) read.push(found.record);
      assert.ok(read.includes(record), `seed ${seed}`);
      await store.stop();
    }
    assert.deepEqual(await examine(directory, all), [], `seed ${seed}`);
    for (const [file, content] of files) await writeRing(directory, file, content);
  }
});

test('whole files that were once a problem, or are shaped like one', async (t) => {
  const { directory, files, known } = await smallStore(t);
  for (const name of await readdir(corpus)) {
    const bytes = await readFile(join(corpus, name));
    const target = name.startsWith('store') ? 'store.json' : '000001.seg';
    await writeRing(directory, target, bytes);
    assert.deepEqual(await examine(directory, known), [], basename(name));
    await writeRing(directory, target, files.get(target) ?? Buffer.alloc(0));
  }
});

test('key slots of any bytes, right checksum or not, are read or refused', () => {
  const whole = encodeKeySector({
    state: 'live',
    class: 'communal',
    segment: 5,
    storeId: '11'.repeat(16),
    atMs: 1e12,
    clockTrusted: true,
    wrapped: Buffer.alloc(60, 3),
  });
  let read = 0;
  for (let seed = firstSeed; seed < firstSeed + cases * 10; seed++) {
    const random = seeded(seed);
    const bytes = Buffer.from(whole);
    for (let i = 0; i < 4; i++) bytes[Math.floor(random() * 60)] = Math.floor(random() * 256);
    bytes.writeUInt32LE(crc32c(bytes.subarray(0, 508)), 508);
    const sector = decodeKeySector(bytes.subarray(0, random() < 0.1 ? Math.floor(random() * 512) : 512));
    if (!sector) continue;
    read += 1;
    assert.ok(sector.segment >= 1 && sector.wrapped.length <= 448, `seed ${seed}`);
    assert.equal(sector.state === 'live', sector.wrapped.length > 0, `seed ${seed}`);
  }
  assert.ok(read > 0, 'some of them are slots');
});
