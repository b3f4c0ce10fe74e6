/** Where the repository keeps what it serves, and directories that a web server may read whatever the umask is. */
import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export const metadataDirectory = (repository: string): string => join(repository, 'metadata');
export const targetsDirectory = (repository: string): string => join(repository, 'targets');
export const stagedDirectory = (repository: string): string => join(metadataDirectory(repository), 'staged');

/** Where a target lies: its hash before its name. */
export function targetFile(repository: string, path: string, hash: string): string {
  const cut = path.lastIndexOf('/') + 1;
  return join(targetsDirectory(repository), `${path.slice(0, cut)}${hash}.${path.slice(cut)}`);
}

/** Made with mode 0755, and those above it that were not there; one that is there stays as it is. */
export async function makeServed(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  for (let at = directory; at.length >= first.length; at = dirname(at)) await chmod(at, 0o755);
}
