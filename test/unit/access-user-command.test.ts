/** `vigie user` as a person runs it: the secret is shown once, errors name what to do. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../errors.js';
import { Users } from '../../runtime/access/users.js';

let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigie-user-'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

const command = fileURLToPath(new URL('../../runtime/cli/main.js', import.meta.url));

function run(...args: string[]): { status: number | null; out: string; error: string } {
  const all = [command, 'user', ...args, '--state', directory];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' });
  return { status, out: stdout, error: stderr };
}

test('add prints the secret that then opens the door, list shows the rights, remove takes them away', async () => {
  assert.match(run('list').out, /No users/);
  const added = run('add', 'odile', '--rights', 'alerts,live').out;
  const secret = /: ([a-z2-9-]{35})\n/.exec(added)?.[1] ?? '';
  const users = new Users({ file: join(directory, 'users.json') });
  assert.deepEqual((await users.verify('odile', secret))?.rights, ['live', 'alerts']);
  assert.ok(!readFileSync(join(directory, 'users.json'), 'utf8').includes(secret));
  const listed = run('list').out;
  assert.match(listed, /odile +\d{4}-\d\d-\d\d {2}live, alerts/);
  assert.ok(!listed.includes(secret));
  assert.equal((JSON.parse(run('list', '--json').out) as { name: string }[])[0]?.name, 'odile');
  assert.equal(run('remove', 'odile').status, 0);
  assert.equal(await users.verify('odile', secret), null);
});

test('a wrong right, a wrong name and an unknown user are refused in one line with what to do', () => {
  const wrong = [
    run('add', 'odile', '--rights', 'everything'),
    run('add', 'Odile Martin', '--rights', 'live'),
    run('remove', 'nobody'),
  ];
  for (const { status, out, error } of wrong) {
    assert.equal(status, exitCodes.access);
    assert.equal(out, '');
    assert.match(error, /^vigie: .+\. .+\n$/);
  }
});
