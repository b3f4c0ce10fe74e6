/** The directories of a camera that is installed in slots, with their modes, and the launcher in them. Used by provision.ts. */
import { chmod, copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, writeDurably } from '../launcher/durable-file.js';
import { slotIn, slotsIn } from '../launcher/slot-marker.js';
import { slotNames } from '../launcher/slot-state.js';
import { syncTree } from './slot-tree.js';

const directories = ['launcher', 'slots', 'trust', 'download', 'cache'] as const;

/** What of an earlier installation is in the way. */
const leavings = [
  'state.json',
  'state.before.json',
  'trust',
  'download',
  'slots',
  'launcher',
  'lock',
] as const;

/** Made before anything else, so that what was begun is told from what is somebody else's. */
export const launcherLock = 'launcher.lock';
const installedBy = ['state.json', 'state.before.json'] as const;

/** What lies there: `begun` was cut before it was whole. */
export async function findInstalled(root: string): Promise<'nothing' | 'begun' | 'installed' | 'foreign'> {
  const names = await namesIn(root);
  if (names.length === 0) return 'nothing';
  if (!names.includes(launcherLock)) return 'foreign';
  const confirmed = (await namesIn(slotsIn(root))).some((name) => name.endsWith('.good'));
  return confirmed || installedBy.some((name) => names.includes(name)) ? 'installed' : 'begun';
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

/** All of it is gone afterwards, the state first: from then on nothing boots here. */
export async function removeInstalled(root: string): Promise<void> {
  for (const name of leavings) {
    await rm(join(root, name), { recursive: true, force: true });
    await syncDirectory(root);
  }
}

/** The directory itself, closed to others. */
export async function makeRoot(root: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  await chmod(root, 0o700);
}

/** Every directory of docs/updates.md, closed to others, with two empty slots. */
export async function makeDirectories(root: string): Promise<void> {
  for (const name of directories) await mkdir(join(root, name), { recursive: true, mode: 0o700 });
  for (const slot of slotNames) await mkdir(slotIn(root, slot), { recursive: true, mode: 0o755 });
  await syncDirectory(slotsIn(root));
  await syncDirectory(root);
}

/**
 * The launcher of this tree, copied out of it for good.
 * @returns false when the tree has none
 */
export async function copyLauncher(tree: string, root: string, signal: AbortSignal): Promise<boolean> {
  const from = join(tree, 'dist/ota/launcher');
  const to = join(root, 'launcher');
  const names = (await readdir(from).catch(() => [])).filter((name) => name.endsWith('.js'));
  if (!names.includes('main.js')) return false;
  for (const name of names) await copyFile(join(from, name), join(to, name));
  await writeDurably(to, 'package.json', '{"private":true,"type":"module"}\n');
  await syncTree(to, signal);
  return true;
}
