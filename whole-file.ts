/**
 * Small files of the state directory that are replaced as a whole: a cut leaves the old one or the new one. Used by whoever
 * keeps such a file; what is in it, and what to do when it is damaged, is theirs.
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Written beside it with mode 0600, or the one asked for, synced, renamed, the directory synced. One at a time for each path.
 * Rejects when the file system refuses, or the directory is not there; what was there is then still there.
 * @param options.makeDirectory makes the directory, mode 0700, when it is not there
 */
export async function replaceWhole(
  path: string,
  content: string | Uint8Array,
  { makeDirectory = false, mode = 0o600 } = {},
): Promise<void> {
  const directory = dirname(path);
  if (makeDirectory) await mkdir(directory, { recursive: true, mode: 0o700 });
  const beside = `${path}.new`;
  await rm(beside, { force: true });
  const handle = await open(beside, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    if (mode !== 0o600) await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, path);
  const parent = await open(directory, 'r');
  await parent.sync().finally(() => parent.close());
}
