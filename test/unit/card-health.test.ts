/** What the machine tells of the card, read from a tree of files as the kernel lays it out. */
import assert from 'node:assert/strict';
import { mkdir, realpath, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { mountOf } from '../../board/linux/mount-table.js';
import { FakeMachine } from './card-fake.js';

test('everything an eMMC tells', async (t) => {
  const machine = await FakeMachine.make(t);
  await machine.written(2048);
  await machine.tell({ life_time: '0x03 0x02' });
  assert.deepEqual(await machine.health().read(), {
    place: 'writable',
    space: { freeBytes: 5e9, totalBytes: 64e9 },
    deviceBytesWritten: 1_048_576,
    fileSystemBytesWritten: 1_024_000_000_000,
    fileSystemErrors: 0,
    wear: { lifeTime: 3, preEndOfLife: 1 },
    name: 'MMC DG4016',
    device: '179:2',
  });
});

test('an SD card tells no wear: unknown, not well', async (t) => {
  const machine = await FakeMachine.make(t);
  for (const name of ['life_time', 'pre_eol_info']) {
    await rm(join(machine.root, 'sys', machine.device, 'device', name));
  }
  await machine.tell({ type: 'SD', name: 'SC64G' });
  const { wear, name } = await machine.health().read();
  assert.deepEqual([wear, name], [null, 'SD SC64G']);
});

test('nonsense in sysfs is unknown', async (t) => {
  const machine = await FakeMachine.make(t);
  await machine.tell({ life_time: 'worn 0xzz 0x123', pre_eol_info: '', name: '\u001b[31mred', type: '' });
  await machine.sys(`${machine.device}/stat`, 'a b c');
  await machine.sys('fs/ext4/mmcblk0p2/errors_count', '-1');
  const reading = await machine.health().read();
  assert.deepEqual(
    [reading.wear, reading.name, reading.deviceBytesWritten, reading.fileSystemErrors],
    [null, null, null, null],
  );
  assert.equal(reading.place, 'writable');
});

test('a store on a file system without a device of its own is never taken for a card that is gone', async (t) => {
  const machine = await FakeMachine.make(t);
  const health = machine.health('/card-of-another/store');
  for (let n = 0; n < 2; n++) {
    const { place, deviceBytesWritten, wear } = await health.read();
    assert.deepEqual(
      { place, deviceBytesWritten, wear },
      { place: 'writable', deviceBytesWritten: null, wear: null },
    );
  }
});

test('a card that is mounted only after the camera started is the one that is watched', async (t) => {
  const machine = await FakeMachine.make(t);
  await machine.mount(null);
  const health = machine.health();
  assert.equal((await health.read()).name, null);
  await machine.mount();
  assert.equal((await health.read()).name, 'MMC DG4016');
  await machine.mount(null);
  assert.equal((await health.read()).place, 'gone');
});

test('a path through a symbolic link is followed, also once the card is gone', async (t) => {
  const machine = await FakeMachine.make(t);
  const here = await realpath(machine.root);
  await mkdir(join(here, 'behind'));
  await symlink(join(here, 'behind'), join(here, 'link'));
  const table = (point: string | null) =>
    machine.tableOf(point === null ? [] : [`50 27 179:2 / ${point} rw - ext4 /dev/mmcblk0p2 rw`]);
  await table(join(here, 'behind'));
  const health = machine.health(join(here, 'link'));
  assert.equal((await health.read()).name, 'MMC DG4016');
  await table(null);
  assert.equal((await health.read()).place, 'gone');
});

test('the mount that serves a path', () => {
  const table = [
    '27 1 254:0 / / rw - ext4 /dev/vda rw',
    '40 27 8:1 / /mnt rw - ext4 /dev/sda1 rw',
    '41 40 8:2 / /mnt/the\\040card rw master:3 shared:4 - ext4 /dev/sdb1 rw',
    '42 40 8:3 / /mnt rw - xfs /dev/sdc1 ro,attr2',
    'a line that is cut',
    '',
  ].join('\n');
  const found = (path: string) => mountOf(table, path)?.device;
  assert.equal(found('/mnt/the card/store'), '8:2');
  assert.equal(found('/mnt/the cards'), '8:3', 'the later of two at one place, and no half names');
  assert.equal(found('/mnt'), '8:3');
  assert.equal(found('/srv'), '254:0');
  assert.equal(mountOf(table, '/mnt')?.readOnly, true);
  assert.equal(mountOf('', '/mnt'), null);
});
