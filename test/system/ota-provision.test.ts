/** `vigie ota provision` as an integrator runs it, and the launcher that it leaves behind. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join, resolve } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { entriesOf, packBundle } from '../../ota/bundle/pack.js';
import { readState } from '../../ota/launcher/state-file.js';
import { serviceUnit } from '../../ota/slots/service-unit.js';
import { CommandRunner, type Ended, spawnCommand } from '../command-runner.js';
import { TestRepository } from '../ota-repository.js';
import { ended, isAlive } from '../slot-bench.js';
import { quick, scratch, smallTree, writeTree } from '../small-bundle.js';

interface Bench {
  directory: string;
  bundle: string;
  trust: string;
  slots: string;
  given: string[];
  provision: (...flags: string[]) => Promise<Ended>;
}

// No plug-ins to look through but in the first test: that takes longer than all else.
const commands = new CommandRunner(() => ({ LC_ALL: 'C', GST_PLUGIN_SYSTEM_PATH_1_0: '/nowhere' }));
after(() => commands.stop());

const start = `import { appendFileSync } from 'node:fs';
appendFileSync(process.env.OUT, [process.pid, process.env.VIGIE_SLOT, ...process.argv.slice(2)].join(' ') + '\\n');
setInterval(() => {}, 1000);
`;

/** A board with nothing on it, and what an integrator brings: a bundle of a few files with the launcher, and keys. */
async function bench(
  t: TestContext,
  machine: 'x64' | 'arm64' = arch() === 'arm64' ? 'arm64' : 'x64',
): Promise<Bench> {
  const directory = scratch(t);
  const launcher = resolve('dist/ota/launcher');
  const names = readdirSync(launcher).filter((name) => name.endsWith('.js'));
  const files = names.map((name): [string, Buffer] => [
    `dist/ota/launcher/${name}`,
    readFileSync(join(launcher, name)),
  ]);
  const tree = { ...smallTree, ...Object.fromEntries(files), 'dist/runtime/cli/main.js': start };
  const bundle = join(directory, 'vigie-1.0.0.tar.zst');
  const facts = { version: '1.0.0', commit: 'abcdef012345', arch: machine, boards: ['virtual'] };
  const entries = await entriesOf(writeTree(join(directory, 'tree'), tree));
  await packBundle(entries, { ...facts, start: 'dist/runtime/cli/main.js' }, bundle, { level: 3 }, quick);
  const trust = join(directory, 'root.json');
  const repository = new TestRepository();
  writeFileSync(trust, repository.root);
  const slots = join(directory, 'camera', 'slots');
  const state = join(directory, 'state');
  const given = ['--slots', slots, '--bundle', bundle, '--trust', trust, '--state', state];
  const provision: Bench['provision'] = (...flags) => commands.run('ota', 'provision', ...given, ...flags);
  return { directory, bundle, trust, slots, given, provision };
}

test('a new board: the tree with its modes, slot a confirmed, and a launcher that starts it', async (t) => {
  const { slots, directory, given, provision } = await bench(t);
  const { status, out, error } = spawnCommand(['ota', 'provision', ...given], { LC_ALL: 'C' });
  assert.equal(status, 0, error);
  assert.ok(existsSync(join(slots, 'cache', `gst-registry-${arch()}.bin`)));
  assert.match(out, /Vigie 1\.0\.0 \(commit abcdef012345\)/);
  assert.match(out, /sudo systemctl enable --now vigie/);
  const { state } = await readState(slots);
  assert.deepEqual([state?.active, state?.trial, state?.slots.a?.condition], ['a', null, 'good']);
  for (const name of ['', 'launcher', 'slots', 'trust', 'download']) {
    assert.equal(statSync(join(slots, name)).mode & 0o777, 0o700, name);
  }
  assert.equal(statSync(join(slots, 'trust/root.json')).mode & 0o777, 0o600);

  const log = join(directory, 'starts');
  const args = [join(slots, 'launcher/main.js'), '--slots', slots, '--', 'run', '--config', 'x'];
  const launcher = spawn(process.execPath, args, { stdio: 'ignore', env: { ...process.env, OUT: log } });
  t.after(() => ended(launcher, 'SIGTERM'));
  const line = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  // a file that is there may not hold its line yet
  while (!line().endsWith('\n') && launcher.exitCode === null) await wait(20);
  const [pid, ...rest] = line().trim().split(' ');
  assert.deepEqual(rest, ['a', 'run', '--config', 'x']);
  assert.match((await provision('--replace')).error, /is running/);
  await ended(launcher, 'SIGTERM');
  assert.equal(isAlive(Number(pid)), false);
});

test('a store on a card of its own: the service may write there', async (t) => {
  const { slots, directory, provision } = await bench(t);
  const config = join(directory, 'camera.json');
  const mountPoint = join(directory, 'card');
  const second = join(directory, 'second/store');
  const record = {
    directory: join(mountPoint, 'vigie'),
    mountPoint,
    second: { directory: second, capacityMiB: 1024 },
  };
  const mask = { zones: [], noneBecause: 'a test picture without any place' };
  const camera = { id: 'test', name: 'Test' };
  writeFileSync(config, JSON.stringify({ camera, mask, sensor: { kind: 'pattern' }, record }));
  const { status, error } = await provision('--config', config);
  assert.equal(status, 0, error);
  const unit = readFileSync(join(slots, 'vigie.service'), 'utf8');
  assert.match(unit, new RegExp(`^ReadWritePaths=.* -${mountPoint} -${second}$`, 'm'));
  assert.deepEqual([existsSync(mountPoint), existsSync(second)], [false, true]);
});

test('an installation that is there is not lost without being asked', async (t) => {
  const { slots, provision } = await bench(t);
  assert.equal((await provision()).status, 0);
  writeFileSync(join(slots, 'trust/floor.json'), 'kept');
  const again = await provision();
  assert.deepEqual([again.status, existsSync(join(slots, 'trust/floor.json'))], [11, true]);
  assert.match(again.error, /installed there already.*--replace/);
  assert.equal((await provision('--replace', '--language', 'fr')).status, 0);
  assert.equal(existsSync(join(slots, 'trust/floor.json')), false);
});

test('what was cut is made again; what is somebody else’s is left', async (t) => {
  const { slots, provision } = await bench(t);
  mkdirSync(join(slots, 'slots/a/dist'), { recursive: true });
  const foreign = await provision();
  assert.deepEqual([foreign.status, existsSync(join(slots, 'slots/a/dist'))], [11, true]);
  assert.match(foreign.error, /holds something else/);
  writeFileSync(join(slots, 'launcher.lock'), '');
  assert.equal((await provision()).status, 0);
});

test('refused before anything is written', async (t) => {
  const { slots, bundle, trust, directory, provision } = await bench(t);
  const refused = async (words: RegExp, ...flags: string[]): Promise<void> => {
    const { status, error } = await provision(...flags);
    assert.deepEqual([status, existsSync(slots)], [11, false], error);
    assert.match(error, words);
    assert.equal(error.trim().split('\n').length, 1);
  };
  await refused(/has the hash [0-9a-f]{64}, not/, '--sha256', 'a'.repeat(64));
  const cut = join(directory, 'cut.tar.zst');
  writeFileSync(cut, readFileSync(bundle).subarray(0, -100));
  await refused(/./, '--bundle', cut);
  const signed = JSON.parse(readFileSync(trust, 'utf8')) as { signed: { version: number } };
  signed.signed.version += 1;
  const forged = join(directory, 'forged.json');
  writeFileSync(forged, JSON.stringify(signed));
  await refused(/not one that its own keys have signed/, '--trust', forged);
  await refused(/cannot be read/, '--trust', join(directory, 'nothing'));
  const other = await bench(t, arch() === 'arm64' ? 'x64' : 'arm64');
  await refused(/This bundle is for/, '--bundle', other.bundle);
});

test('the service file: what systemd makes of it, with paths that need care', async (t) => {
  const directory = scratch(t);
  const unit = serviceUnit({
    ...{ node: process.execPath, user: 'root', slots: `${directory}/a b%c`, state: `${directory}/state` },
    config: '/etc/vigie/camera.json',
    stores: ['/mnt/card 1'],
  });
  assert.match(unit, / "-\/mnt\/card 1"$/m);
  assert.match(unit, /^ReadOnlyPaths="[^"]*\/a b%%c\/launcher"$/m);
  assert.match(unit, /^ReadWritePaths="[^"]*\/a b%%c" /m);
  assert.throws(() =>
    serviceUnit({ node: 'a', user: 'b', slots: 'c\nUser=root', state: 'd', config: 'e', stores: [] }),
  );
  assert.match(
    serviceUnit({ node: '/a$b', user: 'c', slots: '/d$', state: '/e', config: '/f', stores: [] }),
    /=\/a\$\$b .*\/d\$\$ /,
  );
  const file = join(directory, 'vigie.service');
  const checked = await analysed(file, unit);
  if (checked === null) return t.skip('systemd-analyze is not on this machine');
  assert.doesNotMatch(checked, /vigie\.service/);
  const control = await analysed(file, unit.replace('NoNewPrivileges', 'NoNewPrivilege'));
  assert.match(control ?? '', /vigie\.service.*NoNewPrivilege/);
});

/** What systemd-analyze says of a unit; null where there is none. */
function analysed(file: string, unit: string): Promise<string | null> {
  writeFileSync(file, unit);
  return new Promise((done) =>
    execFile('systemd-analyze', ['verify', '--man=no', file], (error, out, err) =>
      done(error?.code === 'ENOENT' ? null : `${out}${err}`),
    ),
  );
}
