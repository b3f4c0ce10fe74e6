/**
 * The tree of a bundle, from a built clone of the repository: what a camera needs and nothing else, each file named before it is
 * taken. Called by build.ts. Nothing is written.
 */
import { existsSync } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../../errors.js';
import { type Manifest, type Model, modelPaths, parseManifest } from '../../models/manifest.js';
import { listedBytes } from '../../models/verify.js';
import { isKept, isNativeFor, nativePackages, type Target } from './kept.js';
import type { TreeEntry } from './pack.js';
import { type NeededPackage, neededPackages } from './packages.js';

export interface TreeOptions {
  /** the clone, with dist/ and node_modules/ */
  root: string;
  /** where set-up keeps the models */
  cache: string;
  /** paths of the sources, relative to `root`; of what they compile to, only that is taken */
  sources: readonly string[];
  target: Target;
  /** names of board profiles; empty: all there are */
  boards: readonly string[];
}

export interface Tree {
  entries: TreeEntry[];
  boards: string[];
  packages: NeededPackage[];
  models: Manifest;
}

const productFolders = /^(board|models|ota|pipelines|runtime)\//;
const profileFile = /^board\/profiles\/([^/]+)\.json$/;

/** @throws VigieError `update` or `model` when something is not built, not installed or not for the target */
export async function treeOf(options: TreeOptions): Promise<Tree> {
  const { root, sources, target } = options;
  const boards = chosenBoards(options);
  const entries: TreeEntry[] = sources.flatMap((source) => {
    const board = profileFile.exec(source)?.[1];
    if (board !== undefined && !boards.includes(board)) return [];
    return outputOf(root, source);
  });
  for (const path of ['package.json', 'LICENSE', 'setup/vigie.mjs']) {
    entries.push({ path, file: join(root, path), ...(path.endsWith('.mjs') && { executable: true }) });
  }
  const packages: NeededPackage[] = [];
  for (const one of await neededPackages(root)) {
    const files = await filesOf(root, one, target);
    if (files.length > 0) packages.push(one);
    entries.push(...files);
  }
  checkNatives(entries, target);
  const models = parseManifest(await readFile(join(root, 'dist/models/manifest.json'), 'utf8'));
  for (const model of models.models) entries.push(...(await modelFiles(model, options.cache)));
  return { entries, boards, packages, models };
}

function chosenBoards({ sources, boards }: TreeOptions): string[] {
  const known = sources.flatMap((source) => profileFile.exec(source)?.[1] ?? []).sort();
  const stranger = boards.find((name) => !known.includes(name));
  if (stranger !== undefined || known.length === 0) {
    const hint = `There are: ${known.join(', ')}`;
    throw new VigieError('update', `There is no board profile "${stranger ?? ''}"`, hint);
  }
  return boards.length === 0 ? known : [...new Set(boards)].sort();
}

/** The compiled form of a source, or the copy of what is not compiled; nothing for what a camera does not load. */
function outputOf(root: string, source: string): TreeEntry[] {
  if (!productFolders.test(source) && source.includes('/')) return [];
  if (source.endsWith('.d.ts') || source.endsWith('tsconfig.json')) return [];
  const compiled = source.endsWith('.ts');
  const path = `dist/${compiled ? source.replace(/\.ts$/, '.js') : source}`;
  const file = join(root, path);
  if (existsSync(file)) return [{ path, file }];
  if (compiled) throw new VigieError('update', `${path} is not built`, 'Run npm run build');
  return [];
}

async function filesOf(root: string, one: NeededPackage, target: Target): Promise<TreeEntry[]> {
  const directory = join(root, one.directory);
  const found: TreeEntry[] = [];
  for (const path of await pathsBelow(directory, '')) {
    if (!isKept(one.name, path, target)) continue;
    const file = join(directory, path);
    if (/\.node$|\.so(\.\d+)*$/.test(path) && !isNativeFor(await headOf(file), target)) continue;
    found.push({ path: `${one.directory}/${path}`, file });
  }
  // What has nothing but its name and licence left, as typings have, is not there at all.
  const isCode = ({ path }: TreeEntry): boolean => /\.([cm]?js|node|wasm)$|\.so(\.\d+)*$/.test(path);
  return found.some(isCode) ? found : [];
}

/** Regular files; packages within packages are packages of their own. */
async function pathsBelow(directory: string, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(join(directory, prefix), { withFileTypes: true })) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isFile()) paths.push(path);
    else if (entry.isDirectory() && entry.name !== 'node_modules') {
      paths.push(...(await pathsBelow(directory, path)));
    }
  }
  return paths;
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(20), 0, 20, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function checkNatives(entries: readonly TreeEntry[], target: Target): void {
  for (const name of nativePackages(target)) {
    const below = `node_modules/${name}/`;
    if (entries.some(({ path }) => path.startsWith(below) && /\.node$/.test(path))) continue;
    const hint = `Build on a machine of that kind: ${name} is compiled or fetched for the machine that installs it`;
    throw new VigieError('update', `The native part of ${name} for ${target.arch} is not here`, hint);
  }
}

/** As the cache keeps them (modelPaths): the converted one, and those it was made from, for the other engine. */
async function modelFiles(model: Model, cache: string): Promise<TreeEntry[]> {
  const { sourceDirectory, onnxFile } = modelPaths(model, cache);
  const files = [
    { path: `models/${model.onnx.name}`, file: onnxFile, sha256: model.onnx.sha256 },
    ...model.source.files.map(({ name, sha256 }) => ({
      path: `models/${model.name}/${name}`,
      file: join(sourceDirectory, name),
      sha256,
    })),
  ];
  const entries: TreeEntry[] = [];
  for (const { path, file, sha256 } of files) {
    const content = await listedBytes({ path: file, sha256 }, 'Run npm run setup: it makes the model again');
    entries.push({ path, content });
  }
  return entries;
}
