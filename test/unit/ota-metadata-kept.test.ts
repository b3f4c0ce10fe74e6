/** What a camera keeps of verified metadata: torn files, cuts while it is kept, files of somebody else. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Floors } from '../../ota/metadata/floors.js';
import { UpdateRefused } from '../../ota/metadata/refusal.js';
import { fileOf } from '../../ota/metadata/roles.js';
import { TrustStore } from '../../ota/metadata/trust-store.js';
import { TestCamera } from '../ota-camera.js';
import { boardRole, place, serveRepository, TestRepository } from '../ota-repository.js';

async function known(t: TestContext) {
  const repository = new TestRepository();
  const camera = new TestCamera(t, repository.root);
  const { url, asked } = await serveRepository(t, repository);
  repository.publish('1.1.0');
  await camera.takes(url, '1.1.0');
  return { repository, camera, url, asked };
}

const setOf = (directory: string): string => {
  const sets = readdirSync(directory).filter((name) => name.startsWith('set-'));
  assert.equal(sets.length, 1, 'one set is kept');
  return join(directory, sets[0] ?? '');
};

test('what is kept serves the next check: only the timestamp and the next root are asked for', async (t) => {
  const { camera, url, asked } = await known(t);
  asked.length = 0;
  await camera.takes(url, '1.1.0');
  const metadata = asked.filter((path) => path.startsWith('metadata/'));
  assert.deepEqual(metadata, ['metadata/2.root.json', 'metadata/timestamp.json']);
});

test('any file that is torn, emptied, lost or another one: the first root is enough to go on', async (t) => {
  const { camera, url } = await known(t);
  const { directory } = camera;
  camera.saves();
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    (name) => statSync(join(directory, name)).isFile() && name !== 'root.json',
  );
  assert.ok(files.some((name) => name.endsWith(fileOf(boardRole))) && files.includes('floor.json'));
  const damages: ((path: string) => void)[] = [
    (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
    (path) => truncateSync(path, 0),
    (path) => rmSync(path),
    (path) => writeFileSync(path, '{"signatures": [], "signed": {}}'),
    (path) => writeFileSync(path, Buffer.alloc(statSync(path).size)),
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ];
  for (const name of files) {
    for (const damage of damages) {
      damage(join(directory, name));
      await camera.takes(url, '1.1.0').catch((error: unknown) => {
        // a directory where a file of its own belongs: the disk is not as it was, and that is what is said
        assert.ok(error instanceof UpdateRefused && error.reason === 'storage', `${name}: ${String(error)}`);
      });
      camera.restores();
    }
  }
});

test('a set that is damaged is told and replaced', async (t) => {
  const { camera, url } = await known(t);
  truncateSync(join(setOf(camera.directory), fileOf('snapshot')), 10);
  await camera.takes(url, '1.1.0');
  assert.ok(camera.said.some((line) => line.includes('damaged')));
  camera.said.length = 0;
  await camera.takes(url, '1.1.0');
  assert.deepEqual(camera.said, []);
});

test('the first root: missing or damaged is told as such, and it is never written', async (t) => {
  const { camera, url, repository } = await known(t);
  assert.deepEqual(readFileSync(join(camera.directory, 'root.json')), repository.root);
  camera.forgets();
  for (const damage of [
    () => writeFileSync(join(camera.directory, 'root.json'), '{'),
    () => camera.loses(),
  ]) {
    damage();
    await camera.refuses(url, 'no-root');
  }
});

test('a cut at every step of keeping a set leaves the old one or the new one', async (t) => {
  const { camera, repository } = await known(t);
  const { directory } = camera;
  const old = readFileSync(join(setOf(directory), fileOf('timestamp')));
  const next = Buffer.from('the next one');
  const steps: string[] = [];
  for (const step of ['set written', 'set named', 'set current', 'none']) {
    const reached = (at: string): void => {
      steps.push(at);
      if (at === step) throw new Error('cut');
    };
    const files = new Map([
      [fileOf('root'), repository.root],
      [fileOf('timestamp'), next],
    ]);
    const kept = new TrustStore({ log: camera.log, reached }, { directory }).keep(files);
    await (step === 'none' ? kept : assert.rejects(kept));
    const store = new TrustStore(camera, { directory });
    await store.open();
    const timestamp = (await store.read()).get(fileOf('timestamp'));
    assert.deepEqual(timestamp, step === 'set current' || step === 'none' ? next : old);
  }
  assert.deepEqual(new Set(steps), new Set(['set written', 'set named', 'set current']));
  setOf(directory);
});

test('a check that is cut anywhere: the next one goes on, and what was taken before does not come back', async (t) => {
  const { camera, repository, url } = await known(t);
  const first = new Map(repository.files);
  repository.publish('1.2.0');
  await camera.takes(url, '1.2.0');
  repository.publish('1.3.0');
  const today = repository.files;
  camera.saves();
  const steps: string[] = [];
  camera.reached = (step) => void steps.push(step);
  await camera.takes(url, '1.3.0');
  assert.equal(steps.length, 5, steps.join());
  for (const cut of steps) {
    camera.restores();
    camera.reached = (step) => {
      if (step === cut) throw new Error('cut');
    };
    await assert.rejects(camera.asks(url), cut);
    camera.reached = () => {};
    repository.files = first;
    await camera.refuses(url, 'rollback');
    repository.files = today;
    await camera.takes(url, '1.3.0');
  }
});

test('files of another place do not stay, and sets do not pile up', async (t) => {
  const { camera, repository, url } = await known(t);
  for (let i = 2; i < 6; i++) {
    repository.publish(`1.${i}.0`);
    await camera.takes(url, `1.${i}.0`);
  }
  const names = readdirSync(setOf(camera.directory)).sort();
  const roles = ['root', 'timestamp', 'snapshot', 'targets', place.customer, boardRole];
  assert.deepEqual(names, roles.map(fileOf).sort());
});

test('the floor: raised only, kept twice, and never below the confirmed version', async (t) => {
  const { camera } = await known(t);
  const { directory } = camera;
  const open = async (confirmed: string | null): Promise<Floors> => {
    const floors = new Floors(camera, { directory });
    await floors.start(confirmed);
    return floors;
  };
  const floors = await open('1.0.0');
  await floors.raiseVersion('1.2.0');
  await floors.raiseVersion('1.1.0');
  assert.equal(floors.version, '1.2.0');
  const timeMs = floors.timeMs;
  assert.ok(timeMs > 0);
  await floors.raiseSeen(timeMs - 1000, {});
  assert.equal(floors.timeMs, timeMs);
  const before = floors.role('timestamp');
  assert.ok(before !== null && before.version === 1);
  await floors.raiseSeen(0, { timestamp: { version: 0, signers: [], anew: false } });
  assert.deepEqual(floors.role('timestamp'), before);
  assert.equal(floors.role('__proto__'), null);
  for (const name of ['floor.json', 'floor.second.json']) {
    const path = join(directory, name);
    const whole = readFileSync(path, 'utf8');
    for (const torn of [
      whole.slice(0, 40),
      whole.replace('1.2.0', '1.0.0'),
      whole.replace(/"timeMs":\d/, '"timeMs":0'),
    ]) {
      writeFileSync(path, torn);
      const again = await open('1.0.0');
      assert.equal(again.version, '1.2.0');
      assert.equal(again.timeMs, timeMs);
      assert.equal(readFileSync(path, 'utf8').includes('1.2.0'), true, 'made again');
    }
  }
  camera.forgetsFloors();
  assert.equal((await open(null)).version, null, 'not known');
  assert.equal((await open('1.1.0')).version, '1.1.0', 'the version that runs and is confirmed');
  assert.equal((await open('1.3.0')).version, '1.3.0', 'confirmed while nobody could write it down');
});

test('a copy of the floor that a cut left behind does not lower the other', async (t) => {
  const { camera } = await known(t);
  const path = join(camera.directory, 'floor.second.json');
  const old = readFileSync(path);
  await camera.floors.raiseVersion('1.5.0');
  writeFileSync(path, old);
  const floors = new Floors(camera, { directory: camera.directory });
  await floors.start(null);
  assert.equal(floors.version, '1.5.0');
  assert.notDeepEqual(readFileSync(path), old);
});
