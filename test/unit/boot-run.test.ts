import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { bootRun } from '../../board/linux/boot.js';

const told = existsSync('/proc/sys/kernel/random/boot_id');

test('a boot is known by 8 bytes that stay', { skip: told ? false : 'this kernel tells no boot id' }, () => {
  const run = bootRun();
  assert.match(run ?? '', /^[0-9a-f]{16}$/);
  assert.equal(bootRun(), run);
});
