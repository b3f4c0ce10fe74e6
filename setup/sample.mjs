/**
 * The sample clip: a street seen from above, `vtest.avi` of Debian's opencv-doc package. Taken from the disk
 * when that package is installed there, else out of the package file, which apt-get downloads and verifies;
 * the package itself (270 MB, and dropped from disk on images without documentation) is never installed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { refreshLists } from './debian.mjs';
import { sampleClip } from './paths.mjs';
import { run, SetupError, tailOf } from './terminal.mjs';

const sha256 = '45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf';
const inPackage = 'usr/share/doc/opencv-doc/examples/data/vtest.avi';

/** @type {import('./steps.mjs').Step} */
export const sampleStep = {
  title: 'Sample clip',
  done: async () => await isSample(sampleClip()),
  make: async (progress) => {
    const clip = sampleClip();
    const half = `${clip}.${process.pid}.tmp`;
    mkdirSync(dirname(clip), { recursive: true });
    try {
      if (await isSample(`/${inPackage}`)) copyFileSync(`/${inPackage}`, half);
      else await fromPackage(half, progress);
      if (!(await isSample(half))) {
        throw new SetupError(
          "opencv-doc's vtest.avi is not the clip that the tests know; this needs Debian 12's package",
        );
      }
      chmodSync(half, 0o644);
      renameSync(half, clip);
    } finally {
      rmSync(half, { force: true });
    }
    return clip;
  },
};

/** @param {string} file */
async function isSample(file) {
  if (!existsSync(file)) return false;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex') === sha256;
}

/** @param {string} file @param {import('./terminal.mjs').Progress} progress */
async function fromPackage(file, progress) {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-sample-'));
  // apt-get downloads as the user _apt, who must be able to write here
  chmodSync(directory, 0o777);
  try {
    progress.detail('downloading the package opencv-doc (96 MB)');
    let result = await download(directory);
    if (result.code !== 0) {
      await refreshLists('opencv-doc', progress);
      result = await download(directory);
    }
    const name = readdirSync(directory).find((entry) => entry.endsWith('.deb'));
    if (result.code !== 0 || name === undefined) {
      const text =
        'the sample clip could not be downloaded (Debian package opencv-doc); check the network and the Debian sources';
      throw new SetupError(`${text}, and run it again`, { tail: tailOf(result.logFile) });
    }
    progress.detail('taking the clip out of the package');
    await extract(join(directory, name), file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @param {string} directory */
function download(directory) {
  return run(['apt-get', 'download', '-q', 'opencv-doc'], { logName: 'apt-download', cwd: directory });
}

/** @param {string} archive @param {string} file */
async function extract(archive, file) {
  const tar = spawn('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" | tar -xO "./$2"', 'sh', archive, inPackage], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await pipeline(tar.stdout, createWriteStream(file));
}
