/** A CommandRunner answers as a process of its own does, whatever was asked before. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CommandRunner, spawnCommand } from '../command-runner.js';

const state = mkdtempSync(join(tmpdir(), 'vigie-runner-'));
const runner = new CommandRunner();
after(() => {
  runner.stop();
  rmSync(state, { recursive: true, force: true });
});

test('the same output, errors and exit code, one command after another', async () => {
  const lines = [
    ['model', 'list', '--state', state, '--language', 'fr'],
    ['mask', 'check', join(state, 'nowhere')],
    ['store', '--help'],
  ];
  const statuses = new Set<number | null>();
  for (const line of lines) {
    const ended = await runner.run(...line);
    assert.deepEqual(ended, spawnCommand(line));
    assert.notEqual(ended.out + ended.error, '');
    statuses.add(ended.status);
  }
  assert.ok(statuses.size > 1, 'a code does not stay from the command before');
});

test('commands that are asked of a process that was stopped run in a new one', async () => {
  runner.stop();
  assert.equal((await runner.run('--version')).status, 0);
});
