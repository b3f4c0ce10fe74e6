/**
 * npm packages: what package-lock.json names, nothing else, and no script of theirs but those allowed by name
 * in package.json (`vigie.installScripts`). Run by steps.mjs. npm's own record of what it installed is
 * compared with the lock file, so a package added by hand or left over is noticed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './paths.mjs';
import { ask, run, SetupError, tailOf } from './terminal.mjs';

/** @type {import('./steps.mjs').Step} */
export const modulesStep = {
  title: 'npm packages',
  done: async () => lockIsInstalled(),
  make: async (progress) => {
    progress.detail('npm ci');
    const flags = ['--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
    const { code, logFile } = await run(['npm', 'ci', ...flags], { logName: 'npm-ci', cwd: root });
    if (code === 127)
      throw new SetupError('npm is missing; install it (Debian: apt-get install npm) and run it again');
    if (code !== 0) {
      const text =
        'npm could not fetch the packages of package-lock.json; check the network or the registry of npm';
      throw new SetupError(`${text}, and run it again`, { tail: tailOf(logFile) });
    }
    return 'installed as in package-lock.json, none of their scripts run';
  },
};

/** @type {import('./steps.mjs').Step} */
export const addonStep = {
  title: 'Native addon',
  done: async () => {
    const loads = await Promise.all(installScripts().map(loadsHere));
    return loads.every(Boolean);
  },
  make: async (progress) => {
    const names = installScripts();
    progress.detail(`building ${names.join(', ')}`);
    const command = ['npm', 'rebuild', ...names, '--ignore-scripts=false', '--foreground-scripts'];
    const { code, logFile } = await run(command, { logName: 'npm-rebuild', cwd: root, env: headersNearby() });
    if (code !== 0) throw new SetupError(whyNotBuilt(names, logFile), { tail: tailOf(logFile) });
    for (const name of names) {
      if (await loadsHere(name)) continue;
      throw new SetupError(`${name} was built but does not load; remove node_modules and run it again`);
    }
    return `built ${names.join(', ')} for Node ${process.version}, ${process.arch}`;
  },
};

/** @param {string[]} names @param {string} logFile */
function whyNotBuilt(names, logFile) {
  const what = `${names.join(', ')} could not be built for this machine`;
  const headers = /gyp http GET (\S+headers\S*)[\s\S]*install got an error/.exec(
    readFileSync(logFile, 'utf8'),
  )?.[1];
  if (headers === undefined) return `${what}; the log says why`;
  const cure = 'check the network and run it again, or install a Node that brings its include/node';
  return `${what}: Node's headers could not be fetched from ${headers}; ${cure}`;
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** @returns {string[]} */
function installScripts() {
  return readJson(join(root, 'package.json')).vigie.installScripts;
}

function lockIsInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = readJson(record).packages;
  const wanted = readJson(join(root, 'package-lock.json')).packages;
  const extra = Object.keys(installed).some((path) => wanted[path] === undefined);
  if (extra) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional, os, cpu, libc }]) => {
    if (path === '') return true;
    const there = installed[path];
    if (there === undefined) return optional === true && !isForHere({ os, cpu, libc });
    return there.version === version && there.integrity === integrity && existsSync(join(root, path));
  });
}

/**
 * Whether a package with a binary is the one for this machine: a tree that was copied from another is noticed.
 * @param {{os?: string[], cpu?: string[], libc?: string[]}} target
 */
function isForHere({ os, cpu, libc }) {
  const fits = os?.includes(process.platform) === true && cpu?.includes(process.arch) === true;
  return fits && (libc === undefined || libc.includes('glibc'));
}

/** @param {string} name */
async function loadsHere(name) {
  if (!existsSync(join(root, 'node_modules', name))) return false;
  const script = `require(${JSON.stringify(join(root, 'node_modules', name))})`;
  return (await ask([process.execPath, '-e', script])) !== null;
}

/** Node's headers beside the node that runs, when they are there: node-gyp then needs no network. */
function headersNearby() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node.h')) ? { npm_config_nodedir: prefix } : {};
}
