/**
 * The build: TypeScript to dist/, then the files beside it that are needed at run time. Run by steps.mjs. It
 * is up to date when the sources hash to what dist/.sources says and every output is there. An output whose
 * source is gone is removed, so that a test or a stage that was deleted does not live on.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildFacts, copyAssets, isAsset, sameBuild, writeBuildFacts } from './assets.mjs';
import { root } from './paths.mjs';
import { run, SetupError, tailOf } from './terminal.mjs';

const sourceDirectories = ['pipelines', 'models', 'runtime', 'board', 'ota', 'bench', 'test'];
const buildFiles = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'setup/build.mjs',
  'setup/assets.mjs',
];
const stamp = join(root, 'dist', '.sources');

/** @type {import('./steps.mjs').Step} */
export const buildStep = {
  title: 'Build',
  done: async () => {
    const sources = listSources();
    if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hashOf(sources)) return false;
    if (missingOutputs(sources).length > 0 || staleOutputs(sources).length > 0) return false;
    return sameBuild(await buildFacts());
  },
  make: async (progress) => {
    const sources = listSources();
    progress.detail(`${sources.length} source files`);
    if (
      existsSync(stamp) &&
      readFileSync(stamp, 'utf8') === hashOf(sources) &&
      missingOutputs(sources).length === 0
    ) {
      writeBuildFacts(await buildFacts());
      return 'compiled before; the version and the commit were noted';
    }
    rmSync(stamp, { force: true });
    // tsc trusts its own record; without the files that it speaks of, the record must go
    if (missingOutputs(sources).length > 0) forgetBuild();
    const tsc = [process.execPath, join('node_modules', 'typescript', 'bin', 'tsc'), '-b'];
    const { code, logFile } = await run(tsc, { logName: 'build', cwd: root });
    if (code !== 0)
      throw new SetupError('the sources do not compile; correct the errors above', { tail: tailOf(logFile) });
    copyAssets();
    const stale = staleOutputs(sources);
    for (const file of stale) rmSync(join(root, 'dist', file));
    writeBuildFacts(await buildFacts());
    writeFileSync(stamp, hashOf(sources));
    return `${sources.length} source files${stale.length === 0 ? '' : `, ${stale.length} stale outputs removed`}`;
  },
};

/** Paths of the sources and assets, relative to the project, sorted. */
export function listSources() {
  const top = readdirSync(root).filter((name) => name.endsWith('.ts'));
  const below = sourceDirectories
    .filter((name) => existsSync(join(root, name)))
    .flatMap((directory) =>
      readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' }).map(
        (name) => `${directory}/${name}`,
      ),
    );
  return [
    ...top,
    ...below.filter((path) => path.endsWith('.ts') || path.endsWith('tsconfig.json') || isAsset(path)),
  ].sort();
}

/** @param {string[]} sources */
function hashOf(sources) {
  const hash = createHash('sha256');
  for (const path of [...buildFiles, ...sources]) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** @param {string} source @returns {string[]} what the build makes of it, relative to dist/ */
function outputsOf(source) {
  if (isAsset(source)) return [source];
  return source.endsWith('.ts') && !source.endsWith('.d.ts') ? [source.replace(/\.ts$/, '.js')] : [];
}

/** @param {string[]} sources */
function missingOutputs(sources) {
  return sources.flatMap(outputsOf).filter((path) => !existsSync(join(root, 'dist', path)));
}

/** @param {string[]} sources */
function staleOutputs(sources) {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return [];
  const wanted = new Set(sources.flatMap(outputsOf));
  return readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) => {
    const output = path.replace(/(\.d\.ts|\.js)(\.map)?$/, '.js');
    return path !== 'build.json' && /\.(js|ts|map|html|css|svg|json)$/.test(path) && !wanted.has(output);
  });
}

function forgetBuild() {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return;
  for (const name of readdirSync(dist)) if (name.endsWith('.tsbuildinfo')) rmSync(join(dist, name));
}
