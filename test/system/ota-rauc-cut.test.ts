/** Cuts of a system update: at every step of Vigie, and in the middle of RAUC's writing. What boots is whole, and a retry succeeds. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { mountsUnder } from '../../board/linux/mount-table.js';
import { notesPath } from '../../ota/slots/rauc-notes.js';
import { RaucBoard } from './ota-rauc-board.js';

const never = new AbortController().signal;
const plan = { asked: ['frames'] as const, onShare: () => {} };
class Cut extends Error {}

/** Stops Vigie for good at this step, as a cut of the power does: nothing after it happens. */
function cutAt(step: string): (reached: string) => void {
  return (reached) => {
    if (reached === step) throw new Cut(step);
  };
}

/** RAUC dies when half of the image is in the slot. */
const halfWay = {
  hooks: 'install',
  script: '#!/bin/sh\nhead -c 500000 "$RAUC_IMAGE_NAME" >"$RAUC_SLOT_DEVICE"\nkill -9 "$PPID"\n',
};

function mounted(board: RaucBoard): string[] {
  return mountsUnder(readFileSync('/proc/self/mountinfo', 'utf8'), board.mountPrefix);
}

for (const { step, boots } of [
  { step: 'noted-writing', boots: 'A' },
  { step: 'written', boots: 'A' },
  { step: 'noted-trial', boots: 'A' },
  { step: 'activated', boots: 'B' },
]) {
  test(`cut while installing at ${step}: ${boots} boots, whole, and the version is installed in the end`, async (t) => {
    const board = await RaucBoard.make(t);
    if (!board) return;
    const bundle = board.bundle({ version: '1.1.0', seed: 20 });
    const cut = await board.camera('1.0.0', { reached: cutAt(step) });
    await assert.rejects(cut.install(bundle.install, plan, never), Cut);
    assert.equal(await board.powerCycle(), boots);
    if (boots === 'A') {
      const camera = await board.camera('1.0.0');
      const status = await camera.status();
      assert.deepEqual([status.returned, status.trial, status.failed], [null, null, []]);
      assert.equal(status.other, null);
      await camera.install(bundle.install, plan, never);
      assert.equal(await board.powerCycle(), 'B');
    }
    assert.ok(board.holds('b', bundle));
    const trial = await board.camera('1.1.0');
    assert.deepEqual((await trial.status()).trial?.asked, ['frames']);
    await trial.confirm();
    assert.equal((await trial.status()).running?.record.condition, 'good');
  });
}

test('cut while confirming and while going back: nothing is lost', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const bundle = board.bundle({ version: '1.1.0', seed: 21 });
  await (await board.camera('1.0.0')).install(bundle.install, plan, never);
  await board.powerCycle();
  const confirming = await board.camera('1.1.0', { reached: cutAt('marked-good') });
  await assert.rejects(confirming.confirm(), Cut);
  for (let cut = 0; cut < 4; cut++) assert.equal(await board.powerCycle(), 'B');
  const again = await board.camera('1.1.0', { reached: cutAt('marked-other') });
  await again.confirm();
  await assert.rejects(again.rollback(), Cut);
  assert.equal(await board.powerCycle(), 'A');
  const status = await (await board.camera('1.0.0')).status();
  assert.deepEqual([status.trial, status.other?.condition, status.returned], [null, 'good', null]);
  for (let cut = 0; cut < 4; cut++) assert.equal(await board.powerCycle(), 'A');
});

test('RAUC killed half way: it failed, the old version boots, what it left mounted goes, the slot is written whole', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const good = board.bundle({ version: '1.1.0', seed: 22 });
  const torn = board.bundle({ version: '1.2.0', seed: 23, hook: halfWay });
  await (await board.camera('1.0.0')).install(good.install, plan, never);
  await board.powerCycle();
  const confirmed = await board.camera('1.1.0');
  await confirmed.confirm();
  await confirmed.rollback();
  await board.powerCycle();

  const camera = await board.camera('1.0.0');
  await assert.rejects(camera.install(torn.install, plan, never), {
    kind: 'update',
    message: /de\.pengutronix\.rauc ended/,
  });
  assert.ok(!board.holds('b', good) && !board.holds('b', torn), 'negative control: the slot is torn');
  assert.equal(board.bootloader('start'), 'A');
  assert.ok(mounted(board).length > 0, 'negative control: the service left its mount');

  await board.killService();
  await board.startService('A');
  const again = await board.camera('1.0.0');
  assert.deepEqual(mounted(board), []);
  assert.equal((await again.status()).other, null);
  await again.install(good.install, plan, never);
  assert.ok(board.holds('b', good), 'the same as before the torn one, and written all the same');
  assert.equal(await board.powerCycle(), 'B');
});

/** How the slot ends when a version is installed, another is cut half way, and the first is installed again. */
async function afterCut(board: RaucBoard): Promise<boolean> {
  const service = board.service();
  const good = board.bundle({ version: '1.1.0', seed: 25 });
  const torn = board.bundle({ version: '1.2.0', seed: 26, hook: halfWay });
  await service.install(good.file, () => {}, never);
  await assert.rejects(
    service.install(torn.file, () => {}, never),
    /ended/,
  );
  await board.powerCycle();
  await service.install(good.file, () => {}, never);
  service.close();
  return board.holds('b', good);
}

test('the recipe has no install-same=false: with it RAUC leaves a torn slot as it is', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  assert.equal(await afterCut(board), true);
  const conf = (text: string): string => text.replaceAll(/^bootname=/gm, 'install-same=false\nbootname=');
  const control = await RaucBoard.make(t, { conf });
  if (!control) return;
  assert.equal(await afterCut(control), false, 'negative control: RAUC 1.8 skips the copy');
});

test('notes that were lost or damaged: what runs goes on, and one on trial stays on trial', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const path = notesPath(`${board.directory}/state`);
  await board.camera('1.0.0');
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, 40));
  const lines: string[] = [];
  const camera = await board.camera('1.0.0', { lines });
  assert.match(lines.join('\n'), /no notes about the slots/);
  assert.equal((await camera.status()).running?.record.condition, 'good');

  const bundle = board.bundle({ version: '1.1.0', seed: 24 });
  await camera.install(bundle.install, plan, never);
  await board.powerCycle();
  writeFileSync(path, '{}');
  const trial = await board.camera('1.1.0');
  assert.deepEqual((await trial.status()).trial?.asked, ['frames', 'storage', 'control']);
  assert.equal((await trial.status()).other?.version, undefined);
  for (const slot of ['B', 'B', 'A']) assert.equal(await board.powerCycle(), slot);
});
