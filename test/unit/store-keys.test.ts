import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FileVault } from '../../board/linux/file-vault.js';
import { ManualClock } from '../../board/virtual/clock.js';
import { destroyElsewhere } from '../../runtime/record/absent-stores.js';
import { decodeKeySector, encodeKeySector, type KeySector } from '../../runtime/record/key-sector.js';
import { KeySlots, type KeySlotsDeps } from '../../runtime/record/key-slots.js';
import { KeyReader } from '../../runtime/record/key-table.js';
import { openSegment } from '../../runtime/record/segment-file.js';
import { MemoryLog } from './store-fake.js';

const storeId = '5a'.repeat(16);
const place = { storeId, slots: 4 };

async function directoryOf(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-keys-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'keys');
}

async function slotsIn(directory: string, rest: Partial<KeySlotsDeps> = {}): Promise<KeySlots> {
  const vault = new FileVault({ file: join(directory, 'device.key') });
  await vault.start();
  const deps = { vault, clock: new ManualClock(), log: new MemoryLog(), ...rest };
  const slots = new KeySlots(deps, { ...place, file: join(directory, 'slots.bin') });
  await slots.start();
  return slots;
}

test('the device key: made once, for its owner alone, and not used when others may read it', async (t) => {
  const directory = await directoryOf(t);
  const file = join(directory, 'device.key');
  const vault = new FileVault({ file });
  await vault.start();
  const made = await readFile(file);
  assert.equal(made.length, 32);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  assert.deepEqual(await readdir(directory), ['device.key']);
  await new FileVault({ file }).start();
  assert.deepEqual(await readFile(file), made, 'a second start keeps it');
  const wrapped = await vault.wrap(Buffer.alloc(32, 7), Buffer.from('here'));
  assert.ok(!wrapped.includes(Buffer.alloc(8, 7)));
  assert.deepEqual(await new FileVault({ file }).unwrap(wrapped, Buffer.from('here')), Buffer.alloc(32, 7));
  await assert.rejects(vault.unwrap(wrapped, Buffer.from('there')), { kind: 'store' });
  await assert.rejects(vault.unwrap(Buffer.alloc(5), Buffer.from('here')), { kind: 'store' });
  for (const [path, mode] of [
    [file, 0o640],
    [directory, 0o750],
  ] as const) {
    const before = (await stat(path)).mode;
    await chmod(path, mode);
    await assert.rejects(new FileVault({ file }).start(), /Others may read the device key/);
    await chmod(path, before);
  }
  await writeFile(file, 'short');
  await assert.rejects(new FileVault({ file }).start(), /damaged/);
  await unlink(file);
  await assert.rejects(
    new FileVault({ file }).unwrap(wrapped, Buffer.from('here')),
    /Cannot read the device/,
  );
  assert.deepEqual(await readdir(directory), [], 'opening makes no key');
});

test('a slot as bytes and back; any changed bit is noticed', () => {
  const sector: KeySector = {
    state: 'live',
    class: 'terminus',
    segment: 123_456_789,
    storeId,
    atMs: Date.UTC(2026, 2, 1),
    clockTrusted: true,
    wrapped: Buffer.from('00ff00ff', 'hex'),
  };
  const bytes = encodeKeySector(sector);
  assert.equal(bytes.length, 512);
  assert.deepEqual(decodeKeySector(bytes), sector);
  assert.equal(decodeKeySector(Buffer.alloc(512)), null);
  assert.equal(decodeKeySector(bytes.subarray(0, 511)), null);
  for (let bit = 0; bit < 512 * 8; bit += 7) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(decodeKeySector(changed), null, `bit ${bit}`);
  }
});

test('keys are made, come back after a restart, and are destroyed one class at a time', async (t) => {
  const directory = await directoryOf(t);
  const slots = await slotsIn(directory);
  const keys = await slots.begin(1, 1);
  assert.notDeepEqual(keys.communal, keys.terminus);
  await slots.begin(2, 2);
  assert.equal([...slots.live()].length, 4);
  await slots.stop();
  const again = await slotsIn(directory);
  assert.deepEqual(await again.keyOf(1, 'communal'), keys.communal);
  assert.deepEqual(await again.begin(1, 1), keys, 'a segment begun again keeps its keys');
  assert.equal(await again.destroy(1, 'communal'), true);
  assert.equal(await again.destroy(1, 'communal'), false, 'it was there once');
  assert.equal(await again.keyOf(1, 'communal'), null);
  assert.deepEqual(await again.keyOf(1, 'terminus'), keys.terminus);
  assert.deepEqual(
    [...again.live()].map((key) => [key.segmentSequence, key.ringSlot, key.class]),
    [
      [1, 1, 'terminus'],
      [2, 2, 'communal'],
      [2, 2, 'terminus'],
    ],
  );
  await again.stop();
  const bytes = await readFile(join(directory, 'slots.bin'));
  assert.equal(bytes.length, 4 * 2 * 512);
  assert.ok(!bytes.includes(keys.communal) && !bytes.includes(keys.terminus), 'no key unwrapped');
  assert.equal((await stat(join(directory, 'slots.bin'))).mode & 0o777, 0o600);
  const last = await slotsIn(directory);
  assert.equal(last.stateOf(1, 'communal'), 'destroyed');
  assert.equal(last.stateOf(1, 'terminus'), 'live');
  await last.stop();
});

test('a newer segment in the slot: the older key is destroyed first, and reads as destroyed for ever', async (t) => {
  const directory = await directoryOf(t);
  const slots = await slotsIn(directory);
  await slots.begin(1, 1);
  await slots.destroy(1, 'terminus');
  assert.deepEqual(await slots.vacate(5), [{ segmentSequence: 1, class: 'communal' }]);
  assert.equal(slots.stateOf(1, 'communal'), 'destroyed');
  await slots.begin(1, 5);
  assert.equal(slots.stateOf(1, 'communal'), 'destroyed');
  assert.equal(await slots.keyOf(1, 'communal'), null);
  assert.equal(slots.stateOf(9, 'communal'), 'missing', 'the slot is older than the segment');
  assert.equal(slots.stateOf(3, 'communal'), 'missing', 'the slot was never used');
  await slots.stop();
});

test('a failing sync: the key is given to nobody, counts as live, and is destroyed by the next attempt', async (t) => {
  const directory = await directoryOf(t);
  let broken = false;
  const slots = await slotsIn(directory, {
    open: async (path, mode) => {
      const file = await openSegment(path, mode);
      const eio = Object.assign(new Error('EIO'), { code: 'EIO' });
      return { ...file, datasync: () => (broken ? Promise.reject(eio) : file.datasync()) };
    },
  });
  await slots.begin(1, 1);
  broken = true;
  await assert.rejects(slots.destroy(1, 'communal'));
  assert.equal(slots.stateOf(1, 'communal'), 'unsure');
  assert.equal(await slots.keyOf(1, 'communal'), null);
  assert.equal([...slots.live()].length, 2);
  await assert.rejects(slots.begin(2, 2));
  assert.equal(slots.stateOf(2, 'communal'), 'unsure');
  broken = false;
  assert.equal(await slots.destroy(1, 'communal'), true);
  assert.equal(slots.stateOf(1, 'communal'), 'destroyed');
  await slots.begin(2, 2);
  assert.equal(slots.stateOf(2, 'communal'), 'live');
  await slots.stop();
});

test('a device that does not give back what was written: nothing is said to be destroyed', async (t) => {
  const directory = await directoryOf(t);
  let deaf = false;
  const slots = await slotsIn(directory, {
    open: async (path, mode) => {
      const file = await openSegment(path, mode);
      return { ...file, write: (data, at) => (deaf ? Promise.resolve() : file.write(data, at)) };
    },
  });
  await slots.begin(1, 1);
  deaf = true;
  await assert.rejects(slots.destroy(1, 'terminus'), /do not give back/);
  deaf = false;
  assert.equal(await slots.destroy(1, 'terminus'), true);
  await slots.stop();
});

test('a reader beside the writer sees a destruction at once, and a key of another store or slot never', async (t) => {
  const directory = await directoryOf(t);
  const slots = await slotsIn(directory);
  const { communal } = await slots.begin(1, 1);
  const file = join(directory, 'slots.bin');
  const vault = new FileVault({ file: join(directory, 'device.key') });
  const reader = await KeyReader.load(file, openSegment, vault, place);
  assert.deepEqual(await reader.keyOf(1, 'communal'), communal);
  await slots.destroy(1, 'communal');
  assert.equal(await reader.keyOf(1, 'communal'), null);
  assert.equal(reader.stateOf(1, 'communal'), 'destroyed');
  const other = await KeyReader.load(file, openSegment, vault, { ...place, storeId: '00'.repeat(16) });
  assert.equal(other.stateOf(1, 'terminus'), 'missing');
  const absent = await KeyReader.load(join(directory, 'none.bin'), openSegment, vault, place);
  assert.equal(absent.found, false);
  assert.equal(await absent.keyOf(1, 'terminus'), null);
  // The sector of segment 1, moved to the slot of segment 2: it is not taken for its key.
  const bytes = await readFile(file);
  bytes.copy(bytes, 2 * 1024 + 512, 1024 + 512, 2048);
  await writeFile(file, bytes);
  const moved = await KeyReader.load(file, openSegment, vault, place);
  assert.equal(await moved.keyOf(2, 'terminus'), null);
  await slots.stop();
});

test('a file of slots that is cut short keeps what it has', async (t) => {
  const directory = await directoryOf(t);
  const slots = await slotsIn(directory);
  const { communal } = await slots.begin(0, 4);
  await slots.begin(3, 3);
  await slots.stop();
  const file = join(directory, 'slots.bin');
  await writeFile(file, (await readFile(file)).subarray(0, 2048));
  const again = await slotsIn(directory);
  assert.deepEqual(await again.keyOf(4, 'communal'), communal);
  assert.equal(again.stateOf(3, 'communal'), 'missing');
  await again.stop();
});

test('keys of a card that is not in the camera are destroyed at their term, and no other', async (t) => {
  const directory = await directoryOf(t);
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const vault = new FileVault({ file: join(directory, 'device.key') });
  await vault.start();
  let clockTrusted = true;
  const deps = { vault, clock, log: new MemoryLog(), clockTrusted: () => clockTrusted };
  const ids = ['aa'.repeat(16), 'bb'.repeat(16)];
  const open = async (id: string): Promise<KeySlots> => {
    const slots = new KeySlots(deps, { storeId: id, slots: 4, file: join(directory, `slots-${id}.bin`) });
    await slots.start();
    return slots;
  };
  for (const id of ids) {
    clockTrusted = true;
    const slots = await open(id);
    await slots.begin(1, 1);
    clock.advance(3_600_000);
    await slots.begin(2, 2);
    clockTrusted = false;
    await slots.begin(3, 3);
    await slots.stop();
  }
  const hour = (n: number): number => Date.UTC(2026, 0, 1) + n * 3_600_000;
  const [absent = '', present = ''] = ids;
  const destroyed = await destroyElsewhere(deps, {
    keysDirectory: directory,
    openStoreId: present,
    recordedBeforeMs: { communal: hour(1.5), terminus: hour(0.5) },
  });
  assert.deepEqual(destroyed, [
    { storeId: absent, segmentSequence: 1, class: 'communal' },
    { storeId: absent, segmentSequence: 1, class: 'terminus' },
    { storeId: absent, segmentSequence: 2, class: 'communal' },
  ]);
  const left = await open(absent);
  assert.deepEqual(
    [...left.live()].map((key) => `${key.segmentSequence} ${key.class}`),
    ['2 terminus', '3 communal', '3 terminus'],
  );
  await left.stop();
  const other = await open(present);
  assert.equal([...other.live()].length, 6);
  await other.stop();
});
