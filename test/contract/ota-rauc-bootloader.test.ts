/**
 * ota/rauc/bootloader.sh over its three stores. The tools of U-Boot and GRUB are stood in for by scripts that keep their words and
 * files; the tools themselves, and the scripts a board starts with, were not run on hardware.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { bootVariables } from '../../ota/slots/rauc-answers.js';

const script = 'ota/rauc/bootloader.sh';

/** fw_setenv(8): lines `name value`, all in one write. */
const setenv =
  '#!/bin/sh\nset -eu\n[ "$1 $2" = "--script -" ]\nsed "s/ /=/" >"$STORE_FILE"\necho write >>"$STORE_FILE.log"\n';
const printenv =
  '#!/bin/sh\nset -eu\necho bootdelay=0\nif [ -e "$STORE_FILE" ]; then cat "$STORE_FILE"; fi\n';
/** grub-editenv: FILE list, FILE set name=value ... */
const editenv =
  '#!/bin/sh\nset -eu\nfile=$1 do=$2\nshift 2\ncase $do in list) cat "$file" ;; set) printf "%s\\n" "$@" >"$file" ;; esac\n';

class Bootloader {
  readonly directory = mkdtempSync(join(tmpdir(), 'vigie-boot-'));
  readonly file = join(this.directory, 'store');

  constructor(t: TestContext, store: string) {
    t.after(() => rmSync(this.directory, { recursive: true, force: true }));
    copyFileSync(script, join(this.directory, 'bootloader.sh'));
    writeFileSync(join(this.directory, 'bootloader.conf'), `STORE=${store}\nFILE='${this.file}'\n`);
    const tools = join(this.directory, 'tools');
    mkdirSync(tools);
    for (const [name, text] of Object.entries({
      fw_setenv: setenv,
      fw_printenv: printenv,
      'grub-editenv': editenv,
    })) {
      writeFileSync(join(tools, name), text, { mode: 0o755 });
    }
    if (store === 'grub') writeFileSync(this.file, '');
  }

  try(...args: string[]): { status: number | null; out: string; error: string } {
    const { status, stdout, stderr } = spawnSync(join(this.directory, 'bootloader.sh'), args, {
      encoding: 'utf8',
      env: {
        PATH: `${join(this.directory, 'tools')}:${process.env['PATH'] ?? ''}`,
        STORE_FILE: this.file,
      },
    });
    return { status, out: stdout.trim(), error: stderr.trim() };
  }

  ask(...args: string[]): string {
    const { status, out, error } = this.try(...args);
    assert.equal(status, 0, error);
    return out;
  }
}

for (const store of ['file', 'uboot', 'grub']) {
  test(`store ${store}: order, states and tries are kept; starts are counted on trial only`, (t) => {
    const boot = new Bootloader(t, store);
    assert.deepEqual([boot.ask('get-primary'), boot.ask('get-state', 'B')], ['A', 'bad']);
    for (let n = 0; n < 4; n++) assert.equal(boot.ask('start'), 'A');
    boot.ask('set-state', 'B', 'bad');
    boot.ask('set-primary', 'B');
    assert.deepEqual([boot.ask('get-primary'), boot.ask('get-state', 'B')], ['B', 'good']);
    assert.deepEqual(bootVariables(boot.ask('show')), { trial: 'b', triesLeft: 3 });
    for (const slot of ['B', 'B']) assert.equal(boot.ask('start'), slot);
    assert.deepEqual(bootVariables(boot.ask('show')), { trial: 'b', triesLeft: 1 });

    boot.ask('set-primary', 'B');
    assert.deepEqual(bootVariables(boot.ask('show')), { trial: 'b', triesLeft: 3 });
    for (const slot of ['B', 'B', 'B', 'A', 'A']) assert.equal(boot.ask('start'), slot);
    assert.deepEqual([boot.ask('get-state', 'B'), boot.ask('get-primary')], ['bad', 'A']);

    boot.ask('set-primary', 'B');
    boot.ask('start');
    boot.ask('set-state', 'B', 'good');
    const kept = boot.ask('show');
    for (let n = 0; n < 5; n++) assert.equal(boot.ask('start'), 'B');
    boot.ask('set-primary', 'B');
    assert.equal(boot.ask('show'), kept, 'a slot that is kept is not put on trial by being chosen again');
    assert.deepEqual(bootVariables(kept), { trial: null, triesLeft: 0 });
  });
}

test('what changes nothing is not written: a U-Boot environment lies on flash', (t) => {
  const boot = new Bootloader(t, 'uboot');
  boot.ask('set-primary', 'B');
  boot.ask('set-state', 'B', 'good');
  const writes = readFileSync(`${boot.file}.log`, 'utf8');
  for (const args of [
    ['start'],
    ['set-state', 'B', 'good'],
    ['set-primary', 'B'],
    ['get-primary'],
    ['show'],
  ]) {
    boot.ask(...args);
  }
  assert.equal(readFileSync(`${boot.file}.log`, 'utf8'), writes);
});

test('the board starts again when the camera asks for it, and after a crash of a version on trial only', (t) => {
  const boot = new Bootloader(t, 'file');
  copyFileSync('ota/rauc/ended.sh', join(boot.directory, 'ended.sh'));
  const systemctl = join(boot.directory, 'tools', 'systemctl');
  writeFileSync(systemctl, '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
  const cmdline = join(boot.directory, 'cmdline');
  const ends = (slot: string, status: string, result: string): string => {
    writeFileSync(cmdline, `root=/dev/mmcblk0p2 ro${slot && ` rauc.slot=${slot}`} panic=10\n`);
    const PATH = `${join(boot.directory, 'tools')}:${process.env['PATH'] ?? ''}`;
    const env = { PATH, VIGIE_CMDLINE: cmdline, EXIT_STATUS: status, SERVICE_RESULT: result };
    const { stdout, status: code } = spawnSync(join(boot.directory, 'ended.sh'), { encoding: 'utf8', env });
    assert.equal(code, 0);
    return stdout.trim();
  };
  boot.ask('set-primary', 'B');
  for (const status of ['75', '76']) assert.equal(ends('A', status, 'exit-code'), 'reboot');
  assert.equal(ends('A', '1', 'exit-code'), '', 'confirmed: systemd starts it again');
  assert.equal(ends('B', '1', 'exit-code'), 'reboot');
  assert.equal(ends('B', 'KILL', 'signal'), 'reboot');
  assert.equal(ends('B', '0', 'success'), '', 'stopped by a person');
  assert.equal(ends('', '1', 'exit-code'), '', 'not known which slot runs');
});

test('a store that cannot be read is not taken for an empty one', (t) => {
  const boot = new Bootloader(t, 'uboot');
  writeFileSync(join(boot.directory, 'tools', 'fw_printenv'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const uboot = boot.try('show');
  assert.deepEqual([uboot.status, uboot.out], [1, '']);
  assert.match(uboot.error, /cannot be read/);
  writeFileSync(join(boot.directory, 'bootloader.conf'), `STORE=file\nFILE=${boot.directory}/none/store\n`);
  assert.equal(boot.try('show').status, 1);
});

test('a store with other words, and orders that are none, are refused and change nothing', (t) => {
  const boot = new Bootloader(t, 'file');
  for (const text of [
    'BOOT_ORDER=B C\n',
    'BOOT_A_STATE=\n',
    'BOOT_TRIAL_LEFT=9\n',
    'BOOT_TRIAL=$(reboot)\n',
  ]) {
    writeFileSync(boot.file, text);
    const { status, error } = boot.try('set-primary', 'B');
    assert.equal(status, 1, text);
    assert.match(error, /never writes/);
    assert.equal(readFileSync(boot.file, 'utf8'), text);
  }
  rmSync(boot.file);
  for (const args of [
    ['set-primary', 'C'],
    ['set-state', 'A', 'broken'],
    ['set-state', 'A'],
    ['remove'],
    [],
  ]) {
    assert.notEqual(boot.try(...args).status, 0, args.join(' '));
  }
  assert.ok(!existsSync(boot.file));
});
