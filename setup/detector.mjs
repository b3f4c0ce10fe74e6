/**
 * The detector: fetched and verified by model.mjs, converted by models/convert. Run by steps.mjs. What the
 * cache then holds is recorded with sizes and times, so that the next look costs no hashing; the camera
 * itself verifies the hash of the model each time it loads it.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, root } from './paths.mjs';
import { run, SetupError, tailOf } from './terminal.mjs';

const record = () => join(cacheDirectory(), 'models', 'set-up.json');

/** @type {import('./steps.mjs').Step} */
export const detectorStep = {
  title: 'Detector',
  done: async () => existsSync(record()) && readFileSync(record(), 'utf8') === state(),
  make: async (progress) => {
    rmSync(record(), { force: true });
    const cache = cacheDirectory();
    mkdirSync(join(cache, 'models'), { recursive: true });
    const { fetchModel } = await import('./model.mjs');
    try {
      await fetchModel({ cacheDirectory: cache, say: (/** @type {string} */ text) => progress.detail(text) });
    } catch (cause) {
      throw new SetupError(cause instanceof Error ? cause.message : String(cause), { cause });
    }
    progress.detail('converting');
    const command = [process.execPath, join('dist', 'models', 'convert', 'main.js'), '--cache', cache];
    const { code, logFile } = await run(command, { logName: 'convert', cwd: root });
    if (code !== 0) {
      throw new SetupError('the detector could not be converted; the log says why', {
        tail: tailOf(logFile),
      });
    }
    writeFileSync(`${record()}.tmp`, state());
    renameSync(`${record()}.tmp`, record());
    return 'fetched, verified and converted';
  },
};

/** What decides whether the work is done: the code and manifest that make the files, and the files made. */
function state() {
  const sources = ['setup/model.mjs', ...listed(root, 'models')];
  const hash = createHash('sha256');
  for (const path of sources) hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  const files = listed(cacheDirectory(), 'models')
    .filter((path) => !path.endsWith('set-up.json') && !path.endsWith('.tmp'))
    .map((path) => {
      const { size, mtimeMs } = statSync(join(cacheDirectory(), path));
      return { path, size, mtimeMs };
    });
  return JSON.stringify({ made: hash.digest('hex'), files }, null, 1);
}

/** @param {string} base @param {string} directory @returns {string[]} files below, relative to `base`, sorted */
function listed(base, directory) {
  if (!existsSync(join(base, directory))) return [];
  const entries = readdirSync(join(base, directory), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(base.length + 1)).sort();
}
