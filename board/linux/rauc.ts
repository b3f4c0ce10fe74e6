/**
 * The programs around a system slot: `rauc` and `mksquashfs` where bundles are made, the bootloader's script and `umount` on a
 * board. Called by ota/slots/ through what it is given, and by `vigie ota`. Writing a slot is not here: the RAUC service does that.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { VigieError } from '../../errors.js';
import { mountsUnder } from './mount-table.js';

const execute = promisify(execFile);
const mountTable = '/proc/self/mountinfo';
/** bootloader.sh asks a U-Boot environment, which may lie behind a slow bus */
const scriptTimeoutMs = 20_000;
const mostOutputBytes = 1024 * 1024;

async function run(command: string, args: readonly string[], hint: string, timeout = 0): Promise<string> {
  try {
    const options = { timeout, maxBuffer: mostOutputBytes, env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } };
    return (await execute(command, [...args], options)).stdout;
  } catch (cause) {
    const { code, stderr = '' } = cause as { code?: unknown; stderr?: string };
    const lines = stderr.trim().split('\n');
    const said =
      code === 'ENOENT' ? 'it is not installed' : (lines.at(-1) ?? '').slice(0, 300) || String(code);
    const name = command.split('/').at(-1);
    throw new VigieError('update', `${name} failed: ${said}`, hint, { cause });
  }
}

/** What `bootloader.sh show` prints. Rejects where this user may not run it, or its store cannot be read. */
export async function showBootloader(script = '/etc/rauc/bootloader.sh'): Promise<string> {
  return await run(script, ['show'], 'Run it by hand, as the user of the camera', scriptTimeoutMs);
}

/**
 * Unmounts what a RAUC service that was killed left mounted; its loop device goes with it. Only while RAUC does nothing. Where
 * systemd runs the service its mounts are in a name space of their own, and this finds none.
 */
export async function clearRaucMounts(prefix = '/run/rauc'): Promise<void> {
  const left = mountsUnder(await readFile(mountTable, 'utf8'), prefix);
  for (const point of left) {
    await run(
      'umount',
      ['--', point],
      'Start rauc.service again: its drop-in takes the mount away',
      scriptTimeoutMs,
    );
  }
}

/** An image of a directory: the same files give the same bytes. Owners and modes are kept, all times are 0. */
export async function squashDirectory(directory: string, image: string): Promise<void> {
  const times = ['-all-time', '0', '-mkfs-time', '0'];
  const args = [directory, image, '-noappend', '-quiet', '-no-progress', ...times];
  await run(
    'mksquashfs',
    args,
    'Install squashfs-tools, and run this as a user that may read every file of it',
  );
}

export interface BundleSigning {
  /** PEM, or a PKCS#11 URL */
  cert: string;
  key: string;
}

/**
 * Makes a bundle of a directory that holds `manifest.raucm`, and verifies it against the keyring that `conf` names.
 * @param conf a system.conf
 */
export async function signRaucBundle(
  files: { conf: string; content: string; out: string },
  { cert, key }: BundleSigning,
): Promise<void> {
  const squash = '--mksquashfs-args=-all-time 0 -mkfs-time 0';
  const args = [
    '-c',
    files.conf,
    'bundle',
    `--cert=${cert}`,
    `--key=${key}`,
    squash,
    files.content,
    files.out,
  ];
  await run('rauc', args, 'Compare certificate, key and keyring; the certificate must say code signing');
}
