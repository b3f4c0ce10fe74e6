/**
 * `vigie ota` as an integrator works with it: keys, a root that two holders sign on two machines, a customer, real bundles with a
 * delta, channels and shares; then a client of The Update Framework sees exactly that.
 */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { LinuxCard } from '../../board/linux/card.js';
import { exitCodes } from '../../errors.js';
import { makeDelta } from '../../ota/bundle/delta.js';
import { CommandRunner, type Ended } from '../command-runner.js';
import { served, TufClient } from '../ota-publishing.js';
import { packTree, quick, scratch, smallTree, writeTree } from '../small-bundle.js';

const runner = new CommandRunner(() => ({ LC_ALL: 'C' }));
after(() => runner.stop());
const run = (...args: string[]): Promise<Ended> => runner.run('ota', ...args);
async function done(...args: string[]): Promise<string> {
  const { status, out, error } = await run(...args);
  assert.equal(status, 0, `vigie ota ${args.join(' ')}: ${error}${out}`);
  return out;
}

class Integrator {
  readonly top: string;
  readonly repository: string;
  readonly keys: string;
  constructor(t: TestContext) {
    this.top = scratch(t);
    this.repository = join(this.top, 'repository');
    this.keys = join(this.top, 'keys');
  }

  key = (name: string): string => join(this.keys, `${name}.pem`);

  async makeKeys(...names: string[]): Promise<void> {
    for (const name of names) await done('keys', 'new', name, '--out', this.key(name));
  }

  async init(rootTwo = this.key('root-2')): Promise<string> {
    const roles = ['--targets-key', '--snapshot-key', '--timestamp-key'];
    const online = roles.flatMap((role) => [role, this.key(`${role.slice(2, -4)}-1`)]);
    const root = ['--root-key', this.key('root-1'), '--root-key', rootTwo];
    return done('init', this.repository, ...root, ...online);
  }

  async customer(): Promise<void> {
    const signing = ['--keys', this.keys];
    await done(
      'customer',
      'add',
      this.repository,
      'ville-exemple',
      '--key',
      this.key('customer-1'),
      ...signing,
    );
    const board = ['ville-exemple', 'virtual', '--key', this.key('board-1')];
    await done('board', 'add', this.repository, ...board, ...signing);
  }

  async bundle(version: string): Promise<string> {
    const main = `console.log("${version}");\n`;
    const tree = writeTree(join(this.top, `tree-${version}`), {
      ...smallTree,
      'dist/runtime/cli/main.js': main,
    });
    const file = join(this.top, `vigie-${version}.tar.zst`);
    await packTree(tree, file, version);
    return file;
  }

  place = (channel = 'stable'): string[] => [
    ...[this.repository, '--customer', 'ville-exemple', '--board', 'virtual', '--channel', channel],
    ...['--keys', this.keys],
  ];
}

const everyone = ['root-1', 'root-2', 'targets-1', 'snapshot-1', 'timestamp-1', 'customer-1', 'board-1'];
const stable = { customer: 'ville-exemple', board: 'virtual', channel: 'stable' as const };

test('two holders sign the first root on two machines; nothing is there before both have', async (t) => {
  const one = new Integrator(t);
  await one.makeKeys(...everyone);
  assert.equal(statSync(one.keys).mode & 0o777, 0o700, 'made where it was not there, closed to others');
  assert.match((await run('keys', 'new', 'root-1', '--out', one.key('root-1'))).error, /is there already/);
  const staged = await one.init(one.key('root-2').replace('.pem', '.pub.pem'));
  assert.match(staged, /root 1: 1 of 2 signatures; can sign: root-2/);
  assert.ok(!existsSync(join(one.repository, 'metadata/timestamp.json')));
  assert.equal(
    (await run('customer', 'add', one.repository, 'ville-exemple', '--key', one.key('customer-1'))).status,
    exitCodes.update,
  );
  const elsewhere = join(one.top, '1.root.json');
  const waiting = join(one.repository, 'metadata/staged/1.root.json');
  copyFileSync(waiting, elsewhere);
  assert.match(
    await done('sign', elsewhere, '--key', one.key('root-2')),
    /2 of 2: .*1 signature\(s\) added/s,
  );
  const online = ['--sign-with', one.key('snapshot-1'), '--sign-with', one.key('timestamp-1')];
  const published = await done('sign', waiting, '--merge', elsewhere, ...online);
  assert.match(published, /Published/);
  assert.ok(existsSync(join(one.repository, 'metadata/1.root.json')));
  assert.ok(!existsSync(join(one.repository, 'metadata/staged')));
  // The root is renewed by holders who are elsewhere; every day's renewal goes on meanwhile, and a name that is wrong is told.
  const renew = ['refresh', one.repository, '--role', 'root', '--sign-with', one.key('timestamp-1')];
  assert.match((await run(...renew)).error, /Signatures are missing: root has 0 of 2/);
  const second = join(one.repository, 'metadata/staged/2.root.json');
  assert.match(await done(...renew, '--stage'), /root 2: 0 of 2/);
  assert.match((await run(...renew, '--stage')).error, /root waits for signatures/);
  assert.match((await run('refresh', one.repository, '--role', 'rot')).error, /has no role rot/);
  assert.match(await done('refresh', one.repository, ...online), /Published.*timestamp\.json/s);
  await done('sign', second, '--key', one.key('root-1'));
  assert.match(
    await done('sign', second, '--key', one.key('root-2'), '--keys', one.keys),
    /Published.*2\.root/s,
  );
  // A copy that says something else is not merged.
  const root = readFileSync(elsewhere, 'utf8').replace('"threshold": 2', '"threshold": 1');
  writeFileSync(elsewhere, root);
  copyFileSync(join(one.repository, 'metadata/1.root.json'), join(one.top, '1.root.copy'));
  mkdirSync(join(one.top, 'other'));
  copyFileSync(join(one.repository, 'metadata/1.root.json'), join(one.top, 'other/1.root.json'));
  const other = await run('sign', join(one.top, 'other/1.root.json'), '--merge', elsewhere);
  assert.match(other.error, /is not a copy of/);
});

test('bundles are published with a delta, to a share and to groups; refused are what cameras would refuse', async (t) => {
  const one = new Integrator(t);
  await one.makeKeys(...everyone);
  await one.init();
  await one.customer();
  const client = await TufClient.at(t, await served(t, one.repository));
  const [old, next] = [await one.bundle('1.0.0'), await one.bundle('1.1.0')];
  const dry = await done('publish', ...one.place(), '--bundle', old, '--dry-run');
  assert.match(dry, /It would publish/);
  assert.deepEqual(readdirSync(join(one.repository, 'targets')), []);
  await done('publish', ...one.place(), '--bundle', old);
  const delta = join(one.top, 'vigie-1.1.0-from-1.0.0.zst');
  await makeDelta({ from: old, to: next }, () => delta, { scratch: one.top }, quick);
  const share = ['--percent', '10', '--group', 'nord', '--group', 'sud'];
  writeFileSync(join(one.top, 'fr.txt'), 'Nuits plus nettes\n');
  await done(
    'publish',
    ...one.place(),
    '--bundle',
    next,
    '--delta',
    delta,
    ...share,
    '--notes-fr',
    join(one.top, 'fr.txt'),
  );
  const release = await client.release(stable);
  assert.equal(release?.version, '1.1.0');
  assert.deepEqual(release.rollout, { percent: 10, groups: ['nord', 'sud'] });
  assert.equal(release.notes.fr, 'Nuits plus nettes');
  assert.equal(release.content.kind === 'tree' && release.content.deltas.length, 1);
  await done('rollout', ...one.place(), '--percent', '50');
  assert.deepEqual((await client.release(stable))?.rollout, { percent: 50, groups: ['nord', 'sud'] });

  const again = await run('publish', ...one.place(), '--bundle', old);
  assert.equal(again.status, exitCodes.update);
  assert.match(again.error, /1\.0\.0 is lower/);
  await done('publish', ...one.place('pilot'), '--bundle', next);
  const wrongBoard = ['board', 'add', one.repository, 'ville-exemple', 'rpi5', '--key', one.key('board-1')];
  await done(...wrongBoard, '--keys', one.keys);
  const foreign = one.place().map((word) => (word === 'virtual' ? 'rpi5' : word));
  assert.match((await run('publish', ...foreign, '--bundle', next)).error, /is for virtual, not for rpi5/);
  const damaged = join(one.top, 'damaged.tar.zst');
  writeFileSync(damaged, readFileSync(next).subarray(0, -20));
  assert.match((await run('publish', ...one.place(), '--bundle', damaged)).error, /vigie: .*damaged/);
  const publishing = ['publish', ...one.place('pilot'), '--bundle', next];
  const misfit = await run(...publishing, '--delta', delta, '--base', next);
  assert.match(misfit.error, /does not start from/);
  const torn = join(one.top, 'torn-from-1.0.0.zst');
  writeFileSync(torn, readFileSync(delta).subarray(0, -9));
  assert.match((await run(...publishing, '--delta', torn, '--base', old)).error, /vigie: /);
  assert.match((await run(...publishing, '--delta', torn)).error, /torn.*|Name it with --base/);
  await done('withdraw', ...one.place());
  assert.equal(await client.release(stable), null);

  const shown = await done('repository', one.repository, '--language', 'fr');
  assert.match(shown, /ville-exemple +virtual +pilot +1\.1\.0 +100 %/);
  const json = JSON.parse(await done('repository', one.repository, '--json')) as { warnings: unknown[] };
  assert.deepEqual(json.warnings, [{ what: 'no-spare-root-key', of: 'root' }]);
});

test('rotation and revocation in one command each; the lock; what is secret stays out of the repository', async (t) => {
  const one = new Integrator(t);
  await one.makeKeys(...everyone, 'timestamp-2', 'root-3');
  await one.init();
  const rotate = ['rotate', one.repository, '--role', 'timestamp', '--old-key', 'timestamp-1'];
  await done(...rotate, '--new-key', one.key('timestamp-2'), '--keys', one.keys);
  const revoke = ['revoke', one.repository, '--key', 'root-1', '--new-key', one.key('root-3')];
  const online = ['--sign-with', one.key('root-2')];
  const waits = await done(...revoke, ...online);
  assert.match(waits, /root 3: 1 of 2 signatures that the root before asks for; can sign: root-1/);
  assert.match((await run(...revoke, '--keys', one.keys)).error, /waits for signatures/);
  await done('unstage', one.repository);
  await done(...revoke, '--keys', one.keys);
  assert.match(await done('repository', one.repository), /root +3 .*root-3/);
  assert.match(await done('refresh', one.repository, '--keys', one.keys), /timestamp\.json/);
  const unlock = await new LinuxCard().lock(join(one.repository, '.lock'));
  assert.match((await run('refresh', one.repository, '--keys', one.keys)).error, /cannot be locked/);
  await unlock();
  assert.match(await done('prune', one.repository, '--days', '0', '--dry-run'), /would remove: 0 file/);
  const files = readdirSync(one.repository, { recursive: true, encoding: 'utf8' });
  const secrets = readdirSync(one.keys).filter((name) => !name.includes('.pub'));
  const bodies = secrets.map((name) => readFileSync(join(one.keys, name), 'utf8').split('\n')[2] ?? '');
  for (const file of files
    .map((name) => join(one.repository, name))
    .filter((path) => statSync(path).isFile())) {
    const text = readFileSync(file, 'utf8');
    assert.ok(!/PRIVATE KEY/.test(text) && bodies.every((body) => body !== '' && !text.includes(body)), file);
  }
});
