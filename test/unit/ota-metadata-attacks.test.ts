/**
 * Attacks on the metadata of updates, through a real HTTP server. Each begins with a camera that has taken 1.2.0, and ends with
 * the honest repository taken again: what is refused is refused for the attack alone.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { RefusalReason } from '../../ota/metadata/refusal.js';
import { releasePath } from '../../ota/release.js';
import { TestCamera } from '../ota-camera.js';
import {
  boardRole,
  place,
  serveRepository,
  TestKey,
  TestRepository,
  testRelease,
} from '../ota-repository.js';

interface Scene {
  repository: TestRepository;
  camera: TestCamera;
  /** the files as they were when 1.1.0 was published */
  before: ReadonlyMap<string, Buffer>;
  /** puts a file of that time in the place of today's */
  asBefore: (path: string) => void;
}

async function sceneOf(t: TestContext): Promise<Scene & { url: string; asked: string[] }> {
  const repository = new TestRepository();
  const camera = new TestCamera(t, repository.root);
  const { url, asked } = await serveRepository(t, repository);
  repository.publish('1.1.0');
  await camera.takes(url, '1.1.0');
  const before = new Map(repository.files);
  repository.publish('1.2.0');
  await camera.takes(url, '1.2.0');
  const asBefore = (path: string): void => {
    const bytes = before.get(path);
    assert.ok(bytes);
    repository.files.set(path, bytes);
  };
  return { repository, camera, before, asBefore, url, asked };
}

function attack(name: string, reason: RefusalReason, does: (scene: Scene) => void): void {
  test(`${name}: refused as ${reason}`, async (t) => {
    const scene = await sceneOf(t);
    const { repository, camera, url } = scene;
    const honest = new Map(repository.files);
    does(scene);
    await camera.refuses(url, reason);
    repository.files = honest;
    await camera.takes(url, '1.2.0');
  });
}

// ---- older than what was seen
attack('an old timestamp', 'rollback', ({ asBefore }) => asBefore('metadata/timestamp.json'));
attack('a whole old repository', 'rollback', ({ repository, before }) => {
  repository.files = new Map(before);
});
attack('an old snapshot, under a stolen timestamp key', 'rollback', ({ repository }) => {
  repository.role('snapshot').version = 1;
  repository.writeTimestamp();
});
attack('old targets, under stolen timestamp and snapshot keys', 'rollback', ({ repository }) => {
  repository.role(boardRole).version = 1;
  repository.writeSnapshot();
  repository.writeTimestamp();
});
attack('a snapshot that a role has vanished from', 'rollback', ({ repository }) => {
  repository.inSnapshot = ['targets', place.customer];
  repository.writeSnapshot();
  repository.writeTimestamp();
});
attack('the first root under the number of the second', 'rollback', ({ repository }) => {
  repository.files.set('metadata/2.root.json', repository.root);
});

// ---- the same, after everything that was kept is lost
for (const [name, does] of [
  ['a whole old repository', ({ repository, before }) => (repository.files = new Map(before))],
  ['an old timestamp', ({ asBefore }) => asBefore('metadata/timestamp.json')],
  [
    'old targets in a new snapshot',
    ({ repository }) => {
      repository.role(boardRole).version = 1;
      repository.writeSnapshot();
      repository.writeTimestamp();
    },
  ],
] satisfies [string, (scene: Scene) => void][]) {
  attack(`timestamp and snapshot lost, then ${name}`, 'rollback', (scene) => {
    does(scene);
    scene.camera.forgets();
  });
}

test('control: a camera that lost its floors as well takes the old repository', async (t) => {
  const { repository, camera, before, url } = await sceneOf(t);
  repository.files = new Map(before);
  camera.forgets();
  camera.forgetsFloors();
  await camera.takes(url, '1.1.0');
});

// ---- held back until it is stale
for (const name of ['timestamp', 'snapshot', 'targets', place.customer, boardRole]) {
  attack(`metadata of ${name} that has expired`, 'expired', ({ repository }) => {
    repository.role(name).expiresMs = Date.now() - 60_000;
    for (const role of ['targets', place.customer, boardRole]) repository.writeTargets(role);
    repository.writeSnapshot();
    repository.writeTimestamp();
  });
}

test('a root that has expired is refused until there is a newer one', async (t) => {
  const { repository, camera, url } = await sceneOf(t);
  repository.role('root').expiresMs = Date.now() - 60_000;
  repository.writeRoot();
  await camera.refuses(url, 'expired');
  repository.role('root').expiresMs = Date.now() + 86_400_000;
  repository.writeRoot();
  await camera.takes(url, '1.2.0');
});

test('what is held in front of a camera expires by its own clock', async (t) => {
  const { camera, url } = await sceneOf(t);
  camera.clock.advance(29 * 86_400_000);
  await camera.takes(url, '1.2.0');
  camera.clock.advance(2 * 86_400_000);
  await camera.refuses(url, 'expired');
});

// ---- pieces that do not belong together
for (const name of [boardRole, 'snapshot']) {
  attack(`an old file of ${name} in a new publication`, 'mixed', ({ repository }) => {
    const old = repository.metadata(name);
    repository.publish('1.3.0');
    repository.files.set(`metadata/3.${name}.json`, old);
  });
}
attack('targets that the snapshot says nothing of', 'damaged', ({ repository, camera }) => {
  repository.inSnapshot = ['targets', place.customer];
  repository.writeSnapshot();
  repository.writeTimestamp();
  camera.forgets();
});
attack('a release with other bytes of the same length', 'mixed', ({ repository }) => {
  changeRelease(repository, (bytes) => bytes.fill(0x20, 0, 1));
});
attack('a release that is cut', 'mixed', ({ repository }) => {
  changeRelease(repository, (bytes) => bytes.subarray(0, -1));
});
attack('a release that goes on', 'endless', ({ repository }) => {
  changeRelease(repository, (bytes) => Buffer.concat([bytes, bytes]));
});

function changeRelease(repository: TestRepository, change: (bytes: Buffer) => Buffer): void {
  const suffix = `.${releasePath(place).split('/').at(-1)}`;
  for (const [path, bytes] of repository.files) {
    if (path.endsWith(suffix)) repository.files.set(path, change(Buffer.from(bytes)));
  }
}

// ---- other keys
for (const name of ['timestamp', 'snapshot', 'targets', place.customer, boardRole]) {
  attack(`${name} signed by a key of nobody`, 'signature', ({ repository, camera }) => {
    repository.role(name).signedBy = [new TestKey()];
    for (const role of ['targets', place.customer, boardRole]) repository.writeTargets(role);
    repository.writeSnapshot();
    repository.writeTimestamp();
    camera.forgets();
  });
}
attack('a board signed by the key of the timestamp', 'signature', ({ repository }) => {
  repository.role(boardRole).signedBy = repository.role('timestamp').keys;
  repository.publish('1.3.0');
});
attack('one signature where two are needed', 'signature', ({ repository }) => {
  repository.role(boardRole).threshold = 2;
  const [key] = repository.role(boardRole).keys;
  assert.ok(key);
  repository.role(boardRole).keys = [key, new TestKey()];
  repository.role(boardRole).signedBy = [key];
  repository.writeTargets(place.customer);
  repository.publish('1.3.0');
});
attack('a root with one signature of two', 'signature', ({ repository }) => {
  repository.role('root').signedBy = repository.role('root').keys.slice(0, 1);
  repository.writeRoot();
});
attack('a root with new keys that the old ones did not sign', 'signature', ({ repository }) => {
  repository.role('root').keys = [new TestKey(), new TestKey()];
  repository.writeRoot();
});
attack('a root of old keys that its own keys did not sign', 'signature', ({ repository }) => {
  const old = repository.role('root').keys;
  repository.role('root').keys = [new TestKey(), new TestKey()];
  repository.role('root').signedBy = old;
  repository.writeRoot();
});

// ---- a place of somebody else
test('a role signs nothing outside its paths', async (t) => {
  const other = { ...place, customer: 'ville-autre' };
  const repository = new TestRepository();
  const camera = new TestCamera(t, repository.root);
  const { url } = await serveRepository(t, repository);
  repository.addTarget(releasePath(other), Buffer.from('anything'));
  repository.paths[boardRole] = ['*/*/*/*'];
  repository.publish('1.1.0');
  await camera.refuses(url, 'absent', { place: other });
  await camera.takes(url, '1.1.0');
  // control: with a delegation that is wide all the way down, it is found
  repository.paths[place.customer] = ['*/*/*/*'];
  repository.writeTargets('targets');
  repository.signAll();
  await camera.refuses(url, 'damaged', { place: other });
});

/** What is signed as it should be, and wrong: the next publication is taken. */
function mistake(name: string, reason: RefusalReason, does: (repository: TestRepository) => void): void {
  test(`${name}: refused as ${reason}`, async (t) => {
    const { repository, camera, url } = await sceneOf(t);
    does(repository);
    await camera.refuses(url, reason);
    repository.publish('1.4.0');
    await camera.takes(url, '1.4.0');
  });
}
for (const [name, changes] of [
  ['another board', { board: 'x86' }],
  ['another customer', { customer: 'ville-autre' }],
  ['another channel', { channel: 'pilot' }],
] as const) {
  mistake(`the release of ${name} under this path`, 'foreign', (repository) => {
    const { content } = testRelease('1.3.0');
    const { customer, board, channel } = { ...place, ...changes };
    const path = `${customer}/${board}/${channel}/vigie-1.3.0.tar.zst`;
    repository.publish('1.3.0', { ...changes, content: { ...content, path } });
  });
}
for (const [name, reason, path] of [
  ['of another customer', 'foreign', 'ville-autre/rpi5/stable/vigie.tar.zst'],
  ['that nobody signed', 'mixed', `${place.customer}/${place.board}/stable/other.zst`],
] as const) {
  mistake(`a release that names a bundle ${name}`, reason, (repository) => {
    const { content } = testRelease('1.3.0');
    repository.publish('1.3.0', { content: { ...content, path } });
  });
}
mistake('a release with a word too many', 'damaged', (repository) => {
  repository.publish('1.3.0', { ...testRelease('1.3.0'), ...{ run: 'this' } });
});
mistake('a release that is longer than any', 'endless', (repository) => {
  repository.addTarget(releasePath(place), Buffer.alloc(200_000, ' '));
  repository.signAll();
});

// ---- the time
test('a clock that is not trusted, or set back, asks nothing', async (t) => {
  const { camera, url, asked } = await sceneOf(t);
  const before = asked.length;
  camera.clockTrusted = false;
  await camera.refuses(url, 'clock');
  camera.clockTrusted = true;
  camera.clock.jumpWall(-86_400_000);
  await camera.refuses(url, 'clock');
  camera.forgets();
  await camera.refuses(url, 'clock');
  assert.equal(asked.length, before);
  camera.clock.jumpWall(86_400_000);
  await camera.takes(url, '1.2.0');
});

test('a clock that was far ahead leaves no floor that would hold the camera for years', async (t) => {
  const { camera, url } = await sceneOf(t);
  camera.clock.jumpWall(10 * 365 * 86_400_000);
  await camera.refuses(url, 'expired');
  camera.clock.jumpWall(-10 * 365 * 86_400_000);
  await camera.takes(url, '1.2.0');
});
