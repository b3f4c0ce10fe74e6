/** What a board must not take, each with the slot's bytes and the bootloader's calls compared before and after. */
import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Installable } from '../../ota/slots/backend.js';
import { RaucBoard } from './ota-rauc-board.js';
import type { BundleRecipe } from './ota-rauc-bundles.js';

const never = new AbortController().signal;
const plan = { asked: ['frames'] as const, onShare: () => {} };

/** What must stay as it is. */
function traces(board: RaucBoard): unknown {
  return [board.hash('a'), board.hash('b'), board.bootloaderWrites()];
}

test('what is not for this board, not signed as it should be, or not whole leaves everything as it was', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const camera = await board.camera('1.0.0');
  const service = board.service();
  t.after(() => service.close());
  const before = traces(board);
  const unsigned = /RAUC does not accept the bundle/;
  const refused: [string, Omit<BundleRecipe, 'version'>, RegExp, RegExp][] = [
    [
      'another board',
      { board: 'autre' },
      /is for vigie-autre, this board is vigie-banc/,
      /Compatible mismatch/,
    ],
    ['a foreign authority', { signer: 'foreign' }, unsigned, /unable to get local issuer certificate/],
    ['an expired certificate', { signer: 'expired' }, unsigned, /certificate has expired/],
    ['a certificate for mail', { signer: 'mail' }, unsigned, /unsuitable certificate purpose/],
    ['one bit turned', { spoil: 'tampered' }, unsigned, /signature verification failed/],
    ['half of it', { spoil: 'truncated' }, unsigned, /size|signature/i],
  ];
  for (const [what, recipe, words, alone] of refused) {
    const { install, file } = board.bundle({ version: '1.1.0', seed: 6, ...recipe });
    await assert.rejects(camera.install(install, plan, never), { kind: 'update', message: words }, what);
    await assert.rejects(
      service.install(file, () => {}, never),
      { kind: 'update', message: alone },
      `${what}, by RAUC alone`,
    );
    assert.deepEqual(traces(board), before, what);
    const status = await camera.status();
    assert.deepEqual([status.next, status.trial, status.other], ['a', null, null], what);
  }
  const sound = board.bundle({ version: '1.1.0', seed: 6 });
  await camera.install(sound.install, plan, never);
  assert.notDeepEqual(traces(board), before, 'negative control: a sound bundle changes both');
});

test('RAUC takes an older bundle, so what is offered decides: a bundle says the version it was offered as', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const camera = await board.camera('1.5.0');
  const old = board.bundle({ version: '1.0.0', seed: 7 });
  const offered: Installable = { ...old.install, version: '1.6.0' };
  const before = traces(board);
  await assert.rejects(camera.install(offered, plan, never), /says it is 1\.0\.0, it was offered as 1\.6\.0/);
  assert.deepEqual(traces(board), before);
  const service = board.service();
  t.after(() => service.close());
  await service.install(old.file, () => {}, never);
  assert.ok(board.holds('b', old), 'RAUC alone would have written it: the floor is not its');
});

test('a refusal that comes while RAUC holds the order leaves the confirmed version to go back to', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const first = board.bundle({ version: '1.1.0', seed: 8 });
  await (await board.camera('1.0.0')).install(first.install, plan, never);
  await board.powerCycle();
  const camera = await board.camera('1.1.0');
  await camera.confirm();
  // between the look at it and the order the file becomes another
  const good = board.bundle({ version: '1.2.0', seed: 9 });
  const bad = board.bundle({ version: '1.2.0', seed: 9, signer: 'foreign' });
  const swapping = await board.camera('1.1.0', {
    reached: (step) => {
      if (step === 'noted-writing') copyFileSync(bad.file, good.file);
    },
  });
  await assert.rejects(swapping.install(good.install, plan, never), /signature verification failed/);
  assert.equal((await swapping.status()).other?.condition, 'good');
  await swapping.rollback();
  assert.equal(await board.powerCycle(), 'A');
});

test('while one installation runs a second is refused, by Vigie and by RAUC', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const waits = `${board.directory}/go`;
  const script = `#!/bin/sh\nwhile [ ! -e '${waits}' ]; do sleep 0.02; done\n`;
  const first = board.bundle({ version: '1.1.0', seed: 10, hook: { hooks: 'post-install', script } });
  const second = board.bundle({ version: '1.2.0', seed: 11 });
  const camera = await board.camera('1.0.0');
  let began = (): void => {};
  const begun = new Promise<void>((resolve) => {
    began = resolve;
  });
  const running = camera.install(
    first.install,
    { asked: [], onShare: (share) => (share >= 0.8 ? began() : undefined) },
    never,
  );
  await begun;
  await assert.rejects(camera.install(second.install, plan, never), /installation is under way/);
  const other = board.service();
  t.after(() => other.close());
  assert.equal(await other.installing(), true);
  await assert.rejects(
    other.install(second.file, () => {}, never),
    /Already processing/,
  );
  writeFileSync(waits, '');
  await running;
  assert.ok(board.holds('b', first));
});

test('a slot that somebody else had RAUC write is not one to go back to', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  await (await board.camera('1.0.0')).install(board.bundle({ version: '1.1.0' }).install, plan, never);
  await board.powerCycle();
  const camera = await board.camera('1.1.0');
  await camera.confirm();
  assert.equal((await camera.status()).other?.condition, 'good');
  const service = board.service();
  t.after(() => service.close());
  await service.install(board.bundle({ version: '9.0.0', seed: 12 }).file, () => {}, never);
  const before = board.bootloaderWrites();
  await assert.rejects(camera.rollback(), /no other version that was confirmed/);
  assert.deepEqual(board.bootloaderWrites(), before);
});
