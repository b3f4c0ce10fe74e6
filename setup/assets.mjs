/**
 * Copies what is not TypeScript and needed at run time to the same place under dist/, and notes there which
 * version and commit was built (dist/build.json, for reports). Run by the build step and by `npm run build`.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './paths.mjs';
import { ask } from './terminal.mjs';

const rules = [
  { directory: 'runtime/control/console', pattern: /\.(html|css|svg|ico|png)$/ },
  { directory: 'models', pattern: /\.json$/ },
  { directory: 'board', pattern: /\.json$/ },
  { directory: 'runtime', pattern: /\.json$/ },
  { directory: 'ota', pattern: /\.(sh|conf|cmd|cfg)$/ },
];

/** @param {string} path relative to the project */
export function isAsset(path) {
  if (path.endsWith('tsconfig.json')) return false;
  return rules.some(({ directory, pattern }) => path.startsWith(`${directory}/`) && pattern.test(path));
}

/** Copies every asset; what is there is overwritten. */
export function copyAssets() {
  const directories = [...new Set(rules.map((rule) => rule.directory.split('/')[0]))];
  for (const directory of directories) {
    if (!existsSync(join(root, directory))) continue;
    const names = readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' });
    for (const path of names.map((name) => `${directory}/${name}`).filter(isAsset)) {
      mkdirSync(dirname(join(root, 'dist', path)), { recursive: true });
      cpSync(join(root, path), join(root, 'dist', path));
    }
  }
}

/** @typedef {{version: string, commit: string}} BuildFacts `commit` is `unknown` outside a git clone */

const factsFile = join(root, 'dist', 'build.json');

/** @returns {Promise<BuildFacts>} */
export async function buildFacts() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const described = await ask([
    'git',
    '-C',
    root,
    'describe',
    '--always',
    '--dirty',
    '--abbrev=12',
    '--exclude=*',
  ]);
  return { version, commit: described?.trim() || 'unknown' };
}

/** Whether the note says the same. Where there is no git any commit will do. @param {BuildFacts} facts */
export function sameBuild({ version, commit }) {
  if (!existsSync(factsFile)) return false;
  const noted = JSON.parse(readFileSync(factsFile, 'utf8'));
  return noted.version === version && (commit === 'unknown' || noted.commit === commit);
}

/** @param {BuildFacts} facts */
export function writeBuildFacts(facts) {
  writeFileSync(factsFile, `${JSON.stringify(facts)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  copyAssets();
  writeBuildFacts(await buildFacts());
}
