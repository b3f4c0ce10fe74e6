/**
 * The npm packages that the product needs where it runs, from package-lock.json as npm resolved it. Asked by tree.ts. What is not
 * installed because it is for another system is left out; anything else that is missing is an error.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { needless } from './kept.js';

const names = z.record(z.string(), z.string()).default({});
const lock = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({
      name: z.string().optional(),
      version: z.string().optional(),
      optional: z.boolean().optional(),
      dependencies: names,
      optionalDependencies: names,
    }),
  ),
});
type Lock = z.infer<typeof lock>;

export interface NeededPackage {
  /** as it is imported: an alias keeps its name */
  name: string;
  /** what the registry calls it */
  publishedName: string;
  version: string;
  /** `node_modules/...`, relative to the project */
  directory: string;
}

/** @throws VigieError `update` when the lock cannot be read or a package is not installed */
export async function neededPackages(root: string): Promise<NeededPackage[]> {
  const { packages } = await readLock(root);
  const found = new Map<string, NeededPackage>();
  const visit = (from: string, name: string): void => {
    const directory = resolved(packages, from, name);
    if (directory === null || found.has(directory)) return;
    const entry = packages[directory];
    if (!existsSync(join(root, directory, 'package.json'))) {
      if (entry?.optional) return;
      throw new VigieError('update', `The package ${name} is not installed`, 'Run npm run setup');
    }
    const { version = '', name: publishedName = name } = entry ?? {};
    found.set(directory, { name, publishedName, version, directory });
    follow(directory, name);
  };
  const follow = (directory: string, name: string): void => {
    const { dependencies, optionalDependencies } = packages[directory] ?? {};
    for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (!needless[name]?.names.includes(next)) visit(directory, next);
    }
  };
  follow('', '');
  return [...found.values()].sort((a, b) => (a.directory < b.directory ? -1 : 1));
}

async function readLock(root: string): Promise<Lock> {
  try {
    return lock.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')));
  } catch (cause) {
    const hint = 'Run it in a clone of the repository';
    throw new VigieError('update', 'package-lock.json cannot be read', hint, { cause });
  }
}

/** As Node looks: beside, then in each directory above. */
function resolved(packages: Lock['packages'], from: string, name: string): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (packages[place]) return place;
    if (at === '') return null;
  }
}
