/**
 * Small files that survive a cut: the old content or the new one, never a mixture. Used by the launcher and by ota/slots/ for
 * what decides which version boots. Imports nothing but Node.
 */
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Called between two steps that a cut may fall between; only tests give one. */
export type Between = (step: string) => void | Promise<void>;

export const nothingBetween: Between = () => undefined;

/**
 * Written beside it with mode 0600, synced, renamed over it, the directory synced. One writer at a time.
 * Rejects with the error of the file system; what was there is then still there.
 */
export async function writeDurably(
  directory: string,
  name: string,
  content: string | Uint8Array,
  between: Between = nothingBetween,
): Promise<void> {
  const beside = join(directory, `${name}.new`);
  await rm(beside, { force: true });
  const handle = await open(beside, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await between(`${name} written`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await between(`${name} synced`);
  await rename(beside, join(directory, name));
  await between(`${name} renamed`);
  await syncDirectory(directory);
}

/** What was made, renamed or removed in it is then on the disk. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}
