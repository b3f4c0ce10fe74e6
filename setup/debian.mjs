/**
 * Debian packages: asks dpkg what is missing and lets apt-get install that and nothing else. Run by steps.mjs;
 * needs root or sudo only when something is missing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { ask, onTerminal, run, SetupError, tailOf } from './terminal.mjs';

const forStart = [
  'build-essential',
  'python3',
  'pkgconf',
  'libgstreamer1.0-dev',
  'libgstreamer-plugins-base1.0-dev',
  'gstreamer1.0-tools',
  'gstreamer1.0-plugins-base',
  'gstreamer1.0-plugins-good',
  'gstreamer1.0-plugins-bad',
  'gstreamer1.0-plugins-ugly',
  'gstreamer1.0-libav',
  'socat',
  'tar',
  'util-linux',
  'zstd',
];
const packages = {
  start: forStart,
  test: [
    ...forStart,
    'chromium',
    'dbus',
    'e2fsprogs',
    'ffmpeg',
    'gir1.2-gst-rtsp-server-1.0',
    'git',
    'mount',
    'openssl',
    'procps',
    'python3-gi',
    'rauc',
    'rauc-service',
    'squashfs-tools',
  ],
  bench: [...forStart, 'ffmpeg', 'motion'],
};

/**
 * @param {'start' | 'test' | 'bench'} purpose
 * @returns {import('./steps.mjs').Step}
 */
export function debianStep(purpose) {
  return {
    title: 'Debian packages',
    done: async () => (await missing(packages[purpose])).length === 0,
    make: async (progress) => await install(await missing(packages[purpose]), progress),
  };
}

/** @param {string[]} names */
async function missing(names) {
  // dpkg-query ends with an error as soon as one name is unknown, but lists the others first
  const text = await ask(['dpkg-query', '-W', '-f', '${db:Status-Status} ${Package}\\n', ...names], {
    anyCode: true,
  });
  const there = new Set((text ?? '').split('\n').map((line) => line.replace(/^installed /, '')));
  return names.filter((name) => !there.has(name));
}

/** @param {string[]} names @param {import('./terminal.mjs').Progress} progress */
async function install(names, progress) {
  const list = names.join(' ');
  const attempt = () => {
    progress.detail(`installing ${list}`);
    const command = aptGet('install', '-y', '-q', '--no-install-recommends', ...names);
    return asRoot(command, { logName: 'apt-install', list, progress });
  };
  const updated = !hasLists();
  if (updated) await refreshLists(list, progress);
  let result = await attempt();
  if (result.code !== 0 && wasCut(result.logFile)) {
    await finishWhatWasCut(list, progress);
    result = await attempt();
  }
  if (result.code !== 0 && !updated) {
    // lists that are some weeks old name files that the mirror no longer has
    await refreshLists(list, progress);
    result = await attempt();
  }
  if (result.code !== 0) {
    const text = `apt-get could not install ${list}; check the network and the Debian sources, then run it again`;
    throw new SetupError(text, { tail: tailOf(result.logFile) });
  }
  return `installed ${list}`;
}

/**
 * Whether an earlier installation was killed, or lost its power: dpkg then refuses all others.
 * @param {string} logFile
 */
function wasCut(logFile) {
  return readFileSync(logFile, 'utf8').includes('dpkg --configure -a');
}

/** @param {string} list @param {import('./terminal.mjs').Progress} progress */
async function finishWhatWasCut(list, progress) {
  progress.detail('finishing an installation that was interrupted');
  const options = { logName: 'apt-finish', list, progress };
  await asRoot(['dpkg', '--configure', '-a'], options);
  await asRoot(aptGet('install', '-y', '-q', '--no-install-recommends', '--fix-broken'), options);
}

function hasLists() {
  const directory = '/var/lib/apt/lists';
  return (
    existsSync(directory) &&
    readdirSync(directory).some((name) => name.endsWith('Packages') || name.includes('Packages.'))
  );
}

/** @param {string} list @param {import('./terminal.mjs').Progress} progress */
export async function refreshLists(list, progress) {
  progress.detail('asking the mirror for its package lists');
  // A failed update is not final: one source of many may be gone. What follows decides.
  await asRoot(aptGet('update', '-q'), { logName: 'apt-update', list, progress });
}

/** @param {import('./terminal.mjs').Progress} progress */
function statusReader(progress) {
  return (/** @type {string} */ line) => {
    // APT::Status-Fd writes `pmstatus:package:percent:text` and `dlstatus:...` (apt's README.progress-reporting)
    const [kind, name, percent] = line.split(':');
    if (kind === 'dlstatus') progress.detail(`downloading, ${Math.round(Number(percent))} %`);
    if (kind === 'pmstatus') progress.detail(`${name}, ${Math.round(Number(percent))} %`);
  };
}

const isRoot = process.getuid?.() === 0;

/** @param {string[]} args @returns {string[]} */
function aptGet(...args) {
  // sudo closes file descriptor 3, so there are no percentages with it
  const status = isRoot ? ['-o', 'APT::Status-Fd=3'] : [];
  return ['apt-get', '-o', 'DPkg::Lock::Timeout=300', ...status, ...args];
}

/**
 * Runs apt-get or dpkg as root.
 * @param {string[]} command
 * @param {{logName: string, list: string, progress: import('./terminal.mjs').Progress}} options
 *   `list`: what is to be installed, for the sentence when it cannot be
 */
async function asRoot(command, { logName, list, progress }) {
  if ((await ask(['sh', '-c', 'command -v apt-get'])) === null) {
    throw new SetupError(
      `this machine has no apt-get: Vigie is set up on Debian 12; elsewhere install ${list} by hand`,
    );
  }
  // RUNLEVEL=1: packages that bring a service (motion) must not start it, it would take the camera
  const environment = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'LC_ALL=C.UTF-8'];
  const patient = ['env', ...environment, ...command];
  if (isRoot) return await run(patient, { logName, onStatus: statusReader(progress) });
  const password = await sudoNeedsPassword(list, progress);
  const sudo = password ? ['sudo'] : ['sudo', '-n'];
  return await run([...sudo, ...patient], { logName, askPassword: password });
}

/**
 * Makes sure that sudo will work, asking the person at the terminal when it wants a password.
 * @param {string} list @param {import('./terminal.mjs').Progress} progress
 * @returns {Promise<boolean>} whether it wanted one
 */
async function sudoNeedsPassword(list, progress) {
  const byHand = `run as root: apt-get update && apt-get install --no-install-recommends ${list}`;
  if ((await ask(['sh', '-c', 'command -v sudo'])) === null) {
    throw new SetupError(
      `Debian packages are missing, and this user is not root and there is no sudo; ${byHand}`,
    );
  }
  if ((await ask(['sudo', '-n', 'true'])) !== null) return false;
  if (!process.stdin.isTTY) {
    throw new SetupError(
      `Debian packages are missing, and sudo wants a password that nobody can type here; ${byHand}`,
    );
  }
  // Asked apart from the work: a progress line would be written over the question.
  progress.pause(`needs root for ${list}; sudo may ask for your password`);
  const code = await onTerminal(['sudo', '-v']);
  progress.resume();
  if (code !== 0) {
    throw new SetupError(`Debian packages are missing, and sudo refused this user; ${byHand}`);
  }
  return true;
}
