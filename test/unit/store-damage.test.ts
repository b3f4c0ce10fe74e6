import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DamageKind } from '../../runtime/record/check.js';
import { encodeHeaderBlock, headerBlockBytes } from '../../runtime/record/layout.js';
import { seeded } from '../random.js';
import { type Bench, bench, damageFile, fakeGop, openReader, plain, readAll, startMs } from './store-fake.js';

/** Stores GOPs 0 to `count` - 1 and stops. Returns where each record of the newest segment lies. */
async function filled(
  b: Bench,
  count: number,
): Promise<{ slot: number; last: { from: number; to: number } }> {
  const store = await b.start();
  for (let n = 0; n < count; n++) await store.append(fakeGop(n));
  const newest = store.list().segments.at(-1);
  await store.stop();
  assert.ok(newest && newest.records > 1);
  let from = 0;
  const to = headerBlockBytes + newest.usedBytes;
  await damageFile(b.segment(newest.slot), (bytes) => {
    from = bytes.lastIndexOf('VGOP', to);
    return undefined;
  });
  return { slot: newest.slot, last: { from, to } };
}

/** Reopens, and expects exactly the first `whole` GOPs; then one more is stored and everything is sound. */
async function expectWhole(b: Bench, whole: number, firstRecord = 1): Promise<void> {
  const store = await b.start();
  const read = await readAll(store);
  assert.deepEqual(
    read.map(({ record }) => record),
    Array.from({ length: whole - firstRecord + 1 }, (_, i) => firstRecord + i),
  );
  await store.append(fakeGop(whole));
  const after = await readAll(store);
  assert.deepEqual(after.map(plain), [...read, fakeGop(whole)].map(plain));
  await store.stop();
  const report = await b.check();
  assert.deepEqual(report.damages, []);
  assert.deepEqual(
    report.notes.filter(({ kind }) => kind !== 'blank-segments'),
    [],
  );
}

test('a record torn at any place is left out, and overwritten without a trace', async (t) => {
  const b = await bench(t, 4);
  const { slot, last } = await filled(b, 3);
  const random = seeded(7);
  const places = [1, 3, 4, 8, 100, 187, 188, 191, 192, 193, 208, 300, last.to - last.from - 16];
  for (let i = 0; i < 12; i++) places.push(Math.floor(random() * (last.to - last.from - 16)));
  let whole: Buffer | null = null;
  for (const kind of ['zeros', 'garbage', 'stale'] as const) {
    for (const place of places) {
      await damageFile(b.segment(slot), (bytes) => {
        whole ??= Buffer.from(bytes);
        whole.copy(bytes);
        const torn = bytes.subarray(last.from + place, last.to + 24);
        if (kind === 'zeros') torn.fill(0);
        else if (kind === 'garbage')
          for (let i = 0; i < torn.length; i++) torn[i] = Math.floor(random() * 256);
        // what stood there before: the record before it, header and all
        else whole.copy(torn, 0, headerBlockBytes);
        return undefined;
      });
      const torn = await b.check();
      assert.deepEqual(torn.damages, [], `${kind} at ${place}: a torn tail is no damage`);
      assert.ok(torn.notes.some((note) => note.kind === 'torn-tail'));
      await expectWhole(b, 2);
    }
  }
});

test('a torn end mark costs nothing', async (t) => {
  const b = await bench(t, 4);
  const { slot, last } = await filled(b, 3);
  await damageFile(b.segment(slot), (bytes) => void bytes.fill(0, last.to, last.to + 24));
  await expectWhole(b, 3);
});

test('beginning over an old segment, cut at any byte: the old segment or the new one', async (t) => {
  const b = await bench(t, 3);
  const store = await b.start();
  for (let n = 0; n < 20; n++) await store.append(fakeGop(n));
  const rows = store.list().segments;
  const whole = (await readAll(store)).map(({ record }) => record);
  await store.stop();
  const [oldest, newest] = [rows[0], rows.at(-1)];
  assert.ok(oldest && newest);
  const { description } = await openReader(b.directory);
  const sequence = newest.sequence + 1;
  const made = { createdWallMs: startMs, createdMonoUs: 0, clockTrusted: true };
  const block = encodeHeaderBlock({ ...description, sequence, slot: oldest.slot, ...made });
  let old: Buffer | null = null;
  for (const written of [0, 8, 17, 100, 508, 511, 512, 513, 4096]) {
    await damageFile(b.segment(oldest.slot), (bytes) => {
      old ??= Buffer.from(bytes);
      old.copy(bytes);
      block.copy(bytes, 0, 0, written);
      return undefined;
    });
    const reader = await openReader(b.directory);
    const read = reader.select(0, startMs * 2).map(({ record }) => record);
    // Between 17 and 511 the sector is torn, which a device is not expected to do: the segment that was due is lost.
    const kept = written <= 8 ? whole : whole.slice(oldest.records);
    assert.deepEqual(read, kept, `${written} bytes`);
    const { damages } = await b.check();
    const torn = written > 8 && written < 512;
    assert.deepEqual(
      damages.map(({ kind }) => kind),
      torn ? ['segment-header'] : [],
      `${written} bytes`,
    );
  }
  const again = await b.start();
  await again.append(fakeGop(20));
  assert.equal((await readAll(again)).at(-1)?.record, 21);
  await again.stop();
  assert.deepEqual((await b.check()).damages, []);
});

/** Breaks one byte somewhere in a ring of several full segments, and says what check must call it. */
const damages: { name: string; kind: DamageKind; lost: number; place: (bytes: Buffer) => number }[] = [
  { name: 'a segment header', kind: 'segment-header', lost: Number.NaN, place: () => 20 },
  {
    name: 'a record header',
    kind: 'record-header',
    lost: 1,
    place: (bytes) => bytes.indexOf('VGOP', 9000) + 30,
  },
  { name: 'a record magic', kind: 'record-header', lost: 1, place: (bytes) => bytes.indexOf('VGOP', 9000) },
  {
    name: 'a payload',
    kind: 'record-payload',
    lost: 1,
    place: (bytes) => bytes.indexOf('VGOP', 9000) + 2000,
  },
  {
    name: 'a unit table',
    kind: 'record-payload',
    lost: 1,
    place: (bytes) => bytes.indexOf('VGOP', 9000) + 200,
  },
  { name: 'an end mark', kind: 'segment-end', lost: 0, place: (bytes) => bytes.lastIndexOf('VEND') },
];

for (const { name, kind, lost, place } of damages) {
  test(`damage to ${name} is named, and costs no more than it must`, async (t) => {
    const b = await bench(t, 4);
    const store = await b.start();
    for (let n = 0; n < 15; n++) await store.append(fakeGop(n));
    const rows = store.list().segments;
    await store.stop();
    const victim = rows[1];
    assert.ok(victim);
    await damageFile(b.segment(victim.slot), (bytes) => {
      const at = place(bytes);
      assert.ok(at >= 0);
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      return undefined;
    });
    const report = await b.check();
    assert.ok(
      report.damages.some((damage) => damage.kind === kind),
      JSON.stringify(report.damages),
    );
    const expected = Number.isNaN(lost) ? victim.records : lost;
    assert.equal(report.records, 15 - expected);
    const again = await b.start();
    const read = await readAll(again);
    assert.equal(read.length, 15 - expected);
    assert.deepEqual(
      read.map(plain),
      read.map(({ record }) => plain(fakeGop(record - 1))),
    );
    await again.append(fakeGop(15));
    assert.equal((await readAll(again)).length, 16 - expected);
  });
}

test('damage in the newest segment does not cost what was stored after it', async (t) => {
  const b = await bench(t, 4);
  const { slot } = await filled(b, 4);
  await damageFile(
    b.segment(slot),
    (bytes) => void bytes.fill(0x55, headerBlockBytes + 10, headerBlockBytes + 60),
  );
  const store = await b.start();
  assert.deepEqual(
    (await readAll(store)).map(({ record }) => record),
    [2, 3, 4],
  );
  await store.append(fakeGop(4));
  assert.deepEqual(
    (await readAll(store)).map(({ record }) => record),
    [2, 3, 4, 5],
  );
});
