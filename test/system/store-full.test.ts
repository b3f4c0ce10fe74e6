import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { LinuxCard } from '../../board/linux/card.js';
import type { VigieError } from '../../errors.js';
import { Store } from '../../runtime/record/store.js';
import { fakeGop, keysDirectory, segmentBytes, storeDeps } from '../unit/store-fake.js';

/** A file system of 2 MiB in memory; null, with the reason printed, where this user may not mount one. */
function smallCard(t: TestContext): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-card-'));
  let mounted = false;
  t.after(() => {
    if (mounted) execFileSync('umount', [directory]);
    rmSync(directory, { recursive: true, force: true });
  });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'vigie-test', directory], { stdio: 'pipe' });
  } catch (error) {
    const reason = String((error as { stderr?: Buffer }).stderr ?? error).trim();
    t.skip(`no file system of its own can be mounted: ${reason}`);
    return null;
  }
  mounted = true;
  return directory;
}

async function storeIn(directory: string, segments: number): Promise<Store> {
  const keys = mkdtempSync(join(tmpdir(), 'vigie-keys-'));
  after(() => rmSync(keys, { recursive: true, force: true }));
  return new Store(await storeDeps(keys), {
    directory,
    keysDirectory: keysDirectory(keys),
    capacityBytes: segments * segmentBytes,
    segmentBytes,
    cameraId: 'cam-1',
  });
}

const storeError =
  (pattern: RegExp) =>
  (error: VigieError): boolean =>
    error.kind === 'store' && pattern.test(error.message) && error.hint.length > 0;

test('a card that is too small: said before anything is made, nothing left', async (t) => {
  const directory = smallCard(t);
  if (!directory) return;
  await assert.rejects(
    (await storeIn(directory, 40)).start(new AbortController().signal),
    storeError(/needs 2 MiB/),
  );
  assert.deepEqual(await readdir(directory), ['store.lock']);
});

test('a card that fills during the creation: nothing half-made is left, and the lock is free', async (t) => {
  const directory = smallCard(t);
  if (!directory) return;
  await writeFile(join(directory, 'filler'), Buffer.alloc(1_000_000));
  const lying = new LinuxCard();
  lying.space = async () => ({ freeBytes: 1e9, totalBytes: 1e9 });
  const keys = mkdtempSync(join(tmpdir(), 'vigie-keys-'));
  t.after(() => rmSync(keys, { recursive: true, force: true }));
  const deps = { ...(await storeDeps(keys)), card: lying };
  const shape = { capacityBytes: 60 * segmentBytes, segmentBytes, cameraId: 'cam-1' };
  const options = { directory, keysDirectory: keysDirectory(keys), ...shape };
  const store = new Store(deps, options);
  let made = 0;
  const onProgress = ({ segments }: { segments: number }): void => {
    made = segments;
  };
  await assert.rejects(store.start(new AbortController().signal, { onProgress }), storeError(/No room/));
  assert.ok(made > 2, 'the creation had begun');
  assert.deepEqual(
    (await readdir(directory)).filter((name) => name !== 'filler'),
    ['store.lock'],
  );
  const smaller = await storeIn(directory, 2);
  await smaller.start(new AbortController().signal);
  await smaller.append(fakeGop(0));
  await smaller.stop();
});

test('a full card does not keep a store from recording: its space was taken at the start', async (t) => {
  const directory = smallCard(t);
  if (!directory) return;
  const store = await storeIn(join(directory, 'store'), 8);
  await store.start(new AbortController().signal);
  await writeFile(join(directory, 'filler'), Buffer.alloc(4_000_000)).catch(() => {});
  const { freeBytes } = await new LinuxCard().space(directory);
  assert.ok(freeBytes < 4096 * 4, `${freeBytes} bytes free`);
  for (let n = 0; n < 100; n++) await store.append(fakeGop(n));
  assert.equal(store.stats().gopsLost, 0);
  await store.stop();
});

test('preallocation reserves what it says, without fallocate too; what exists is left alone', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-card-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const card = new LinuxCard();
  const path = process.env.PATH;
  for (const [name, search] of [
    ['with', path],
    ['without', join(directory, 'nothing')],
  ] as const) {
    process.env.PATH = search;
    try {
      await card.preallocate(join(directory, name), 300_000);
    } finally {
      process.env.PATH = path;
    }
    const { size, blocks, mode } = await stat(join(directory, name));
    assert.equal(size, 300_000);
    assert.ok(blocks * 512 >= 300_000, `${name} fallocate: ${blocks} blocks`);
    assert.equal(mode & 0o777, 0o600);
  }
  await assert.rejects(card.preallocate(join(directory, 'with'), 10), storeError(/EEXIST/));
  assert.equal((await stat(join(directory, 'with'))).size, 300_000);
});

test('a directory that cannot be made is a clear error', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-card-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'file'), '');
  await mkdir(join(directory, 'other'));
  await assert.rejects(
    (await storeIn(join(directory, 'file', 'store'), 4)).start(new AbortController().signal),
    storeError(/Cannot make/),
  );
});
