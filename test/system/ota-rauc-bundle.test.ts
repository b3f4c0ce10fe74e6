/** Bundles as an integrator makes them, with `vigie ota system-recipe` and `system-bundle`, and boards that take them. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CommandRunner, type Ended } from '../command-runner.js';
import { embeddingModel, onnx } from '../slot-models.js';
import { packTree, scratch, smallTree, writeTree } from '../small-bundle.js';
import { RaucBoard } from './ota-rauc-board.js';
import { imageOf } from './ota-rauc-bundles.js';

const vigie = new CommandRunner();
after(() => vigie.stop());

const never = new AbortController().signal;
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' });

function rootIn(directory: string, files: Record<string, string>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

function systemBundle(board: RaucBoard, out: string, ...args: string[]): Promise<Ended> {
  const { cert, key, keyring } = board.signers.files('good');
  const who = ['--board', 'banc', '--cert', cert, '--key', key, '--keyring', keyring];
  return vigie.run('ota', 'system-bundle', ...who, '--out', out, ...args);
}

test('a directory becomes a squashfs: the same files give the same payload, and a board installs it', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const at = (name: string): string => join(board.directory, name);
  const root = rootIn(at('root'), { 'etc/os-release': 'ID=vigie\n', 'opt/vigie/version': '1.1.0\n' });
  const made: { out: string; payload: Buffer }[] = [];
  for (const [index, name] of ['first', 'second'].entries()) {
    utimesSync(join(root, 'etc/os-release'), index * 1000, index * 1000);
    const out = at(`${name}.raucb`);
    const { status, error } = await systemBundle(
      board,
      out,
      '--rootfs',
      root,
      '--release',
      '1.1.0',
      '--format',
      'plain',
    );
    assert.equal(status, 0, error);
    made.push({ out, payload: payloadOf(readFileSync(out)) });
  }
  assert.ok(made[0]!.payload.length > 4000);
  assert.ok(made[0]!.payload.equals(made[1]!.payload));

  const camera = await board.camera('1.0.0');
  const content = { kind: 'rauc', file: made[0]!.out } as const;
  const bundle = { version: '1.1.0', manifestSha256: 'a'.repeat(64), content };
  await camera.install(bundle, { asked: [], onShare: () => {} }, never);
  const listed = run('unsquashfs', '-lc', board.image('b'));
  assert.match(listed, /opt\/vigie\/version/);

  const again = await systemBundle(
    board,
    made[0]!.out,
    '--rootfs',
    root,
    '--release',
    '1.1.0',
    '--format',
    'plain',
  );
  assert.equal(again.status, 11);
  assert.match(again.error, /is there already/);
  const pin = ['--rootfs', root, '--release', '1.1.0', '--key', 'pkcs11:token=x?pin-value=1234'];
  const shown = await systemBundle(board, at('pin.raucb'), ...pin);
  assert.equal(shown.status, 11);
  assert.match(shown.error, /RAUC_PKCS11_PIN/);
  assert.doesNotMatch(shown.error, /1234/);
  const { cert, key } = board.signers.files('foreign');
  const foreign = await systemBundle(
    board,
    at('x.raucb'),
    '--rootfs',
    root,
    '--release',
    '1.1.0',
    '--cert',
    cert,
    '--key',
    key,
  );
  assert.equal(foreign.status, 11, 'what the boards would refuse is not made');
  assert.ok(!existsSync(at('x.raucb')));
  assert.deepEqual(
    readdirSync(board.directory).filter((name) => name.startsWith('.system-bundle')),
    [],
  );
});

/** A plain bundle ends with its signature and, in 8 bytes, how long that is. */
function payloadOf(bundle: Buffer): Buffer {
  const signature = Number(bundle.readBigUInt64BE(bundle.length - 8));
  return bundle.subarray(0, bundle.length - 8 - signature);
}

test('the version that runs looks into the slot: with a model outside its list it never boots', async (t) => {
  const board = await RaucBoard.make(t, { looks: true });
  if (!board) return;
  const at = (name: string): string => join(board.directory, name);
  /** a root with Vigie as it was built of these files, then changed */
  const rootOf = async (name: string, files: typeof smallTree, change = (_tree: string): void => {}) => {
    const packed = at(`${name}.tar.zst`);
    await packTree(writeTree(at(`${name}-files`), { ...smallTree, ...files }), packed, '1.1.0');
    const tree = join(at(name), 'opt/vigie');
    mkdirSync(tree, { recursive: true });
    run('tar', '-x', '--zstd', '-f', packed, '-C', tree);
    change(tree);
    return at(name);
  };
  const face = { 'dist/runtime/face.js': onnx(embeddingModel()) };
  const good = await rootOf('good', {});
  const wrong: [string, RegExp][] = [
    [await rootOf('face', face), /face\.js: it is an ONNX model/],
    [
      await rootOf('more', {}, (tree) => writeFileSync(join(tree, 'more.js'), '1')),
      /not as it was built.*more\.js/,
    ],
    [await rootOf('less', {}, (tree) => rmSync(join(tree, 'LICENSE'))), /not as it was built.*LICENSE/],
    [await rootOf('none', {}, (tree) => rmSync(join(tree, 'bundle.json'))), /There is no Vigie/],
  ];
  for (const [root, words] of wrong) {
    const { status, error } = await vigie.run('ota', 'system-check', root);
    assert.deepEqual([status, words.test(error)], [11, true], error);
  }
  assert.equal((await vigie.run('ota', 'system-check', good)).status, 0);

  const camera = await board.camera('1.0.0');
  const install = async (rootfs: string): Promise<void> => {
    const file = `${rootfs}.raucb`;
    const made = await systemBundle(
      board,
      file,
      '--rootfs',
      rootfs,
      '--release',
      '1.1.0',
      '--format',
      'plain',
    );
    assert.equal(made.status, 0, made.error);
    const bundle = {
      version: '1.1.0',
      manifestSha256: 'c'.repeat(64),
      content: { kind: 'rauc', file } as const,
    };
    await camera.install(bundle, { asked: [], onShare: () => {} }, never);
  };
  await assert.rejects(install(at('face')), { kind: 'update', message: /did not install.*[Hh]andler/ });
  assert.deepEqual([board.bootloader('get-primary'), board.bootloader('get-state', 'B')], ['A', 'bad']);
  assert.equal((await camera.status()).other, null);
  await install(good);
  assert.equal(board.bootloader('get-primary'), 'B', 'negative control: without that model it boots');
});

test('verity: made, signed and read; mounting it needs dm-verity and was not run on hardware', async (t) => {
  const board = await RaucBoard.make(t);
  if (!board) return;
  const out = join(board.directory, 'verity.raucb');
  const root = rootIn(join(board.directory, 'root'), { 'opt/vigie/version': '1.1.0\n' });
  imageOf(join(root, 'opt', 'some'), 30, 65_536);
  const made = await systemBundle(board, out, '--rootfs', root, '--release', '1.1.0');
  assert.equal(made.status, 0, made.error);
  const conf = join(board.directory, 'etc', 'system.conf');
  const info = run('rauc', '-c', conf, 'info', '--output-format=shell', out);
  assert.match(info, /RAUC_MF_COMPATIBLE='vigie-banc'/);
  assert.match(info, /RAUC_MF_VERSION='1\.1\.0'/);
  const extracted = join(board.directory, 'extracted');
  run('rauc', '-c', conf, 'extract', out, extracted);
  assert.match(readFileSync(join(extracted, 'manifest.raucm'), 'utf8'), /format=verity/);
  const bytes = readFileSync(out);
  bytes[bytes.length - 600] = bytes[bytes.length - 600]! ^ 1;
  writeFileSync(out, bytes);
  assert.notEqual(spawnSync('rauc', ['-c', conf, 'info', out]).status, 0, 'negative control: a turned bit');
});

test('a root that is written keeps what makes the machine itself; an image of another board is refused', async (t) => {
  const board = await RaucBoard.make(t, { slotType: 'ext4' });
  if (!board) return;
  const made = async (name: string, compatible: string): Promise<string> => {
    const files = { 'etc/rauc/system.conf': `[system]\ncompatible=${compatible}\n`, 'etc/machine-id': '\n' };
    const image = join(board.directory, `${name}.ext4`);
    const root = rootIn(join(board.directory, name), files);
    run('mke2fs', '-q', '-t', 'ext4', '-d', root, image, '2M');
    const out = join(board.directory, `${name}.raucb`);
    const { status, error } = await systemBundle(
      board,
      out,
      '--rootfs',
      image,
      '--release',
      '1.1.0',
      '--format',
      'plain',
    );
    assert.equal(status, 0, error);
    return out;
  };
  const camera = await board.camera('1.0.0');
  const install = (file: string): Promise<void> =>
    camera.install(
      { version: '1.1.0', manifestSha256: 'b'.repeat(64), content: { kind: 'rauc', file } },
      { asked: [], onShare: () => {} },
      never,
    );
  await assert.rejects(
    install(await made('autre', 'vigie-autre')),
    /failed to run slot hook: Child process exited with code 10/,
  );
  assert.equal((await camera.status()).next, 'a');
  await install(await made('banc', 'vigie-banc'));
  const id = run('debugfs', '-R', 'cat /etc/machine-id', board.image('b'));
  assert.equal(id, existsSync('/etc/machine-id') ? readFileSync('/etc/machine-id', 'utf8') : '\n');
});

test('the recipe of a board: every gap is filled, each file says where it goes, odd words are refused', async (t) => {
  const out = join(scratch(t), 'recipe');
  const base = ['ota', 'system-recipe', '--board', 'rk3588', '--out', out];
  const slots = ['--slot-a', '/dev/mmcblk0p2', '--slot-b', '/dev/mmcblk0p3'];
  const { status, out: said, error } = await vigie.run(...base, ...slots, '--store', 'uboot');
  assert.equal(status, 0, error);
  const names = readdirSync(out).sort();
  for (const name of names) {
    assert.doesNotMatch(readFileSync(join(out, name), 'utf8'), /@[A-Z_]+@/, name);
    assert.match(said, new RegExp(`${name.replaceAll('.', '\\.')} {2}goes to /etc/`));
  }
  const conf = readFileSync(join(out, 'system.conf'), 'utf8');
  for (const line of ['compatible=vigie-rk3588', 'bundle-formats=verity', 'activate-installed=false']) {
    assert.ok(conf.includes(`\n${line}\n`), line);
  }
  assert.equal(readFileSync(join(out, 'bootloader.conf'), 'utf8'), 'STORE=uboot\n');
  assert.equal(statSync(join(out, 'bootloader.sh')).mode & 0o777, 0o755);
  for (const wrong of [
    [...slots, '--store', 'file'],
    [...slots, '--store', 'uboot', '--store-file', '/boot/x'],
    [...slots, '--store', 'grub', '--store-file', "/boot/x';reboot;'"],
    ['--slot-a', '/dev/a', '--slot-b', '/dev/a', '--store', 'uboot'],
    [...slots, '--store', 'uboot', '--group', 'vigie"/>'],
  ]) {
    assert.equal((await vigie.run(...base, ...wrong)).status, 11, wrong.join(' '));
  }
});
