/** Files that were offered once and that no metadata lists any more. Called by `vigie ota prune`. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Envelope, TargetsJson } from './formats.js';
import { targetFile, targetsDirectory } from './places.js';
import type { Repository } from './repository.js';

export interface Unlisted {
  /** below `targets/` */
  path: string;
  bytes: number;
}

/**
 * What may go: not listed by what is published, nor by what waits, and that long in the repository. A camera in the middle of fetching
 * one of them has this time to come to its end; after that it takes what is offered then.
 */
export async function unlisted(repository: Repository, beforeMs: number): Promise<Unlisted[]> {
  const { directory, published, staged } = repository;
  const directoryOfTargets = targetsDirectory(directory);
  const listed = new Set([...filesOf(directory, published?.roles), ...filesOf(directory, staged?.roles)]);
  const found: Unlisted[] = [];
  for (const entry of await readdir(directoryOfTargets, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || listed.has(file)) continue;
    const { mtimeMs, size } = await stat(file);
    if (mtimeMs < beforeMs) found.push({ path: relative(directoryOfTargets, file), bytes: size });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export async function removeUnlisted({ directory }: Repository, files: readonly Unlisted[]): Promise<void> {
  for (const { path } of files) await rm(join(targetsDirectory(directory), path), { force: true });
}

function filesOf(repository: string, roles?: ReadonlyMap<string, Envelope<TargetsJson>>): string[] {
  return [...(roles?.values() ?? [])].flatMap(({ signed }) =>
    Object.entries(signed.targets).map(([path, { hashes }]) => targetFile(repository, path, hashes.sha256)),
  );
}
