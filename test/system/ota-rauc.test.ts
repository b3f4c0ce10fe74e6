/** A system slot from order to confirmation, with RAUC itself: docs/updates-system.md. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RaucBoard } from './ota-rauc-board.js';

const never = new AbortController().signal;
const asked = ['frames', 'storage'] as const;

test('a version is installed, tried, confirmed, and left again when a person says so', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const bundle = board.bundle({ version: '1.1.0', seed: 2 });
  const before = await board.camera('1.0.0');
  assert.equal((await before.status()).running?.slot, 'a');
  const shares: number[] = [];
  await before.install(bundle.install, { asked, onShare: (share) => shares.push(share) }, never);
  assert.ok(board.holds('b', bundle));
  assert.ok(shares.length > 2 && shares.at(-1) === 1, shares.join(' '));
  const waiting = await before.status();
  assert.deepEqual([waiting.next, waiting.trial], ['b', null]);
  assert.equal(
    (await (await board.camera('1.0.0')).status()).returned,
    null,
    'the camera again, not the machine',
  );
  await assert.rejects(before.confirm(), /not on trial/);

  assert.equal(await board.powerCycle(), 'B');
  const trial = await board.camera('1.1.0');
  const tried = await trial.status();
  assert.deepEqual(tried.trial, { triesLeft: 2, verified: false, asked: [...asked] });
  assert.deepEqual(tried.running?.record.condition, 'ready');
  assert.deepEqual(tried.other?.version, '1.0.0');
  await trial.confirm();

  for (let cut = 0; cut < 5; cut++) assert.equal(await board.powerCycle(), 'B');
  const kept = await board.camera('1.1.0');
  const status = await kept.status();
  assert.deepEqual([status.trial, status.returned, status.failed], [null, null, []]);
  assert.equal(status.running?.record.manifestSha256, bundle.install.manifestSha256);

  await kept.rollback();
  assert.equal(await board.powerCycle(), 'A');
  const back = await (await board.camera('1.0.0')).status();
  assert.deepEqual([back.running?.slot, back.trial, back.returned], ['a', null, null]);
  assert.equal(back.other?.condition, 'good');
  for (let cut = 0; cut < 5; cut++) assert.equal(await board.powerCycle(), 'A');
});

test('a camera that may not ask the bootloader counts the starts it sees, and a rollback is still for good', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const bundle = board.bundle({ version: '1.1.0', seed: 6 });
  const blind = { blind: true };
  await (await board.camera('1.0.0', blind)).install(bundle.install, { asked, onShare: () => {} }, never);
  for (const left of [2, 1]) {
    assert.equal(await board.powerCycle(), 'B');
    await board.camera('1.1.0', blind);
    assert.equal((await (await board.camera('1.1.0', blind)).status()).trial?.triesLeft, left);
  }
  const kept = await board.camera('1.1.0', blind);
  await kept.confirm();
  await kept.rollback();
  assert.equal(await board.powerCycle(), 'A');
  await board.camera('1.0.0', blind);
  for (let cut = 0; cut < 4; cut++) assert.equal(await board.powerCycle(), 'A');
});

test('a version that nobody confirms has three starts; then the one before runs, and says so once', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const bundle = board.bundle({ version: '1.1.0', seed: 3 });
  await (await board.camera('1.0.0')).install(bundle.install, { asked, onShare: () => {} }, never);
  for (const left of [2, 1, 0]) {
    assert.equal(await board.powerCycle(), 'B');
    assert.equal((await (await board.camera('1.1.0')).status()).trial?.triesLeft, left);
  }
  assert.equal(await board.powerCycle(), 'A');
  const camera = await board.camera('1.0.0');
  const status = await camera.status();
  assert.deepEqual(status.returned, { version: '1.1.0', why: 'tries' });
  assert.deepEqual(status.failed, [bundle.install.manifestSha256]);
  assert.deepEqual([status.trial, status.other?.condition, status.next], [null, 'bad', 'a']);
  await assert.rejects(camera.rollback(), /no other version/);
  await camera.returnTold();
  await board.powerCycle();
  assert.equal((await (await board.camera('1.0.0')).status()).returned, null);
});

test('a version that never reaches Vigie returns too, and rollback on trial is for good', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const first = board.bundle({ version: '1.1.0', seed: 4 });
  await (await board.camera('1.0.0')).install(first.install, { asked, onShare: () => {} }, never);
  for (const slot of ['B', 'B', 'B', 'A']) assert.equal(await board.powerCycle(), slot);
  const camera = await board.camera('1.0.0');
  assert.equal((await camera.status()).returned?.version, '1.1.0');

  const second = board.bundle({ version: '1.2.0', seed: 5 });
  await camera.install(second.install, { asked, onShare: () => {} }, never);
  assert.equal(await board.powerCycle(), 'B');
  const trial = await board.camera('1.2.0');
  await assert.rejects(
    trial.install(first.install, { asked, onShare: () => {} }, never),
    /What runs is on trial/,
  );
  await trial.rollback();
  assert.equal(await board.powerCycle(), 'A');
  const status = await (await board.camera('1.0.0')).status();
  assert.deepEqual(status.failed, [first.install.manifestSha256, second.install.manifestSha256]);
  assert.equal(status.other?.condition, 'bad');
});
