import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { noveltyDirectory } from '../../runtime/scene/novelty/file.js';
import { NoveltyStore } from '../../runtime/scene/novelty/store.js';
import { Scene } from '../../runtime/scene/scene.js';
import { CommandRunner, spawnCommand } from '../command-runner.js';
import { ASPECT, street, teach } from './novelty-script.js';

const state = mkdtempSync(join(tmpdir(), 'vigie-novelty-command-'));
after(() => rmSync(state, { recursive: true, force: true }));

const runner = new CommandRunner();
after(() => runner.stop());
const run = async (...args: string[]): Promise<string> => {
  const { status, out, error } = await runner.run('novelty', ...args, '--state', state);
  assert.equal(status, 0, error);
  return out;
};

before(async () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const options = { directory: noveltyDirectory(state), aspect: ASPECT, ground: null };
  const store = new NoveltyStore({ clock: new ManualClock(), log }, options);
  for (const name of ['Street', 'Square']) {
    const zone = { ...street(), name };
    teach(new Scene({ novelty: store }, { cameraId: 'cam-1', zones: [zone], aspect: ASPECT }), 20);
  }
  await store.stop();
});

describe('vigie novelty', () => {
  it('shows how much each zone has learned', async () => {
    assert.match(await run('show'), /^Street +\d\d /m);
    assert.match(await run('show', '--language', 'fr'), /passages appris/);
    assert.equal(JSON.parse(await run('show', '--json')).zones.length, 2);
  });

  it('exports numbers, with what is needed to read them', async () => {
    const [zone] = JSON.parse(await run('export', '--zone', 'Street')).zones;
    const { across, down } = zone.grid;
    assert.equal(zone.tracks.length, zone.groups.length * (across * down + 1));
    assert.equal(zone.speed.length, zone.tracks.length * zone.speedFrom.length);
    assert.equal(zone.size.length, zone.tracks.length * zone.sizeFrom.length);
    assert.ok(zone.tracks.every((count: unknown) => typeof count === 'number' && count >= 0));
  });

  it('refuses a zone that it does not know', async () => {
    const { status, error } = spawnCommand(['novelty', 'reset', '--zone', 'Nowhere', '--state', state]);
    assert.notEqual(status, 0);
    assert.match(error, /No zone "Nowhere"/);
    assert.equal(readdirSync(noveltyDirectory(state)).length, 2);
  });

  it('forgets one zone, then all, and counts what it cannot read', async () => {
    await run('reset', '--zone', 'Street');
    assert.equal(readdirSync(noveltyDirectory(state)).length, 1);
    writeFileSync(join(noveltyDirectory(state), 'other.json'), '{}');
    assert.match(await run('show'), /Files that cannot be read: 1/);
    await run('reset');
    assert.deepEqual(readdirSync(noveltyDirectory(state)), []);
  });
});
