/** Who may order RAUC on a board: the D-Bus policy of ota/rauc/, asked by real users of a real bus. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RaucBoard } from './ota-rauc-board.js';

const debian = '/usr/share/dbus-1/system.d/de.pengutronix.rauc.conf';
const installer = 'de.pengutronix.rauc.Installer';
const unprivileged = ['--reuid=nobody', '--regid=nogroup'];
const stranger = [...unprivileged, '--clear-groups'];
/** the group that the board of the test names in the policy */
const camera = [...unprivileged, '--groups=games'];

/** @returns what the bus answered, as text */
function ask(board: RaucBoard, who: readonly string[], member: string, ...args: string[]): string {
  const send = ['dbus-send', `--bus=${board.busAddress}`, '--print-reply', '--dest=de.pengutronix.rauc', '/'];
  const command = who.length === 0 ? send : ['setpriv', ...who, ...send];
  const { stdout, stderr, error } = spawnSync(command[0]!, [...command.slice(1), member, ...args], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  if (error) throw error;
  return `${stdout}${stderr}`;
}

const denied = /AccessDenied/;
/** not what RAUC wants: RAUC says so to whom the bus lets through */
const noArgs = ['dict:string:string:a,b'];

async function withPolicy(board: RaucBoard, ...files: string[]): Promise<void> {
  await board.killService();
  await board.startBus(files.map((file) => `<include>${file}</include>`).join('\n'));
  await board.startService('A');
}

test('only root and the group of the camera may order RAUC, and the group only what Vigie calls', async (t) => {
  const missing = ['setpriv', 'dbus-send'].filter((name) => spawnSync('which', [name]).status !== 0);
  if (missing.length > 0) return t.skip(`${missing.join(', ')} not installed`);
  const board = await RaucBoard.make(t);
  if (!board) return;
  const ours = join(board.directory, 'etc', 'de.pengutronix.rauc.conf');
  chmodSync(ours, 0o644);
  // As on a board: Debian's policy is read first, then the one in /etc.
  await withPolicy(board, debian, ours);
  const bundle = ['string:/none.raucb', ...noArgs];
  assert.match(ask(board, stranger, `${installer}.InstallBundle`, ...bundle), denied);
  assert.match(ask(board, stranger, `${installer}.Install`, 'string:/none.raucb'), denied);
  assert.match(ask(board, stranger, `${installer}.Mark`, 'string:bad', 'string:other'), denied);
  assert.match(ask(board, stranger, `${installer}.GetSlotStatus`), denied);
  assert.deepEqual(board.bootloaderWrites(), []);

  for (const [member, ...args] of [
    ['Info', 'string:/none.raucb'],
    ['GetSlotStatus'],
    ['GetPrimary'],
    ['Mark', 'string:good', 'string:booted'],
    ['InstallBundle', ...bundle],
  ] as const) {
    assert.doesNotMatch(ask(board, camera, `${installer}.${member}`, ...args), denied, member);
  }
  assert.match(ask(board, camera, `${installer}.Install`, 'string:/none.raucb'), denied);
  assert.match(ask(board, camera, 'org.freedesktop.DBus.Introspectable.Introspect'), denied);
  assert.doesNotMatch(ask(board, [], `${installer}.GetPrimary`), denied);
});

test('a camera that is not root installs by that policy what it downloaded itself; a stranger does not', async (t) => {
  const script = fileURLToPath(new URL('ota-rauc-as-user.js', import.meta.url));
  const may = spawnSync('setpriv', [...stranger, process.execPath, '--version'], { encoding: 'utf8' });
  if (may.status !== 0 || spawnSync('setpriv', [...stranger, 'cat', script]).status !== 0) {
    return t.skip('a user without rights may not read this project, or not run its Node');
  }
  const board = await RaucBoard.make(t);
  if (!board) return;
  await withPolicy(board, debian, join(board.directory, 'etc', 'de.pengutronix.rauc.conf'));
  const bundle = board.bundle({ version: '1.1.0', seed: 40 });
  const [user = 0, group = 0] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' })),
  );
  chownSync(bundle.file, user, group);
  const as = (who: readonly string[]): string =>
    execFileSync('setpriv', [...who, process.execPath, script, board.busAddress, bundle.file], {
      encoding: 'utf8',
      timeout: 30_000,
    });
  assert.match(as(stranger), /This user may not ask de\.pengutronix\.rauc/);
  assert.ok(!board.holds('b', bundle));
  assert.equal(as(camera), '1.1.0 in rootfs.1\n');
  assert.ok(board.holds('b', bundle));
});

test('negative control: with the policy that Debian brings any user makes a slot unbootable', async (t) => {
  const missing = ['setpriv', 'dbus-send'].filter((name) => spawnSync('which', [name]).status !== 0);
  if (missing.length > 0) return t.skip(`${missing.join(', ')} not installed`);
  const board = await RaucBoard.make(t);
  if (!board) return;
  await withPolicy(board, debian);
  assert.match(ask(board, stranger, `${installer}.Mark`, 'string:bad', 'string:booted'), /marked slot/);
  assert.deepEqual(board.bootloaderWrites(), ['set-state A bad']);
});
