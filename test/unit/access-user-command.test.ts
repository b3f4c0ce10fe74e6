/** `vigie user` as a person runs it: the secret is shown once, errors name what to do. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { exitCodes } from '../../errors.js';
import { Users } from '../../runtime/access/users.js';
import { CommandRunner, type Ended, spawnCommand } from '../command-runner.js';

let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigie-user-'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

const runner = new CommandRunner();
after(() => runner.stop());
const run = (...args: string[]): Promise<Ended> => runner.run('user', ...args, '--state', directory);

test('add prints the secret that then opens the door, list shows the rights, remove takes them away', async () => {
  assert.match(spawnCommand(['user', 'list', '--state', directory]).out, /No users/);
  const added = (await run('add', 'odile', '--rights', 'alerts,live')).out;
  const secret = /: ([a-z2-9-]{35})\n/.exec(added)?.[1] ?? '';
  const users = new Users({ file: join(directory, 'users.json') });
  assert.deepEqual((await users.verify('odile', secret))?.rights, ['live', 'alerts']);
  assert.ok(!readFileSync(join(directory, 'users.json'), 'utf8').includes(secret));
  const listed = (await run('list')).out;
  assert.match(listed, /odile +\d{4}-\d\d-\d\d {2}live, alerts/);
  assert.ok(!listed.includes(secret));
  assert.equal((JSON.parse((await run('list', '--json')).out) as { name: string }[])[0]?.name, 'odile');
  assert.equal((await run('remove', 'odile')).status, 0);
  assert.equal(await users.verify('odile', secret), null);
});

test('a wrong right, a wrong name and an unknown user are refused in one line with what to do', async () => {
  const wrong = [
    await run('add', 'odile', '--rights', 'everything'),
    await run('add', 'Odile Martin', '--rights', 'live'),
    await run('remove', 'nobody'),
  ];
  for (const { status, out, error } of wrong) {
    assert.equal(status, exitCodes.access);
    assert.equal(out, '');
    assert.match(error, /^vigie: .+\. .+\n$/);
  }
});
