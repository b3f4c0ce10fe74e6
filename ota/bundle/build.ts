/**
 * `vigie ota build`: a bundle of this repository as it was committed. Called by runtime/cli/ota-build.ts and by bench/. The clone
 * is only read.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askTool } from '../../board/linux/toolchain.js';
import { VigieError } from '../../errors.js';
import type { BundleManifest } from './manifest.js';
import { type PackedBundle, packBundle, type TreeEntry } from './pack.js';
import { sbom } from './sbom.js';
import { type Tree, treeOf } from './tree.js';

export interface BuildOptions {
  /** the clone, built */
  root: string;
  /** where set-up keeps the models */
  cache: string;
  /** null: that of package.json */
  version: string | null;
  arch: BundleManifest['arch'];
  /** empty: all */
  boards: readonly string[];
  /** text of RELEASE-NOTES.md; null: the version and the commit */
  notes: string | null;
  /** takes what is there, committed or not, and what dist/ holds of it; the commit then ends in `-dirty` */
  dirty: boolean;
}

/** What a bundle will be made of. */
export interface Plan {
  version: string;
  commit: string;
  arch: BundleManifest['arch'];
  boards: string[];
  entries: TreeEntry[];
  /** `name@version` of each npm package in it */
  packages: string[];
  models: string[];
}

/** @throws VigieError `update` or `model` when the clone is not one that a bundle can be made of */
export async function planBundle(options: BuildOptions, signal: AbortSignal): Promise<Plan> {
  const { root, arch } = options;
  const { commit, sources } = await committed(options, signal);
  const version = options.version ?? (await packageVersion(root));
  const target = { arch, nodeAbi: process.versions.modules };
  const tree = await treeOf({ root, cache: options.cache, sources, target, boards: options.boards });
  const made = await madeEntries(options, { version, commit }, tree, signal);
  return {
    version,
    commit,
    arch,
    boards: tree.boards,
    entries: [...tree.entries, ...made],
    packages: [...new Set(tree.packages.map((one) => `${one.publishedName}@${one.version}`))],
    models: tree.models.models.map(({ name }) => name),
  };
}

/** `vigie-<version>.tar.zst` in a directory that is made when it is not there. */
export async function buildBundle(
  plan: Plan,
  directory: string,
  options: { level?: number; onProgress?: (bytes: number, of: number) => void },
  signal: AbortSignal,
): Promise<PackedBundle> {
  const { version, commit, arch, boards } = plan;
  await mkdir(directory, { recursive: true });
  const facts = { version, commit, arch, boards, start: 'dist/runtime/cli/main.js' };
  return packBundle(plan.entries, facts, join(directory, `vigie-${version}.tar.zst`), options, signal);
}

async function madeEntries(
  { root, notes }: BuildOptions,
  facts: { version: string; commit: string },
  { packages, models }: Tree,
  signal: AbortSignal,
): Promise<TreeEntry[]> {
  const text = notes ?? `# Vigie ${facts.version}\n\nCommit ${facts.commit}.\n`;
  return [
    { path: 'dist/build.json', content: Buffer.from(`${JSON.stringify(facts)}\n`) },
    { path: 'RELEASE-NOTES.md', content: Buffer.from(text) },
    { path: 'sbom.cdx.json', content: await sbom(root, { ...facts, packages, models }, signal) },
  ];
}

async function packageVersion(root: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** The commit, asked for as setup/assets.mjs asks when it notes what was built; and the sources that belong to it. */
async function committed(
  { root, dirty }: BuildOptions,
  signal: AbortSignal,
): Promise<{ commit: string; sources: string[] }> {
  if (!existsSync(join(root, '.git'))) {
    const hint = 'Run it in a clone of the repository';
    throw new VigieError('update', `${root} is not a clone, so it has no commit to build`, hint);
  }
  const describe = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
  const commit = (await askTool('git', describe, root, signal)).trim();
  const strangers = await listed(root, ['--others', '--exclude-standard'], signal);
  if (!dirty && (commit.endsWith('-dirty') || strangers.length > 0)) {
    const hint = 'Commit first: a version must be one that can be built again. For a trial: --dirty';
    throw new VigieError('update', 'There are changes that are not committed', hint);
  }
  if (!dirty && (await builtCommit(root)) !== commit) {
    const hint = 'Run npm run build: what is in dist/ is of another commit';
    throw new VigieError('update', `${commit} is not built`, hint);
  }
  const sources = [...(await listed(root, ['--cached'], signal)), ...(dirty ? strangers : [])];
  return { commit: dirty && strangers.length > 0 ? marked(commit) : commit, sources };
}

const marked = (commit: string): string => (commit.endsWith('-dirty') ? commit : `${commit}-dirty`);

async function listed(root: string, which: readonly string[], signal: AbortSignal): Promise<string[]> {
  const text = await askTool('git', ['ls-files', '-z', ...which], root, signal);
  return text.split('\0').filter((path) => path !== '');
}

async function builtCommit(root: string): Promise<string | null> {
  try {
    const text = await readFile(join(root, 'dist/build.json'), 'utf8');
    return (JSON.parse(text) as { commit?: string }).commit ?? null;
  } catch {
    return null;
  }
}
