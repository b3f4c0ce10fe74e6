/**
 * Lets one set-up at a time change the project and the cache. The lock is flock(1)'s, held by a child that
 * ends when this process does, however it dies: there is no stale lock to clean.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, root } from './paths.mjs';
import { SetupError, say } from './terminal.mjs';

/**
 * Runs `work` while no other set-up of this project or with this cache runs.
 * @param {() => Promise<void>} work
 */
export async function withLock(work) {
  const directories = [join(root, '.vigie'), cacheDirectory()];
  /** @type {(() => void)[]} */
  const held = [];
  try {
    for (const directory of directories) held.push(await lock(directory));
    await work();
  } finally {
    for (const release of held) release();
  }
}

/** @param {string} directory @returns {Promise<() => void>} what releases it */
async function lock(directory) {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    throw new SetupError(`${directory} cannot be written by this user, and set-up has work to do there`, {
      cause,
    });
  }
  const file = join(directory, 'setup.lock');
  const waiting = setTimeout(() => say('Another set-up is at work; this one waits for it'), 1000);
  const child = spawn('flock', [file, 'sh', '-c', 'echo held && exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const held = await new Promise((done) => {
    child.stdout.once('data', () => done(true));
    child.once('error', () => done(false));
    child.once('close', () => done(false));
  });
  clearTimeout(waiting);
  if (!held)
    throw new SetupError(`${file} cannot be locked; set-up needs the flock command (Debian: util-linux)`);
  return () => child.stdin.end();
}
