/**
 * What `ota/repository/` writes is what a client of The Update Framework takes: tuf-js follows it through publications, changes
 * of keys and revocations, over HTTP.
 */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withdraw } from '../../ota/repository/offers.js';
import { refresh } from '../../ota/repository/refresh.js';
import { revoke, rotate } from '../../ota/repository/rotation.js';
import { removeUnlisted, unlisted } from '../../ota/repository/unlisted.js';
import { Publishing, place, served, TufClient } from '../ota-publishing.js';

const versionOf = async (client: TufClient) => (await client.release())?.version ?? null;

test('what is published is what a client sees; what is withdrawn is gone', async (t) => {
  const publishing = await new Publishing(t).founded();
  const url = await served(t, publishing.directory);
  const client = await TufClient.at(t, url);
  assert.equal(await versionOf(client), null);
  await publishing.publish('1.0.0');
  const release = await client.release();
  assert.equal(release?.version, '1.0.0');
  assert.equal(await client.file(release?.content.path ?? ''), 'bundle of 1.0.0');
  await publishing.publish('1.1.0');
  assert.equal(await versionOf(client), '1.1.0');
  assert.equal(await client.release({ ...place, channel: 'pilot' }), null);
  await assert.rejects(client.file('ville-exemple/generic-x86/stable/vigie-1.0.0.tar.zst'), /not listed/);
  await publishing.change((draft) => withdraw(draft, place));
  assert.equal(await versionOf(client), null);
});

for (const role of [
  'root',
  'targets',
  'snapshot',
  'timestamp',
  'ville-exemple',
  'ville-exemple.generic-x86',
]) {
  test(`a key of ${role} is changed: a client of before and a new one follow`, async (t) => {
    const publishing = await new Publishing(t).founded();
    await publishing.publish('1.0.0');
    const url = await served(t, publishing.directory);
    const client = await TufClient.at(t, url);
    assert.equal(await versionOf(client), '1.0.0');
    const old = { root: 'root-2', 'ville-exemple': 'customer-1', 'ville-exemple.generic-x86': 'board-1' };
    const name = old[role as keyof typeof old] ?? `${role}-1`;
    const next = await publishing.key(`${role}-next`);
    const outcome = await publishing.change((draft) => rotate(draft, role, name, next));
    assert.equal(outcome.seamless, true);
    publishing.keys.delete(name);
    await publishing.publish('1.1.0', { keyring: publishing.keyring() });
    assert.equal(await versionOf(client), '1.1.0');
    assert.equal(await versionOf(await TufClient.at(t, url)), '1.1.0');
  });
}

test('a stolen key is revoked without it: what it signed is signed again, and what it signs counts no more', async (t) => {
  const publishing = await new Publishing(t).founded();
  const second = await publishing.key('timestamp-2');
  await publishing.change((draft) => draft.changeKeys('timestamp', [], [second]));
  await publishing.publish('1.0.0');
  const url = await served(t, publishing.directory);
  const client = await TufClient.at(t, url);
  assert.equal(await versionOf(client), '1.0.0');
  const stolen = publishing.keyring('timestamp-1');
  publishing.keys.delete('timestamp-1');
  await publishing.change((draft) => void revoke(draft, 'timestamp-1', null));
  assert.equal(await versionOf(client), '1.0.0');
  await publishing.publish('1.1.0');
  assert.equal(await versionOf(client), '1.1.0');
  const repository = await publishing.open();
  const forged = repository.apply(repository.draft(publishing.nowMs), stolen, {
    nowMs: publishing.nowMs,
    stage: false,
    renew: { timestamp: true },
  });
  await assert.rejects(forged, /timestamp has 0 of 1/);
});

test('the only key of a role is revoked: it takes another in its place', async (t) => {
  const publishing = await new Publishing(t).founded();
  await publishing.publish('1.0.0');
  const url = await served(t, publishing.directory);
  const client = await TufClient.at(t, url);
  await client.release();
  publishing.keys.delete('targets-1');
  await assert.rejects(
    publishing.change((draft) => void revoke(draft, 'targets-1', null)),
    /would have 0 key/,
  );
  const next = await publishing.key('targets-2');
  const outcome = await publishing.change((draft) => void revoke(draft, 'targets-1', next));
  assert.equal(outcome.seamless, false);
  assert.equal(await versionOf(client), '1.0.0');
});

test('a camera that was off follows several roots at once', async (t) => {
  const publishing = await new Publishing(t).founded();
  await publishing.publish('1.0.0');
  const url = await served(t, publishing.directory);
  const client = await TufClient.at(t, url);
  await client.release();
  for (const number of [3, 4, 5]) {
    const next = await publishing.key(`root-${number}`);
    await publishing.change((draft) => rotate(draft, 'root', `root-${number - 2}`, next));
  }
  await publishing.publish('1.1.0');
  assert.equal(await versionOf(client), '1.1.0');
  // Control: a chain with a hole is not followed, and not built upon.
  rmSync(join(publishing.directory, 'metadata/3.root.json'));
  await assert.rejects(publishing.open(), /the root before it is missing/);
});

test('a customer is removed and comes back: a client that knew it goes on', async (t) => {
  const publishing = await new Publishing(t).founded();
  await publishing.publish('1.0.0');
  const client = await TufClient.at(t, await served(t, publishing.directory));
  assert.equal(await versionOf(client), '1.0.0');
  await publishing.change((draft) => draft.removeRole(place.customer));
  assert.equal(await versionOf(client), null);
  const customer = [await publishing.key('customer-2')];
  const board = [await publishing.key('board-2')];
  await publishing.change((draft) => {
    draft.addRole(place.customer, `${place.customer}/*/*/*`, customer, 1);
    draft.addRole(`${place.customer}.${place.board}`, `${place.customer}/${place.board}/*/*`, board, 1);
  });
  await publishing.publish('2.0.0');
  assert.equal(await versionOf(client), '2.0.0');
});

test('refreshing keeps clients content; without it they refuse what has expired', async (t) => {
  const publishing = new Publishing(t);
  publishing.nowMs = Date.now() - 8 * 86_400_000;
  await publishing.founded();
  await publishing.publish('1.0.0');
  const client = await TufClient.at(t, await served(t, publishing.directory));
  await assert.rejects(client.release(), /expired/);
  const renewed = await refresh(await publishing.open(), publishing.keyring('timestamp-1'), {
    nowMs: Date.now(),
    stage: false,
    always: [],
  });
  assert.deepEqual(renewed.files, ['timestamp.json']);
  assert.equal(await versionOf(client), '1.0.0');
});

test('the same change gives the same bytes', async (t) => {
  const publishing = await new Publishing(t).founded();
  const copy = `${publishing.directory}-copy`;
  const bytes = () =>
    readdirSync(join(publishing.directory, 'metadata'))
      .sort()
      .map((name) => [name, readFileSync(join(publishing.directory, 'metadata', name), 'utf8')]);
  cpSync(publishing.directory, copy, { recursive: true });
  await publishing.publish('1.0.0');
  const first = bytes();
  rmSync(publishing.directory, { recursive: true });
  cpSync(copy, publishing.directory, { recursive: true });
  await publishing.publish('1.0.0');
  assert.deepEqual(bytes(), first);
});

test('what nothing lists is removed when it is old enough, and nothing else', async (t) => {
  const publishing = await new Publishing(t).founded();
  for (const version of ['1.0.0', '1.1.0']) await publishing.publish(version);
  const client = await TufClient.at(t, await served(t, publishing.directory));
  const repository = await publishing.open();
  assert.deepEqual(await unlisted(repository, Date.now() - 86_400_000), []);
  const old = await unlisted(repository, Date.now() + 86_400_000);
  assert.equal(old.length, 2);
  assert.ok(old.every(({ path }) => /release\.json$|vigie-1\.0\.0/.test(path)));
  await removeUnlisted(repository, old);
  const release = await client.release();
  assert.equal(release?.version, '1.1.0');
  assert.equal(await client.file(release?.content.path ?? ''), 'bundle of 1.1.0');
});
